"""Masks over time and frequency, in training."""

from typing import Any

import keras
from keras import ops

from rnnapps.layers.kernels.masks import checked

Tensor = Any


@keras.saving.register_keras_serializable(package="rnnapps")
class SpecAugment(keras.layers.Layer):
    """Hides bands of time and of frequency of each row in training (SpecAugment, Park et al. 2019).

    Of a row of `T` frames each time mask hides `t` of them from `t0` on, `t` being drawn from 0 to
    `time_width` and `t0` from 0 to `T - t`, both ends included; the frequency masks likewise. The
    paper's bound on `t` for short rows, `p T`, has here `p = 1 / (2 time_masks)`, so that at least half
    of the frames stay whatever is drawn; of the frequencies likewise. Its time warping is left out,
    which it finds to matter least.

    What is hidden becomes the mean of the row. The paper writes 0 into spectrograms whose mean is 0; in
    a log-mel spectrogram 0 would be a loud sound, and a floor would be silence, which means something.

    Input and output: `(batch, time, features)`, floats. Outside of training the output is the input.
    With a mask `T` is the number of a row's real frames, which must come first (right padding), the mean
    is theirs, and the others are not touched; the mask is passed on.

    Args:
        time_masks, frequency_masks: how many of each.
        time_width, frequency_width: the most frames, and features, that one of them hides.
        seed: of the draws, by a generator of the layer's own, whose state belongs to a checkpoint.

    Raises:
        ValueError: a number of masks or a width is below 0.
    """

    def __init__(
        self,
        time_masks: int = 2,
        time_width: int = 10,
        frequency_masks: int = 2,
        frequency_width: int = 8,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if min(time_masks, time_width, frequency_masks, frequency_width) < 0:
            raise ValueError("expected numbers of masks and widths of at least 0")
        self.time_masks = time_masks
        self.time_width = time_width
        self.frequency_masks = frequency_masks
        self.frequency_width = frequency_width
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, training=False, mask=None):
        if not training:
            return inputs
        batch, time, features = ops.shape(inputs)
        mask = checked(mask, inputs)
        real = ops.ones((batch, time), "bool") if mask is None else mask
        counts = ops.sum(ops.cast(real, "float32"), axis=1)[:, None]  # (batch, 1)
        sizes = ops.full((batch, 1), features, dtype="float32")
        hidden_time = self._hidden(time, counts, self.time_masks, self.time_width)
        hidden_features = self._hidden(features, sizes, self.frequency_masks, self.frequency_width)
        hidden = ops.logical_or(hidden_time[:, :, None], hidden_features[:, None, :])
        hidden = ops.logical_and(hidden, real[:, :, None])

        # In float32: the sum of a clip's log powers can be beyond float16.
        values = ops.where(real[:, :, None], ops.cast(inputs, "float32"), 0.0)
        mean = ops.sum(values, axis=(1, 2)) / (ops.maximum(counts[:, 0], 1.0) * sizes[:, 0])
        return ops.where(hidden, ops.cast(mean, inputs.dtype)[:, None, None], inputs)

    def _hidden(self, length: Tensor | int, sizes: Tensor, masks: int, width: int) -> Tensor:
        """Which of `length` places are hidden in each row, `(batch, length)`, of the first `sizes`."""
        batch = ops.shape(sizes)[0]
        if not masks or not width:
            return ops.zeros((batch, length), "bool")
        drawn = keras.random.uniform((2, batch, masks), seed=self.seed_generator, dtype="float32")
        widest = ops.minimum(float(width), ops.floor(sizes / (2 * masks)))
        # The minima are for a draw so near to 1 that its product rounds up.
        widths = ops.minimum(ops.floor(drawn[0] * (widest + 1)), widest)
        starts = ops.minimum(ops.floor(drawn[1] * (sizes - widths + 1)), sizes - widths)
        places = ops.arange(length, dtype="float32")[None, None]  # (1, 1, length)
        starts, widths = starts[:, :, None], widths[:, :, None]
        inside = ops.logical_and(places >= starts, places < starts + widths)
        return ops.any(inside, axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "time_masks": self.time_masks,
            "time_width": self.time_width,
            "frequency_masks": self.frequency_masks,
            "frequency_width": self.frequency_width,
            "seed": self.seed,
        }
