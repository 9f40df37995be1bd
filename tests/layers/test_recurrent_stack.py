"""A stack is its layers, one on the other, in one call of cuDNN where it can be."""

import keras
import numpy as np
import pytest
from gradients import differentiate
from keras import ops
from test_cudnn import CELLS, cudnn  # noqa: F401  a fixture
from test_kernels import BATCH, FEATURES, ODD, RIGHT_PADDED, TIME, UNITS

from rnnapps import layers
from rnnapps.layers import RecurrentStack, explain
from rnnapps.layers.kernels import library

X = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def made(**arguments):
    """A stack with weights of which none is at its special first value."""
    stack = RecurrentStack(UNITS, **arguments)
    stack.build(X.shape)
    rng = np.random.default_rng(1)
    stack.set_weights([rng.normal(scale=0.4, size=weight.shape) for weight in stack.weights])
    return stack


@pytest.mark.parametrize("bidirectional", [False, True])
def test_is_its_layers_with_what_is_between_them(bidirectional):
    stack = made(
        cell="gru",
        depth=3,
        bidirectional=bidirectional,
        residual=True,
        normalise=True,
        return_state=True,
    )
    mask = ops.convert_to_tensor(RIGHT_PADDED)
    x, states = ops.convert_to_tensor(X), []
    for number, layer in enumerate(stack.layers):
        y, *last = layer(x, mask=mask)
        x = stack.normalisations[number](x + y if number else y)  # the first has inputs of another size
        states += last
    output, *ends = stack(X, mask=mask)
    assert output.shape == (BATCH, TIME, UNITS * (1 + bidirectional))
    for a, b in zip((output, *ends), (x, *states), strict=True):
        np.testing.assert_allclose(array(a), array(b), atol=1e-6)
    _, *again = stack(X[:, :3])
    whole, *ends = stack(X)
    if not bidirectional:  # the states carry on
        rest, *last = stack(X[:, 3:], initial_state=again)
        np.testing.assert_allclose(array(rest), array(whole)[:, 3:], atol=1e-5)
        np.testing.assert_allclose(array(last[-1]), array(ends[-1]), atol=1e-5)


def test_its_shapes_are_known_without_running_it():
    inputs = keras.Input((None, FEATURES))
    for options in ({}, {"return_sequences": False}, {"return_state": True, "bidirectional": True}):
        stack = RecurrentStack(UNITS, depth=2, **options)
        outputs = keras.tree.flatten(stack.compute_output_spec(inputs))
        actual = keras.tree.flatten(RecurrentStack(UNITS, depth=2, **options)(X))
        for spec, tensor in zip(outputs, actual, strict=True):
            assert spec.shape == (*[None] * (len(tensor.shape) - 1), tensor.shape[-1])
            assert spec.dtype == keras.backend.standardize_dtype(tensor.dtype)


