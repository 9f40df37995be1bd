"""From the frames of a network with CTC to texts."""

import logging
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.text.grammar_tables import grammar_tables
from rnnapps.data.text.lexicon import read_lexicon
from rnnapps.data.text.ngram_tables import character_tables, word_tables
from rnnapps.data.text_files import lines_of, read_text
from rnnapps.errors import UserError
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.inference.transcript import TimedCharacter, Transcript

if TYPE_CHECKING:
    from rnnapps.data.text.alphabet import Alphabet
    from rnnapps.decoding import CTCScorer
    from rnnapps.decoding.ctc_path import CTCPath

TOKENS_PER_STEP = 12  # likeliest characters of a frame by which texts grow
OF_WORDS = "'\u2019"  # marks that do not divide words
SPELLING = 4  # characters of an n-gram of unknown words
UNKNOWN_BONUS = -2.0  # of an unknown word
LARGEST_TEXT = 20_000_000  # bytes of which n-grams are counted: a minute and two gigabytes

log = logging.getLogger(__name__)


class CTCDecoder:
    """Gives the texts of logits of CTC, by the best path or by a search.

    Args:
        config: how.
        alphabet: of the network.
        normalise: brings texts of a language model, a lexicon or a grammar to the form of those it
            was trained on.

    Raises:
        UserError: the file of a language model, a lexicon or a grammar cannot be read, or has nothing
            that the alphabet can write.
    """

    def __init__(self, config: CTCConfig, alphabet: "Alphabet", normalise: Callable[[str], str]):
        from rnnapps.decoding import CTCBeamSearch

        self.alphabet = alphabet
        self.search = None
        if config.beam_width > 1:
            of_words = config.lexicon is not None
            self.search = CTCBeamSearch(
                config.beam_width,
                n_best=config.n_best,
                tokens_per_step=TOKENS_PER_STEP,
                length_bonus=0.0 if of_words or config.language_model is None else config.token_bonus,
                scorer=_scorer(config, alphabet, normalise),
            )

    def __call__(self, logits: Any, shares: Sequence[float]) -> list[tuple[Transcript, ...]]:
        """The texts of each row, the likeliest first.

        Args:
            logits: `(batch, time, classes)`, float32, of which class 0 is the blank.
            shares: of the frames of each of the first rows, how many are no padding; the rows behind
                these are not looked at.
        """
        from rnnapps.decoding import ctc_alignment, ctc_best_path

        frames = [share * logits.shape[1] for share in shares]
        best = ctc_best_path(logits[: len(frames)])
        texts: list[list[Transcript]] = [[] for _ in frames]
        if self.search is not None:
            found = self.search(logits)
            for place in range(found.tokens.shape[1]):
                path = ctc_alignment(logits, found.tokens[:, place], found.lengths[:, place])
                for row, real in enumerate(frames):
                    score = found.scores[row, place]
                    if np.isfinite(score):
                        texts[row].append(self._transcript(path, row, score, real))
        # Without a search; and where no words of a lexicon, and no text of a grammar, end with the line,
        # as one that is cut off.
        return [
            tuple(some) or (self._transcript(best, row, best.log_probabilities[row], frames[row]),)
            for row, some in enumerate(texts)
        ]

    def _transcript(self, path: "CTCPath", row: int, score: float, frames: float) -> Transcript:
        length = int(path.lengths[row])
        tokens = path.tokens[row, :length].tolist()
        return Transcript(
            self.alphabet.decode(tokens),
            float(score),
            tuple(
                TimedCharacter(
                    self.alphabet.characters[token - 1],
                    float(path.confidences[row, place]),
                    min(float(path.first[row, place]) / frames, 1.0),
                    min((float(path.last[row, place]) + 1) / frames, 1.0),
                )
                for place, token in enumerate(tokens)
            ),
        )


def _scorer(
    config: CTCConfig, alphabet: "Alphabet", normalise: Callable[[str], str]
) -> "CTCScorer | None":
    """The language model that a config describes, or None."""
    from rnnapps.decoding import CharacterModel, WordModel

    if config.grammar is not None:
        return CharacterModel(**grammar_tables(Path(config.grammar), alphabet, normalise)._asdict())
    texts = [] if config.language_model is None else _lines(Path(config.language_model), normalise)
    if config.lexicon is None:
        if config.language_model is None:
            return None
        encoded = [ids for text in texts if len(ids := alphabet.encode(text))]
        if not encoded:
            raise UserError(f"{config.language_model}: it has no character that this network writes")
        tables = character_tables(encoded, alphabet.size, config.ngram)
        return CharacterModel(**tables._asdict(), weight=config.language_weight)
    given = read_lexicon(Path(config.lexicon))
    parts = dict.fromkeys(part for word in given for part in _words(normalise(word)))
    words = [word for word in parts if set(alphabet.characters).issuperset(word)]
    if not words:
        raise UserError(f"{config.lexicon}: it has no word that this network can write")
    if unknown := len(parts) - len(words):
        log.warning(
            "%s: %d of %d words have characters that this network cannot write: left out",
            *(config.lexicon, unknown, len(parts)),
        )
    separators = [one for one in alphabet.characters if not _of_word(one)]
    divided = [_words(text) for text in texts] if texts else [[word] for word in words]
    spellings = [alphabet.encode(word).tolist() for word in words]
    spelling = None
    if config.open_vocabulary:
        of_words = character_tables(list(map(alphabet.encode, words)), alphabet.size, SPELLING)
        spelling = CharacterModel(**of_words._asdict())
    return WordModel(
        spellings,
        **word_tables(divided, words)._asdict(),
        classes=alphabet.size,
        separators=[int(alphabet.encode(one)[0]) for one in separators],
        weight=config.language_weight,
        bonus=config.token_bonus,
        spelling=spelling,
        unknown_bonus=UNKNOWN_BONUS,
    )


def _lines(file: Path, normalise: Callable[[str], str]) -> list[str]:
    if file.is_file() and file.stat().st_size > LARGEST_TEXT:
        size = f"{file.stat().st_size / 1e6:,.0f} MB"
        raise UserError(f"{file}: {size}, at most {LARGEST_TEXT / 1e6:.0f} can be counted: give a part")
    texts = [text for line in lines_of(read_text(file)) if (text := normalise(line))]
    if not texts:
        raise UserError(f"{file}: no text in it: a language model is made of the lines of a text")
    return texts


def _words(text: str) -> list[str]:
    """The words of a text, without what stands between them."""
    return "".join(one if _of_word(one) else " " for one in text).split()


def _of_word(character: str) -> bool:
    return (
        character.isalnum() or character in OF_WORDS or unicodedata.category(character).startswith("M")
    )
