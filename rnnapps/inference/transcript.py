"""Texts that were read or heard, character by character."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TimedCharacter:
    """A character, how sure it is (from 0 to 1), and the frames from and to which it lasts: from
    `start` up to, but without, `end`, in shares of the whole.
    """

    character: str
    confidence: float
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """A text with its characters in reading order; `score` is what ranks it among others."""

    text: str
    score: float
    characters: tuple[TimedCharacter, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "text": self.text,
            "score": round(self.score, 6),
            "characters": [
                {
                    "character": one.character,
                    "confidence": round(one.confidence, 4),
                    "start": round(one.start, 4),
                    "end": round(one.end, 4),
                }
                for one in self.characters
            ],
        }


def with_others(best: dict[str, Any], hypotheses: tuple[Transcript, ...]) -> dict[str, Any]:
    """An answer for JSON, with all texts that were found if there are several."""
    if len(hypotheses) < 2:
        return best
    others = [{"text": one.text, "score": round(one.score, 6)} for one in hypotheses]
    return best | {"hypotheses": others}
