"""MinGRU and MinLSTM: all time steps at once are the same as one after the other.

The reference is Keras's generic loop over the layer's own cell, or a loop in NumPy.
"""

import weakref

import keras
import numpy as np
import pytest
from gradients import MODES, REFERENCE, differentiate
from keras import ops
from test_kernels import BATCH, CASES, FEATURES, ODD, TIME, UNITS

from rnnapps.data.bucketed_batches import pad
from rnnapps.data.text.text_config import TextConfig
from rnnapps.data.text.text_encoder import TextEncoder
from rnnapps.layers import Bidirectional, compiled_step
from rnnapps.layers.kernels import parallel_scan
from rnnapps.layers.min_gru import MinGRU
from rnnapps.layers.min_lstm import MinLSTM

LAYERS = [MinGRU, MinLSTM]
BACKEND = keras.backend.backend()
# The largest difference allowed, relative to the largest value of an array: some tens of roundings.
# On PyTorch, Keras's matmul rounds float64 to float32.
TOLERANCE = {"float32": 2e-6, "float64": 2e-14 if BACKEND == "tensorflow" else 1e-6}
FEW = ["odd", "odd backwards, zeros"]

both_layers = pytest.mark.parametrize("kind", LAYERS)


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")


@pytest.fixture
def in_chunks(monkeypatch):
    """As on a GPU: three chunks, which are longer than seven time steps need."""
    monkeypatch.setattr(parallel_scan, "gpu", lambda: True)
    monkeypatch.setattr(parallel_scan, "CHUNKS", 3)


def array(tensor):
    return ops.convert_to_numpy(tensor)


def built(kind, shape, scale=1.0, **arguments):
    """A layer with random weights, biases included."""
    layer = kind(UNITS, **arguments)
    layer.build(shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(scale=scale, size=weight.shape) for weight in layer.weights])
    return layer


def compare(kind, arguments, mask, with_state, dtype="float32", batch=BATCH, mode="eager"):
    """Outputs, states and gradients of the layer and of Keras's loop; fail where they differ."""
    shape = (batch, TIME if mask is None else mask.shape[1], FEATURES)
    layer = built(kind, shape, return_state=True, dtype=dtype, **arguments)
    loop = {name: value for name, value in arguments.items() if name != "use_bias"}
    reference = keras.layers.RNN(layer.cell, return_state=True, dtype=dtype, **loop)
    rng = np.random.default_rng(2)
    arrays = [rng.normal(size=shape).astype(dtype)]
    if with_state:  # of any sign
        arrays.append(rng.normal(size=(batch, UNITS)).astype(dtype))

    def loss_of(one):
        def function(x, *states):
            outputs = one(x, mask=mask, initial_state=list(states) or None, training=True)
            rng = np.random.default_rng(3)
            weights = [
                ops.convert_to_tensor(rng.normal(size=part.shape), dtype=dtype) for part in outputs
            ]
            return sum(ops.sum(a * b) for a, b in zip(outputs, weights, strict=True)), list(outputs)

        return function

    ours = differentiate(loss_of(layer), arrays, layer, mode)
    theirs = differentiate(loss_of(reference), arrays, reference, REFERENCE)
    for part, mine, expected in zip(("output", "gradient"), ours, theirs, strict=True):
        for number, (a, b) in enumerate(zip(mine, expected, strict=True)):
            assert a.shape == b.shape and a.dtype == b.dtype == dtype
            scale = max(np.abs(b).max(), 1e-3)
            assert np.abs(a - b).max() <= TOLERANCE[dtype] * scale, (part, number, np.abs(a - b).max())


# The two differ in the gate alone. JAX compiles each case anew: there the odd masks hold all others.
ALL = [case for case in CASES if case != "dropout" and (BACKEND != "jax" or "odd" in case)]
BOTH = ["plain", *FEW, "no bias"]


@pytest.mark.parametrize(
    ("kind", "case"), [(MinGRU, case) for case in ALL] + [(MinLSTM, case) for case in BOTH]
)
def test_parallel_equals_sequential(kind, case):
    compare(kind, *CASES[case])


