"""Every layer by every kernel that runs here gives what Keras's generic loop gives.

That is `keras.layers.RNN` over Keras's own cell: outputs, states, and the gradients with respect to the
inputs, the initial states and the weights.
`tests/backends` runs this file on JAX and PyTorch too.
"""

import functools
import time

import keras
import numpy as np
import pytest
from gradients import MODES, differentiate
from keras import ops

from rnnapps import layers
from rnnapps.layers.kernels import choice

CELLS = {
    "LSTM": keras.layers.LSTMCell,
    "GRU": keras.layers.GRUCell,
    "SimpleRNN": keras.layers.SimpleRNNCell,
}
OF_CELL = ("use_bias", "activation", "dropout", "seed")
BATCH, TIME, FEATURES, UNITS = 6, 7, 3, 4
# The largest difference allowed, relative to the largest value of an array: some tens of roundings.
# Keras's own loop is right to 1e-7 only in float64 on PyTorch, where ours agrees with NumPy to 1e-16.
BACKEND = keras.backend.backend()
TOLERANCE = {"float32": 2e-6, "float64": 2e-14 if BACKEND == "tensorflow" else 1e-6}

LENGTHS = np.array([7, 3, 5, 1, 2, 6])
RIGHT_PADDED = np.arange(TIME) < LENGTHS[:, None]
SHORT = np.arange(TIME) < np.minimum(LENGTHS, 5)[:, None]  # no row needs the last two steps
ODD = RIGHT_PADDED.copy()
ODD[1], ODD[2], ODD[3] = RIGHT_PADDED[1, ::-1], False, [1, 0, 1, 1, 0, 0, 1]  # left-padded, empty, holes
EMPTY = np.zeros_like(ODD)

CASES = {  # arguments of the layer, mask, whether initial states are given
    "plain": ({}, None, False),
    "sequences": ({"return_sequences": True}, None, True),
    "backwards": ({"return_sequences": True, "go_backwards": True}, None, True),
    "right-padded": ({"return_sequences": True}, RIGHT_PADDED, True),
    "right-padded, last": ({}, RIGHT_PADDED, True),
    "right-padded backwards": ({"return_sequences": True, "go_backwards": True}, RIGHT_PADDED, True),
    "right-padded backwards, last": ({"go_backwards": True}, RIGHT_PADDED, False),
    "short": ({"return_sequences": True}, SHORT, True),
    "short backwards": ({"return_sequences": True, "go_backwards": True}, SHORT, True),
    "odd": ({"return_sequences": True}, ODD, True),
    "odd, last": ({}, ODD, True),
    "odd backwards": ({"return_sequences": True, "go_backwards": True}, ODD, True),
    "odd, zeros": ({"return_sequences": True, "zero_output_for_mask": True}, ODD, True),
    "odd, zeros, last": ({"zero_output_for_mask": True}, ODD, True),
    "odd backwards, zeros": (
        {"return_sequences": True, "go_backwards": True, "zero_output_for_mask": True},
        ODD,
        True,
    ),
    "empty": ({"return_sequences": True}, EMPTY, True),
    "dropout": ({"return_sequences": True, "dropout": 0.5, "seed": 3}, RIGHT_PADDED, True),
    "no bias": ({"return_sequences": True, "use_bias": False}, RIGHT_PADDED, True),
}
# What is around the equations is the same for each cell: one runs all, the others what is most.
FEW = [("LSTM", "sequences"), ("LSTM", "odd"), *((name, "odd backwards, zeros") for name in CELLS)]


def compare(
    name, kernel, arguments, mask, with_states, dtype="float32", batch=BATCH, mode="eager", times=1
):
    """Run our layer and Keras's loop with the same weights; fail where they differ by the tolerance, or
    so many times it.
    """
    rng = np.random.default_rng(1)
    keras.utils.set_random_seed(1)
    cell_arguments = {"units": UNITS}
    cell_arguments |= {key: value for key, value in arguments.items() if key in OF_CELL}
    layer = getattr(layers, name)(UNITS, kernel=kernel, return_state=True, dtype=dtype, **arguments)
    loop = {key: value for key, value in arguments.items() if key not in OF_CELL}
    reference = keras.layers.RNN(
        CELLS[name](**cell_arguments, dtype=dtype), return_state=True, dtype=dtype, **loop
    )
    shape = (batch, TIME if mask is None else mask.shape[1], FEATURES)
    layer.build(shape)
    reference.build(shape)
    for weight in layer.weights:
        weight.assign(rng.normal(scale=UNITS**-0.5, size=weight.shape))
    reference.set_weights(layer.get_weights())
    x = rng.normal(size=shape).astype(dtype)
    states = (
        [rng.normal(size=(batch, UNITS)).astype(dtype) for _ in layer.state_size] if with_states else []
    )

    def loss_of(one):
        def function(x, *states):
            outputs = one(x, mask=mask, initial_state=list(states) or None, training=True)
            rng = np.random.default_rng(2)
            weights = [
                ops.convert_to_tensor(rng.normal(size=part.shape), dtype=dtype) for part in outputs
            ]
            return sum(ops.sum(a * b) for a, b in zip(outputs, weights, strict=True)), list(outputs)

        return function

    ours = differentiate(loss_of(layer), [x, *states], layer, mode)
    theirs = differentiate(loss_of(reference), [x, *states], reference)
    for kind, mine, expected in zip(("output", "gradient"), ours, theirs, strict=True):
        for number, (a, b) in enumerate(zip(mine, expected, strict=True)):
            assert a.shape == b.shape and a.dtype == b.dtype
            scale = max(np.abs(b).max(), 1e-3)
            assert np.abs(a - b).max() <= times * TOLERANCE[dtype] * scale, (
                kind,
                number,
                np.abs(a - b).max(),
            )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", CELLS)
