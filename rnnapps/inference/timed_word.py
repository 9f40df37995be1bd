"""Words with their times."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnapps.inference.transcript import TimedCharacter


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word, the seconds from and to which it lasts, and how sure it is (from 0 to 1)."""

    word: str
    start: float
    end: float
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "word": self.word,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "confidence": round(self.confidence, 4),
        }


def timed_words(
    characters: "Iterable[TimedCharacter]", seconds: float, begin: float = 0.0, delay: float = 0.0
) -> tuple[TimedWord, ...]:
    """The words that characters are, divided by spaces.

    A word begins `delay` before its first character is written, and ends with its last, or where the
    next one begins; it is as sure as its characters are on average.

    Args:
        characters: with times in shares of the whole.
        seconds: of the whole.
        begin: seconds at which the whole begins.
        delay: seconds by which characters are written behind their sounds.
    """
    words: list[list[TimedCharacter]] = [[]]
    for one in characters:
        if one.character.isspace():
            words.append([])
        else:
            words[-1].append(one)
    words = [some for some in words if some]
    starts = [max(0.0, begin + some[0].start * seconds - delay) for some in words]
    ends = [begin + some[-1].end * seconds for some in words]
    for place, (start, following) in enumerate(pairwise(starts)):
        if start < following:
            ends[place] = min(ends[place], following)
    return tuple(
        TimedWord(
            "".join(one.character for one in some),
            start,
            end,
            sum(one.confidence for one in some) / len(some),
        )
        for some, start, end in zip(words, starts, ends, strict=True)
    )
