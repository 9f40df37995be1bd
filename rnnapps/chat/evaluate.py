"""Score a chat beside its baselines.

On the conversations that were held out of its training, or on others:

    rnnapps evaluate chat --model runs/chat
    rnnapps evaluate chat --data my_conversations.txt --json scores.json

A reply is scored in two ways: how often the network prefers the true one among ten (hits at 1), and how
various its own replies are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.chat.config import ConversationSourceConfig
from rnnapps.chat.data import TURN, Choice, choices, last_turns, replies
from rnnapps.data.text.documents import Documents, encode_documents
from rnnapps.evaluation.options import EvaluationOptions
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, scores_table

if TYPE_CHECKING:
    from rnnapps.chat.predictor import ChatPredictor

COLUMNS: dict[str, Column] = {
    "perplexity": ("perplexity by token", "{:,.1f}"),
    "bits_per_character": ("bits by character", "{:.3f}"),
    "hits": ("hits at 1 of 10", "{:.1%}"),
    "distinct_1": ("distinct-1", "{:.3f}"),
    "distinct_2": ("distinct-2", "{:.3f}"),
    "reply_words": ("words a reply", "{:.1f}"),
}
REPLIES = 200  # contexts that are replied to, for the variety of the replies


def evaluate(predictor: "ChatPredictor", conversations: Documents) -> dict[str, Any]:
    """Score a chat on conversations.

    Returns:
        The report: the scores of `rnnapps.metrics.language.language_report` over all turns, and those
        of `rnnapps.metrics.replies`; the baseline is a reply of the ten at random.
    """
    from rnnapps.metrics.language import language_report
    from rnnapps.metrics.replies import variety

    ids, tokens = encode_documents(conversations, predictor.encoder), predictor.config.text.tokens
    values = predictor.generator.log_probabilities(ids)
    scores = language_report(values, conversations.texts, tokens)
    some = choices(conversations.texts)
    answers = predictor([choice.context for choice in some[:REPLIES]])
    scores["hits"] = hits(gains(predictor, some), some)
    scores |= variety([answer.reply for answer in answers])
    scores["signature"] += f"|hits:1 of 10, {len(some)} replies"
    chance = {"rows": len(conversations), "hits": 0.1, "signature": scores["signature"]}
    return report(conversations.digest(), scores, {"one at random": chance})


def gains(predictor: "ChatPredictor", some: Sequence[Choice]) -> list[float]:
    """What each reply of choices gains by its context: log P(reply | context) - log P(reply)."""
    encoder, generator = predictor.encoder, predictor.generator
    known, alone, sizes = [], [], []
    for choice in some:
        before = encoder.encode(choice.context + TURN)
        for reply in choice.replies:
            ids = encoder.encode(reply + TURN)
            known.append(np.concatenate([before, ids]))
            alone.append(ids)
            sizes.append(len(ids))
    return [
        float(value[-size:].sum() - prior.sum())
        for value, prior, size in zip(
            generator.log_probabilities(known), generator.log_probabilities(alone), sizes, strict=True
        )
    ]


def hits(values: Sequence[float], some: Sequence[Choice]) -> float:
    """How often the true reply of a choice gains most, of what `gains` gives."""
    right, place = 0, 0
    for choice in some:
        own = values[place : place + len(choice.replies)]
        right += own[0] > max(own[1:], default=-np.inf)
        place += len(choice.replies)
    return right / len(some)


def retrieval_scores(known: Sequence[str], texts: Sequence[str]) -> dict[str, float]:
    """The scores of retrieval by TF-IDF, from the conversations of the training, on others."""
    from rnnapps.evaluation.retrieval import Retrieval
    from rnnapps.metrics.replies import variety

    retrieval, some = Retrieval(last_turns(replies(known))), last_turns(choices(texts))
    right = [retrieval.choose(said, candidates) == 0 for said, candidates in some]
    answers = retrieval.reply([said for said, _ in some[:REPLIES]])
    return {"hits": sum(right) / len(right)} | variety(answers)


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown."""
    return scores_table(report, COLUMNS)


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test conversations of its source, or on other conversations."""

    model: str = "chat"
    """path or name of a bundle"""
    source: ConversationSourceConfig = ConversationSourceConfig()