def test_fused_equals_the_loop(name, case):
    compare(name, "fused", *CASES[case])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", CELLS)
def test_native_equals_the_loop(name, case):
    compare(name, "native", *CASES[case])


@pytest.mark.parametrize("units", [1, 33, 130])
@pytest.mark.parametrize("name", CELLS)
def test_native_of_any_size(name, units, monkeypatch):
    """Vectors, panels and blocks that are not full, and more rows than a product holds in registers."""
    monkeypatch.setitem(globals(), "UNITS", units)
    monkeypatch.setitem(globals(), "FEATURES", 300 if units == 33 else 3)
    compare(name, "native", *CASES["odd backwards, zeros"], times=5)  # sums of hundreds of products
    compare(name, "native", *CASES["sequences"], batch=37, times=5)


@pytest.mark.skipif(
    BACKEND == "jax", reason="Keras's tanh gives float32 there; the choice is tested below"
)
@pytest.mark.parametrize(("name", "case"), FEW)
def test_fused_equals_the_loop_in_double_precision(name, case):
    compare(name, "fused", *CASES[case], dtype="float64")


@pytest.mark.parametrize("mode", MODES[BACKEND][1:])
@pytest.mark.parametrize(("name", "case"), FEW)
def test_fused_equals_the_loop_when_compiled(name, case, mode):
    compare(name, "fused", *CASES[case], mode=mode)


@pytest.mark.parametrize("mode", MODES[BACKEND][1:])
@pytest.mark.parametrize(("name", "case"), FEW)
def test_native_equals_the_loop_when_compiled(name, case, mode):
    """TensorFlow's XLA knows no operation of ours: a layer that may choose takes another kernel."""
    compare(name, "auto" if mode == "xla" else "native", *CASES[case], mode=mode)


@pytest.mark.parametrize("kernel", ["fused", "native"])
@pytest.mark.parametrize("name", CELLS)
def test_one_row_and_one_step(name, kernel):
    compare(name, kernel, {"return_sequences": True}, None, True, batch=1)
    compare(name, kernel, {"return_sequences": True}, np.ones((BATCH, 1), bool), True)
    compare(name, kernel, {"return_sequences": True}, np.arange(BATCH)[:, None] > 2, True)


@pytest.mark.parametrize("case", ["sequences", "odd backwards, zeros"])
@pytest.mark.parametrize("name", CELLS)
def test_the_loop_itself_by_its_name(name, case):
    compare(name, "keras", *CASES[case])


@pytest.mark.parametrize("kernel", ["fused", "native"])
@pytest.mark.parametrize("activation", ["relu", "linear", "sigmoid"])
def test_other_activations(activation, kernel):
    arguments, mask, states = CASES["right-padded"]
    compare("SimpleRNN", kernel, arguments | {"activation": activation}, mask, states)


@pytest.mark.parametrize("kernel", ["fused", "native"])
@pytest.mark.parametrize("name", CELLS)
def test_a_gradient_without_training_true(name, kernel):
    """What the derivative needs is then computed again."""
    layer = getattr(layers, name)(UNITS, return_sequences=True, kernel=kernel)
    x = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    layer.build(x.shape)

    def loss(training):
        def function(x):
            y = layer(x, mask=ops.convert_to_tensor(ODD), training=training)
            return ops.sum(y * y), [y]

        return function

    (y,), with_training = differentiate(loss(True), [x], layer)
    (z,), without = differentiate(loss(False), [x], layer)
    np.testing.assert_allclose(y, z, rtol=1e-5, atol=1e-6)
    for a, b in zip(with_training, without, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CELLS)
