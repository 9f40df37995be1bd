"""What is special to translation; the rest is in tests/test_contract.py.

The bundle that ships translates: it has learnt to.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

import rnnapps
from rnnapps import bundle
from rnnapps.benchmark.prepared import prepare
from rnnapps.commands.main import dispatch
from rnnapps.data.examples import choose_split
from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.errors import UsageError, UserError
from rnnapps.inference.decoding_config import DecodingConfig
from rnnapps.translation import TranslationConfig, data
from rnnapps.translation.config import SubwordConfig
from rnnapps.translation.predictor import TranslationPredictor

SENTENCES = ["He left.", "", "I know Tom.", "  ", "We won.", "Who is it?"]


@pytest.fixture(scope="module")
def translate():
    return rnnapps.load("translation/en-fr")


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


def test_predict_at_the_shell(tmp_path, capsys):
    file = tmp_path / "lines.txt"
    file.write_text("He left.\n\nOù ça ? 猫\n", encoding="utf-8")
    dispatch(["predict", "translation", "--file", str(file)])
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 4 and lines[0] and lines[1] == "" and lines[3] == ""

    dispatch(["predict", "translation", "--n-best", "2", "He left.", "We won."])
    lines = [line.split(" ||| ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["0", "0", "1", "1"]
    assert float(lines[0][2]) >= float(lines[1][2])
    dispatch(["predict", "translation", "--n-best", "2", "--file", str(file)])
    lines = [line.split(" ||| ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["0", "0", "1", "2", "2"]  # an empty one has one only
    assert lines[2][1:] == ["", "0.0000"]

    picture = tmp_path / "alignment.png"
    dispatch(["predict", "translation", "--json", "-", "--plot", str(picture), "He left."])
    answer = json.loads(capsys.readouterr().out)
    assert answer["source"] == "He left." and answer["translation"] == answer["hypotheses"][0]["text"]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--plot", "a.png", "one", "two"], "--plot draws one answer: give one text"),
        (["--plot", "a.png", "-"], "--plot draws one answer: give one text"),
        (["--plot", "nowhere/a.png", "one"], "nowhere: cannot write there"),
        (["--json", "nowhere/a.json", "one"], "nowhere: cannot write there"),
        ([], "give either texts"),
    ],
)
def test_wrong_use_is_told_before_the_network_is_loaded(words, message, monkeypatch):
    monkeypatch.setattr(TranslationPredictor, "load", None)
    with pytest.raises(UserError, match=message):
        dispatch(["predict", "translation", *words])


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


def test_references_of_a_table_are_kept_together(tmp_path):
    def scored(file, split):
        config = TranslationConfig(source=ParallelSourceConfig(data=str(file)))
        return choose_split(data.load(config), split, "").scored

    (tmp_path / "pairs.tsv").write_text("en\tfr\nHi.\tSalut.\nHi.\tBonjour.\nGo.\tVa.\n")
    sources, references = scored(tmp_path / "pairs.tsv", "all")
    assert dict(zip(sources, references, strict=True)) == {
        "Hi.": ["Salut.", "Bonjour."],
        "Go.": ["Va."],
    }
    for name in ("train", "test"):
        (tmp_path / f"{name}.en").write_text(f"Hi {name}.\nHi {name}.\n")
        (tmp_path / f"{name}.fr").write_text(f"Salut {name}.\nBonjour {name}.\n")
    sources, references = scored(tmp_path, "test")
    assert sources == ["Hi test.", "Hi test."] and references == [["Salut test."], ["Bonjour test."]]


def test_long_pairs_do_not_train(small_translation_config, caplog):
    parts = data.load(small_translation_config)
    encoders = data.learn_encoders(small_translation_config.text, parts["train"].pairs)
    text = replace(small_translation_config.text, max_tokens=8, bpe_dropout=0.1)
    with caplog.at_level("INFO"):
        batches, _ = data.make_batches(replace(small_translation_config, text=text), parts, encoders)
    assert "training pairs of more than 8 tokens left out" in caplog.text
    assert 0 < len(batches.sequences) < len(parts["train"])
    assert len(batches.resample(0)) == len(batches.sequences)
    with pytest.raises(UserError, match="no training pair has at most 4 tokens: raise --max-tokens"):
        text = replace(text, max_tokens=4)
        few = parts | {"train": replace(parts["train"], pairs=parts["train"].pairs[-3:])}
        data.make_batches(replace(small_translation_config, text=text), few, encoders)


def test_one_vocabulary_for_both_languages(small_translation_config):
    parts = data.load(small_translation_config)
    text = replace(small_translation_config.text, shared_vocabulary=True)
    source, target = data.learn_encoders(text, parts["train"].pairs)
    assert source is target
    assert len(source.encode(["Salut."])[0]) < 6 and len(source.encode(["Hello."])[0]) < 6


def test_the_bundle_that_ships_is_better_than_its_baselines():
    metrics = bundle.read_metrics(bundle.find("translation/en-fr"))
    for scores in metrics["baselines"].values():
        assert metrics["scores"]["chrf"] > scores["chrf"] + 10
        assert metrics["scores"]["bleu"] > scores["bleu"] + 10


def test_pretrained_vectors_of_both_languages(small_translation_config, tmp_path):
    file = tmp_path / "vectors.txt"
    vector = np.linspace(-1, 1, 16)
    file.write_text("a " + " ".join(map(str, vector)) + "\n")
    text = replace(
        small_translation_config.text, source_embeddings=str(file), target_embeddings=str(file)
    )
    model = prepare("translation", replace(small_translation_config, text=text)).model
    for layer in (model.get_layer("source_embedding"), model.get_layer("decoder").embedding):
        assert (np.abs(layer.get_weights()[0] - vector).max(axis=1) < 1e-6).any()
