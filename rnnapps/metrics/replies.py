"""Scores of replies."""

import re
from collections.abc import Sequence
from itertools import pairwise

WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")


def variety(replies: Sequence[str]) -> dict[str, float]:
    """How various replies are (Li et al. 2016): the different words (distinct-1) and pairs of words
    (distinct-2) of all replies, as shares of all their words and pairs; and the words of a reply.
    """
    texts = [WORD.findall(reply.lower()) for reply in replies]
    words = [word for text in texts for word in text]
    pairs = [pair for text in texts for pair in pairwise(text)]
    return {
        "distinct_1": len(set(words)) / max(1, len(words)),
        "distinct_2": len(set(pairs)) / max(1, len(pairs)),
        "reply_words": len(words) / max(1, len(replies)),
    }