def test_half_precision_stays_near_the_loop(name):
    """Products in bfloat16, the rest in float32: closer to float32 than Keras's loop is."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, 50, FEATURES)).astype("float32")
    results = {}
    weights = None
    for label, kernel, dtype in (
        ("exact", "keras", "float32"),
        ("fused", "fused", "mixed_bfloat16"),
        ("native", "native", "mixed_bfloat16"),
        ("keras", "keras", "mixed_bfloat16"),
    ):
        layer = getattr(layers, name)(UNITS, kernel=kernel, dtype=dtype, return_sequences=True)
        layer.build(x.shape)
        weights = weights or [rng.normal(scale=0.5, size=w.shape) for w in layer.weights]
        layer.set_weights(weights)
        y = layer(x)
        assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
        results[label] = ops.convert_to_numpy(ops.cast(y, "float32"))
    error = {key: np.abs(results[key] - results["exact"]).mean() for key in ("fused", "native", "keras")}
    assert 0 < error["fused"] < 0.02
    assert error["fused"] <= 1.1 * error["keras"]
    assert 0 < error["native"] <= 1.1 * error["fused"]


def test_a_padded_batch_is_trained_and_saved(tmp_path):
    """In a model with an unknown number of time steps: fit, save, load, predict. It has all layers,
    since what takes long is to compile it.
    """
    inputs = keras.Input((None, FEATURES))
    x = keras.layers.Masking()(inputs)
    for name in CELLS:
        x = getattr(layers, name)(UNITS, return_sequences=True, kernel="fused")(x)
    x = layers.Bidirectional(layers.GRU(UNITS))(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    for steps in (9,) if BACKEND == "jax" else (5, 9):  # JAX knows no program for any number of steps
        x = rng.normal(size=(8, steps, FEATURES)).astype("float32")
        x *= (np.arange(steps) < rng.integers(1, steps + 1, (8, 1)))[:, :, None]
        before = model.get_weights()
        model.train_on_batch(x, np.ones((8, 1), "float32"))
        assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for name, layer in zip(CELLS, loaded.layers[2:5], strict=True):
        assert type(layer) is getattr(layers, name) and layer.kernel == "fused"
    np.testing.assert_array_equal(model.predict_on_batch(x), loaded.predict_on_batch(x))


@pytest.mark.parametrize("name", CELLS)
def test_products_of_a_part_of_the_rows(name, monkeypatch):
    """With many units the state's product takes the quarters of the batch that need a step."""
    monkeypatch.setitem(globals(), "UNITS", 128)
    compare(name, "fused", *CASES["odd"])
    compare(name, "fused", *CASES["short backwards"])


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_without_the_states(name, sequences, backwards):
    """On PyTorch another way on a CPU; the outputs and gradients are those of the layer with states."""
    x = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    options = {"return_sequences": sequences, "go_backwards": backwards, "kernel": "fused"}
    layer = getattr(layers, name)(UNITS, **options)
    layer.build(x.shape)
    full = getattr(layers, name)(UNITS, return_state=True, **options)
    full.build(x.shape)
    full.set_weights(layer.get_weights())

    def loss_of(call):
        def function(x):
            y = call(x)
            return ops.sum(y * y), [y]

        return function

    mask = ops.convert_to_tensor(ODD)
    (a,), mine = differentiate(loss_of(lambda x: layer(x, mask=mask, training=True)), [x], layer)
    (b,), given = differentiate(loss_of(lambda x: full(x, mask=mask, training=True)[0]), [x], full)
    for one, other in zip([a, *mine], [b, *given], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_any_activation_that_keras_takes_is_left_to_keras():
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    leaky = functools.partial(keras.activations.leaky_relu, negative_slope=0.1)
    for activation in (leaky, lambda y: y * 0.5):
        layer = layers.LSTM(3, activation=activation)
        assert layer(x).shape == (2, 3)
        assert choice.choose(layer).kernel == "keras"


def test_a_mask_of_integers():
    x = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    layer = layers.GRU(UNITS, kernel="fused")
    expected = ops.convert_to_numpy(layer(x, mask=ops.convert_to_tensor(ODD)))
    given = ops.convert_to_numpy(layer(x, mask=ops.convert_to_tensor(ODD.astype("int32"))))
    np.testing.assert_array_equal(given, expected)


def test_names_of_kernels_and_refusals():
    with pytest.raises(ValueError, match="expected one of auto, cudnn, native, fused, keras"):
        layers.LSTM(3, kernel="fast")
    with pytest.raises(ValueError, match="cannot run: recurrent_dropout=0.5"):
        layers.LSTM(3, kernel="fused", recurrent_dropout=0.5)(np.zeros((1, 2, 3), "float32"))
    double = choice.choose(layers.LSTM(3, dtype="float64"))
    assert double.kernel == ("keras" if BACKEND == "jax" else "fused")
    assert not choice.gpu()
    for options in ({"kernel": "cudnn"}, {"use_cudnn": True}):
        with pytest.raises(ValueError, match="kernel='cudnn' cannot run: .* sees no GPU"):
            layers.GRU(3, **options)(np.zeros((1, 2, 3), "float32"))


@pytest.mark.skipif(BACKEND == "torch", reason="nothing is compiled")
def test_a_new_mask_compiles_nothing():
    """XLA compiles for the shapes of a batch, in some seconds, and not for the lengths in it."""
    inputs = keras.Input((None, FEATURES))
    x = layers.Bidirectional(layers.LSTM(UNITS))(keras.layers.Masking()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    seconds = []
    for _ in range(10):
        x = rng.normal(size=(8, 9, FEATURES)).astype("float32")
        x *= (np.arange(9) < rng.integers(1, 10, (8, 1)))[:, :, None]
        start = time.perf_counter()
        model.train_on_batch(x, np.ones((8, 1), "float32"))
        seconds.append(time.perf_counter() - start)
    assert sorted(seconds[1:])[-3] < seconds[0] / 5  # two may wait for another process
