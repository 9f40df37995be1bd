import json

import numpy as np
import pytest
from conftest import write_csv

from rnnapps.data.labelled_examples import LabelledExamples
from rnnapps.data.splits import split_of
from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.errors import UserError
from rnnapps.sentiment import SentimentConfig, data


def load(examples=None, labels=None, **source):
    return data.load(SentimentConfig(source=TextSourceConfig(**source)), examples, labels)


def test_embedded_sentences():
    examples = load()
    labels = examples["train"].labels
    assert labels == ("negative", "positive")
    assert {name: len(part.inputs) for name, part in examples.items()} == {
        "train": 12901,
        "validation": 1661,
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
        load(soft_labels=False)
    examples = load(soft_labels=False, skip_bad=True)
    assert len(examples["train"].inputs) == 11491
    assert set(np.unique(examples["train"].targets)) == {0, 1}


def test_soft_labels_of_three_classes(tmp_path, sentences):
    rows = [
        {"text": row["text"], "label": "abc"[number % 3], "a": "0.2", "b": "0.3"}
        for number, row in enumerate(sentences[:90])
    ]
    write_csv(tmp_path / "a.csv", rows)
    examples = load(data=str(tmp_path / "a.csv"))
    assert examples["train"].labels == ("a", "b", "c")
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
        load(data=str(tmp_path))


def test_one_class_only(tmp_path, sentences):
    rows = [row for row in sentences if row["label"] == "positive"]
    write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(UserError, match="only the class 'positive' in the training rows"):
        load(data=str(tmp_path / "a.csv"))


def test_a_label_that_training_does_not_have(tmp_path, sentences):
    write_csv(tmp_path / "train.csv", sentences[:60])
    write_csv(tmp_path / "test.csv", [sentences[70] | {"label": "mixed"}])
    with pytest.raises(UserError, match="test.csv:2: the label 'mixed' is none of negative, positive"):
        load(data=str(tmp_path))


def test_too_few_rows(tmp_path, sentences):
    write_csv(tmp_path / "a.csv", sentences[:2])
    with pytest.raises(UserError):
        load(data=str(tmp_path / "a.csv"))


def test_balancing_weights():
    targets = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], "float32")
    weights = data.balancing_weights(targets)
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])


def test_digest_tells_rows_apart():
    one, same, other = (
        LabelledExamples(["a"], np.array([number]), ("x", "y"), np.full((1, 2), share))
        for number, share in ((0, 1.0), (0, 0.5), (1, 1.0))
    )
    assert one.digest() == same.digest() != other.digest()


def test_for_a_bundle_only_rows_with_a_label_are_read():
    examples = load(labels=["negative", "positive"])
    assert len(examples["train"]) == 12901 - 1410 and (examples["train"].classes >= 0).all()


def test_columns_in_memory():
    table = {"text": ["good", "bad", "fine", "awful"] * 20, "label": np.array([1, 0, 1, 0] * 20)}
    table["text"] = [f"{text} {number}" for number, text in enumerate(table["text"])]
    examples = load(table)
    assert examples["train"].labels == ("0", "1")
    assert sum(map(len, examples.values())) == 80
    held_out = {"text": [f"other {number}" for number in range(9)], "label": [0] * 9}
    by_split = {"train": table, "val": held_out, "test": {"text": ["Other 3!", "new"], "label": [1, 1]}}
    assert [len(some) for some in load(by_split).values()] == [80, 8, 2]  # a copy stays in the last
    bad = {"empty text": None, "empty text:": float("nan"), "a list, not a text": ["a"]}
    for message, text in bad.items():
        table["text"][3] = text
        with pytest.raises(UserError, match=rf"examples\[3\]: {message}"):
            load(table)
        assert len(load(table, skip_bad=True)["train"]) > 40
    with pytest.raises(UserError, match="columns of one length are needed"):
        load({"text": ["a"], "label": []})
    with pytest.raises(UserError, match="no column 'label': it has text"):
        load({"text": ["a"]})


