"""Whether a model is being written for another runtime, or compiled as a whole."""

import sys
from collections.abc import Iterator
from types import FrameType

import keras

from rnnapps.layers.kernels.equations import Tensor

# Keras's `model.export` for ONNX, OpenVINO and LiteRT, and the converters as they are called by hand.
EXPORTERS = (
    *("keras.src.export.onnx", "keras.src.export.openvino", "keras.src.export.litert"),
    *("tf2onnx.", "tensorflow.lite.", "torch.onnx."),
)
SAVERS = ("keras.src.export.saved_model", "tensorflow.python.saved_model")
FUNCTION = "tensorflow.python.eager.polymorphic_function.polymorphic_function"


def exporting() -> bool:
    """Whether what runs now is traced for a file of ONNX, OpenVINO or LiteRT.

    These know no program compiled by XLA, and write invalid files of one. No library tells a layer that
    it is being exported, so that the callers have to be asked.
    """
    return any(name.startswith(EXPORTERS) for name, _ in _callers())


def graph_obstacle() -> str:
    """What keeps operations of ours out of what TensorFlow traces now; empty if nothing does.

    XLA knows none but TensorFlow's, and neither do programs that load a SavedModel. `tf.function` tells
    nobody that it will be compiled.
    """
    for name, frame in _callers():
        if name.startswith(SAVERS):
            return "it is being saved for programs that have no rnnapps"
        if name == FUNCTION and getattr(frame.f_locals.get("self"), "_jit_compile", False):
            return "XLA compiles what is around it (jit_compile=True)"
    return ""


def _callers() -> Iterator[tuple[str, FrameType]]:
    """The frames on the stack with the names of their modules, the innermost first."""
    frame = sys._getframe()
    while frame is not None:
        yield frame.f_globals.get("__name__", ""), frame
        frame = frame.f_back


def check_length(sequences: Tensor) -> None:
    """Refuse to be exported for any length on PyTorch, which then writes a loop of one step in silence.

    Raises:
        ValueError: PyTorch traces the layer with one time step, as Keras asks for where the `Input`
            leaves their number open.
    """
    if keras.backend.backend() != "torch" or sequences.shape[1] != 1:
        return
    import torch

    if torch.jit.is_tracing():
        raise ValueError(
            "On PyTorch a recurrent layer is exported for a fixed number of time steps, more than one: "
            "give it to keras.Input, or export with KERAS_BACKEND=tensorflow, for any."
        )
