"""The loss of a language model, without the logits of a whole batch in memory."""

import keras
from keras import ops

LARGEST = 2**25  # logits at once: 128 MB


class VocabularyLoss(keras.losses.Loss):
    """Cross-entropy of the next token from the vector before the logits, in nats.

    `y_true` is int `(lanes, time)`, `y_pred` float `(lanes, time, features)`; the mean is over the
    tokens, by their sample weights `(lanes, time)`. The logits of a large vocabulary are computed for a
    few lanes at a time, and once more for the gradient, so that at most some 34 million are in memory.

    Args:
        embedding: a built `keras.layers.ReversibleEmbedding`, which gives the logits.
        lanes: rows of a batch.
        steps: the most tokens of a row.
    """

    def __init__(self, embedding: keras.layers.ReversibleEmbedding, lanes: int, steps: int):
        super().__init__(name="vocabulary_loss", reduction="mean_with_sample_weight")
        self.embedding = embedding
        at_once = max(1, LARGEST // (steps * embedding.input_dim))
        self.parts = [(start, min(start + at_once, lanes)) for start in range(0, lanes, at_once)]

    def call(self, y_true, y_pred):
        tied = self.embedding.tie_weights
        kernel = self.embedding.embeddings if tied else self.embedding.reverse_embeddings
        kernel = ops.cast(ops.convert_to_tensor(kernel), y_pred.dtype)
        kernel = ops.transpose(kernel) if tied else kernel
        if len(self.parts) == 1:
            return _losses(y_true, y_pred, kernel)
        losses = keras.remat(_losses)
        return ops.concatenate(
            [losses(y_true[start:end], y_pred[start:end], kernel) for start, end in self.parts]
        )


def _losses(targets, vectors, kernel):
    logits = ops.cast(ops.matmul(vectors, kernel), "float32")
    return keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
