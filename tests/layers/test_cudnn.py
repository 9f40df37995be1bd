"""The calls of cuDNN, without a GPU: traced, and run with a reference in cuDNN's place.

The reference takes what cuDNN takes (flat weights, lengths, states of both directions) and does what its
documentation says, zeros behind each row's end included. On JAX it is JAX's own `lstm_ref`, on PyTorch
no stand-in is needed: the call is the same on a CPU.
"""

import keras
import numpy as np
import pytest
from gradients import differentiate
from keras import ops
from test_kernels import BATCH, CASES, FEATURES, ODD, RIGHT_PADDED, TIME, UNITS, compare

from rnnapps import layers
from rnnapps.layers.kernels import choice, weights

BACKEND = keras.backend.backend()
CELLS = {"tensorflow": ("LSTM", "GRU"), "jax": ("LSTM",), "torch": ("LSTM", "GRU", "SimpleRNN")}[BACKEND]


def cudnn_reference(
    input, input_h, input_c, params, sequence_lengths, rnn_mode, direction, is_training, time_major
):
    """`tf.raw_ops.CudnnRNNV3` as NVIDIA documents it, batch first."""
    assert is_training and not time_major
    gates = {"lstm": 4, "gru": 3}[rnn_mode]
    units = input_h.shape[2]
    directions = {"unidirectional": 1, "bidirectional": 2}[direction]
    position = 0

    def take(*shape):
        nonlocal position
        size = int(np.prod(shape))
        position += size
        return ops.reshape(params[position - size : position], shape)

    number = input_h.shape[1]  # layers * directions
    widths = [input.shape[2]] * directions + [directions * units] * (number - directions)
    matrices = [(take(gates * units, width), take(gates * units, units)) for width in widths]
    biases = [(take(gates * units), take(gates * units)) for _ in range(number)]
    assert position == params.shape[0]
    assert int(ops.min(sequence_lengths)) >= 1
    last_h, last_c, x = [], [], input
    for layer in range(0, number, directions):
        outputs = []
        for one in range(layer, layer + directions):
            c = input_c[:, one] if rnn_mode == "lstm" else None
            weights_of_one = (*matrices[one], *biases[one])
            y, h, c = one_direction(
                x, input_h[:, one], c, weights_of_one, sequence_lengths, rnn_mode, one > layer
            )
            outputs.append(y)
            last_h.append(h)
            last_c.append(h if c is None else c)
        x = ops.concatenate(outputs, axis=-1)
    stacked = [ops.stack(part, axis=1) for part in (last_h, last_c)]
    return x, *stacked, None, None


def one_direction(x, h, c, weights, sequence_lengths, rnn_mode, reverse):
    """One layer in one direction: outputs, zero behind the end of each row, and the last states."""
    w, r, bw, br = weights
    time = x.shape[1]
    ys = [None] * time
    for t in reversed(range(time)) if reverse else range(time):
        a, b = ops.matmul(x[:, t], ops.transpose(w)) + bw, ops.matmul(h, ops.transpose(r)) + br
        if rnn_mode == "lstm":
            i, f, g, o = ops.split(a + b, 4, axis=-1)
            new_c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            new_h = ops.sigmoid(o) * ops.tanh(new_c)
        else:
            (ar, ai, an), (br_, bi, bn) = ops.split(a, 3, axis=-1), ops.split(b, 3, axis=-1)
            update, candidate = ops.sigmoid(ai + bi), ops.tanh(an + ops.sigmoid(ar + br_) * bn)
            new_h, new_c = (1 - update) * candidate + update * h, None
        real = (t < sequence_lengths)[:, None]
        h = ops.where(real, new_h, h)
        c = ops.where(real, new_c, c) if rnn_mode == "lstm" else None
        ys[t] = ops.where(real, new_h, 0.0)
    return ops.stack(ys, axis=1), h, c


def jax_reference(
    x, h, c, parameters, lengths, *, input_size, hidden_size, num_layers, dropout, bidirectional
):
    """`jax.experimental.rnn.lstm` by JAX's own reference."""
    from jax.experimental import rnn

    assert x.dtype == "float32" and int(lengths.min()) >= 1
    sizes = (input_size, hidden_size, num_layers)
    parts = rnn.unpack_lstm_weights(parameters, *sizes, bidirectional)
    return rnn.lstm_ref(x, h, c, *parts, lengths, *sizes, dropout, bidirectional)


@pytest.fixture
def cudnn(monkeypatch):
    """A GPU seems to be there, and the reference is in the place of cuDNN."""
    monkeypatch.setattr(choice, "gpu", lambda: True)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", cudnn_reference)
    if BACKEND == "jax":
        from jax.experimental import rnn

        monkeypatch.setattr(rnn, "lstm", jax_reference)


@pytest.mark.parametrize(
    "case", ["sequences", "backwards", "odd", "odd backwards, zeros", "empty", "no bias"]
)
@pytest.mark.parametrize("name", CELLS)
def test_cudnn_equals_the_loop(name, case, cudnn):
    compare(name, "cudnn", *CASES[case])


