import io
import json
import statistics
import time

import numpy as np
import pytest

import rnnapps
from rnnapps.commands.main import dispatch
from rnnapps.errors import UsageError, UserError


@pytest.fixture(scope="module")
def predictor(small_bundle):
    return rnnapps.load(small_bundle)


def test_one_text_and_many(predictor, sentences):
    texts = [row["text"] for row in sentences[:300]]
    many = predictor(texts)
    assert [prediction.text for prediction in many] == texts
    for number in (0, 17, 299):
        one = predictor(texts[number])
        assert one.label == many[number].label
        assert one.probabilities == pytest.approx(many[number].probabilities, abs=1e-6)
    np.testing.assert_allclose(
        predictor.probabilities(texts), [list(p.probabilities.values()) for p in many], rtol=1e-6
    )


def test_explanation_names_the_words(predictor):
    text = "  Good — and   naïve!  "
    prediction = predictor(text, explain=True)
    assert [word for word, _ in prediction.words] == ["Good", "—", "and", "naïve", "!"]
    assert 0.5 < sum(share for _, share in prediction.words) <= 1 + 1e-5
    assert prediction.to_dict()["words"][0][0] == "Good"
    assert "words" not in predictor(text).to_dict()


def test_cut_texts_are_told(predictor):
    prediction = predictor("good " * 500, explain=True)
    assert prediction.cut and len(prediction.words) <= predictor.encoder.config.max_length
    assert not predictor("good").cut


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "text 2: empty text"),
        (" \n", "text 2: empty text"),
        ("word " * 100_000, "text 2: a text of 500,000"),
    ],
)
def test_texts_that_are_refused(predictor, text, message):
    with pytest.raises(UserError, match=message):
        predictor(["fine", text])


@pytest.mark.parametrize("text", ["良い映画", "👍🏽👍🏽", "مرحبا", "\x00\x07", "e\u0301", "x" * 5000])
def test_any_text_gets_a_class(predictor, text):
    assert sum(predictor(text).probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_a_warm_prediction_takes_less_than_5_ms(predictor, sentences):
    texts = [row["text"] for row in sentences[:100]]
    for text in texts:
        predictor(text)
    seconds = []
    for text in texts:
        start = time.perf_counter()
        predictor(text)
        seconds.append(time.perf_counter() - start)
    assert statistics.quantiles(seconds, n=10)[0] < 0.005  # the machine may have other work


def test_command_with_texts(small_bundle, tmp_path, capsys):
    """JSON beside the text, or in its place."""
    words = ["--model", str(small_bundle), "Wonderful!", "Awful.", "--explain"]
    file = tmp_path / "answers.jsonl"
    dispatch(["predict", "sentiment", *words, "--json", str(file)])
    assert "Wonderful!" in capsys.readouterr().out
    dispatch(["predict", "sentiment", *words, "--json", "-"])
    printed = capsys.readouterr().out
    assert printed == file.read_text()
    first, second = map(json.loads, printed.splitlines())
    assert (first["text"], second["text"]) == ("Wonderful!", "Awful.")
    assert set(first) == {"text", "label", "probabilities", "cut", "words"}


def test_command_draws_a_text(small_bundle, tmp_path, capsys):
    picture = tmp_path / "words.png"
    command = ["predict", "sentiment", "--model", str(small_bundle), "--plot", str(picture)]
    dispatch([*command, "a fine film"])
    assert picture.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match="--plot draws one answer: give one text"):
        dispatch([*command, "one", "two"])


def test_command_with_a_file_and_standard_input(small_bundle, tmp_path, monkeypatch, capsys):
    file = tmp_path / "lines.txt"
    file.write_text("one fine film\nun film très mauvais\n", encoding="utf-8")
    command = ["predict", "sentiment", "--model", str(small_bundle)]
    dispatch([*command, "--file", str(file)])
    from_file = capsys.readouterr().out
    assert len(from_file.splitlines()) == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    dispatch([*command, "--file", "-"])
    assert capsys.readouterr().out == from_file


def test_minus_is_standard_input(small_bundle, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("un film très mauvais\n".encode())))
    dispatch(["predict", "sentiment", "--model", str(small_bundle), "-"])
    assert "un film très mauvais" in capsys.readouterr().out


def test_lines_before_a_bad_one_are_answered(small_bundle, tmp_path, capsys):
    (tmp_path / "lines.txt").write_text("fine\nfine too\n\nnever seen\n")
    with pytest.raises(UserError, match="lines.txt:3: empty text"):
        dispatch(
            ["predict", "sentiment", "--model", str(small_bundle), "--file", str(tmp_path / "lines.txt")]
        )
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_explaining_without_attention(predictor, monkeypatch):
    monkeypatch.setattr(predictor, "_run", lambda sequences: (np.full((1, 2), 0.5), None))
    with pytest.raises(UsageError, match="this network has no attention"):
        predictor("text", explain=True)
