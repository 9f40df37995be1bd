"""A recurrent decoder with attention over a memory."""

from typing import Any

import keras
from keras import ops

from rnnapps.layers.attention_recurrence import AttentionRecurrence
from rnnapps.layers.kernels.recurrence import check_rates

Tensor = Any
EMBEDDING_DEVIATION = 0.1  # of embeddings at the start; with Keras's, 0.03, training begins far slower


# It inherits the recurrence and does not hold one, so that saved weights are found where they were.
@keras.saving.register_keras_serializable(package="rnnapps")
class AttentionDecoder(AttentionRecurrence):
    """A stack of recurrent cells that reads tokens, attends to a memory, and predicts the next token.

    It is an `AttentionRecurrence`, whose equations it has, between an embedding and logits: the first
    cell reads the embedding of the last token, the attentional vector is what the logits come from.

    Teacher forcing is a call, `decoder(tokens, memory)`: tokens int32 `(batch, time)` that begin with
    the start token, memory `(batch, source, size)`. It returns logits `(batch, time, vocabulary)` for
    the tokens that come next, and the alignments `(batch, time, source)`, float32. All steps run in one
    program, in C++ or compiled by XLA.

    Decoding is `state, context = decoder.start(memory)` and `decoder.step(tokens, state, context)`, as
    `rnnapps.decoding` takes them.

    `memory_mask`, `(batch, source)`, and `initial_state`, a list of the states or one tensor
    `(batch, features)` to make them from, are those of the recurrence. A mask of the tokens is not
    needed if the padding is on the right: what is computed there is for the loss to leave out.

    Args:
        vocabulary: number of tokens.
        embedding_size: size of the tokens' embeddings.
        units: size of the states.
        depth: layers of cells.
        cell: "lstm" or "gru".
        layer_norm: whether the cells are those of `LayerNormLSTM` and `LayerNormGRU`.
        attention: "additive" or "multiplicative".
        gate: whether the mean of the memory is multiplied by a gating scalar, `sigmoid(h_t . w + b)`
            (Xu et al. 2015, section 4.2.1).
        tie_embeddings: whether the logits come from the embeddings (Press and Wolf 2017); the
            attentional vector then has their size, else it has `units`.
        embedding_dropout: of the embeddings.
        recurrent_dropout: of each h where it meets its recurrent weights, one pattern a row for all
            steps (Gal and Ghahramani 2016).
        output_dropout: of the attentional vector on the way to the logits.
        seed: of the dropouts.
        kernel: "auto": the native kernel on a processor, for one plain cell without gate and recurrent
            dropout in float32, else "compiled", a loop that XLA compiles (on PyTorch step by step);
            "compiled"; or "keras" for a loop that is not compiled and has second derivatives.

    Raises:
        ValueError: `cell`, `attention` or `kernel` is unknown, a rate is not at least 0 and below 1, or
            an initial state has not the shape of the states.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding_size: int,
        units: int,
        depth: int = 1,
        cell: str = "lstm",
        layer_norm: bool = False,
        attention: str = "additive",
        gate: bool = False,
        tie_embeddings: bool = False,
        embedding_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        output_dropout: float = 0.0,
        seed: int | None = None,
        kernel: str = "auto",
        **kwargs,
    ):
        check_rates(embedding_dropout=embedding_dropout, output_dropout=output_dropout)
        # Before the recurrence is made, since its constructor makes the layers of both.
        self.vocabulary = vocabulary
        self.embedding_size = embedding_size
        self.tied = tie_embeddings
        self.rates = (embedding_dropout, output_dropout)
        self.seeds = [None] * 3 if seed is None else range(seed, seed + 3)  # else all drop the same
        super().__init__(
            units,
            embedding_size if tie_embeddings else units,
            depth,
            cell,
            layer_norm=layer_norm,
            attention=attention,
            gate=gate,
            recurrent_dropout=recurrent_dropout,
            seed=self.seeds[2],
            kernel=kernel,
            **kwargs,
        )
        self.options = {
            "vocabulary": vocabulary,
            "embedding_size": embedding_size,
            "units": units,
            "depth": depth,
            "cell": cell,
            "layer_norm": layer_norm,
            "attention": attention,
            "gate": gate,
            "tie_embeddings": tie_embeddings,
            "embedding_dropout": embedding_dropout,
            "recurrent_dropout": recurrent_dropout,
            "output_dropout": output_dropout,
            "seed": seed,
            "kernel": kernel,
        }

    def _make_layers(self, options, policy):
        # In this order: by it weights are drawn from a seed, and the states of optimisers are saved.
        self.embedding = keras.layers.Embedding(
            self.vocabulary,
            self.embedding_size,
            keras.initializers.RandomNormal(stddev=EMBEDDING_DEVIATION),
            name="embedding",
            **policy,
        )
        super()._make_layers(options, policy)
        self.embedding_dropout, self.output_dropout = (
            keras.layers.Dropout(rate, seed=seed, dtype=policy["dtype"])
            for rate, seed in zip(self.rates, self.seeds[:2], strict=True)
        )

    def build(self, tokens_shape, memory_shape, initial_state_shape=None):
        self.embedding.build(tokens_shape)
        super().build((*tokens_shape, self.embedding_size), memory_shape, initial_state_shape)
        self.bias = self.add_weight(shape=(self.vocabulary,), initializer="zeros", name="bias")
        if not self.tied:
            self.kernel = self.add_weight(
                shape=(self.vector_size, self.vocabulary), initializer="glorot_uniform", name="kernel"
            )

    def call(
        self,
        tokens,
        memory,
        initial_state=None,
        memory_mask=None,
        training=False,
    ):
        embedded = self.embedding_dropout(self.embedding(tokens), training=training)
        vectors, alignments = super().call(embedded, memory, initial_state, memory_mask, training)
        return self._logits(self.output_dropout(vectors, training=training)), alignments

    def step(
        self, tokens: Tensor, state: tuple[Tensor, ...], context: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
        """One step of decoding, without dropout.

        Args:
            tokens: int32 `(rows,)`, the last tokens; `rows // batch` rows side by side share a memory.
            state: of `start` or the step before, its rows repeated as often.
            context: of `start`.

        Returns:
            The logits `(rows, vocabulary)`, the new state, and the alignment `(rows, source)`.
        """
        vector, state, alignment = super().step(self.embedding(tokens), state, context)
        return self._logits(vector), state, alignment

    def _logits(self, vector):
        kernel = ops.transpose(self.embedding.embeddings) if self.tied else self.kernel
        return ops.matmul(vector, ops.cast(kernel, vector.dtype)) + ops.cast(self.bias, vector.dtype)

    def compute_output_spec(self, tokens, memory, *arguments, **options):
        shape = tuple(tokens.shape)
        return (
            keras.KerasTensor((*shape, self.vocabulary), dtype=self.compute_dtype),
            keras.KerasTensor((*shape, memory.shape[1]), dtype="float32"),
        )
