"""What is special to language models: texts that go on, their probabilities, their scores."""

import json
import math

import numpy as np
import pytest

import rnnapps
from rnnapps.commands.main import dispatch
from rnnapps.data.text.documents import Documents
from rnnapps.data.text.token_encoder import END, UNKNOWN
from rnnapps.errors import UsageError, UserError
from rnnapps.language_model.data import load
from rnnapps.language_model.evaluate import evaluate
from rnnapps.language_model.predictor import PredictOptions
from rnnapps.metrics.language import language_report
from rnnapps.networks.next_token_config import NextTokenConfig


@pytest.fixture(scope="module")
def path(small_bundles):
    return small_bundles("language_model")


@pytest.fixture(scope="module")
def predictor(path):
    """It never ends a document: the texts of these tests have the length that they ask for."""
    predictor = rnnapps.load(path)
    predictor.generator._impossible[END] = -np.inf
    return predictor


@pytest.fixture
def unmasked(path):
    """One that may draw the unknown too, so that what it draws has the probabilities that it scores."""
    predictor = rnnapps.load(path)
    predictor.generator._impossible[:] = 0
    return predictor


def test_a_seed_gives_a_text_whatever_stands_beside_it(predictor):
    one = predictor("We the people", length=70, seed=3)
    assert len(one.continuations[0]) >= 60 and one == predictor("We the people", length=70, seed=3)
    assert predictor(["Congress", "We the people"], length=70, seed=3)[1] == one
    assert predictor("We the people", length=70, seed=4) != one
    shorter = predictor("We the people", length=33, seed=3)
    assert one.continuations[0].startswith(shorter.continuations[0])
    several = predictor("We the people", length=40, n=3, seed=3)
    assert len(set(several.continuations)) == 3 == len(several.log_probabilities)


@pytest.mark.parametrize("temperature", [0, 1.0])
def test_what_is_drawn_has_the_probability_that_is_scored(unmasked, temperature):
    """Step by step with the state of the prompt, in three chunks, and as one sequence."""
    answer = unmasked("The State of the", length=80, temperature=temperature)
    drawn = unmasked.encoder.encode(answer.continuations[0])
    if len(drawn) < 80:  # the document ended, which was drawn too
        drawn = np.append(drawn, END)
    ids = np.concatenate([unmasked.encoder.encode(answer.text), drawn])
    (values,) = unmasked.generator.log_probabilities([ids])
    assert values[-len(drawn) :].sum() == pytest.approx(answer.log_probabilities[0], abs=1e-2)


def test_the_coldest_draw_is_the_likeliest_token(predictor):
    cold = predictor("Gentlemen of the", length=40, temperature=0)
    assert cold == predictor("Gentlemen of the", length=40, temperature=0, seed=9)
    assert cold.continuations == predictor("Gentlemen of the", length=40, top_k=1).continuations
    (best,) = predictor("Gentlemen of the", length=20, beam_width=8).log_probabilities
    (greedy,) = predictor("Gentlemen of the", length=20, temperature=0).log_probabilities
    assert best >= greedy - 1e-4


def test_a_stop_ends_the_text_before_it(predictor):
    free = predictor("", length=100, seed=5).continuations[0]
    word = free[50:53]
    written = []
    stopped = predictor("", length=100, seed=5, stop=[word, "never"], write=written.append)
    assert stopped.continuations[0] == free[: free.index(word)] == "".join(written)
    assert stopped.describe(0) == ""  # it has been written


def test_probabilities_sum_to_one_and_do_not_depend_on_neighbours(predictor):
    size = predictor.encoder.size
    logs = predictor.generator.log_probabilities([np.array([token], "int32") for token in range(size)])
    assert sum(math.exp(one[0]) for one in logs) == pytest.approx(1, abs=1e-5)
    ids = predictor.encoder.encode("and of the people, by the people" * 20)
    alone = predictor.generator.log_probabilities([ids])[0]
    together = predictor.generator.log_probabilities([ids[:3], ids, ids[:100]])
    np.testing.assert_allclose(together[1], alone, atol=1e-4)
    np.testing.assert_allclose(together[2], alone[:100], atol=1e-4)


