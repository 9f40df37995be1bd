"""Scores of captions, as papers on captioning have them."""

from collections.abc import Collection, Sequence
from importlib.metadata import version
from itertools import chain, zip_longest
from math import prod
from typing import Any

from rnnapps.errors import UserError
from rnnapps.metrics.caption_tokens import caption_tokens


def caption_report(
    captions: Sequence[str],
    references: Sequence[Sequence[str]],
    training: Collection[str] | None = None,
) -> dict[str, Any]:
    """Score captions against one or more references each.

    BLEU, ROUGE-L (Lin 2004) and CIDEr are those of the COCO evaluation, in hundredths as papers print
    them. Captions of the same tokens (`rnnapps.metrics.caption_tokens`) are the same caption.

    Args:
        captions: what is scored, `(pictures,)`.
        references: the captions by people of each picture, `(pictures, 1 or more)`; all are used, and
            their numbers may differ.
        training: the captions that were learnt from.

    Returns:
        A dict for JSON: rows (pictures); the scores of `bleu_scores`; `rouge_l`, 0 to 100; `cider`, 0 to
        1000, the mean of `cider_by_picture`, None of a single picture; the share of captions that stand
        among their references (`exact_match`); the mean number of tokens of a caption (`words`) and of a
        reference (`reference_words`); the number of distinct tokens in the captions (`vocabulary`); with
        `training`, the share of captions that do not stand in it (`unseen`); the signature of these.

    Raises:
        ValueError: as `bleu_scores`.
        UserError: as `import_scorers`.
    """
    texts, answers = _tokenised(captions, references)
    ciders = _cider(texts, answers)
    rouge_l, _ = import_scorers()[0].compute_score(*_by_picture(texts, answers))
    numbers = {str(len(row)) for row in answers}
    report = {
        "rows": len(texts),
        **_bleu(texts, answers),
        "rouge_l": 100 * float(rouge_l),
        "cider": None if None in ciders else sum(ciders) / len(ciders),
        "exact_match": sum(text in row for text, row in zip(texts, answers, strict=True)) / len(texts),
        "words": _mean_words(texts),
        "reference_words": _mean_words([*chain(*answers)]),
        "vocabulary": len({token for text in texts for token in text.split()}),
        "signature": f"tokens:ptb-lowercase-without-punctuation"
        f"|refs:{'var' if len(numbers) > 1 else numbers.pop()}"
        f"|bleu:corpus-closest-length|sacrebleu:{version('sacrebleu')}"
        f"|rouge-l:beta-1.2|cider:d-weights-of-these-references|pycocoevalcap:{version('pycocoevalcap')}",
    }
    if training is not None:
        seen = {_tokens(caption) for caption in training}
        report["unseen"] = sum(text not in seen for text in texts) / len(texts)
    return report


def bleu_scores(captions: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """BLEU of up to 1, 2, 3 and 4 words (Papineni et al. 2002) of captions, without an extra.

    sacreBLEU (Post 2018) counts; the figures are those of pycocoevalcap. Only where not one run of n
    words is right, this is 0 and that is some thousandths.

    Args:
        captions: `(pictures,)`.
        references: `(pictures, 1 or more)`.

    Returns:
        `bleu_1` to `bleu_4`, 0 to 100.

    Raises:
        ValueError: no captions, or not one or more references for each, or no word in any reference.
    """
    return _bleu(*_tokenised(captions, references))


def cider_by_picture(
    captions: Sequence[str], references: Sequence[Sequence[str]]
) -> list[float] | list[None]:
    """CIDEr (Vedantam et al. 2015, its variant D, as all print it) of each caption.

    A word counts the more, the fewer of the pictures have it in their references: the weights come from
    the references given. So a score is to be held beside scores of the same pictures only, of few
    pictures it says little, and a single picture has none.

    Args:
        captions: `(pictures,)`.
        references: `(pictures, 1 or more)`.

    Returns:
        0 to 1000 for each picture, `(pictures,)`; `[None]` for a single one.

    Raises:
        ValueError: as `bleu_scores`.
        UserError: as `import_scorers`.
    """
    return _cider(*_tokenised(captions, references))


def import_scorers() -> tuple[Any, Any]:
    """Scorers of ROUGE-L and CIDEr of the extra `caption-metrics`; they need no Java.

    Raises:
        UserError: its package is missing.
    """
    try:
        from pycocoevalcap.cider.cider import Cider
        from pycocoevalcap.rouge.rouge import Rouge
    except ImportError:
        raise UserError(
            "the scores of captions need pycocoevalcap: pip install rnnapps[caption-metrics]"
        ) from None
    return Rouge(), Cider()


def _tokens(caption: str) -> str:
    return " ".join(caption_tokens(caption))


def _tokenised(
    captions: Sequence[str], references: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[str]]]:
    if not captions or len(captions) != len(references) or not all(references):
        raise ValueError(
            f"{len(captions)} captions and {len(references)} lists of references: "
            f"each caption needs one or more references"
        )
    answers = [[_tokens(reference) for reference in row] for row in references]
    if not any(chain(*answers)):
        raise ValueError("the references have not one word")
    return [_tokens(caption) for caption in captions], answers


def _bleu(texts: list[str], answers: list[list[str]]) -> dict[str, float]:
    from sacrebleu.metrics import BLEU

    metric = BLEU(tokenize="none", smooth_method="none", force=True)
    # None stands for a reference that a picture does not have.
    score = metric.corpus_score(texts, list(zip_longest(*answers)))
    return {f"bleu_{n}": score.bp * prod(score.precisions[:n]) ** (1 / n) for n in range(1, 5)}


def _cider(texts: list[str], answers: list[list[str]]) -> list[Any]:
    _, cider = import_scorers()
    if len(texts) == 1:
        return [None]
    _, scores = cider.compute_score(*_by_picture(texts, answers))
    return (100 * scores).tolist()


def _by_picture(texts: list[str], answers: list[list[str]]) -> tuple[dict, dict]:
    """References and captions in the form of pycocoevalcap's scorers."""
    return dict(enumerate(answers)), {number: [text] for number, text in enumerate(texts)}


def _mean_words(texts: list[str]) -> float:
    return sum(len(text.split()) for text in texts) / len(texts)
