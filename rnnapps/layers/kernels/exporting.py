"""Whether a model is being written for another runtime."""

import sys

import keras

from rnnapps.layers.kernels.equations import Tensor

# Keras's `model.export` for ONNX, OpenVINO and LiteRT, and the converters as they are called by hand.
EXPORTERS = (
    *("keras.src.export.onnx", "keras.src.export.openvino", "keras.src.export.litert"),
    *("tf2onnx.", "tensorflow.lite.", "torch.onnx."),
)


def exporting() -> bool:
    """Whether what runs now is traced for a file of ONNX, OpenVINO or LiteRT.

    These know no program compiled by XLA, and write invalid files of one. No library tells a layer that
    it is being exported, so that the callers have to be asked.
    """
    frame = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(EXPORTERS):
            return True
        frame = frame.f_back
    return False


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
