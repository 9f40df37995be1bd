"""Words with their times."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    characters: "Iterable[TimedCharacter]", seconds: float, begin: float = 0.0
) -> tuple[TimedWord, ...]:
    """The words that characters are, divided by spaces.

    A word lasts from its first character to its last; it is as sure as its characters are on average.

    Args:
        characters: with times in shares of the whole.
        seconds: of the whole.
        begin: seconds at which the whole begins.
    """
    words: list[list[TimedCharacter]] = [[]]
    for one in characters:
        if one.character.isspace():
            words.append([])
        else:
            words[-1].append(one)
    return tuple(
        TimedWord(
            "".join(one.character for one in some),
            begin + some[0].start * seconds,
            begin + some[-1].end * seconds,
            sum(one.confidence for one in some) / len(some),
        )
        for some in words
        if some
    )
