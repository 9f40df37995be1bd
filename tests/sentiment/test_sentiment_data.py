import numpy as np
import pytest
from conftest import write_csv

from rnnapps.data.text.source_config import SourceConfig
from rnnapps.errors import UserError
from rnnapps.sentiment import data


def test_embedded_sentences():
    examples, labels = data.load(SourceConfig())
    assert labels == ("negative", "positive")
    assert {name: len(part.texts) for name, part in examples.items()} == {
        "train": 12901,
        "valid": 1661,
        "test": 3337,
    }
    train, test = examples["train"], examples["test"]
    assert (train.classes == -1).sum() == 1410  # near neutral: they train, and are never scored
    np.testing.assert_allclose(train.targets.sum(axis=1), 1, rtol=1e-6)
    assert set(np.unique(test.targets)) == {0, 1}
    assert (test.targets.argmax(axis=1) == test.classes).all()
    assert len(train.labelled()[0]) == 12901 - 1410


def test_without_soft_labels_a_row_needs_a_label():
    with pytest.raises(UserError, match=r"sentences.csv.xz:\d+: empty label"):
        data.load(SourceConfig(soft_labels=False))
    examples, _ = data.load(SourceConfig(soft_labels=False, skip_bad_rows=True))
    assert len(examples["train"].texts) == 11491
    assert set(np.unique(examples["train"].targets)) == {0, 1}


def test_soft_labels_of_three_classes(tmp_path, sentences):
    rows = [
        {"text": row["text"], "label": "abc"[number % 3], "a": "0.2", "b": "0.3"}
        for number, row in enumerate(sentences[:90])
    ]
    write_csv(tmp_path / "a.csv", rows)
    examples, labels = data.load(SourceConfig(data=str(tmp_path / "a.csv")))
    assert labels == ("a", "b", "c")
    np.testing.assert_allclose(examples["train"].targets[0], [0.2, 0.3, 0.5])


@pytest.mark.parametrize(
    ("value", "message"),
    [("often", "positive is not a number"), ("1.5", "positive are not probabilities")],
)
def test_bad_soft_labels(tmp_path, sentences, value, message):
    rows = [*sentences[:50], sentences[60] | {"positive": value}]
    write_csv(tmp_path / "train.csv", rows)
    write_csv(tmp_path / "test.csv", sentences[100:120])
    with pytest.raises(UserError, match=f"train.csv:52: {message}"):
        data.load(SourceConfig(data=str(tmp_path)))


def test_one_class_only(tmp_path, sentences):
    rows = [row for row in sentences if row["label"] == "positive"]
    write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(UserError, match="only the class 'positive' in the training rows"):
        data.load(SourceConfig(data=str(tmp_path / "a.csv")))


def test_a_label_that_training_does_not_have(tmp_path, sentences):
    write_csv(tmp_path / "train.csv", sentences[:60])
    write_csv(tmp_path / "test.csv", [sentences[70] | {"label": "mixed"}])
    with pytest.raises(UserError, match="test.csv:2: the label 'mixed' is none of negative, positive"):
        data.load(SourceConfig(data=str(tmp_path)))


def test_too_few_rows(tmp_path, sentences):
    write_csv(tmp_path / "a.csv", sentences[:2])
    with pytest.raises(UserError):
        data.load(SourceConfig(data=str(tmp_path / "a.csv")))


def test_balancing_weights():
    targets = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], "float32")
    weights = data.balancing_weights(targets)
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])


def test_digest_tells_rows_apart():
    one = data.Examples(["a"], np.ones((1, 1)), np.array([0]))
    assert one.digest() != data.Examples(["a"], np.ones((1, 1)), np.array([1])).digest()
    assert one.digest() == data.Examples(["a"], np.zeros((1, 1)), np.array([0])).digest()
