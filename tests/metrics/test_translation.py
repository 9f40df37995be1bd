import json

import pytest
import sacrebleu

from rnnapps import datasets
from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.data.text.parallel_sources import by_source, read_pairs
from rnnapps.evaluation.translation_memory import TranslationMemory, copy_source
from rnnapps.metrics.translation import translation_report


@pytest.fixture(scope="module")
def parts():
    """The embedded English-French pairs."""
    return read_pairs(ParallelSourceConfig(), datasets.path("translation"))


@pytest.fixture(scope="module")
def references(parts):
    """300 test sentences with their translations."""
    return dict(list(by_source(parts["test"]).items())[::9][:300])


def test_a_perfect_translation_and_a_wrong_one():
    sentences = ["Le chat dort sur le lit.", "J'ai vu deux chiens hier soir."]
    report = translation_report(sentences, [[sentence] for sentence in sentences])
    for name in ("bleu", "bleu_lowercase", "bleu_tokenised_lowercase", "chrf", "chrf_lowercase"):
        assert report[name] == pytest.approx(100)
    assert report["rows"] == 2
    assert report["words"] == report["reference_words"] == 6
    report = translation_report(["x", "y"], [[sentence] for sentence in sentences])
    assert report["bleu"] == report["chrf"] == 0


def test_bleu_by_hand():
    # 4 of 5 words, 2 of 4 pairs, 1 of 3 triples, no quadruple: smoothed to 1/4 (exp); equally long.
    report = translation_report(["a b c x e"], [["a b c d e"]])
    assert report["bleu"] == pytest.approx(100 * (4 / 5 * 2 / 4 * 1 / 3 * 1 / 4) ** 0.25)


def test_lower_case_only_counts_where_it_is_said():
    report = translation_report(["LE CHAT DORT SUR LE LIT ."], [["le chat dort sur le lit ."]])
    assert report["bleu"] < report["bleu_lowercase"] == pytest.approx(100)
    assert report["chrf"] < report["chrf_lowercase"] == pytest.approx(100)


def test_rows_with_different_numbers_of_references(references):
    rows = list(references.values())
    assert len({len(row) for row in rows}) > 2
    last = translation_report([row[-1] for row in rows], rows)
    assert last["bleu"] == pytest.approx(100)
    alone = translation_report([row[-1] for row in rows], [row[:1] for row in rows])
    assert alone["bleu"] < 100
    signature = last["signature"]
    assert signature.count("nrefs:var") == len(signature.split("; "))
    assert "bleu nrefs:1" in alone["signature"]


def test_figures_are_those_of_sacrebleu(references):
    hypotheses, rows = list(references), [row[:1] for row in references.values()]
    report = translation_report(hypotheses, rows)
    stream = [row[0] for row in rows]
    assert report["bleu"] == sacrebleu.corpus_bleu(hypotheses, [stream]).score
    assert report["chrf"] == sacrebleu.corpus_chrf(hypotheses, [stream]).score
    assert json.loads(json.dumps(report)) == report


def test_signatures_say_how_text_was_tokenised():
    def tokenizers(**options):
        signature = translation_report(["un deux"], [["un deux"]], **options)["signature"]
        signatures = dict(one.split(" ", 1) for one in signature.split("; "))
        names = ("bleu", "bleu_lowercase", "bleu_tokenised_lowercase")
        return [signatures[name].split("tok:")[1].split("|")[0] for name in names]

    assert tokenizers() == ["13a", "13a", "intl"]
    assert tokenizers(tokenised=True) == ["13a", "13a", "none"]
    assert tokenizers(language="zh-CN") == ["zh", "zh", "zh"]
    assert tokenizers(language="ja") == ["char", "char", "char"]


@pytest.mark.parametrize(
    ("translations", "references"), [([], []), (["a"], []), (["a"], [[]]), (["a"], [["a"], ["b"]])]
)
def test_rows_without_references(translations, references):
    with pytest.raises(ValueError, match="each translation needs one or more references"):
        translation_report(translations, references)


def test_translation_memory_beats_the_copy(parts, references):
    train = parts["train"][::4]
    memory = TranslationMemory().fit([p.source for p in train], [p.target for p in train])
    rows = list(references.values())
    scores = translation_report(memory.translate(list(references)), rows)
    assert scores["chrf"] > translation_report(copy_source(list(references)), rows)["chrf"] + 10
    assert 5 < scores["bleu"] < 30


def test_translation_memory_knows_what_it_has_seen(parts, monkeypatch):
    train = list({p.source: p for p in parts["train"]}.values())[::40]
    memory = TranslationMemory().fit([p.source for p in train], [p.target for p in train])
    sources, targets = [p.source for p in train], [p.target for p in train]
    found = memory.translate(sources)
    assert sum(a == b for a, b in zip(found, targets, strict=True)) > 0.99 * len(train)
    monkeypatch.setattr("rnnapps.evaluation.translation_memory.CELLS", 7 * len(train))
    assert memory.translate(sources) == found  # in blocks of 7 sentences
    assert memory.translate([]) == []


def test_translation_memory_of_ties_and_strangers():
    memory = TranslationMemory().fit(["Run!", "Run!", "Stop!"], ["Cours !", "Courez !", "Arrête !"])
    assert memory.translate(["run!", "стой", ""]) == ["Cours !"] * 3


def test_translation_memory_of_a_script_without_spaces():
    memory = TranslationMemory().fit(
        ["我喜欢猫。", "他住在北京。"], ["I like cats.", "He lives in Beijing."]
    )
    assert memory.translate(["她喜欢狗。", "我住在上海。"]) == ["I like cats.", "He lives in Beijing."]
