"""A translator of a few thousand weights: trained, loaded, asked, scored."""

import json
from dataclasses import replace

import numpy as np
import pytest

import rnnapps
from rnnapps import bundle
from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.inference.decoding_config import DecodingConfig
from rnnapps.errors import UsageError, UserError
from rnnapps.translation import TranslationConfig, data, evaluate
from rnnapps.translation import infer as infer_module
from rnnapps.translation.config import SubwordConfig
from rnnapps.translation.evaluate import main as evaluate_command
from rnnapps.translation.predictor import main as predict_command

SENTENCES = ["He left.", "", "I know Tom.", "  ", "We won.", "Who is it?"]


@pytest.fixture(scope="module")
def translate(small_translation):
    return rnnapps.load(small_translation)


def test_it_learns(small_translation):
    """Twenty epochs over 360 pairs: enough to write French, not to translate."""
    metrics = bundle.read_json(small_translation / "metrics.json")
    assert metrics["training"]["valid_loss"] < 0.8 * np.log(600)
    assert metrics["chrf"] > 5
    assert 1 < metrics["words"]["translation"] < 10
    copy, memory = metrics["baselines"].values()
    assert copy["signatures"] == memory["signatures"] == metrics["signatures"]
    assert metrics["environment"]["backend"].startswith("tensorflow")


def test_bundle_tells_all_about_itself(small_translation):
    card = (small_translation / "card.md").read_text(encoding="utf-8")
    assert "# Translation: en to fr" in card and "--units 32" in card and "nrefs:" in card
    for name in ("learning_curve.png", "alignment.png"):
        assert (small_translation / name).read_bytes().startswith(b"\x89PNG")


def test_empty_lines_stay_where_they_are(translate):
    found = translate(SENTENCES)
    assert [one.source for one in found] == SENTENCES
    assert [bool(one.text) for one in found] == [bool(text.strip()) for text in SENTENCES]
    assert translate([]) == []


def test_a_batch_gives_what_each_sentence_gives_alone(translate):
    found = translate(SENTENCES)
    for sentence, together in zip(SENTENCES, found, strict=True):
        alone = translate(sentence)
        assert alone.text == together.text
        assert alone.hypotheses[0].score == pytest.approx(together.hypotheses[0].score, abs=1e-4)


def test_n_best_are_different_and_in_order(translate):
    decoding = DecodingConfig(beam_width=4, n_best=4, length_penalty=0.0)
    found = translate("I know Tom.", decoding).hypotheses
    assert len({hypothesis.text for hypothesis in found}) > 1
    scores = [hypothesis.score for hypothesis in found]
    assert scores == sorted(scores, reverse=True)
    assert scores == pytest.approx([hypothesis.log_probability for hypothesis in found])
    greedy = translate("I know Tom.", DecodingConfig(beam_width=1)).hypotheses[0]
    assert greedy.log_probability <= scores[0] + 1e-4


def test_alignments_are_shares_of_the_source_words(translate):
    alignment = translate("I know Tom.").hypotheses[0].alignment
    assert alignment.source == ("I", "know", "Tom", ".", "</s>")
    assert alignment.weights.shape == (len(alignment.target), 5)
    np.testing.assert_allclose(alignment.weights.sum(axis=1), 1, atol=1e-5)


def test_scores_of_the_search_are_those_of_the_network(translate):
    """The log-probability of a hypothesis is what teacher forcing gives it."""
    from rnnapps.data.text.pair_batches import PairBatches

    best = translate("We won.", DecodingConfig(length_penalty=0.0)).hypotheses[0]
    source = translate.source_encoder.encode(["We won."])[0]
    target = translate.target_encoder.encode([best.text])[0]
    ((inputs, targets, weights),) = PairBatches([(source, target)], 1).in_order_of_length()
    logits = np.asarray(translate.model.predict_on_batch(list(inputs)), "float64")
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_probabilities, targets[..., None], axis=-1)[..., 0]
    assert best.finished
    assert best.log_probability == pytest.approx((chosen * weights).sum(), abs=1e-3)


def test_a_long_text_is_refused_not_cut(translate):
    with pytest.raises(UserError, match="sentence 2: a sentence of 5,000 words .*split it"):
        translate(["fine", "word " * 5000])
    with pytest.raises(UserError, match=r"sentence 1 \(字字.*tokens \(2,000 are allowed\): split it"):
        translate("字" * 3000)  # which has no spaces


