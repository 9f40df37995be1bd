"""What loops over time steps are made of."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from rnnapps.layers.kernels.equations import States, Tensor

FEW, LEAST_OF_FEW = 8, 64
# 16, 32, 64, then four in each doubling: at most a quarter more than there is.
SIZES = np.array([16, 32, *(2**power * part // 4 for power in range(6, 20) for part in (4, 5, 6, 7))])
SIZES = SIZES.astype("int32")


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


def uncompiled(function: Callable) -> Callable:
    """The function as it is, also within `torch.compile`, which fails at PyTorch's own layers."""
    if keras.backend.backend() == "torch":
        import torch

        return torch.compiler.disable(function)
    return function


def surplus(
    time: Tensor | int, batch: Tensor | int, many: bool = True
) -> tuple[Tensor | int | None, Tensor | None]:
    """How many time steps the program for a batch has more than there are, and as a tensor how many
    there are, before which its loop ends.

    A program of XLA is for one shape, and takes as long to compile as hundreds of calls. Where each
    length may come, on TensorFlow in eager execution and in a graph for any length, the steps are filled
    up to the next of `SIZES`, for few rows to `LEAST_OF_FEW` at least, and of many rows only if `many`.
    None and None: a program of its own for this length, as where a graph is traced for it anyway.
    """
    if keras.backend.backend() != "tensorflow":
        return None, None
    import tensorflow as tf

    if tf.executing_eagerly():
        wanted = max(time, LEAST_OF_FEW if batch <= FEW else 0)
        size = max(int(SIZES[min(np.searchsorted(SIZES, wanted), len(SIZES) - 1)]), time)
        more = size - time if many or batch <= FEW else 0
    elif isinstance(time, int):
        return None, None
    else:
        wanted = tf.maximum(time, tf.where(batch <= FEW, LEAST_OF_FEW, 0))
        size = tf.maximum(tf.reduce_min(tf.where(wanted <= SIZES, SIZES, SIZES[-1])), time)
        more = size - time if many else tf.where(batch <= FEW, size - time, 0)
    return more, ops.cast(time, "int32")


def filled(arrays: Any, steps: Tensor | int | None) -> Any:
    """The arrays, nested or not, with so many zeros behind them along the first axis."""
    if steps is None:
        return arrays

    def fill(array):
        zeros = ops.zeros((steps, *ops.shape(array)[1:]), dtype=array.dtype)
        return ops.concatenate([array, zeros], axis=0)

    return tree.map_structure(fill, arrays)


def at(array: Tensor, step: Tensor) -> Tensor:
    """Element `step` along the first axis."""
    if keras.backend.backend() == "torch":
        return array[step]
    # Not by indexing or slicing: TensorFlow would have XLA compile anew for each mask that comes.
    return ops.take(array, step, axis=0)


def put(array: Tensor, step: Tensor, value: Tensor) -> Tensor:
    """The array with another element `step` along the first axis."""
    zero = ops.zeros((), "int32")
    return ops.slice_update(array, (step, zero, zero), value[None])


def where(real: Tensor, new: States, old: States) -> States:
    return tuple(ops.where(real > 0, *pair) for pair in zip(new, old, strict=True))


def scan(step: Callable, states: States, time: Tensor, reverse: bool) -> tuple[States, States]:
    """`ops.scan` over the numbers of the steps, with a tuple of states, for any derivative.

    `step(states, number) -> (states, outputs)`; returns the last states, and the outputs, shaped as the
    states, stacked in order of time.
    """
    if keras.backend.backend() == "jax":
        return ops.scan(step, states, ops.arange(time, dtype="int32"), reverse=reverse)
    if keras.backend.backend() == "torch":
        all_ = [()] * time
        for number in reversed(range(time)) if reverse else range(time):
            states, all_[number] = step(states, number)
        return states, tuple(ops.stack(each) for each in zip(*all_, strict=True))
    import tensorflow as tf

    # Keras's scan carries its states in arrays, which the converter to ONNX does not know.
    def body(number, states, arrays):
        states, outputs = step(states, time - 1 - number if reverse else number)
        pairs = zip(arrays, outputs, strict=True)
        return number + 1, states, tuple(array.write(number, one) for array, one in pairs)

    arrays = tuple(tf.TensorArray(one.dtype, time, element_shape=one.shape) for one in states)
    loop = (ops.zeros((), "int32"), states, arrays)
    _, states, arrays = tf.while_loop(
        lambda number, *_: number < time, body, loop, maximum_iterations=time
    )
    outputs = (array.stack() for array in arrays)
    return states, tuple(tf.reverse(one, (0,)) if reverse else one for one in outputs)
