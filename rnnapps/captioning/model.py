"""The network: features of the places of a picture, and a recurrent decoder that attends to them."""

import keras
from keras import layers, ops

from rnnapps.captioning.config import ModelConfig
from rnnapps.data.text.sentence_encoder import END
from rnnapps.layers import AttentionDecoder, DoublyStochastic


def build(
    config: ModelConfig,
    vocabulary: int,
    captions: int,
    encoder: keras.Model,
    trained: bool = False,
) -> keras.Model:
    """Build the network (Show, Attend and Tell, Xu et al. 2015, soft attention; with input feeding).

    Inputs: of the pictures their features, float16 `(pictures, rows, columns, channels)`, or with a
    trained encoder their pixels, uint8 `(pictures, height, width, 3)`; and the tokens of their captions
    behind a start token, int32 `(pictures * captions, steps)`, those of a picture one after the other.
    Output: the logits of the tokens that come next, `(pictures * captions, steps, vocabulary)`.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    if trained:
        inputs = keras.Input(encoder.input_shape[1:], dtype="uint8", name="pixels")
        # One with pretrained weights keeps its statistics of the pictures that it learnt from.
        training = None if encoder.name == "small_cnn" else False
        features = encoder(ops.cast(inputs, "float32"), training=training)
    else:
        inputs = keras.Input(encoder.output_shape[1:], dtype="float16", name="features")
        features = inputs
    *_, channels = features.shape
    x = layers.Reshape((-1, channels), name="places")(features)
    x = layers.Dropout(config.feature_dropout)(x)
    memory = layers.Dense(config.units, name="memory")(x)
    logits, alignments = AttentionDecoder(
        vocabulary,
        config.embedding_size,
        config.units,
        cell=config.cell,
        attention=config.attention,
        gate=config.gate,
        tie_embeddings=config.tie_embeddings,
        embedding_dropout=config.embedding_dropout,
        recurrent_dropout=config.recurrent_dropout,
        output_dropout=config.output_dropout,
        name="decoder",
    )(tokens, ops.repeat(memory, captions, axis=0))
    if config.doubly_stochastic:
        real = ops.logical_and(ops.not_equal(tokens, 0), ops.not_equal(tokens, END))
        logits = DoublyStochastic(config.doubly_stochastic)(logits, alignments, real)
    return keras.Model([inputs, tokens], logits, name="captioning")


def memory_of(model: keras.Model) -> keras.Model:
    """The part of the network from the features of a picture to what the decoder attends to."""
    features, memory = model.get_layer("places").input, model.get_layer("memory").output
    return keras.Model(features, memory, name="memory")
