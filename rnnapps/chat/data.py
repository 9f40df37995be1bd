"""Conversations in; token ids, and replies to be chosen among others, out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from rnnapps import datasets
from rnnapps.chat.config import ChatConfig
from rnnapps.data.text.documents import Documents, read_documents
from rnnapps.data.text.lane_batches import LaneBatches, lane_batches
from rnnapps.data.text.token_encoder import TokenEncoder
from rnnapps.errors import UserError

Replies = TypeVar("Replies", str, tuple[str, ...])

EMBEDDED = "conversations"
TURN = "\n"
CONTEXT = 6  # turns that a reply is chosen by
CANDIDATES = 10  # replies to choose from: the true one, and those of other conversations
MOST = 500  # replies that are chosen, of a split


class Choice(NamedTuple):
    """A reply to be found among others."""

    context: str
    """the turns before it, each a line"""
    replies: tuple[str, ...]
    """the true one first"""


def load(config: ChatConfig, examples: Any = None, labels: None = None) -> dict[str, Documents]:
    """Load the splits "train", "validation" and "test" of a source, each document a conversation.

    Args:
        config: names the source.
        examples: instead of a source, the columns of its table in memory (`rnnapps.data.columns`).
        labels: none; other applications have them.

    Raises:
        UserError: see `rnnapps.data.text.documents.read_documents`; also a split without a reply.
    """
    file = datasets.path(f"{EMBEDDED}/conversations.jsonl.xz")
    splits = read_documents(config.source, file, examples)
    for split, some in splits.items():
        if some.texts and not any(TURN in text.strip() for text in some.texts):
            raise UserError(
                f"{config.source.data}: no conversation of the {split} split has two turns, each a line"
            )
    return splits


def make_batches(
    config: ChatConfig, splits: dict[str, Documents], encoder: TokenEncoder
) -> tuple[LaneBatches, LaneBatches]:
    """The training and validation conversations in lanes, a piece of each in a batch."""
    training, known = config.training, splits["train"]
    turns = [f"{turn}{TURN}" for turn in alone(known.texts, config.alone)]
    splits = splits | {"train": replace(known, texts=known.texts + turns)}
    return lane_batches(splits, encoder, config.pieces, training.batch_size, training.seed)


def replies(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Each reply of conversations behind its context, the last turns before it."""
    found = []
    for text in texts:
        turns = text.split(TURN)
        for place in range(1, len(turns)):
            found.append((TURN.join(turns[max(0, place - CONTEXT) : place]), turns[place]))
    return found


def all_turns(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Each turn of conversations behind its context, which is empty for the first."""
    return [("", text.split(TURN)[0]) for text in texts] + replies(texts)


def alone(texts: Sequence[str], share: float) -> list[str]:
    """So many turns of conversations, evenly spread."""
    some = all_turns(texts)[:: round(1 / share)] if share else []
    return [turn for _, turn in some if turn.strip()]


def last_turns(pairs: Iterable[tuple[str, Replies]]) -> list[tuple[str, Replies]]:
    """A reply, or several, behind the one turn that they reply to, of pairs with its whole context."""
    return [(context.rpartition(TURN)[2], reply) for context, reply in pairs]


def choices(texts: Sequence[str]) -> list[Choice]:
    """Replies of conversations with others to be chosen from, the same in every run."""
    pairs = [pair for pair in replies(texts) if pair[0].strip() and pair[1].strip()]
    random = np.random.default_rng(0)
    chosen = random.permutation(len(pairs))[:MOST]
    pool = sorted({reply for _, reply in pairs})
    found = []
    for number in chosen.tolist():
        context, reply = pairs[number]
        others = [pool[place] for place in random.permutation(len(pool))[:CANDIDATES].tolist()]
        others = [other for other in others if other != reply][: CANDIDATES - 1]
        found.append(Choice(context, (reply, *others)))
    return found
