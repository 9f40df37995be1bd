"""A step as an ONNX file, for any runtime of that format."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps import backend
from rnnapps.export.program import Program

OPSET = 18
FLOAT = 1  # onnx.TensorProto.FLOAT, which the handlers below get without importing onnx


def to_onnx(program: Program, int8: bool = False) -> bytes:
    """Convert a program to the content of an `.onnx` file.

    With `int8` the matrices and kernels are 8-bit integers; what they are multiplied with is rounded to
    eight bits while it runs, by the range that it then has ("dynamic"). All else stays float32.
    """
    import tensorflow as tf

    with backend.silence():
        import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    signature = [tf.TensorSpec(shape, name=name) for name, shape in program.inputs.items()]
    function = tf.function(program.function, signature, autograph=False)
    handlers: dict[str, Any] = {
        "RFFT": (_rfft, []),
        "Real": (_part, []),
        "Imag": (_part, []),
        "UnsortedSegmentSum": (_segment_sum, []),
    }
    with backend.silence():
        model, _ = tf2onnx.convert.from_function(
            function, signature, opset=OPSET, custom_op_handlers=handlers
        )
    content = model.SerializeToString()
    return _quantized(content) if int8 else content


def _quantized(content: bytes) -> bytes:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:  # it works on files
        before, after = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        before.write_bytes(content)
        logging.disable(logging.WARNING)  # it recommends a step that is for full quantization
        try:
            quantize_dynamic(before, after, weight_type=QuantType.QInt8)
        finally:
            logging.disable(logging.NOTSET)
        return after.read_bytes()


# tf2onnx has none of these operations, or (the sum) makes two dozen of one. A handler replaces a node of
# TensorFlow's by nodes of ONNX; a complex tensor is one with a last axis of two.


def _rfft(context, node, name, _):
    samples, length = node.input
    points = int(context.get_node_by_output(length).get_tensor_value()[0])
    shape = context.get_shape(samples)
    axis = context.make_const(f"{name}_axis", np.array([len(shape)], "int64")).output[0]
    points_ = context.make_const(f"{name}_points", np.array(points, "int64")).output[0]
    real = context.make_node("Unsqueeze", [samples, axis]).output[0]
    _replace(
        *(context, node, name, "DFT", [real, points_]),
        {"onesided": 1, "axis": len(shape) - 1},
        [*shape[:-1], points // 2 + 1, 2],
    )


def _part(context, node, name, _):
    number = np.array(0 if node.type == "Real" else 1, "int64")
    part = context.make_const(f"{name}_part", number).output[0]
    shape = context.get_shape(node.output[0])
    _replace(context, node, name, "Gather", [node.input[0], part], {"axis": -1}, shape)


def _segment_sum(context, node, name, _):
    data, segments, _ = node.input
    shape = context.get_shape(node.output[0])
    numbers = context.get_node_by_output(segments).get_tensor_value(as_list=False)
    places = np.broadcast_to(numbers[:, None], context.get_shape(data)).astype("int64")
    zeros = context.make_const(f"{name}_zeros", np.zeros(shape, "float32")).output[0]
    places = context.make_const(f"{name}_places", places).output[0]
    inputs = [zeros, places, data]
    _replace(context, node, name, "ScatterElements", inputs, {"axis": 0, "reduction": "add"}, shape)


def _replace(context, node, name, kind, inputs, attributes, shape):
    outputs = node.output
    context.remove_node(node.name)
    context.make_node(
        kind, inputs, attr=attributes, outputs=outputs, name=name, shapes=[shape], dtypes=[FLOAT]
    )
