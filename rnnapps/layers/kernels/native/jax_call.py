"""The compiled kernel by XLA's foreign function interface."""

import functools
from pathlib import Path

import jax
import numpy as np

from rnnapps.layers.kernels.native.library import library, loaded

NAMES = ("rnnapps_xla", "rnnapps_xla_gradient")


@functools.cache
def _register(file: Path) -> None:
    functions = loaded(file)
    for name in NAMES:
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(functions, name)), platform="cpu")


def call(gradient, options, arrays, shapes):
    """The kernel's outputs, of the given shapes, for its inputs: `interface.h` describes them."""
    _register(library())
    outputs = [jax.ShapeDtypeStruct(shape, "float32") for shape in shapes]
    run = jax.ffi.ffi_call(NAMES[gradient], outputs, vmap_method="sequential")
    return tuple(run(*arrays, options=np.array(options, "int64")))