def test_a_data_frame():
    import pandas

    frame = pandas.DataFrame({"text": [f"text {n}" for n in range(60)], "label": ["a", "b"] * 30})
    examples = load(frame)
    assert examples["train"].labels == ("a", "b") and sum(map(len, examples.values())) == 60


def rows_of(count=60):
    return [(f"text {number}", "ab"[number % 2]) for number in range(count)]


@pytest.mark.parametrize(
    ("text", "label", "message"),
    [
        ({"en": "x"}, "a", "a dict, not a text"),
        (["x"], "a", "a list, not a text"),
        (5, "a", "a int, not a text"),
        (True, "a", "a bool, not a text"),
        (None, "a", "empty text"),
        (float("nan"), "a", "empty text"),
        ("x", ["a"], "'label': a list, not a name"),
        ("x", {"a": 1}, "'label': a dict, not a name"),
        ("x", float("nan"), "empty label"),
        ("x", float("inf"), "'label': inf, not a name"),
    ],
)
def test_values_that_are_no_texts_or_labels(tmp_path, text, label, message):
    file = tmp_path / "a.jsonl"
    rows = [*rows_of(), (text, label)]
    file.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    with pytest.raises(UserError, match=f"a.jsonl:61: {message}: mend it, or .* --skip-bad"):
        load(data=str(file))
    assert sum(map(len, load(data=str(file), skip_bad=True).values())) == 60


def test_whole_numbers_have_one_name():
    texts = [f"text {number}" for number in range(60)]
    for labels in ([0, 1] * 30, [0.0, 1.0] * 30, np.array([0, 1] * 30), [" 0", "1 "] * 30):
        assert load({"text": texts, "label": labels})["train"].labels == ("0", "1")


@pytest.mark.parametrize("count", [1, 2])
def test_a_rare_class_without_a_training_row(tmp_path, count):
    rows = rows_of(120)
    tested = [number for number, (text, _) in enumerate(rows) if split_of(text) == "test"][:count]
    for number in tested:
        rows[number] = (rows[number][0], "rare")
    write_csv(tmp_path / "a.csv", [{"text": text, "label": label} for text, label in rows])
    few = f"a.csv:{tested[0] + 2}: the label 'rare' has {count} rows?, none in the training split: more"
    with pytest.raises(UserError, match=few):
        load(data=str(tmp_path / "a.csv"))
    assert "rare" not in load(data=str(tmp_path / "a.csv"), skip_bad=True)["train"].labels
    with pytest.raises(UserError, match="the label 'rare' is none of a, b"):  # those of a bundle
        load(data=str(tmp_path / "a.csv"), labels=("a", "b"))


def test_sentiment140_fasttext_and_yelp(tmp_path):
    rows = rows_of()
    lines = (f'"{4 * (label == "a")}","1","Mon","NO_QUERY","é","{text}"\n' for text, label in rows)
    (tmp_path / "tweets.csv").write_text("".join(lines), encoding="latin-1")
    tweets = {"encoding": "latin-1", "header": False, "text_column": "6", "label_column": "1"}
    lines = (f"__label__{label} {text}\n" for text, label in rows)
    (tmp_path / "fast.txt").write_text("".join(lines))
    lines = (json.dumps({"stars": 5.0 * (label == "a"), "text": text}) + "\n" for text, label in rows)
    (tmp_path / "yelp.json").write_text("".join(lines))
    for name, options, labels in (
        ("tweets.csv", tweets, ("0", "4")),
        ("fast.txt", {}, ("a", "b")),
        ("yelp.json", {"label_column": "stars"}, ("0", "5")),
    ):
        examples = load(data=str(tmp_path / name), **options)
        assert examples["train"].labels == labels and sum(map(len, examples.values())) == 60
        assert set(examples["train"].targets.sum(axis=1)) == {1}
    with pytest.raises(UserError, match="or add --no-header if its first line is a row"):
        load(data=str(tmp_path / "tweets.csv"), encoding="latin-1")
