"""The loss of a language model in pieces is the loss in one piece, and so is its gradient."""

import keras
import numpy as np
import pytest

from rnnapps.training import vocabulary_loss
from rnnapps.training.vocabulary_loss import VocabularyLoss


@pytest.mark.parametrize("tied", [True, False])
def test_pieces_give_the_loss_and_the_gradient_of_the_whole(tied, monkeypatch):
    tensorflow = pytest.importorskip("tensorflow")
    random = np.random.default_rng(0)
    embedding = keras.layers.ReversibleEmbedding(50, 6, tie_weights=tied)
    embedding.build((None, None))
    vectors = keras.Variable(random.normal(size=(5, 7, 6)).astype("float32"))
    targets, weights = random.integers(0, 50, (5, 7)), random.random((5, 7)).astype("float32")

    def loss_and_gradients():
        loss = VocabularyLoss(embedding, 5, 7)
        with tensorflow.GradientTape() as tape:
            value = loss(targets, vectors, weights)
        variables = [vectors.value, *(weight.value for weight in embedding.trainable_weights)]
        return loss, float(value), tape.gradient(value, variables)

    whole, value, gradients = loss_and_gradients()
    monkeypatch.setattr(vocabulary_loss, "LARGEST", 2 * 7 * 50)
    pieces, again, others = loss_and_gradients()
    assert len(whole.parts) == 1 and pieces.parts == [(0, 2), (2, 4), (4, 5)]
    logits = np.asarray(embedding(vectors.value, reverse=True), "float64")
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(logs, targets[..., None], axis=-1)[..., 0]
    assert value == pytest.approx(-(chosen * weights).sum() / weights.sum(), rel=1e-5)
    assert again == pytest.approx(value, rel=1e-6)
    for one, other in zip(gradients, others, strict=True):
        if one is not None or tied:
            np.testing.assert_allclose(one, other, atol=1e-6)
