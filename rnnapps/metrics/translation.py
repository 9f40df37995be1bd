"""Scores of translations, as sacreBLEU has them."""

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any

# Scripts that do not part words by spaces: sacreBLEU's own tokenizer, or characters.
TOKENIZERS = {"zh": "zh", "ja": "char", "th": "char", "lo": "char", "km": "char", "my": "char"}


def translation_report(
    translations: Sequence[str],
    references: Sequence[Sequence[str]],
    language: str = "",
    tokenised: bool = False,
) -> dict[str, Any]:
    """Score translations against one or more references each.

    BLEU (Papineni et al. 2002) and chrF (Popovic 2015), cased and lower-cased, compare with whatever
    else was scored by sacreBLEU (Post 2018). Papers on Multi30k tokenise and lower-case their text
    beforehand and score the tokens, which `bleu_tokenised_lowercase` is to be held beside. Text that
    was tokenised as theirs (`tokenised`) is scored as it is (`tok:none`). Other text is scored with
    "intl", which parts all punctuation from the words, where "13a" leaves apostrophes and hyphens in
    them: this is near to such papers, and too high for a language with many apostrophes.

    Args:
        translations: what is scored, `(rows,)`.
        references: of each translation its references, `(rows, 1 or more)`; their numbers may differ.
        language: of the translations, such as "de"; it decides on the tokenizer of Chinese, Japanese,
            Thai, Lao, Khmer and Burmese.
        tokenised: the texts are tokens with spaces between them.

    Returns:
        A dict for JSON: rows, the five scores from 0 to 100, the mean number of words (by white space)
        of a translation (`words`) and of a reference (`reference_words`), and the signature of the
        scores.

    Raises:
        ValueError: no translations, or not one or more references for each.
    """
    from sacrebleu.metrics import BLEU, CHRF

    if not translations or len(translations) != len(references) or not all(references):
        raise ValueError(
            f"{len(translations)} translations and {len(references)} lists of references: "
            f"each translation needs one or more references"
        )
    tokenizer = TOKENIZERS.get(language.replace("_", "-").split("-")[0].lower(), "13a")
    words = "none" if tokenised else "intl" if tokenizer == "13a" else tokenizer
    metrics = {
        "bleu": BLEU(tokenize=tokenizer, force=True),
        "bleu_lowercase": BLEU(tokenize=tokenizer, lowercase=True, force=True),
        "bleu_tokenised_lowercase": BLEU(tokenize=words, lowercase=True, force=True),
        "chrf": CHRF(),
        "chrf_lowercase": CHRF(lowercase=True),
    }
    streams = list(zip_longest(*references))  # None stands for a reference that a row does not have
    scores = {name: metric.corpus_score(translations, streams).score for name, metric in metrics.items()}
    return {
        "rows": len(translations),
        **scores,
        "words": _mean_words(translations),
        "reference_words": _mean_words(list(chain.from_iterable(references))),
        "signature": "; ".join(f"{name} {metric.get_signature()}" for name, metric in metrics.items()),
    }


def _mean_words(texts: Sequence[str]) -> float:
    return sum(len(text.split()) for text in texts) / len(texts)
