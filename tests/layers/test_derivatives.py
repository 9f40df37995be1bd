"""What is more than a first derivative is right, or an error that says what to do."""

import keras
import numpy as np
import pytest
from keras import ops

from rnnapps import layers

BACKEND = keras.backend.backend()
UNITS = 3
LAYERS = {
    "LSTM": lambda **options: layers.LSTM(UNITS, **options),
    "GRU": lambda **options: layers.GRU(UNITS, return_sequences=True, **options),
    "LayerNormGRU": lambda **options: layers.LayerNormGRU(UNITS, **options),
    "MinGRU": lambda **options: layers.MinGRU(UNITS, **options),
    "AttentionRecurrence": lambda **options: layers.AttentionRecurrence(UNITS, **options),
}
X = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")


def loss(layer, x):
    if isinstance(layer, layers.AttentionRecurrence):
        return ops.sum(ops.square(layer(x, x, training=True)[0]))
    return ops.sum(ops.square(layer(x, training=True)))


def penalty(layer):
    """The gradients of the squared gradient of the inputs with respect to the weights."""
    weights = layer.trainable_variables
    if BACKEND == "tensorflow":
        import tensorflow as tf

        x = tf.constant(X)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = loss(layer, x)
            size = tf.reduce_sum(inner.gradient(y, x) ** 2)
        return outer.gradient(size, [weight.value for weight in weights])
    if BACKEND == "jax":
        import jax

        def size(values):
            with keras.StatelessScope(state_mapping=zip(weights, values, strict=True)):
                return (jax.grad(lambda x: loss(layer, x))(X) ** 2).sum()

        return jax.grad(size)([weight.value for weight in weights])
    import torch

    x = torch.tensor(X, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(layer, x), x, create_graph=True)
    return torch.autograd.grad(
        (gradient**2).sum(), [weight.value for weight in weights], allow_unused=True
    )


def forward_mode(layer):
    """The derivative of the loss in the direction of the inputs."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        x = tf.constant(X)
        with tf.autodiff.ForwardAccumulator(x, x) as accumulator:
            y = loss(layer, x)
        return accumulator.jvp(y)
    if BACKEND == "jax":
        import jax

        return jax.jvp(lambda x: loss(layer, x), (X,), (X,))[1]
    import torch

    return torch.func.jvp(lambda x: loss(layer, x), (torch.tensor(X),), (torch.tensor(X),))[1]


def right_or_told(derivative, name):
    """The derivative is that of the layer with kernel="keras", or an error that names it."""
    fast, loop = LAYERS[name](), LAYERS[name](kernel="keras")
    loss(fast, ops.convert_to_tensor(X)), loss(loop, ops.convert_to_tensor(X))
    loop.set_weights(fast.get_weights())
    expected = [part for part in keras.tree.flatten(derivative(loop)) if part is not None]
    try:
        found = [part for part in keras.tree.flatten(derivative(fast)) if part is not None]
    except NotImplementedError as error:
        assert 'kernel="keras"' in str(error) and "to_keras" in str(error)
        return
    assert BACKEND == "torch"  # which differentiates most kernels by itself
    for a, b in zip(found, expected, strict=True):
        a, b = ops.convert_to_numpy(a), ops.convert_to_numpy(b)
        np.testing.assert_allclose(a, b, atol=1e-4 * max(1, np.abs(b).max()))


@pytest.mark.parametrize("name", LAYERS)
def test_a_second_derivative(name):
    right_or_told(penalty, name)


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")  # PyTorch's own use of it
@pytest.mark.parametrize("name", LAYERS)
def test_forward_mode(name):
    right_or_told(forward_mode, name)


@pytest.mark.skipif(BACKEND != "jax", reason="JAX's own ways")
def test_hessian_and_rows_by_themselves():
    import jax

    layer = LAYERS["GRU"]()
    layer(X)
    with pytest.raises(NotImplementedError, match='kernel="keras"'):
        jax.hessian(lambda factor: loss(layer, X * factor))(1.0)
    whole = jax.grad(lambda x: loss(layer, x))(X)
    for function in (
        jax.jacrev(lambda x: loss(layer, x)),
        jax.grad(jax.checkpoint(lambda x: loss(layer, x))),
    ):
        np.testing.assert_allclose(function(X), whole, atol=1e-6)
    rows = jax.vmap(jax.grad(lambda row: loss(layer, row[None])))(X)
    np.testing.assert_allclose(rows, whole, atol=1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's graphs")
def test_graphs_that_are_built_and_those_that_run():
    import tensorflow as tf

    layer = LAYERS["GRU"]()
    x = tf.constant(X)
    layer(x)
    with pytest.raises(tf.errors.UnimplementedError, match='kernel="keras"'):
        tf.function(lambda: penalty(layer), autograph=False)()
    with pytest.raises(tf.errors.InvalidArgumentError, match="use_kernel_keras"):
        tf.function(lambda: penalty(layer), autograph=False, jit_compile=True)()
    # For a persistent tape TensorFlow builds the second derivative of a graph, and does not run it.
    gradients = []
    for function in (loss, tf.function(loss, autograph=False)):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = function(layer, x)
        gradients.append(tape.gradient(y, x))
    np.testing.assert_allclose(*gradients, atol=1e-6)
