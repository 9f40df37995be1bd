"""What loops over time steps are made of."""

from collections.abc import Callable

import keras
from keras import ops

from rnnapps.layers.kernels.equations import States, Tensor


def compiled(function: Callable, static: int | None = None) -> Callable:
    """The function compiled by XLA: once for each set of shapes, and each value of argument `static`."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function, static_argnums=() if static is None else (static,))
    import tensorflow as tf

    return tf.function(function, autograph=False, jit_compile=True)


def shaped(array: Tensor, *shape: Tensor | int) -> Tensor:
    """The array with the sizes that are known of it.

    What comes from a program that TensorFlow once traced for any sizes has forgotten them, and layers
    that decide by them (Keras's TimeDistributed, a residual connection) would go wrong.
    """
    return ops.reshape(array, shape)


def at(array: Tensor, step: Tensor) -> Tensor:
    """Element `step` along the first axis."""
    # Not by indexing or slicing: TensorFlow would have XLA compile anew for each mask that comes.
    return ops.take(array, step, axis=0)


def put(array: Tensor, step: Tensor, value: Tensor) -> Tensor:
    """The array with another element `step` along the first axis."""
    zero = ops.zeros((), "int32")
    return ops.slice_update(array, (step, zero, zero), value[None])


def where(real: Tensor, new: States, old: States) -> States:
    return tuple(ops.where(real > 0, *pair) for pair in zip(new, old, strict=True))
