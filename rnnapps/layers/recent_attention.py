"""Attention over the last time steps, to one vector, for clips and for streams."""

from typing import Any

import keras
from keras import ops

from rnnapps.layers.attention_pooling import AttentionPooling

Tensor = Any


@keras.saving.register_keras_serializable(package="rnnapps")
class RecentAttention(keras.layers.Layer):
    """`AttentionPooling` of the last `window` time steps, or of all of them where there are fewer.

    So what a network says of a word in a stream rests on as much as it had of a clip in training, and
    what was said before is forgotten. A stream gives the same, step by step: `start` and `step`.

    Input: `(batch, time, features)`. Output: `(batch, features)`. It takes no mask.

    Args:
        units: size of the projection that is compared with the learnt query.
        window: time steps.

    Raises:
        ValueError: `window` is below 1.
    """

    return_sequences = False  # for `compiled_stream`: what follows has no time

    def __init__(self, units: int, window: int, **kwargs):
        super().__init__(**kwargs)
        if window < 1:
            raise ValueError(f"window={window!r}: expected at least 1")
        self.units = units
        self.window = window
        self.pooling = AttentionPooling(units, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.features = input_shape[-1]
        self.pooling.build(input_shape)

    def call(self, states):
        return self.pooling(states[:, -self.window :])[0]

    def start(self, batch: int) -> tuple[Tensor, Tensor, Tensor]:
        """What a stream carries, zeros: the last steps, `(batch, window, features)`, their scores, and
        which there were.
        """
        recent = ops.zeros((batch, self.window, self.features), dtype=self.compute_dtype)
        none = ops.zeros((batch, self.window), dtype="float32")
        return recent, none, none

    def step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The pooled states `(batch, features)` after one more step `(batch, features)`."""
        recent, scores, real = state
        x = ops.cast(x, recent.dtype)
        score = ops.cast(self.pooling.score(x), scores.dtype)
        recent = ops.concatenate([recent[:, 1:], x[:, None]], axis=1)
        scores = ops.concatenate([scores[:, 1:], score[:, None]], axis=1)
        real = ops.concatenate([real[:, 1:], ops.ones_like(real[:, :1])], axis=1)
        pooled, _ = self.pooling.pool(recent, scores, mask=real)
        return pooled, (recent, scores, real)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])

    def get_config(self):
        return super().get_config() | {"units": self.units, "window": self.window}
