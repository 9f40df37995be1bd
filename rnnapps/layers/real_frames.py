"""Which frames of sound are no padding."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rnnapps")
class RealFrames(keras.layers.Layer):
    """Tells the frames of sound from the zeros that fill up its batch.

    Input: samples, floats `(batch, time)`. Output: bool `(batch, time // hop)`: a frame is real if one
    of its samples, or one after them, is not zero, so that silence within a recording is real; and so
    are `tail` frames behind the last of these, in which a network that hears late may still answer. The
    first `head` frames are not, in which it cannot know anything yet.

    Args:
        hop: samples of a frame.
        tail: frames.
        head: frames.

    Raises:
        ValueError: `hop` is below 1, or `tail` or `head` below 0.
    """

    def __init__(self, hop: int, tail: int = 0, head: int = 0, **kwargs):
        super().__init__(**kwargs)
        if hop < 1 or tail < 0 or head < 0:
            raise ValueError(f"hop={hop!r}, tail={tail!r}, head={head!r}: expected at least 1, 0 and 0")
        self.hop, self.tail, self.head = hop, tail, head

    def call(self, samples):
        batch, time = ops.shape(samples)
        frames = time // self.hop
        hops = ops.reshape(samples[:, : frames * self.hop], (batch, frames, self.hop))
        heard = ops.cast(ops.any(ops.not_equal(hops, 0), axis=2), "int32")
        real = ops.flip(ops.cumsum(ops.flip(heard, axis=1), axis=1), axis=1) > 0
        real = ops.pad(real, ((0, 0), (self.tail, 0)), constant_values=True)[:, :frames]
        return ops.logical_and(real, ops.arange(frames) >= self.head)

    def compute_output_spec(self, samples):
        batch, time = samples.shape
        return keras.KerasTensor((batch, None if time is None else time // self.hop), dtype="bool")

    def get_config(self):
        return super().get_config() | {"hop": self.hop, "tail": self.tail, "head": self.head}