@pytest.mark.parametrize("mask", [None, ODD], ids=["none", "odd"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_one_call_of_cudnn_equals_the_layers(name, bidirectional, mask, cudnn, monkeypatch):  # noqa: F811
    cell = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}[name]
    arguments = {"cell": cell, "depth": 3, "bidirectional": bidirectional, "return_state": True}
    calls, run = [], library._call
    monkeypatch.setattr(library, "_call", lambda *given: calls.append(given[0]) or run(*given))
    rng = np.random.default_rng(2)
    count = 3 * (1 + bidirectional) * (2 if name == "LSTM" else 1)
    states = [rng.normal(size=(BATCH, UNITS)).astype("float32") for _ in range(count)]
    results = []
    for kernel in ("auto", "keras"):
        stack = made(**arguments, options={"kernel": kernel})

        def loss(x, *states, stack=stack):
            given = None if mask is None else ops.convert_to_tensor(mask)
            outputs = stack(x, mask=given, initial_state=list(states), training=True)
            return sum(ops.sum(part * part) for part in outputs), list(outputs)

        results.append(differentiate(loss, [X, *states], stack))
        # Of which none was Keras's. PyTorch computes padding too, with a call for each layer.
        apart = keras.backend.backend() == "torch" and mask is not None and name != "LSTM"
        assert len(calls) == (3 * (1 + bidirectional) if apart else 1)
    for mine, expected in zip(*results, strict=True):
        for a, b in zip(mine, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)


def test_what_keeps_it_from_one_call(cudnn):  # noqa: F811
    assert made(depth=2)._in_one_call(None, training=True)
    assert made(depth=2, dropout=0.1, options={"weight_drop": 0.5})._in_one_call(None, training=False)
    for arguments in (
        {"depth": 1},
        {"depth": 2, "residual": True},
        {"depth": 2, "normalise": True},
        {"depth": 2, "dropout": 0.1},
        {"depth": 2, "cell": "layer_norm_lstm"},
        {"depth": 2, "options": {"zoneout": 0.1}},
        {"depth": 2, "options": {"dropout": 0.1}},
    ):
        assert not made(**arguments)._in_one_call(None, training=True)


def test_in_a_model_trained_saved_and_loaded(tmp_path):
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(9, FEATURES, mask_zero=True)(tokens)
    x = RecurrentStack(UNITS, depth=2, bidirectional=True, dropout=0.2, input_dropout=0.1)(x)
    x = RecurrentStack(UNITS, cell="layer_norm_gru", return_sequences=False, options={"zoneout": 0.1})(x)
    assert x.shape == (None, UNITS)
    model = keras.Model(tokens, keras.layers.Dense(1)(x))
    model.compile("adam", "mse")
    ids = np.array([[1, 2, 3, 4, 0], [5, 6, 0, 0, 0]])
    before = model.get_weights()
    model.train_on_batch(ids, np.ones((2, 1), "float32"))
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[2].get_config() == model.layers[2].get_config()
    given = model.predict_on_batch(ids)
    np.testing.assert_array_equal(given, loaded.predict_on_batch(ids))
    longer = np.pad(ids, ((0, 0), (0, 3)))
    np.testing.assert_allclose(given, model.predict_on_batch(longer), atol=1e-6)


def test_every_cell_is_one_of_it_and_is_explained(capsys):
    from rnnapps.layers.recurrent_stack import CELLS as names

    for cell, kind in names.items():
        stack = RecurrentStack(UNITS, cell=cell, depth=2, name="stack")
        assert all(isinstance(layer, kind) for layer in stack.layers)
    assert set(names.values()) <= {getattr(layers, name) for name in layers.__all__}
    explain(RecurrentStack(UNITS, depth=2, name="stack"))
    assert capsys.readouterr().out.count("stack/lstm") == 2


def test_dropout_is_one_pattern_for_all_steps():
    stack = made(depth=2, cell="rnn", dropout=0.5, seed=3)
    stack.layers[0] = lambda x, **_: ops.ones((BATCH, TIME, UNITS))
    stack.layers[1] = lambda x, **_: x
    dropped = array(stack(X, training=True))
    assert set(np.unique(dropped)) == {0.0, 2.0}
    np.testing.assert_array_equal(dropped, dropped[:, :1].repeat(TIME, axis=1))
    assert len(np.unique(dropped[:, 0], axis=0)) > 1  # another one for each row


@pytest.mark.parametrize("cell", ["gru", "layer_norm_gru", "min_gru"])  # a kind of kernel each
@pytest.mark.parametrize("bidirectional", [False, True])
def test_sizes_are_known_in_a_graph_after_a_trace_for_any(bidirectional, cell):
    """Keras's TimeDistributed, where it does not know the time steps, takes them from the batch."""
    stack = RecurrentStack(UNITS, 2, cell, bidirectional)
    layers_ = [stack, keras.layers.TimeDistributed(keras.layers.Dense(2))]
    model = keras.Sequential([keras.Input((None, FEATURES)), *layers_])
    np.testing.assert_allclose(model.predict_on_batch(X), array(model(X)), atol=1e-5)


def test_residual_connections_stay_in_a_graph_that_knows_no_time():
    """Of inputs as wide as the layer, after a trace for any number of time steps."""
    model = keras.Sequential(
        [keras.Input((None, UNITS)), RecurrentStack(UNITS, cell="gru", residual=True)]
    )
    x = np.random.default_rng(0).normal(size=(2, TIME, UNITS)).astype("float32")
    layer = model.layers[0].layers[0]
    expected = x + array(layer(x))
    np.testing.assert_allclose(model.predict_on_batch(x), expected, atol=1e-6)
    np.testing.assert_allclose(array(model(x)), expected, atol=1e-6)


@pytest.mark.parametrize("cell", ["gru", "layer_norm_lstm"])
def test_a_frozen_stack_stays_frozen(cell, tmp_path):
    for frozen_later in (False, True):
        stack = RecurrentStack(
            UNITS, cell=cell, bidirectional=True, normalise=True, trainable=frozen_later
        )
        # Of few steps: on PyTorch, Keras takes 83 for an unknown number, and runs them all.
        model = keras.Sequential([keras.Input((TIME, FEATURES)), stack, keras.layers.Dense(1)])
        stack.trainable = False
        assert len(model.trainable_variables) == 2
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert len(loaded.trainable_variables) == 2


def test_each_dropout_has_a_pattern_of_its_own():
    stack = made(depth=3, dropout=0.5, input_dropout=0.5, seed=1, options={"weight_drop": 0.5})
    ones = ops.ones((4, 1, 50))
    patterns = [array(layer(ones, training=True)).tobytes() for layer in stack.dropouts]
    assert len(set(patterns)) == 3
    assert len({layer.cell.seed for layer in stack.layers}) == 3
    first, again = (made(depth=2, seed=1, options={"weight_drop": 0.5}) for _ in range(2))
    np.testing.assert_array_equal(array(first(X, training=True)), array(again(X, training=True)))


def test_wrong_arguments():
    for arguments, message in (
        ({"depth": 0}, "depth=0: expected at least 1"),
        ({"dropout": 1.0}, "dropout=1.0: expected at least 0 and below 1"),
        ({"options": {"go_backwards": True}}, "go_backwards is not for a layer of a stack"),
    ):
        with pytest.raises(ValueError, match=message):
            RecurrentStack(UNITS, **arguments)
    with pytest.raises(ValueError, match="initial_state: expected 2 states, got 3"):
        RecurrentStack(UNITS, 2, "gru")(X, initial_state=[np.zeros((BATCH, UNITS), "float32")] * 3)
    with pytest.raises(ValueError, match="cell='conv': expected one of lstm, gru"):
        RecurrentStack(UNITS, cell="conv")
    with pytest.raises(ValueError, match="zoneout=2: expected at least 0 and below 1"):
        RecurrentStack(UNITS, options={"zoneout": 2})
