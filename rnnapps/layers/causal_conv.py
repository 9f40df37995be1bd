"""A convolution over time and frequency that does not look ahead."""

from typing import Any

import keras
from keras import ops

from rnnapps.layers.kernels.masks import without_masked

Tensor = Any


@keras.saving.register_keras_serializable(package="rnnapps")
class CausalConv(keras.layers.Layer):
    """Two-dimensional convolution, causal in time and with a stride in frequency.

    The output at frame t is of the frames t - time + 1 to t, those before the first being zero; in
    frequency the input is padded with zeros on both sides ("same"). A stream gives the same frames, one
    by one: `start` and `step`.

    Input: `(batch, time, frequency, channels)`, floats. Output: `(batch, time, ceil(frequency / stride),
    filters)`. A mask of frames is passed on; masked frames are zero here, as those before the first.

    Args:
        filters: channels of the output.
        kernel: frames and frequencies that the kernel sees.
        stride: in frequency; in time it is 1, so that each frame has an answer.
        use_bias: whether a bias is added.

    Raises:
        ValueError: a number is below 1; when it is built: the size of frequency or channels is unknown.
    """

    def __init__(
        self,
        filters: int,
        kernel: tuple[int, int] = (3, 3),
        stride: int = 1,
        use_bias: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        kernel = (int(kernel[0]), int(kernel[1]))
        if min(filters, *kernel, stride) < 1:
            raise ValueError(
                f"filters={filters!r}, kernel={kernel!r}, stride={stride!r}: expected at least 1"
            )
        self.filters = filters
        self.kernel = kernel
        self.stride = stride
        self.use_bias = use_bias
        self.supports_masking = True
        self.input_spec = keras.layers.InputSpec(ndim=4)
        self.convolution = keras.layers.Conv2D(
            filters, kernel, strides=(1, stride), use_bias=use_bias, dtype=self.dtype_policy
        )

    def build(self, input_shape):
        _, _, frequencies, channels = input_shape
        if frequencies is None or channels is None:
            raise ValueError(f"input {tuple(input_shape)}: expected known frequencies and channels")
        self.frequencies, self.channels = frequencies, channels
        self.width = -(-frequencies // self.stride)
        padding = max(0, (self.width - 1) * self.stride + self.kernel[1] - frequencies)
        self.sides = (padding // 2, padding - padding // 2)
        self.convolution.build((None, None, frequencies + padding, channels))

    def call(self, inputs, mask=None):
        inputs, _ = without_masked(inputs, mask)
        return self._convolve(inputs, self.kernel[0] - 1)

    def start(self, batch: int) -> Tensor:
        """A stream's state before it begins: zeros `(batch, kernel[0] - 1, frequency, channels)`."""
        shape = (batch, self.kernel[0] - 1, self.frequencies, self.channels)
        return ops.zeros(shape, dtype=self.compute_dtype)

    def step(self, frame: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The output `(batch, frequency, filters)` of a frame, and the last `kernel[0] - 1` frames.

        Args:
            frame: the next one, `(batch, frequency, channels)`.
            state: of `start` or of the step before.
        """
        frames = ops.concatenate([state, ops.cast(frame, state.dtype)[:, None]], axis=1)
        return self._convolve(frames, 0)[:, 0], frames[:, 1:]

    def _convolve(self, frames, before: int):
        frames = ops.pad(frames, ((0, 0), (before, 0), self.sides, (0, 0)))
        return self.convolution(frames)

    def compute_output_shape(self, input_shape):
        batch, time, frequencies, _ = input_shape
        return (batch, time, -(-frequencies // self.stride), self.filters)

    def get_config(self):
        names = ("filters", "kernel", "stride", "use_bias")
        return super().get_config() | {name: getattr(self, name) for name in names}