def test_a_score_tells_of_each_token(predictor):
    surprise = predictor.score("The Ω")
    assert "".join(surprise.tokens[:4]) == "The " and len(surprise.tokens) == 5
    unknown = predictor.generator.log_probabilities(
        [np.append(predictor.encoder.encode("The "), UNKNOWN)]
    )[0]
    assert surprise.log_probabilities[-1] == pytest.approx(unknown[-1], abs=1e-5)
    assert surprise.describe(0).count("bits") == 5 and "perplexity" in surprise.describe(0)
    assert surprise.perplexity == pytest.approx(math.exp(-np.mean(surprise.log_probabilities)))


def test_scores_are_those_of_the_definition():
    texts = ["ab c\n", "dé"]
    logs = [np.log([0.5, 0.25, 0.5, 0.5, 0.5]), np.log([0.5, 0.5])]
    scores = language_report(logs, texts, "characters")
    assert scores["tokens"] == 7 and scores["rows"] == 2
    assert scores["loss"] == pytest.approx(8 * math.log(2) / 7)
    assert scores["perplexity"] == pytest.approx(2 ** (8 / 7))
    assert scores["word_perplexity"] == pytest.approx(2 ** (8 / 4))  # ab, c, the line end, dé
    assert scores["bits_per_character"] == pytest.approx(8 / 7)
    assert scores["bits_per_byte"] == pytest.approx(8 / 8)


def test_learning_while_reading_starts_from_the_same_scores(path, predictor, small_configs):
    documents = load(small_configs("language_model"))["test"]
    before = predictor.model.get_weights()
    still = evaluate(predictor, documents)["scores"]
    report = evaluate(predictor, documents, dynamic_rate=1e-12)
    assert report["scores"]["loss"] == pytest.approx(still["loss"], abs=1e-5)
    assert "learning at 1e-12" in report["signature"]
    repeating = Documents([documents.texts[0][:60] * 40], ends=False)
    still = evaluate(predictor, repeating)["scores"]
    learning = evaluate(predictor, repeating, dynamic_rate=0.5)["scores"]
    assert learning["loss"] < still["loss"] - 0.1
    for one, other in zip(before, predictor.model.get_weights(), strict=True):
        assert (one == other).all()


def test_the_command_writes_as_it_draws_and_scores(path, tmp_path, capsys):
    dispatch(["predict", "language_model", "We", "--model", str(path), "--length", "50"])
    printed = capsys.readouterr().out
    assert printed.startswith("We") and len(printed) > 40
    file, picture = tmp_path / "answers.jsonl", tmp_path / "surprise.png"
    command = [
        "predict",
        "language_model",
        "We\nthe $people$",
        "--model",
        str(path),
        "--json",
        str(file),
    ]
    dispatch([*command, "--score", "--plot", str(picture)])
    answer = json.loads(file.read_text())
    assert len(answer["tokens"]) == 15 and picture.read_bytes().startswith(b"\x89PNG")
    for wrong in (
        ["--length", "0"],
        ["--top-p", "2"],
        ["--n", "5", "--beam-width", "4"],
        ["--stop", ""],
    ):
        with pytest.raises(UsageError):
            dispatch([*command, *wrong])


def test_a_bundle_of_other_tokens_is_no_start(path, small_configs, tmp_path):
    from dataclasses import replace

    from rnnapps.language_model.train import train

    config = small_configs("language_model")
    training = replace(config.training, init_from=str(path), output=str(tmp_path / "out"))
    words = replace(config, training=training, text=replace(config.text, tokens="words"))
    with pytest.raises(UserError, match="its tokens are characters: give --tokens characters"):
        train(words)


def test_a_vocabulary_of_another_network_is_refused(path, tmp_path):
    import shutil

    from rnnapps.bundle_files import seal

    copy = shutil.copytree(path, tmp_path / "copy")
    known = json.loads((copy / "vocabulary.json").read_text())
    (copy / "vocabulary.json").write_text(json.dumps(known[:-1]))
    (copy / "SHA256SUMS").unlink()
    seal(copy)
    with pytest.raises(UserError, match="tokens, and a network for"):
        rnnapps.load(copy)


def test_options_of_the_network_are_checked():
    with pytest.raises(UsageError, match="--weight-drop must be 0 with --cell min_lstm"):
        NextTokenConfig(cell="min_lstm", weight_drop=0.2)
    with pytest.raises(UsageError, match="--beam-width must be at least --n"):
        PredictOptions(n=3, beam_width=2)
