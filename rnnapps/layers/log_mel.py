"""The log-mel spectrogram of raw samples, for whole clips and for streams."""

from typing import Any

import keras
import numpy as np
from keras import ops

from rnnapps.layers.kernels.masks import without_masked

Tensor = Any


@keras.saving.register_keras_serializable(package="rnnapps")
class LogMel(keras.layers.Layer):
    """Log of the power in bands of the mel scale, of frames that end with each hop: no look-ahead.

    `log(|rfft(w x)|^2 M + eps)`, with the periodic Hann window `w`, each frame padded with zeros to the
    next power of two. `M` holds triangles of height 1, equally wide on the mel scale of HTK,
    `2595 log10(1 + f / 700)` for f in Hz (O'Shaughnessy 1987; Young et al. 2006, The HTK Book,
    section 5.4). Keras's `MelSpectrogram` centres its frames and floors them by the clip's maximum, so
    that a frame depends on what comes after it; here frame k is of samples
    `(k + 1) * hop - frame_length` to `(k + 1) * hop`, those before the clip being zero, and nothing is
    normalised over the clip.

    Input: samples `(batch, time)`, floats with full scale -1 to 1. Output: `(batch, time // hop, mels)`,
    float32, which it computes in under any policy. No weights; gradients reach the samples.

    A mask `(batch, time)` of samples is that of right padding: a frame is real if its last sample is,
    that is if no padding lies in it, and then it does not depend on the mask. Masked samples are zero.

    A stream gives the same frames, hop by hop: `start` and `step`.

    Args:
        sampling_rate: samples a second, in Hz.
        frame_seconds: length of a frame; 40 ms every 20 ms are usual for keywords (Zhang et al. 2017).
        hop_seconds: time from frame to frame.
        mels: bands.
        low, high: Hz where the lowest band begins and the highest ends; `high` is by default half of
            `sampling_rate`.
        eps: the power, on the scale of a full-scale sine's `(frame_length / 4)^2`, below which there is
            silence. The rounding to 16 bits makes about 1e-8 in each frequency of 320 samples.

    Raises:
        ValueError: a value is not allowed, or a band has no frequency of the transform in it; when it is
            called: the samples are integers, or fewer than those of a hop.
    """

    def __init__(
        self,
        sampling_rate: int,
        frame_seconds: float = 0.04,
        hop_seconds: float = 0.02,
        mels: int = 40,
        low: float = 20.0,
        high: float | None = None,
        eps: float = 1e-6,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)  # else the samples come in half precision
        self.options = {
            "sampling_rate": sampling_rate,
            "frame_seconds": frame_seconds,
            "hop_seconds": hop_seconds,
            "mels": mels,
            "low": low,
            "high": high,
            "eps": eps,
        }
        self.frame_length = round(frame_seconds * sampling_rate)
        self.hop = round(hop_seconds * sampling_rate)
        self.mels = mels
        self.eps = eps
        if not 1 <= self.hop <= self.frame_length:
            raise ValueError(
                f"frames of {self.frame_length} samples every {self.hop}: expected a hop of at least "
                f"one sample and at most a frame"
            )
        if mels < 1 or eps <= 0:
            raise ValueError(f"expected at least one band and eps above 0, got {mels} and {eps}")
        self.window = np.hanning(self.frame_length + 1)[:-1].astype("float32")
        self.fft_length = 1 << (self.frame_length - 1).bit_length()
        high = sampling_rate / 2 if high is None else high
        # No weights: they follow from the arguments, and would be trained where a model is.
        self.bands, self.interval = _mel_bands(mels, self.fft_length, sampling_rate, low, high)
        # Between two edges lie the rising side of one band and the falling side of the one before it.
        sides = np.pad(self.bands, ((0, 0), (1, 1)))
        self.rising = np.take_along_axis(sides, self.interval[:, None] + 1, axis=1)
        self.falling = np.take_along_axis(sides, self.interval[:, None], axis=1)
        self.input_spec = keras.layers.InputSpec(ndim=2)
        self.supports_masking = True

    def call(self, samples, mask=None):
        time = samples.shape[1]
        if time is not None and time < self.hop:
            raise ValueError(f"{time} samples are less than a frame's hop of {self.hop}")
        samples, _ = without_masked(_floats(samples), mask)
        frames = ops.shape(samples)[1] // self.hop
        # A frame is the end of so many hops, put side by side. Keras's `extract_sequences` is on JAX a
        # convolution, which GPUs round; a gather has a slow gradient.
        reach = -(-self.frame_length // self.hop)
        hops = ops.reshape(samples[:, : frames * self.hop], (ops.shape(samples)[0], frames, self.hop))
        hops = ops.pad(hops, ((0, 0), (reach - 1, 0), (0, 0)))
        pieces = [hops[:, start : start + frames] for start in range(reach)]
        framed = ops.concatenate(pieces, axis=2)[:, :, reach * self.hop - self.frame_length :]
        return ops.log(ops.matmul(self._power(framed), self.bands) + self.eps)

    def start(self, batch: int) -> Tensor:
        """What a stream carries before it begins: zeros `(batch, frame_length - hop)`, float32."""
        return ops.zeros((batch, self.frame_length - self.hop), dtype="float32")

    def step(self, samples: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The frame that a hop of a stream completes, and what the stream carries on.

        Args:
            samples: the next ones, floats `(batch, hop)`.
            state: of `start` or of the step before.

        Returns:
            The frame `(batch, mels)` and the last `frame_length - hop` samples, float32.
        """
        frame = ops.concatenate([state, _floats(samples)], axis=1)
        power = ops.transpose(self._power(frame))
        # No product with the matrix, which a converter to eight bits would take for weights, rounding
        # the power too: that spans far more than eight bits hold.
        mels = self._sums(power, self.rising)[:-1] + self._sums(power, self.falling)[1:]
        return ops.log(ops.transpose(mels) + self.eps), frame[:, self.hop :]

    def _sums(self, power: Tensor, sides: np.ndarray) -> Tensor:
        """The sums `(mels + 1, batch)` of `(fft_length // 2 + 1, batch)` between the edges of bands."""
        return ops.segment_sum(ops.multiply(power, sides), self.interval, self.mels + 1)

    def _power(self, frames: Tensor) -> Tensor:
        """The power in each frequency, `(..., fft_length // 2 + 1)`, of frames `(..., frame_length)`."""
        real, imaginary = ops.rfft(ops.multiply(frames, self.window), fft_length=self.fft_length)
        return ops.square(real) + ops.square(imaginary)

    def compute_mask(self, samples, mask=None):
        return None if mask is None else mask[:, self.hop - 1 :: self.hop]

    def compute_output_spec(self, samples, mask=None):
        batch, time = samples.shape
        frames = None if time is None else time // self.hop
        return keras.KerasTensor((batch, frames, self.mels), dtype="float32")

    def get_config(self):
        return super().get_config() | self.options


def _floats(samples: Tensor) -> Tensor:
    samples = ops.convert_to_tensor(samples)
    dtype = keras.backend.standardize_dtype(samples.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(f"samples are {dtype}: expected floats from -1 to 1 (divide by 32768)")
    return ops.cast(samples, "float32")


def _mel_bands(
    mels: int, fft_length: int, sampling_rate: int, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """The matrix from power `(fft_length // 2 + 1,)` to bands `(mels,)`, float32, and for each frequency
    between which edges of the bands it lies, int32 from 0 to `mels`.
    """
    if not 0 <= low < high <= sampling_rate / 2:
        raise ValueError(
            f"bands from {low:g} to {high:g} Hz: expected 0 <= low < high <= {sampling_rate / 2:g} Hz, "
            f"half of the sampling rate"
        )
    edges = np.linspace(_mel(low), _mel(high), mels + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    frequencies = _mel(np.arange(fft_length // 2 + 1) * sampling_rate / fft_length)[:, None]
    rising, falling = (frequencies - lower) / (centre - lower), (upper - frequencies) / (upper - centre)
    bands = np.maximum(0, np.minimum(rising, falling))
    if empty := int(np.count_nonzero(~bands.any(axis=0))):
        raise ValueError(
            f"{empty} of {mels} bands have no frequency in them: longer frames or fewer bands are needed"
        )
    interval = np.searchsorted(edges, frequencies[:, 0], side="right") - 1
    return bands.astype("float32"), interval.clip(0, mels).astype("int32")


def _mel(hertz: float | np.ndarray) -> np.ndarray:
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)
