"""The network: log-mel spectrogram, convolutions, recurrent layers, classes."""

import keras
from keras import layers

from rnnapps.keywords.config import ModelConfig
from rnnapps.layers import (
    AttentionPooling,
    BandNormalisation,
    CausalConv,
    LogMel,
    RecentAttention,
    RecurrentStack,
    SpecAugment,
)

KERNELS = (
    (5, 5),
    (3, 3),
    (3, 3),
)  # of crnn, in frames and bands: 9 frames in all
MOMENTUM = 0.95  # of batch normalisation: a training has a few thousand steps


def build(config: ModelConfig, sampling_rate: int, seconds: float, classes: int) -> keras.Model:
    """Build the network.

    Input: samples, float32 `(batch, time)`, full scale -1 to 1. Output: logits `(batch, classes)`,
    float32. gru, lstm and crnn (Arik et al. 2017, made causal) look at nothing that comes later and
    stream (`rnnapps.layers.compiled_stream`): after each frame their answer is of the last `seconds`.
    att_rnn (de Andrade et al. 2018) reads clips in both directions.
    """
    samples = keras.Input((None,), dtype="float32", name="samples")
    front = LogMel(sampling_rate, mels=config.mels, name="log_mel")
    x = front(samples)
    x = BandNormalisation(name="normalisation")(x)
    x = SpecAugment(
        config.time_masks, config.time_width, config.frequency_masks, config.frequency_width
    )(x)
    if config.architecture == "crnn":
        x = _causal_convolutions(config, x)
    elif config.architecture == "att_rnn":
        x = _convolutions(config, x)
    whole = config.architecture == "att_rnn"
    x = RecurrentStack(
        config.units,
        config.depth,
        config.architecture if config.architecture in ("gru", "lstm") else config.cell,
        bidirectional=whole,
        dropout=config.layer_dropout,
        input_dropout=config.layer_dropout,
        return_sequences=whole or config.pooling == "attention",
        name="recurrent",
    )(x)
    if whole:
        x, _ = AttentionPooling(config.units, name="attention")(x)
    elif config.pooling == "attention":
        window = max(1, round(seconds * sampling_rate) // front.hop)
        x = RecentAttention(config.units, window, name="attention")(x)
    x = layers.Dropout(config.output_dropout)(x)
    logits = layers.Dense(classes, dtype="float32", name="classes")(x)
    return keras.Model(samples, logits, name="keywords")


def _causal_convolutions(config: ModelConfig, x):
    x = layers.Reshape((-1, config.mels, 1), name="one_channel")(x)
    for number, kernel in enumerate(KERNELS, start=1):
        name = f"convolution_{number}"
        x = CausalConv(config.filters, kernel, stride=2, use_bias=False, name=name)(x)
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"batch_normalisation_{number}")(x)
        x = layers.ReLU()(x)
    return layers.Reshape((-1, x.shape[2] * x.shape[3]), name="features")(x)


def _convolutions(config: ModelConfig, x):
    """Two convolutions along time, as in the paper, whose second leaves one channel."""
    x = layers.Reshape((-1, config.mels, 1), name="one_channel")(x)
    for number, filters in enumerate((config.filters, 1), start=1):
        x = layers.Conv2D(filters, (5, 1), padding="same", use_bias=False, name=f"convolution_{number}")(
            x
        )
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"batch_normalisation_{number}")(x)
        x = layers.ReLU()(x)
    return layers.Reshape((-1, config.mels), name="features")(x)
