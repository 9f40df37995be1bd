"""The layers with layer normalisation are their equations, on every backend."""

import keras
import numpy as np
import pytest
from gradients import MODES, REFERENCE, differentiate
from keras import ops
from test_kernels import BATCH, FEATURES, ODD, RIGHT_PADDED, TIME, UNITS

from rnnapps import layers
from rnnapps.layers import compiled_step, explain

NAMES = ["LayerNormLSTM", "LayerNormGRU"]
BACKEND = keras.backend.backend()
TOLERANCE = {"float32": 1e-5, "float64": 1e-12 if BACKEND == "tensorflow" else 1e-6}
X = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def made(name, dtype="float32", **arguments):
    """A layer with weights of which none is at its special first value."""
    layer = getattr(layers, name)(
        UNITS, dtype=dtype, return_sequences=True, return_state=True, **arguments
    )
    layer.build(X.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(scale=0.5, size=weight.shape) for weight in layer.weights])
    return layer


def normalised(x):
    x = x - ops.mean(x, axis=-1, keepdims=True)
    return x / ops.sqrt(ops.mean(x * x, axis=-1, keepdims=True) + 1e-3)


def lstm_step(x, h, c, w, u, b, gain_x, gain_h, gain_c, bias_c):
    """Ba et al. 2016, eq. 20-22, as the paper has them."""
    gates = normalised(h @ u) * gain_h + normalised(x @ w) * gain_x + b
    i, f, g, o = (gates[:, k * UNITS : (k + 1) * UNITS] for k in range(4))
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(normalised(c) * gain_c + bias_c), c


def gru_step(x, h, w, u, b, gain_x, gain_h):
    two = 2 * UNITS
    gates = (
        normalised(h @ u[:, :two]) * gain_h[:two] + normalised(x @ w[:, :two]) * gain_x[:two] + b[:two]
    )
    z, r = ops.sigmoid(gates[:, :UNITS]), ops.sigmoid(gates[:, UNITS:])
    inner = normalised(h @ u[:, two:]) * gain_h[two:]
    g = ops.tanh(normalised(x @ w[:, two:]) * gain_x[two:] + b[two:] + r * inner)
    return ((1 - z) * g + z * h,)


STEPS = {"LayerNormLSTM": lstm_step, "LayerNormGRU": gru_step}


def loss_of(outputs):
    rng = np.random.default_rng(2)
    return sum(
        ops.sum(part * ops.convert_to_tensor(rng.normal(size=part.shape), dtype=part.dtype))
        for part in outputs
    )


def by_equations(name, weights, mask, backwards):
    def function(x, *states):
        read = [ops.convert_to_tensor(weight.value) for weight in weights]
        outputs, y = [None] * TIME, ops.zeros_like(states[0])
        for t in reversed(range(TIME)) if backwards else range(TIME):
            new = STEPS[name](x[:, t], *states, *read)
            if mask is None:
                states, y = new, new[0]
            else:
                real = ops.convert_to_tensor(mask[:, t, None])
                y = ops.where(real, new[0], states[0] if BACKEND == "jax" else y)
                states = [ops.where(real, a, b) for a, b in zip(new, states, strict=True)]
            outputs[t] = y
        outputs = outputs[::-1] if backwards else outputs
        outputs = [ops.stack(outputs, axis=1), *states]
        return loss_of(outputs), outputs

    return function


CASES = {
    "plain": ({}, None),
    "odd": ({}, ODD),
    "odd backwards": ({"go_backwards": True}, ODD),
}
# What is around a cell is the same for both: one has all cases, the other each kind of its own step.
RUNS = [("LayerNormLSTM", case, "float32", "eager") for case in CASES]
RUNS += [("LayerNormLSTM", "odd", "float32", mode) for mode in MODES[BACKEND][1:]]
RUNS.append(("LayerNormGRU", "odd", "float32", MODES[BACKEND][-1]))
if BACKEND != "jax":  # Keras's tanh gives float32 there
    RUNS += [(name, "odd backwards", "float64", "eager") for name in NAMES]


