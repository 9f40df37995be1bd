"""A step of a stream from a LiteRT or ONNX file."""

from pathlib import Path

import numpy as np

from rnnapps.backend import silence
from rnnapps.errors import UserError, brief


class ExportedStep:
    """Runs a file of `rnnapps.export`: `output, state = step(x, state)`, on one thread.

    It imports numpy and the runtime of the format: ai-edge-litert for `.tflite`, onnxruntime for
    `.onnx`. `x` is float32 `(1, features)`, `state` float32 `(1, numbers)`.

    Attributes:
        features: numbers of `x`.
        outputs: numbers of the output.
        file: that it runs.

    Raises:
        UserError: the runtime is not installed, or cannot read the file.
    """

    def __init__(self, file: Path):
        open_file = {".tflite": _open_litert, ".onnx": _open_onnx}[file.suffix]
        try:
            self._run, shapes = open_file(file)
        except ImportError as error:
            raise UserError(
                f"{file}: {error.name} is not installed: pip install rnnapps[export]"
            ) from None
        except (ValueError, RuntimeError) as error:
            raise UserError(f"{file}: cannot be read: {brief(error)}") from None
        self.file = file
        self.features = int(shapes["x"][1])
        self._numbers = int(shapes["state"][1])
        output, _ = self(np.zeros((1, self.features), "float32"), self.start())
        self.outputs = output.shape[-1]

    def start(self) -> np.ndarray:
        """The state before the first step: zeros, float32 `(1, numbers)`."""
        return np.zeros((1, self._numbers), "float32")

    def __call__(self, x: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The output of a step, and the state for the next one."""
        return self._run(x, state)


def _open_litert(file: Path):
    from ai_edge_litert.interpreter import Interpreter

    with silence():  # it tells of its delegate
        interpreter = Interpreter(str(file), num_threads=1)
        interpreter.allocate_tensors()
    # A converted function's tensors are named serving_default_x:0 and the like, and its results
    # StatefulPartitionedCall:0 and 1, which may be listed in any order.
    inputs = {
        tensor["name"].removeprefix("serving_default_").partition(":")[0]: tensor
        for tensor in interpreter.get_input_details()
    }
    x, state = inputs["x"]["index"], inputs["state"]["index"]
    outputs = sorted(interpreter.get_output_details(), key=lambda tensor: tensor["name"])
    output, after = (tensor["index"] for tensor in outputs)

    def run(samples, before):
        interpreter.set_tensor(x, samples)
        interpreter.set_tensor(state, before)
        interpreter.invoke()
        return interpreter.get_tensor(output), interpreter.get_tensor(after)

    return run, {name: tensor["shape"] for name, tensor in inputs.items()}


def _open_onnx(file: Path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own kinds have no base but this
        raise ValueError(error) from None
    shapes = {tensor.name: tensor.shape for tensor in session.get_inputs()}
    return lambda x, state: session.run(None, {"x": x, "state": state}), shapes
