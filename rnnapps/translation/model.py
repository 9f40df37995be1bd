"""The network: a bidirectional recurrent encoder, and a recurrent decoder that attends to its states."""

import keras
from keras import layers, ops

from rnnapps.layers import AttentionDecoder, RecurrentStack
from rnnapps.layers.attention_decoder import EMBEDDING_DEVIATION
from rnnapps.translation.config import ModelConfig


def build(config: ModelConfig, source_vocabulary: int, target_vocabulary: int) -> keras.Model:
    """Build the network.

    Inputs: token ids of the source, int32 `(batch, time)`, padded with 0, and of the target behind a
    start token, int32 `(batch, steps)`. Output: the logits of the tokens that come next,
    `(batch, steps, target_vocabulary)`.
    """
    source = keras.Input((None,), dtype="int32", name="source")
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(
        source_vocabulary,
        config.embedding_size,
        keras.initializers.RandomNormal(stddev=EMBEDDING_DEVIATION),
        mask_zero=True,
        name="source_embedding",
    )(source)
    x = layers.Dropout(config.embedding_dropout)(x)
    recurrent = "recurrent_dropout" if config.layer_norm else "weight_drop"
    x = RecurrentStack(
        config.units,
        config.encoder_depth,
        f"layer_norm_{config.cell}" if config.layer_norm else config.cell,
        bidirectional=True,
        dropout=config.layer_dropout,
        options={recurrent: config.recurrent_dropout} if config.recurrent_dropout else None,
        name="encoder",
    )(x)
    memory = layers.Dropout(config.layer_dropout, name="memory")(x)
    logits, _ = AttentionDecoder(
        target_vocabulary,
        config.embedding_size,
        config.units,
        config.decoder_depth,
        config.cell,
        layer_norm=config.layer_norm,
        attention=config.attention,
        tie_embeddings=config.tie_embeddings,
        embedding_dropout=config.embedding_dropout,
        recurrent_dropout=config.recurrent_dropout,
        output_dropout=config.output_dropout,
        name="decoder",
    )(tokens, memory, memory_mask=ops.not_equal(source, 0))
    return keras.Model([source, tokens], logits, name="translation")


def encoder_of(model: keras.Model) -> keras.Model:
    """The part of the network from the source to the states that the decoder attends to."""
    return keras.Model(model.input[0], model.get_layer("memory").output, name="encoder")