@pytest.mark.parametrize(("name", "case", "dtype", "mode"), RUNS)
def test_is_its_equations(name, case, dtype, mode):
    arguments, mask = CASES[case]
    layer = made(name, dtype, **arguments)
    rng = np.random.default_rng(3)
    states = [rng.normal(size=(BATCH, UNITS)).astype(dtype) for _ in layer.state_size]

    def function(x, *states):
        given = None if mask is None else ops.convert_to_tensor(mask)
        outputs = layer(x, mask=given, initial_state=list(states), training=True)
        return loss_of(outputs), list(outputs)

    x = X.astype(dtype)
    ours = differentiate(function, [x, *states], layer, mode)
    equations = by_equations(name, layer.trainable_variables, mask, "go_backwards" in arguments)
    theirs = differentiate(equations, [x, *states], layer, REFERENCE)
    for mine, expected in zip(ours, theirs, strict=True):
        for a, b in zip(mine, expected, strict=True):
            assert a.shape == b.shape and a.dtype == b.dtype == dtype
            assert np.abs(a - b).max() <= TOLERANCE[dtype] * max(np.abs(b).max(), 1)


def test_the_loop_by_its_name_has_the_same_gradients():
    """Those of the weights too, whose values on JAX are those of a scope around the loop."""

    def function_of(layer):
        return lambda x: (loss_of(outputs := layer(x, training=True)), list(outputs))

    fast, loop = made("LayerNormLSTM"), made("LayerNormLSTM", kernel="keras")
    _, mine = differentiate(function_of(loop), [X], loop, REFERENCE)
    _, expected = differentiate(function_of(fast), [X], fast, REFERENCE)
    for a, b in zip(mine, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_steps_of_a_stream_and_pieces_are_the_whole(name):
    zoneout = {"zoneout": 0.3} | ({"zoneout_cell": 0.2} if name == "LayerNormLSTM" else {})
    layer = made(name, **zoneout)
    whole, *last = map(array, layer(X))
    step, states = compiled_step(layer), layer.get_initial_state(BATCH)
    for t in range(TIME):
        y, states = step(X[:, t], states)
        np.testing.assert_allclose(array(y), whole[:, t], atol=1e-5)
    _, *middle = layer(X[:, :3])
    second, *end = layer(X[:, 3:], initial_state=middle)
    np.testing.assert_allclose(array(second), whole[:, 3:], atol=1e-5)
    for a, b, c in zip(states, last, end, strict=True):
        np.testing.assert_allclose(array(a), b, atol=1e-5)
        np.testing.assert_allclose(array(c), b, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_stateful_layer_carries_on_and_is_trained(name):
    layer, whole = made(name, stateful=True), array(made(name)(X)[0])
    for piece in (slice(0, 3), slice(3, TIME)):
        state = [array(state) for state in layer.states]

        def loss(x):
            y = layer(x, training=True)[0]
            return ops.sum(y * y), [y]

        if BACKEND == "jax":  # there a state is carried on outside of what is differentiated
            y = array(layer(X[:, piece])[0])
        else:
            (y,), gradients = differentiate(loss, [X[:, piece]], layer)
            assert all(np.abs(gradient).max() > 0 for gradient in gradients)
        np.testing.assert_allclose(y, whole[:, piece], atol=1e-5)
        assert all((a != array(b)).any() for a, b in zip(state, layer.states, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_dropouts_act_in_training_and_repeat_with_a_seed(name):
    expected = array(made(name)(X)[0])
    for arguments in (
        {"dropout": 0.5},
        {"recurrent_dropout": 0.5},
        {"weight_drop": 0.5},
        {"zoneout": 0.5},
    ):
        layer, again = (made(name, seed=7, **arguments) for _ in range(2))
        first, second = (array(layer(X, training=True)[0]) for _ in range(2))
        assert (first != second).any()
        np.testing.assert_array_equal(first, array(again(X, training=True)[0]))
        if "zoneout" not in arguments:  # which acts outside of training too
            np.testing.assert_array_equal(array(layer(X)[0]), expected)


def test_recurrent_dropout_is_one_pattern_a_row():
    """With the gradient of what it multiplies: units that it drops send nothing through the product."""
    layer = made("LayerNormGRU", recurrent_dropout=0.5, seed=7)
    seen = []
    step = layer.cell.step
    layer.cell.step = lambda z, states, h: seen.append((states[0], h)) or step(z, states, h)
    if BACKEND == "torch":
        layer(X, training=True)
        pairs = [(array(state), array(h)) for state, h in seen[1:]]
        patterns = [h != 0 for _, h in pairs]
        assert all((pattern == patterns[0]).all() for pattern in patterns) and not patterns[0].all()
        for state, h in pairs:
            np.testing.assert_allclose(h, np.where(patterns[0], 2 * state, 0), rtol=1e-6)
    else:  # one trace of the loop: the same tensor of the context at every step
        layer(X, training=True)
        assert len(seen) == 2  # and one for the shapes of what it keeps


def test_saved_and_trained_in_a_model(tmp_path):
    """Both layers in one, since what takes long is to compile it."""
    inputs = keras.Input((None, FEATURES))
    x = keras.layers.Masking()(inputs)
    x = layers.LayerNormLSTM(UNITS, return_sequences=True, zoneout=0.1, weight_drop=0.1, dropout=0.1)(x)
    x = layers.Bidirectional(layers.LayerNormGRU(UNITS, recurrent_dropout=0.2))(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile("adam", "mse")
    for steps in (TIME,) if BACKEND == "jax" else (5, TIME):  # JAX knows no program for any number
        x = X[:, :steps] * RIGHT_PADDED[:, :steps, None]
        before = model.get_weights()
        model.train_on_batch(x, np.ones((BATCH, 1), "float32"))
        changed = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
        assert all(changed)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[2].get_config() == model.layers[2].get_config()
    assert isinstance(loaded.layers[3].backward_layer, layers.LayerNormGRU)
    np.testing.assert_array_equal(model.predict_on_batch(x), loaded.predict_on_batch(x))


@pytest.mark.parametrize("name", NAMES)
def test_mixed_precision_keeps_normalisation_in_float32(name):
    exact = made(name)
    layer = made(name, dtype="mixed_bfloat16")
    layer.set_weights(exact.get_weights())
    outputs = layer(X)
    assert {keras.backend.standardize_dtype(part.dtype) for part in outputs} == {"bfloat16"}
    np.testing.assert_allclose(array(ops.cast(outputs[0], "float32")), array(exact(X)[0]), atol=0.1)


def test_weights_given_later_are_seen():
    """A frozen layer's too: on JAX a program keeps what it was not given as an argument."""
    layer = layers.LayerNormGRU(UNITS, trainable=False)
    before = array(layer(X))
    layer.set_weights([2 * weight for weight in layer.get_weights()])
    assert np.abs(array(layer(X)) - before).max() > 1e-3


def test_forget_bias_explanation_and_refusals(capsys):
    layer = layers.LayerNormLSTM(5)
    layer.build((None, None, 3))
    np.testing.assert_array_equal(array(layer.cell.bias), [0] * 5 + [1] * 5 + [0] * 10)
    (row,) = explain(layer)
    assert row.kernel == ("steps" if BACKEND == "torch" else "compiled")
    assert row.obstacles and capsys.readouterr().out.count("\n") == 2
    for arguments in ({"zoneout": 1.5}, {"weight_drop": 1}, {"recurrent_dropout": -1}):
        with pytest.raises(ValueError, match="expected at least 0 and below 1"):
            layers.LayerNormLSTM(3, **arguments)
