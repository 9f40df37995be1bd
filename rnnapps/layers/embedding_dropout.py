"""Dropout of whole words of a vocabulary."""

import keras
from keras import ops

from rnnapps.layers.kernels.recurrence import check_rates


@keras.saving.register_keras_serializable(package="rnnapps")
class EmbeddingDropout(keras.layers.Layer):
    """Dropout of the rows of an embedding (Gal and Ghahramani 2016; Merity et al. 2018): a token is
    dropped wherever it stands in the batch.

    Inputs: the embedded tokens `(batch, time, features)`, and the tokens, int `(batch, time)`. Output:
    as the first.

    Args:
        vocabulary: number of tokens.
        rate: the share that is dropped in training, at least 0 and below 1.
        seed: of the draws.
    """

    def __init__(self, vocabulary: int, rate: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_rates(rate=rate)
        self.vocabulary, self.rate, self.seed = vocabulary, rate, seed
        self._generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, embedded, tokens, training=False):
        if not training or not self.rate:
            return embedded
        ones = ops.ones((self.vocabulary, 1), self.compute_dtype)
        kept = keras.random.dropout(ones, self.rate, seed=self._generator)
        return embedded * ops.take(kept, tokens, axis=0)

    def compute_output_spec(self, embedded, tokens, training=False):
        return keras.KerasTensor(embedded.shape, dtype=self.compute_dtype)

    def get_config(self):
        names = ("vocabulary", "rate", "seed")
        return super().get_config() | {name: getattr(self, name) for name in names}
