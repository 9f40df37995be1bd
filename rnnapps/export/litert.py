"""A step as a LiteRT file, for phones and small devices."""

from collections.abc import Callable

from rnnapps import backend


def to_litert(step: Callable, features: int, numbers: int, int8: bool = False) -> bytes:
    """Convert a step to the content of a `.tflite` file.

    With `int8` the matrices and kernels are 8-bit integers, with a scale for each output; what they are
    multiplied with is rounded to eight bits while it runs, by the range that it then has ("dynamic
    range"). All else stays float32.

    Args:
        step: `(x, state) -> (output, state)` of TensorFlow tensors, with its weights as constants.
        features: numbers of `x`.
        numbers: those of the state.
    """
    import tensorflow as tf

    shapes = {"x": (1, features), "state": (1, numbers)}
    signature = [tf.TensorSpec(shape, name=name) for name, shape in shapes.items()]
    program = tf.function(step, signature, autograph=False).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([program], tf.Module())
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with backend.silence():  # the converter tells of its passes
        return converter.convert()
