"""A step as a LiteRT file, for phones and small devices."""

from rnnapps import backend
from rnnapps.export.program import Program


def to_litert(program: Program, int8: bool = False) -> bytes:
    """Convert a program to the content of a `.tflite` file.

    With `int8` the matrices and kernels are 8-bit integers, with a scale for each output; what they are
    multiplied with is rounded to eight bits while it runs, by the range that it then has ("dynamic
    range"). All else stays float32.
    """
    import tensorflow as tf

    signature = [tf.TensorSpec(shape, name=name) for name, shape in program.inputs.items()]
    function = tf.function(program.function, signature, autograph=False).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with backend.silence():  # the converter tells of its passes
        return converter.convert()
