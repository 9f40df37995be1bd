"""The compiled kernel as TensorFlow's operations."""

import functools
from pathlib import Path

import tensorflow as tf

from rnnapps.layers.kernels.native import library


@functools.cache
def _operations(file: Path):
    return tf.load_op_library(str(file))


def loaded(file):
    """The library, for calls from Python."""
    _operations(file)  # they appear only when it is loaded for the first time
    return library.loaded(file)


def call(gradient, options, arrays, shapes):
    """The kernel's outputs, of the given shapes, for its inputs: `interface.h` describes them."""
    operations = _operations(library.library())
    name = "rnnapps_attention" if options[-1] else "rnnapps_recurrence"
    run = getattr(operations, name + "_gradient" * bool(gradient))
    outputs = run(*arrays, options=list(options))
    for output, shape in zip(outputs, shapes, strict=True):
        output.set_shape(shape)
    return tuple(outputs)
