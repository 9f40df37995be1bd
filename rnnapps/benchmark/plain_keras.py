"""The networks of rnnapps as one would write them with Keras alone, to be measured beside ours."""

import keras
from keras import layers, ops

from rnnapps.translation.config import ModelConfig

CELLS = {"lstm": (layers.LSTMCell, 2), "gru": (layers.GRUCell, 1)}  # with the number of their states
LAYERS = {"lstm": layers.LSTM, "gru": layers.GRU}


def translator(config: ModelConfig, source_vocabulary: int, target_vocabulary: int) -> keras.Model:
    """The network of `rnnapps.translation.model.build`, with the same inputs and output.

    Layer normalisation and recurrent dropout are left out: Keras has no such cells.
    """
    source = keras.Input((None,), dtype="int32")
    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(source_vocabulary, config.embedding_size, mask_zero=True)(source)
    x = layers.Dropout(config.embedding_dropout)(x)
    for number in range(config.encoder_depth):
        if number:
            x = layers.SpatialDropout1D(config.layer_dropout)(x)
        x = layers.Bidirectional(LAYERS[config.cell](config.units, return_sequences=True))(x)
    memory = layers.Dropout(config.layer_dropout)(x)
    decoder = Decoder(target_vocabulary, config)
    return keras.Model([source, tokens], decoder(tokens, memory, ops.not_equal(source, 0)))


class Decoder(layers.Layer):
    """The network of `rnnapps.layers.AttentionDecoder`, in a loop of `keras.layers.RNN`.

    A call takes tokens, int32 `(batch, time)`, a memory `(batch, source, 2 * units)` and its mask
    `(batch, source)`, and returns logits `(batch, time, vocabulary)`.
    """

    def __init__(self, vocabulary: int, config: ModelConfig, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary = vocabulary
        self.config = config
        self.embedding = layers.Embedding(vocabulary, config.embedding_size)
        self.embedding_dropout = layers.Dropout(config.embedding_dropout)
        self.cell = AttentionCell(config)
        self.rnn = layers.RNN(self.cell, return_sequences=True)
        self.keys = layers.Dense(config.units, use_bias=False)
        states = len(self.cell.state_size) - 1  # but the attentional vector
        self.first_states = layers.Dense(states * config.units, activation="tanh")
        self.output_dropout = layers.Dropout(config.output_dropout)

    def build(self, tokens_shape, memory_shape, mask_shape=None):
        self.embedding.build(tokens_shape)
        self.rnn.build((None, None, self.config.embedding_size))
        self.keys.build(memory_shape)
        self.first_states.build((None, memory_shape[-1]))
        if not self.config.tie_embeddings:
            shape = (self.cell.output_size, self.vocabulary)
            self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.vocabulary,), initializer="zeros", name="bias")

    def call(self, tokens, memory, mask=None, training=False):
        # RNN has no argument for what all steps share.
        self.cell.memory, self.cell.keys, self.cell.mask = memory, self.keys(memory), mask
        embedded = self.embedding_dropout(self.embedding(tokens), training=training)
        vectors = self.rnn(embedded, initial_state=self.initial_state(memory, mask), training=training)
        vectors = self.output_dropout(vectors, training=training)
        tied = self.config.tie_embeddings
        kernel = ops.transpose(self.embedding.embeddings) if tied else self.kernel
        return ops.matmul(vectors, ops.cast(kernel, vectors.dtype)) + self.bias

    def initial_state(self, memory, mask):
        """The states that a layer makes of the mean of the memory, and a vector of zeros."""
        if mask is None:
            mean = ops.mean(memory, axis=1)
        else:
            weights = ops.cast(mask, memory.dtype)[..., None]
            mean = ops.sum(memory * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1)
        states = ops.split(self.first_states(mean), len(self.cell.state_size) - 1, axis=-1)
        vector = ops.zeros((ops.shape(memory)[0], self.cell.output_size), dtype=memory.dtype)
        return [*states, vector]

    def compute_output_spec(self, tokens, memory, mask=None, training=False):
        return keras.KerasTensor((*tokens.shape, self.vocabulary), self.compute_dtype)


class AttentionCell(layers.Layer):
    """Keras's cells with attention and input feeding, for `keras.layers.RNN`.

    `memory`, its `keys` `(batch, source, units)` and its `mask` are set before the loop runs.
    """

    def __init__(self, config: ModelConfig, **kwargs):
        super().__init__(**kwargs)
        cell, self.states = CELLS[config.cell]
        self.config = config
        self.cells = [cell(config.units) for _ in range(config.decoder_depth)]
        self.output_size = config.embedding_size if config.tie_embeddings else config.units
        states = [config.units] * self.states * config.decoder_depth
        self.state_size = [*states, self.output_size]
        self.additive = config.attention == "additive"
        if self.additive:
            self.query = layers.Dense(config.units)
            self.score = layers.Dense(1, use_bias=False)
        self.combine = layers.Dense(self.output_size, activation="tanh", use_bias=False)

    def build(self, input_shape):
        units = self.config.units
        for number, cell in enumerate(self.cells):
            cell.build((None, units if number else input_shape[-1] + self.output_size))
        if self.additive:
            self.query.build((None, units))
            self.score.build((None, units))
        self.combine.build((None, 3 * units))

    def call(self, inputs, states, training=False):
        *states, vector = states
        after = []
        x = ops.concatenate([inputs, vector], axis=-1)
        for number, cell in enumerate(self.cells):
            own = states[number * self.states : (number + 1) * self.states]
            x, new = cell(x, own, training=training)
            after += new
        vector = self.combine(ops.concatenate([x, self.attend(x)], axis=-1))
        return vector, [*after, vector]

    def attend(self, h):
        """The mean of the memory by the weights that a state `(batch, units)` gives it."""
        if self.additive:
            scores = self.score(ops.tanh(self.query(h)[:, None] + self.keys))[..., 0]
        else:
            scores = ops.matmul(self.keys, h[..., None])[..., 0]
        if self.mask is not None:
            scores = ops.where(self.mask, scores, -1e9)
        return ops.matmul(ops.softmax(scores)[:, None], self.memory)[:, 0]
