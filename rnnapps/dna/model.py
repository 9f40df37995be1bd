"""The network: k-mers, convolution over motifs, bidirectional recurrent layers, pooling, classes."""

import keras
from keras import layers, ops

from rnnapps.dna.config import ModelConfig
from rnnapps.layers import AttentionPooling, MaxPooling, RecurrentStack


def build(config: ModelConfig, tokens: int, classes: int, positions: int = 0) -> keras.Model:
    """Build the network.

    Input: k-mer ids, int32 `(batch, time)`, padded with 0 to a multiple of 8. Output: probabilities
    `(batch, classes)`, float32.

    Args:
        config: its sizes.
        tokens: number of different ids.
        classes: number of classes.
        positions: most k-mers of a sequence, if each position has an embedding of its own; 0: none has.
    """
    kmers = keras.Input((None,), dtype="int32", name="kmers")
    real = ops.not_equal(kmers, 0)
    x = layers.Embedding(tokens, config.embedding_size, name="embedding")(kmers)
    if positions:
        places = ops.minimum(ops.cumsum(ops.ones_like(kmers), axis=1), positions) - 1
        x = x + layers.Embedding(positions, config.embedding_size, name="positions")(places)
    x = layers.Dropout(config.token_dropout, noise_shape=(None, None, 1))(x)
    x = layers.SpatialDropout1D(config.embedding_dropout)(x)
    # Keras's convolution and pooling know no mask: padding is zero before each, as beyond the ends.
    x = layers.Conv1D(config.filters, config.width, padding="same", activation="relu", name="motifs")(
        x * ops.cast(real, x.dtype)[:, :, None]
    )
    x = layers.MaxPooling1D(config.pool)(x * ops.cast(real, x.dtype)[:, :, None])
    real = real[:, :: config.pool]
    x = layers.SpatialDropout1D(config.filter_dropout)(x)
    states = RecurrentStack(
        config.units,
        config.depth,
        config.cell,
        bidirectional=True,
        dropout=config.layer_dropout,
        name="recurrent",
    )(x, mask=real)
    mean, _ = AttentionPooling(config.units, name="attention")(states, mask=real)
    x = layers.concatenate([mean, MaxPooling(name="maximum")(states, mask=real)])
    x = layers.Dropout(config.output_dropout)(x)
    probabilities = layers.Dense(classes, activation="softmax", dtype="float32", name="classes")(x)
    return keras.Model(kmers, probabilities, name="dna")
