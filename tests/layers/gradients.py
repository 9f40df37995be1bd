"""Values and gradients of a function of arrays, on every backend."""

from collections.abc import Callable

import keras
import numpy as np


def differentiate(
    function: Callable, arrays: list[np.ndarray], layer: keras.layers.Layer, compiled: str = "eager"
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Call `function(*tensors)`, which returns (loss, list of outputs), and differentiate its loss.

    Returns the outputs, and the gradients with respect to the arrays and the layer's trainable weights.
    `compiled` is "eager", "graph" or "xla" on TensorFlow, "eager" or "graph" on JAX, "eager" on PyTorch.
    """
    weights = layer.trainable_variables
    outputs, gradients = BACKENDS[keras.backend.backend()](function, arrays, layer, weights, compiled)
    return [keras.ops.convert_to_numpy(part) for part in outputs], [
        keras.ops.convert_to_numpy(part) for part in gradients
    ]


def _tensorflow(function, arrays, layer, weights, compiled):
    import tensorflow as tf

    def run(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            loss, outputs = function(*tensors)
        sources = [*tensors, *(weight.value for weight in weights)]
        return outputs, tape.gradient(loss, sources, unconnected_gradients="zero")

    if compiled != "eager":
        run = tf.function(run, autograph=False, jit_compile=compiled == "xla")
    return run(*map(tf.constant, arrays))


def _jax(function, arrays, layer, weights, compiled):
    import jax

    def run(tensors, values):
        mapping = list(zip(weights, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return function(*tensors)

    run = jax.value_and_grad(run, argnums=(0, 1), has_aux=True)
    if compiled != "eager":
        run = jax.jit(run)
    tensors = [keras.ops.convert_to_tensor(array, dtype=str(array.dtype)) for array in arrays]
    (_, outputs), gradients = run(tensors, [weight.value for weight in weights])
    return outputs, [*gradients[0], *gradients[1]]


def _torch(function, arrays, layer, weights, compiled):
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    sources = [*tensors, *(weight.value for weight in weights)]
    loss, outputs = function(*tensors)
    gradients = torch.autograd.grad(loss, sources, allow_unused=True, materialize_grads=True)
    return [part.detach() for part in outputs], gradients


BACKENDS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
MODES = {"tensorflow": ("eager", "graph", "xla"), "jax": ("eager", "graph"), "torch": ("eager",)}
# For what ours is compared with: without a program, JAX compiles each of its operations by itself.
REFERENCE = "graph" if keras.backend.backend() == "jax" else "eager"
