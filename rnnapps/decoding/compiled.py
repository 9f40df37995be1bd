"""A function as one compiled program."""

from collections.abc import Callable, Sequence

import keras


def compiled(function: Callable, variables: Sequence[keras.Variable]) -> Callable:
    """The function of tensors (in any nesting) compiled by XLA, once for each set of shapes.

    The Keras variables that it reads have the values that they have when it is called. On PyTorch it
    runs as it is, without a record for gradients.
    """
    if keras.backend.backend() == "torch":
        import torch

        return torch.no_grad()(function)

    def pure(values, *arguments):
        with keras.StatelessScope(state_mapping=zip(variables, values, strict=True)):
            return function(*arguments)

    if keras.backend.backend() == "jax":
        import jax

        program = jax.jit(pure)
    else:
        import tensorflow as tf

        program = tf.function(pure, autograph=False, jit_compile=True)
    return lambda *arguments: program([variable.value for variable in variables], *arguments)