def test_predict_at_the_shell(small_translation, tmp_path, capsys):
    file = tmp_path / "lines.txt"
    file.write_text("He left.\n\nOù ça ? 猫\n", encoding="utf-8")
    predict_command(["--model", str(small_translation), "--file", str(file)])
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 4 and lines[0] and lines[1] == "" and lines[3] == ""

    predict_command(["--model", str(small_translation), "--n-best", "2", "He left.", "We won."])
    lines = [line.split(" ||| ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["0", "0", "1", "1"]
    assert float(lines[0][2]) >= float(lines[1][2])

    picture = tmp_path / "alignment.png"
    words = ["--model", str(small_translation), "--json", "--attention", str(picture), "He left."]
    predict_command(words)
    answer = json.loads(capsys.readouterr().out)
    assert answer["source"] == "He left." and answer["translation"] == answer["hypotheses"][0]["text"]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--attention", "a.png", "one", "two"], "--attention draws one sentence"),
        (["--attention", "a.png", "-"], "--attention draws one sentence"),
        (["--attention", "nowhere/a.png", "one"], "nowhere: cannot write there"),
        ([], "give either texts"),
    ],
)
def test_wrong_use_is_told_before_the_network_is_loaded(words, message, monkeypatch):
    monkeypatch.setattr(infer_module, "load", None)
    with pytest.raises(UserError, match=message):
        predict_command(words)


def test_wrong_values_name_their_flag():
    with pytest.raises(UsageError, match=r"--n-best must be from 1 to --beam-width \(5\), got 6"):
        DecodingConfig(n_best=6)
    with pytest.raises(UsageError, match="--length-penalty must be at least 0"):
        DecodingConfig(length_penalty=-1)
    with pytest.raises(UsageError, match="--label-smoothing"):
        TranslationConfig(label_smoothing=1.0)
    with pytest.raises(UsageError, match="--target-embeddings"):
        training = replace(TranslationConfig().training, init_from="translation")
        TranslationConfig(text=SubwordConfig(target_embeddings="a.txt"), training=training)


def test_evaluate_at_the_shell(small_translation, tmp_path, capsys):
    file = tmp_path / "scores.json"
    evaluate_command(["--model", str(small_translation), "--json", str(file)])
    printed = capsys.readouterr().out
    scores, stored = (bundle.read_json(path) for path in (file, small_translation / "metrics.json"))
    assert {name: scores[name] for name in ("bleu", "chrf", "baselines", "data")} == {
        name: stored[name] for name in ("bleu", "chrf", "baselines", "data")
    }
    assert "most similar training sentence" in printed and "tok:13a" in printed

    evaluate_command(["--model", str(small_translation), "--part", "valid", "--beam-width", "1"])
    assert "(valid)" in capsys.readouterr().out


def test_references_of_a_table_are_kept_together(tmp_path):
    (tmp_path / "pairs.tsv").write_text("en\tfr\nHi.\tSalut.\nHi.\tBonjour.\nGo.\tVa.\n")
    source = ParallelSourceConfig(data=str(tmp_path / "pairs.tsv"))
    sources, references = data.load_part(source, "all")
    assert dict(zip(sources, references, strict=True)) == {
        "Hi.": ["Salut.", "Bonjour."],
        "Go.": ["Va."],
    }
    for name in ("train", "test"):
        (tmp_path / f"{name}.en").write_text(f"Hi {name}.\nHi {name}.\n")
        (tmp_path / f"{name}.fr").write_text(f"Salut {name}.\nBonjour {name}.\n")
    source = ParallelSourceConfig(data=str(tmp_path))
    sources, references = data.load_part(source, "test")
    assert sources == ["Hi test.", "Hi test."] and references == [["Salut test."], ["Bonjour test."]]


def test_long_pairs_do_not_train(small_translation_config, caplog):
    parts = data.load(small_translation_config.source)
    encoders = data.learn_encoders(small_translation_config.text, parts["train"])
    text = replace(small_translation_config.text, max_tokens=8, bpe_dropout=0.1)
    with caplog.at_level("INFO"):
        batches, _ = data.make_batches(replace(small_translation_config, text=text), parts, encoders)
    assert "training pairs of more than 8 tokens left out" in caplog.text
    assert 0 < len(batches.sequences) < len(parts["train"])
    assert len(batches.resample(0)) == len(batches.sequences)
    with pytest.raises(UserError, match="no training pair has at most 4 tokens: raise --max-tokens"):
        text = replace(text, max_tokens=4)
        few = {"train": parts["train"][-3:], "valid": parts["valid"]}
        data.make_batches(replace(small_translation_config, text=text), few, encoders)


def test_one_vocabulary_for_both_languages(small_translation_config):
    parts = data.load(small_translation_config.source)
    text = replace(small_translation_config.text, shared_vocabulary=True)
    source, target = data.learn_encoders(text, parts["train"])
    assert source is target
    assert len(source.encode(["Salut."])[0]) < 6 and len(source.encode(["Hello."])[0]) < 6


def test_it_is_no_bundle_of_another_application(small_bundle):
    with pytest.raises(UserError, match="a bundle of the application 'sentiment', expected translation"):
        infer_module.load(small_bundle)


def test_evaluate_from_python(translate):
    report = evaluate(translate, ["He left."], [["Il est parti.", "Il partit."]], "fr")
    assert report["rows"] == 1 and report["decoding"]["beam_width"] == 5