@pytest.mark.parametrize(("kind", "case"), list(zip(LAYERS, FEW, strict=True)))
def test_in_chunks(kind, case, in_chunks):
    compare(kind, *CASES[case])


@both_layers
@pytest.mark.skipif(BACKEND == "jax", reason="Keras leaves JAX without float64")
@pytest.mark.parametrize("case", FEW)
def test_double_precision(kind, case):
    compare(kind, *CASES[case], dtype="float64")


@both_layers
@pytest.mark.parametrize("mode", MODES[BACKEND][1:])
def test_compiled(kind, mode):
    compare(kind, *CASES["odd backwards, zeros"], mode=mode)


@both_layers
def test_one_row_and_one_step(kind):
    compare(kind, {"return_sequences": True}, None, True, batch=1)
    compare(kind, {"return_sequences": True}, np.ones((BATCH, 1), bool), True)
    compare(kind, {"return_sequences": True}, np.arange(BATCH)[:, None] > 2, True)


def sequential(kind, layer, x):
    """The states after each step, by a loop in double precision."""
    kernel, bias = (weight.astype("float64") for weight in layer.get_weights())
    *gate, candidate = np.split(x.astype("float64") @ kernel + bias, 3 if kind is MinLSTM else 2, -1)
    log_sigmoid = lambda x: -np.logaddexp(0, -x)  # noqa: E731
    logit = log_sigmoid(gate[1]) - log_sigmoid(gate[0]) if kind is MinLSTM else gate[0]
    z = np.exp(log_sigmoid(logit))
    c = np.where(candidate >= 0, candidate + 0.5, np.exp(log_sigmoid(np.minimum(candidate, 0))))
    h, states = 0, []
    for t in range(x.shape[1]):
        h = np.exp(log_sigmoid(-logit[:, t])) * h + z[:, t] * c[:, t]
        states.append(h)
    return np.stack(states, axis=1)


@both_layers
@pytest.mark.parametrize("scale", [1, 100])
def test_2000_steps(kind, scale):
    """Gates that stay shut and gates that are wide open: nothing overflows, no rounding grows."""
    x = np.random.default_rng(0).normal(size=(2, 2000, FEATURES)).astype("float32")
    layer = built(kind, x.shape, scale, return_sequences=True)

    def loss(x):
        y = layer(x, training=True)
        return ops.sum(y[:, -1]), [y]

    (y,), gradients = differentiate(loss, [x], layer)
    expected = sequential(kind, layer, x)
    assert np.abs(y - expected).max() <= 1e-5 * np.abs(expected).max()
    assert all(np.isfinite(gradient).all() for gradient in gradients)


@both_layers
def test_zero_is_exact_and_a_shut_gate_keeps_a_state(kind):
    layer = built(kind, (1, TIME, FEATURES), return_state=True)
    kernel, bias = layer.get_weights()
    bias[:UNITS], bias[UNITS : 2 * UNITS] = (200, -200) if kind is MinLSTM else (-200, 0)
    layer.set_weights([0 * kernel, bias])
    x = np.ones((1, TIME, FEATURES), "float32")
    assert not array(layer(x)[1]).any()
    state = np.array([[-3, 0, 1e-30, 7]], "float32")
    np.testing.assert_array_equal(
        array(layer(x, initial_state=[ops.convert_to_tensor(state)])[1]), state
    )


@both_layers
def test_stateful_pieces_are_the_whole(kind, x):
    layer = built(kind, x.shape, stateful=True, return_sequences=True)
    layer.reset_state()
    first, second = array(layer(x[:, :2])), array(layer(x[:, 2:]))
    layer.reset_state()
    np.testing.assert_allclose(np.concatenate([first, second], 1), array(layer(x)), atol=1e-6)


@both_layers
def test_compiled_steps_are_the_sequence(kind, x):
    layer = built(kind, x.shape, return_sequences=True)
    whole = array(layer(x))
    step, states = compiled_step(layer), layer.get_initial_state(4)
    for t in range(6):
        y, states = step(x[:, t], states)
        np.testing.assert_allclose(array(y), whole[:, t], atol=1e-6)


