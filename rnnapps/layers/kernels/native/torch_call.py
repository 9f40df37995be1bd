"""The compiled kernel by its C functions, on PyTorch's tensors."""

import ctypes

import torch

from rnnapps.layers.kernels.native.library import library, loaded


class _Buffer(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("rank", ctypes.c_int64), ("dims", ctypes.c_int64 * 3))


def call(gradient, options, arrays, shapes):
    """The kernel's outputs, of the given shapes, for its inputs: `interface.h` describes them.

    Raises:
        RuntimeError: the kernel refuses them.
    """
    functions = loaded(library())
    inputs = [array.detach().contiguous() for array in arrays]
    outputs = [torch.empty(shape) for shape in shapes]
    numbers = (ctypes.c_int64 * len(options))(*options)
    error = functions.rnnapps_run(int(gradient), numbers, _buffers(inputs), _buffers(outputs))
    if error:
        raise RuntimeError(error.decode())
    return tuple(outputs)


def _buffers(tensors):
    return (_Buffer * len(tensors))(
        *(_Buffer(one.data_ptr(), one.dim(), tuple(one.shape)) for one in tensors)
    )
