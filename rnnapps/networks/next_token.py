"""The network of language models: embedding, recurrent layers, the embedding again for the logits."""

from dataclasses import replace

import keras
from keras import layers

from rnnapps.layers import ActivationRegularisation, CarriedStates, EmbeddingDropout, RecurrentStack
from rnnapps.networks.next_token_config import NextTokenConfig

STATES = {"lstm": 2, "layer_norm_lstm": 2}  # of a layer; all others have one


def build(config: NextTokenConfig, vocabulary: int) -> keras.Model:
    """Build the network.

    Inputs: token ids, int32 `(batch, time)`, and the states before them, each `(batch, units)`, zeros
    at the beginning of a document. Outputs: logits of the tokens that follow,
    `(batch, time, vocabulary)`, float32, and the states after them.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    number = config.depth * STATES.get(config.cell, 1)
    states = [keras.Input((config.units,), name=f"state_{place + 1}") for place in range(number)]
    embedding = layers.ReversibleEmbedding(
        vocabulary,
        config.embedding_size,
        # Keras's own, six times as narrow, learns half as fast where these weights give the logits too.
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.3),
        tie_weights=config.tied,
        reverse_dtype="float32",
        name="embedding",
    )
    x = EmbeddingDropout(vocabulary, config.embedding_dropout)(embedding(tokens), tokens)
    x = layers.SpatialDropout1D(config.input_dropout)(x)
    x, *after = RecurrentStack(
        config.units,
        config.depth,
        config.cell,
        residual=config.residual,
        dropout=config.layer_dropout,
        return_state=True,
        options={"weight_drop": config.weight_drop} if config.weight_drop else None,
        name="recurrent",
    )(x, initial_state=states)
    dropped = layers.SpatialDropout1D(config.output_dropout)(x)
    x = ActivationRegularisation(config.activation_penalty, config.change_penalty)(dropped, x)
    if config.units != config.embedding_size:
        x = layers.Dense(config.embedding_size, name="projection")(x)
    x = layers.Identity(name="vectors")(x)
    return keras.Model([tokens, *states], [embedding(x, reverse=True), *after], name="language_model")


def without_regularisation(config: NextTokenConfig) -> NextTokenConfig:
    """The network of the same weights whose training drops and penalises nothing."""
    return replace(
        config,
        embedding_dropout=0.0,
        input_dropout=0.0,
        layer_dropout=0.0,
        output_dropout=0.0,
        weight_drop=0.0,
        activation_penalty=0.0,
        change_penalty=0.0,
    )


def for_training(network: keras.Model, lanes: int) -> keras.Model:
    """The network as it is trained, with the same weights.

    Inputs: token ids, int32 `(lanes, time)`, and where a document begins, bool `(lanes,)`. Output: the
    vectors before the logits, `(lanes, time, embedding_size)` (see
    `rnnapps.training.vocabulary_loss.VocabularyLoss`).
    """
    vectors = network.get_layer("vectors").output
    pieces = keras.Model(network.inputs, [vectors, *network.outputs[1:]], name="pieces")
    tokens = keras.Input((None,), batch_size=lanes, dtype="int32", name="tokens")
    starts = keras.Input((), batch_size=lanes, dtype="bool", name="starts")
    return keras.Model([tokens, starts], CarriedStates(pieces, lanes)(tokens, starts), name="training")