@both_layers
@pytest.mark.parametrize("wrapper", [keras.layers.Bidirectional, Bidirectional])
def test_inside_bidirectional(kind, x, wrapper):
    both = wrapper(kind(5, return_sequences=True))
    mask = ops.convert_to_tensor(ODD[:4, :6])
    y = array(both(x, mask=mask))
    assert y.shape == (4, 6, 10) and not y[~ODD[:4, :6]].any()
    np.testing.assert_allclose(y[..., :5], array(both.forward_layer(x, mask=mask)), atol=1e-6)
    np.testing.assert_allclose(y[..., 5:], array(both.backward_layer(x, mask=mask))[:, ::-1], atol=1e-6)


@both_layers
def test_a_mask_of_integers(kind, x):
    layer = built(kind, x.shape)
    mask = ODD[:4, :6]
    expected = array(layer(x, mask=ops.convert_to_tensor(mask)))
    given = array(layer(x, mask=ops.convert_to_tensor(mask.astype("int32"))))
    np.testing.assert_array_equal(given, expected)


@both_layers
def test_arguments_and_config(kind):
    layer = kind(
        5,
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer=keras.regularizers.L2(0.1),
        kernel_constraint="max_norm",
        activity_regularizer="l1",
        go_backwards=True,
        zero_output_for_mask=True,
        name="layer",
        dtype="mixed_bfloat16",
    )
    layer(np.ones((2, 3, 4), "float32"))
    assert [w.shape for w in layer.weights] == [(4, 15 if kind is MinLSTM else 10)]
    assert len(layer.losses) == 2 and layer.cell.kernel.constraint is not None
    config = layer.get_config()
    again = kind.from_config(config)
    assert again.get_config() == config and again.go_backwards and not again.cell.use_bias
    cell = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer.cell))
    assert cell.get_config() == layer.cell.get_config()
    with pytest.raises(ValueError, match="units=0: expected a positive integer"):
        kind(0)


@both_layers
def test_mixed_precision_scans_in_float32(kind):
    x = np.random.default_rng(0).normal(size=(2, 100, FEATURES)).astype("float32")
    exact = built(kind, x.shape, return_sequences=True)
    layer = kind(UNITS, return_sequences=True, dtype="mixed_bfloat16")
    layer.build(x.shape)
    layer.set_weights(exact.get_weights())
    y = layer(x)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(layer.cell.kernel.dtype) == "float32"
    loop = keras.layers.RNN(layer.cell, return_sequences=True, dtype="mixed_bfloat16")
    expected, ours, theirs = (array(ops.cast(part, "float32")) for part in (exact(x), y, loop(x)))
    error, of_loop = (np.abs(part - expected).mean() for part in (ours, theirs))
    assert 0 < error < 0.02 and error < of_loop


@both_layers
def test_trained_on_sentences_saved_and_loaded(kind, sentences, tmp_path):
    """In a model with an unknown number of time steps: the loss falls, the file loads."""
    texts = [row["text"] for row in sentences[:32]]
    encoder = TextEncoder.learn(texts, TextConfig(vocabulary=300, max_length=32))
    batch = pad(encoder.encode(texts))
    labels = np.array([[row["label"] == "positive"] for row in sentences[:32]], "float32")
    keras.utils.set_random_seed(1)
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(encoder.size, 16, mask_zero=True)(tokens)
    x = kind(16)(x)
    model = keras.Model(tokens, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    before = model.get_weights()
    losses = [float(model.train_on_batch(batch, labels)) for _ in range(12)]
    assert losses[-1] < 0.7 * losses[0]
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[-2]) is kind
    short = batch[:, :8]
    np.testing.assert_array_equal(model.predict_on_batch(short), loaded.predict_on_batch(short))


@both_layers
@pytest.mark.skipif(BACKEND != "torch", reason="the others keep no gradient with a result")
def test_results_are_freed(kind, x):
    y = built(kind, x.shape, return_sequences=True)(x)
    states = weakref.ref(y)
    del y
    assert states() is None