@pytest.mark.parametrize("mask", [None, RIGHT_PADDED, ODD], ids=["none", "right-padded", "odd"])
@pytest.mark.parametrize("sequences", [True, False], ids=["sequences", "last"])
@pytest.mark.parametrize("name", CELLS)
def test_both_directions_in_one_call_equal_the_loop(name, sequences, mask, cudnn, monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    states = [
        rng.normal(size=(BATCH, UNITS)).astype("float32") for _ in range(4 if name == "LSTM" else 2)
    ]
    results, calls, given = [], [], None
    for kernel in ("auto", "keras"):
        cell = getattr(layers, name)(UNITS, kernel=kernel, return_sequences=sequences, return_state=True)
        layer = layers.Bidirectional(cell)
        layer.build(x.shape)
        given = given or layer.get_weights()
        layer.set_weights(given)
        calls.append(layer._in_one_call(mask, training=True))

        def loss(x, *states, layer=layer):
            outputs = layer(x, mask=mask, initial_state=list(states), training=True)
            return sum(ops.sum(part * part) for part in outputs), list(outputs)

        results.append(differentiate(loss, [x, *states], layer))
    # PyTorch computes padding too, each direction by itself, if no LSTM's state is wanted.
    assert calls == [BACKEND != "torch" or mask is None or name == "LSTM", False]
    for mine, expected in zip(*results, strict=True):
        for a, b in zip(mine, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's operation")
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_tensorflow_traces_its_operation(name, mask, monkeypatch):
    """The real operation, in a graph, with its gradient: one call for both directions."""
    import tensorflow as tf

    monkeypatch.setattr(choice, "gpu", lambda: True)
    layer = layers.Bidirectional(getattr(layers, name)(UNITS, return_sequences=True))
    layer.build((None, None, FEATURES))

    def function(x, mask):
        with tf.GradientTape() as tape:
            y = layer(x, mask=mask)
            loss = tf.reduce_sum(y)
        return y, tape.gradient(loss, [weight.value for weight in layer.trainable_variables])

    masks = tf.TensorSpec((None, None), "bool") if mask else None
    x = tf.TensorSpec((None, None, FEATURES))
    graph = tf.function(function, autograph=False).get_concrete_function(x, masks)
    operations = [operation.type for operation in graph.graph.get_operations()]
    assert operations.count("CudnnRNNV3") == 1 and operations.count("CudnnRNNBackpropV3") == 1
    assert graph.output_shapes[0][-1] == 2 * UNITS


@pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras's packing for TensorFlow's operation")
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_weights_are_packed_as_keras_packs_them(name):
    import tensorflow as tf
    from keras.src.backend.tensorflow.rnn import _standardize_cudnn_weights

    layer = getattr(layers, name)(UNITS)
    layer.build((None, None, FEATURES))
    layer.set_weights([np.random.default_rng(0).normal(size=weight.shape) for weight in layer.weights])
    kernel, recurrent, bias = (tf.constant(weight) for weight in layer.get_weights())
    gates = 4 if name == "LSTM" else 3
    matrices = tf.split(kernel, gates, axis=1) + tf.split(recurrent, gates, axis=1)
    if name == "LSTM":
        biases = tf.split(tf.concat([bias, tf.zeros_like(bias)], 0), 8)
    else:
        biases = tf.split(tf.reshape(bias, [-1]), 6)
        for parts in (matrices, biases):
            parts[0], parts[1], parts[3], parts[4] = parts[1], parts[0], parts[4], parts[3]
    keras_packs = _standardize_cudnn_weights(matrices, biases, tf.constant([-1]), transpose_weights=True)
    ours = weights.of_cell(layer.cell)
    ours = weights.flat([weights.reset_first(ours) if name == "GRU" else ours])
    np.testing.assert_array_equal(ours, keras_packs)


@pytest.mark.skipif(BACKEND != "jax", reason="JAX's cuDNN")
def test_jax_half_precision_reaches_cudnn_as_float32(cudnn):
    layer = layers.LSTM(UNITS, dtype="mixed_bfloat16", return_sequences=True, kernel="cudnn")
    y = layer(np.ones((BATCH, TIME, FEATURES), "float32"), mask=ops.convert_to_tensor(ODD))
    assert y.dtype == "bfloat16"
    exact = layers.LSTM(UNITS, return_sequences=True, kernel="keras")
    exact.build((BATCH, TIME, FEATURES))
    exact.set_weights(layer.get_weights())
    expected = exact(np.ones((BATCH, TIME, FEATURES), "float32"), mask=ops.convert_to_tensor(ODD))
    np.testing.assert_allclose(ops.cast(y, "float32"), expected, atol=0.02)


def test_what_cannot_go_to_cudnn(monkeypatch):
    monkeypatch.setattr(choice, "gpu", lambda: True)
    refused = {
        "recurrent_dropout=0.1": layers.LSTM(3, recurrent_dropout=0.1),
        "unroll=True": layers.LSTM(3, unroll=True),
        "reset_after=False": layers.GRU(3, reset_after=False) if BACKEND != "jax" else None,
        "activation=relu": layers.LSTM(3, activation="relu"),
        "use_cudnn=False": layers.LSTM(3, use_cudnn=False),
        "JAX offers no GRU of cuDNN": layers.GRU(3) if BACKEND == "jax" else None,
        "offers no SimpleRNN of cuDNN": layers.SimpleRNN(3) if BACKEND != "torch" else None,
    }
    for reason, layer in refused.items():
        if layer is not None:
            chosen = choice.choose(layer)
            assert chosen.kernel != "cudnn" and reason in chosen.obstacles["cudnn"]
