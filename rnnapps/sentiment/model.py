"""The network: embedding, bidirectional recurrent layers, pooling, classes."""

import keras
from keras import layers

from rnnapps.layers import AttentionPooling, MaxPooling, RecurrentStack
from rnnapps.sentiment.config import ModelConfig


def build(config: ModelConfig, vocabulary: int, classes: int) -> keras.Model:
    """Build the network.

    Input: token ids, int32 `(batch, time)`, padded with 0. Output: probabilities `(batch, classes)`,
    float32.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(vocabulary, config.embedding_size, mask_zero=True, name="embedding")(tokens)
    x = layers.Dropout(config.token_dropout, noise_shape=(None, None, 1))(x)
    x = layers.SpatialDropout1D(config.embedding_dropout)(x)
    x = RecurrentStack(
        config.units,
        config.depth,
        config.cell,
        bidirectional=True,
        residual=config.residual,
        dropout=config.layer_dropout,
        return_sequences=config.pooling != "last",
        options={"weight_drop": config.weight_drop} if config.weight_drop else None,
        name="recurrent",
    )(x)
    if config.pooling != "last":
        states = x
        x, _ = AttentionPooling(config.units, name="attention")(states)
        if config.pooling == "attention-max":
            x = layers.concatenate([x, MaxPooling(name="maximum")(states)])
    x = layers.Dropout(config.output_dropout)(x)
    probabilities = layers.Dense(classes, activation="softmax", dtype="float32", name="classes")(x)
    return keras.Model(tokens, probabilities, name="sentiment")


def with_attention(model: keras.Model) -> keras.Model:
    """The same network with a second output: the attention weights, float32 `(batch, time)`.

    A network without attention pooling is returned as it is.
    """
    if "attention" not in [layer.name for layer in model.layers]:
        return model
    _, weights = model.get_layer("attention").output
    return keras.Model(model.input, [model.output, weights], name=model.name)
