"""The network: log-mel spectrogram, causal convolutions, recurrent layers, characters."""

import keras
from keras import layers

from rnnapps.layers import (
    BandNormalisation,
    BlankPadding,
    CausalConv,
    LogMel,
    RealFrames,
    RecurrentStack,
    SpecAugment,
)
from rnnapps.speech.config import HEAD, TAIL, ModelConfig

FRAME_SECONDS = 0.032  # of the spectrogram: 512 samples at 16,000 Hz
KERNELS = ((3, 5), (3, 3))  # of convolutions, in pairs of frames and in bands: 150 ms in all


def build(config: ModelConfig, sampling_rate: int, characters: int) -> keras.Model:
    """Build the network.

    Input: samples, float32 `(batch, time)`, full scale -1 to 1, filled up with zeros to a multiple of
    two hops. Output: logits of CTC, float32 `(batch, time / (2 * hop), characters)`, of which class 0 is
    the blank, and padding is the blank for certain.

    Two neighbouring frames of the spectrogram are the two channels of the first convolution, which so
    has half of the time steps. Convolutions look at nothing that comes later, whatever the direction of
    the recurrent layers: so padding cannot reach a recording. With `direction="forward"` all between
    input and `characters` streams, two hops at a time (`rnnapps.layers.compiled_stream`).

    Forward, the first `HEAD` frames are blank too. The paths of an untrained network are spread evenly
    over a recording, and its first characters come before they are heard. Guessing them then is better
    than not to write them, and a network that hears no future does not get away from it.

    Args:
        config: its sizes.
        sampling_rate: of the samples, in Hz.
        characters: number of ids, that of the blank included.
    """
    samples = keras.Input((None,), dtype="float32", name="samples")
    front = LogMel(sampling_rate, FRAME_SECONDS, config.hop, config.mels, name="log_mel")
    both = config.direction == "both"
    real = RealFrames(2 * front.hop, TAIL, 0 if both else HEAD, name="real_frames")(samples)
    x = BandNormalisation(name="normalisation")(front(samples))
    x = SpecAugment(
        config.time_masks, config.time_width, config.frequency_masks, config.frequency_width
    )(x)
    x = layers.Reshape((-1, 2, config.mels), name="pairs")(x)
    x = layers.Permute((1, 3, 2), name="channels")(x)
    for number, kernel in enumerate(KERNELS, start=1):
        x = CausalConv(config.filters, kernel, stride=2, name=f"convolution_{number}")(x)
        x = layers.ReLU()(x)
    x = layers.Reshape((-1, x.shape[2] * x.shape[3]), name="features")(x)
    x = layers.LayerNormalization(name="feature_normalisation")(x)
    stack = RecurrentStack(
        config.units,
        config.depth,
        config.cell,
        bidirectional=both,
        residual=config.residual,
        normalise=config.normalise,
        dropout=config.layer_dropout,
        input_dropout=config.layer_dropout,
        name="recurrent",
    )
    # Forward, padding comes too late to matter, and a chain of layers is what streams.
    x = stack(x, mask=real) if both else stack(x)
    x = layers.Dropout(config.output_dropout)(x)
    logits = layers.Dense(characters, dtype="float32", name="characters")(x)
    return keras.Model(samples, BlankPadding(name="blank_padding")(logits, real), name="speech")
