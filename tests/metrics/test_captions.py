import json
import sys

import pytest

from rnnapps.errors import UserError
from rnnapps.metrics.captions import bleu_scores, caption_report, cider_by_picture, import_scorers

CAPTIONS = [
    "A cat sleeps on the red sofa .",
    "Two boys play football in the rain",
    "a woman is riding her bike",
    "The dog doesn't want to swim .",
    "There are three boats near the pier .",
]
REFERENCES = [
    [
        "A cat is sleeping on a red sofa.",
        "The cat sleeps on the red couch, its eyes closed.",
        "A cat naps",
    ],
    ["Two boys play football in the rain.", "Kids kick a ball on a wet field"],
    [
        "A woman rides her bicycle past St. Anne's church.",
        "A lady on a bike, wearing a blue t-shirt",
        "The woman's riding a bicycle.",
    ],
    ["The dog doesn't want to get wet!", "A dog stands at the pool"],
    [
        "Three boats are moored (at the pier).",
        "Some boats near a pier",
        "3 boats on the water; nobody's there",
    ],
]
# By pycocoevalcap 1.2 alone, its tokenizer included, times 100.
COCO = {
    "bleu_1": 91.3897931045006,
    "bleu_2": 80.16278776033381,
    "bleu_3": 67.82358684418563,
    "bleu_4": 61.548071635802245,
    "rouge_l": 68.99835550564299,
    "cider": 283.1422617890757,
}
COCO_CIDERS = [269.27405740, 500.0, 86.19501743, 395.49952468, 164.74270944]


def test_scores_are_those_of_the_coco_evaluation(capsys):
    report = caption_report(CAPTIONS, REFERENCES)
    assert {name: report[name] for name in COCO} == pytest.approx(COCO, abs=1e-6)
    assert cider_by_picture(CAPTIONS, REFERENCES) == pytest.approx(COCO_CIDERS, abs=1e-6)
    assert bleu_scores(CAPTIONS, REFERENCES) == {f"bleu_{n}": report[f"bleu_{n}"] for n in range(1, 5)}
    assert capsys.readouterr().out == ""  # which pycocoevalcap writes to


def test_bleu_is_that_of_pycocoevalcap():
    from pycocoevalcap.bleu.bleu import Bleu

    texts = ["a b c d e f", "g h i", "a c e g i k m"]
    answers = [["a b c d f", "a b c d e f g"], ["g h i j k"], ["a c e g i", "k m a c e g", "i k m o"]]
    theirs, _ = Bleu(4).compute_score(dict(enumerate(answers)), {i: [t] for i, t in enumerate(texts)}, 0)
    ours = list(bleu_scores(texts, answers).values())
    assert ours == pytest.approx([100 * score for score in theirs], abs=1e-6)
    assert bleu_scores(["a b x"], [["a b c"]])["bleu_3"] == 0


def test_report():
    report = caption_report(CAPTIONS, REFERENCES, ["a cat sleeps on the red sofa!", "A dog"])
    assert json.loads(json.dumps(report)) == report
    assert report["rows"] == 5
    assert report["exact_match"] == 0.2  # the boys
    assert report["unseen"] == 0.8  # all but the cat
    assert (report["words"], report["reference_words"]) == (34 / 5, 97 / 13)
    assert report["vocabulary"] == 30
    assert "|refs:var|" in report["signature"] and "|pycocoevalcap:" in report["signature"]
    assert "|refs:1|" in caption_report(["a", "b"], [["a"], ["c"]])["signature"]
    assert "unseen" not in caption_report(["a", "b"], [["a"], ["c"]])


def test_the_best_and_the_worst():
    best = caption_report([row[0] for row in REFERENCES], [row[:1] for row in REFERENCES], [])
    assert best["bleu_4"] == best["rouge_l"] == pytest.approx(100)
    assert best["cider"] == pytest.approx(1000)
    assert best["exact_match"] == best["unseen"] == 1
    worst = caption_report(["", "zebra", "...", "", ""], REFERENCES)
    assert [worst[name] for name in COCO] == [0] * 6
    assert worst["vocabulary"] == 1


def test_a_picture_alone_has_no_cider():
    assert cider_by_picture(CAPTIONS[:1], REFERENCES[:1]) == [None]
    report = caption_report(CAPTIONS[:1], REFERENCES[:1])
    assert report["cider"] is None and report["bleu_1"] > 50


def test_names_in_a_script_without_spaces():
    report = caption_report(["笑っている顔", "赤いハート"], [["にっこり笑っている顔"], ["赤いハート"]])
    assert 0 < report["bleu_4"] < 100 and report["exact_match"] == 0.5


@pytest.mark.parametrize(
    ("captions", "references"), [([], []), (["a"], []), (["a"], [[]]), (["a"], [["a"], ["b"]])]
)
@pytest.mark.parametrize("score", [caption_report, cider_by_picture, bleu_scores])
def test_pictures_without_references(captions, references, score):
    with pytest.raises(ValueError, match="each caption needs one or more references"):
        score(captions, references)


def test_references_without_words():
    with pytest.raises(ValueError, match="the references have not one word"):
        caption_report(["a", "b"], [["..."], [""]])


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycocoevalcap.cider.cider", None)
    for call in (import_scorers, lambda: caption_report(CAPTIONS, REFERENCES)):
        with pytest.raises(UserError, match=r"pip install rnnapps\[caption-metrics\]$"):
            call()
    assert bleu_scores(CAPTIONS, REFERENCES)["bleu_1"] > 90
