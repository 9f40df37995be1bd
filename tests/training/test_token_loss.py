import numpy as np
import pytest

from rnnapps.training.token_loss import TokenLoss


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_it_is_its_definition(smoothing):
    random = np.random.default_rng(0)
    logits = random.normal(size=(2, 3, 5)).astype("float32")
    tokens, weights = np.array([[1, 4, 2], [3, 2, 0]]), np.array([[1, 1, 1], [1, 1, 0]], "float32")
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    targets = np.eye(5)[tokens] * (1 - smoothing) + smoothing / 5
    expected = -(targets * log_probabilities).sum(axis=-1)[weights > 0].mean()
    loss = TokenLoss(smoothing)(tokens, logits, sample_weight=weights)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
