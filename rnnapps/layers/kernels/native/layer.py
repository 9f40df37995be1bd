"""A layer by the compiled kernel, forth and back."""

import functools
import os
from collections.abc import Callable
from importlib import import_module

import keras
from keras import ops

from rnnapps.layers.kernels.derivative import with_derivative
from rnnapps.layers.kernels.equations import (
    DERIVATIVES,
    GRU,
    LSTM,
    SIMPLE_RNN,
    Equations,
    States,
    Tensor,
)
from rnnapps.layers.kernels.native import library
from rnnapps.layers.kernels.weights import Weights

KINDS = (LSTM, GRU, SIMPLE_RNN)  # in the order in which the kernel numbers them
MODULES = {
    "tensorflow": "rnnapps.layers.kernels.native.tensorflow_call",
    "jax": "rnnapps.layers.kernels.native.jax_call",
    "torch": "rnnapps.layers.kernels.native.torch_call",
}


def run(
    equations: Equations,
    activations: tuple[Callable, Callable],
    sequences: Tensor,
    mask: Tensor | None,
    reverse: bool,
    states: States,
    weights: Weights,
    all_steps: bool,
    training: bool,
) -> tuple[Tensor | None, States]:
    """Run a layer; see `rnnapps.layers.kernels.recurrence.run_layer` for the shapes.

    Products are in bfloat16 for weights of that type, if the processor has them, all else in float32.
    `training` tells whether the gradient will be asked for: what it needs is kept, else it is computed
    again.
    """
    functions = list(DERIVATIVES)
    numbers = (KINDS.index(equations), *(functions.index(one) for one in activations))
    half = keras.backend.standardize_dtype(weights.input.dtype) == "bfloat16"
    half = half and bool(backend().loaded(library.library()).rnnapps_half())
    function = _differentiable(equations, (*numbers, int(reverse), int(all_steps)), half, training)
    if mask is None:
        mask = ops.zeros((0, 0), dtype="bool")
    operands = (ops.cast(one, "float32") for one in (sequences, *weights, *states))
    results = function(tuple(operands), (mask,))
    return (results[0], results[1:]) if all_steps else (None, results)


@functools.cache
def _differentiable(
    equations: Equations, numbers: tuple[int, ...], half: bool, training: bool
) -> Callable:
    all_steps, two = bool(numbers[-1]), equations is LSTM

    def inputs(operands, mask):
        """The kernel's inputs, and the sizes that they have."""
        x, weights, recurrent, *biases, h = operands[:6]
        c = operands[6] if two else ops.zeros((0, 0), dtype="float32")
        # Sizes that only the running program knows are None.
        batch, time, features, units = (*x.shape, recurrent.shape[0])
        return (x, mask, weights, recurrent, *biases, h, c), (batch, time, features, units)

    def forth(keep, operands, constants):
        arrays, (batch, time, _, units) = inputs(operands, *constants)
        state = (batch, units)
        saved = backend().loaded(library.library()).rnnapps_saved(numbers[0], units)
        shapes = (batch, time if all_steps else 0, units), state, state if two else (0, 0)
        shapes = (*shapes, (batch, time if keep else 0, saved))
        options = (*numbers, int(keep), int(half), threads(), 0)
        outputs, h, c, saved = backend().call(False, options, arrays, shapes)
        results = (*((outputs,) if all_steps else ()), h, *((c,) if two else ()))
        return results, (saved,) if keep else ()

    def back(operands, constants, kept, upstream):
        arrays, (batch, time, features, units) = inputs(operands, *constants)
        (saved,) = kept or forth(True, operands, constants)[1]
        d_outputs = upstream[0] if all_steps else ops.zeros((*ops.shape(arrays[0])[:1], 0, units))
        d_states = upstream[1:] if all_steps else upstream
        d_states = d_states if two else (*d_states, arrays[-1])
        width, state = equations.gates * units, (batch, units)
        shapes = (batch, time, features), (features, width), (units, width), (width,), (width,), state
        shapes = (*shapes, state if two else (0, 0))
        arrays = (*arrays, saved, *(ops.cast(one, "float32") for one in (d_outputs, *d_states)))
        options = (*numbers, 1, int(half), threads(), 0)
        gradients = backend().call(True, options, arrays, shapes)
        return tuple(gradients if two else gradients[:-1])

    return with_derivative(functools.partial(forth, training), back)


def backend():
    """The module that calls the kernel on this backend."""
    return import_module(MODULES[keras.backend.backend()])


def threads() -> int:
    """How many threads the kernel takes: as many as the backend was told to, or all cores."""
    backend, told = keras.backend.backend(), 0
    if backend == "torch":
        import torch

        told = torch.get_num_threads()
    elif backend == "tensorflow":
        import tensorflow as tf

        told = tf.config.threading.get_intra_op_parallelism_threads()
    names = ("TF_NUM_INTRAOP_THREADS",) if backend == "tensorflow" else ()
    for name in (*names, "OMP_NUM_THREADS"):
        if not told and os.environ.get(name, "").isdigit():
            told = int(os.environ[name])
    return told or len(os.sched_getaffinity(0))
