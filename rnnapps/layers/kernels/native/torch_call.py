"""The compiled kernel by its C functions, on PyTorch's tensors."""

import ctypes

import torch

from rnnapps.layers.kernels.native.library import library, loaded


class _Buffer(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("rank", ctypes.c_int64), ("dims", ctypes.c_int64 * 3))


def call(gradient, options, arrays, shapes):
    """The kernel's outputs, of the given shapes, for its inputs: `interface.h` describes them.

    Raises:
        RuntimeError: they are not a processor's, or the kernel refuses them.
    """
    device = arrays[0].device
    outputs = [torch.empty(shape, device=device) for shape in shapes]
    if device.type == "meta":  # Keras asks for the shapes
        return tuple(outputs)
    if device.type != "cpu":
        raise RuntimeError(f"kernel='native' is for processors, not for {device}: use kernel='fused'")
    functions = loaded(library())
    inputs = [array.detach().contiguous() for array in arrays]
    numbers = (ctypes.c_int64 * len(options))(*options)
    error = functions.rnnapps_run(int(gradient), numbers, _buffers(inputs), _buffers(outputs))
    if error:
        raise RuntimeError(error.decode())
    return tuple(outputs)


def _buffers(tensors):
    return (_Buffer * len(tensors))(
        *(_Buffer(one.data_ptr(), one.dim(), tuple(one.shape)) for one in tensors)
    )
