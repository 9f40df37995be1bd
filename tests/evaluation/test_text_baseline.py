import numpy as np

from rnnapps.evaluation.text_baseline import tfidf_baseline


def test_it_learns_from_real_sentences(sentences):
    texts = [row["text"] for row in sentences]
    classes = np.array([row["label"] == "positive" for row in sentences]).astype(int)
    name, probabilities = tfidf_baseline(
        (texts[:500], classes[:500]), (texts[500:600], classes[500:600]), texts[600:]
    )
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    accuracy = (probabilities.argmax(axis=1) == classes[600:]).mean()
    assert accuracy > max(classes[600:].mean(), 1 - classes[600:].mean())
    assert "logistic regression (C=" in name


def test_texts_without_words():
    texts, classes = ["👍 🎉", "👎 😡"] * 10, np.array([1, 0] * 10)
    _, probabilities = tfidf_baseline((texts, classes), (texts, classes), ["👍", "👎"])
    assert probabilities.argmax(axis=1).tolist() == [1, 0]
