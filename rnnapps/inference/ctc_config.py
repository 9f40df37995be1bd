"""The options of reading texts out of a network with CTC."""

from dataclasses import dataclass

from rnnapps.errors import UsageError, require


@dataclass(frozen=True)
class CTCConfig:
    """How the network's frames become a text."""

    beam_width: int = 1
    """texts that the search keeps in mind; 1: the best path, without a search"""
    n_best: int = 1
    """texts that are given of each input, at most beam-width"""
    language_model: str | None = None
    """text file: the search also asks how likely texts are by its n-grams of characters, or with
    --lexicon by its pairs of words"""
    lexicon: str | None = None
    """file with a word a line: no other words are written, but where the input is cut off within one"""
    open_vocabulary: bool = False
    """with --lexicon: other words are written too, letter by letter, where the lexicon has none for what
    is there"""
    grammar: str | None = None
    """JSGF file: no other texts are written than those that it allows"""
    ngram: int = 6
    """characters of the longest n-gram"""
    language_weight: float = 0.5
    """what the log-probabilities of the language model are multiplied by"""
    token_bonus: float = 1.0
    """what each character, or with --lexicon each word, adds to the score of a text, which makes up for
    what the language model takes"""

    def __post_init__(self):
        require(self, "beam_width", 1 <= self.beam_width <= 200, "from 1 to 200")
        most = f"from 1 to --beam-width ({self.beam_width})"
        require(self, "n_best", 1 <= self.n_best <= self.beam_width, most)
        require(self, "ngram", 1 <= self.ngram <= 10, "from 1 to 10")
        require(self, "language_weight", 0 <= self.language_weight <= 10, "0 to 10")
        require(self, "token_bonus", -10 <= self.token_bonus <= 10, "-10 to 10")
        if self.open_vocabulary and self.lexicon is None:
            raise UsageError("--open-vocabulary is for a lexicon: give one with --lexicon FILE")
        if self.grammar is not None and len(self.files) > 1:
            raise UsageError("--grammar knows what comes next: leave out --language-model and --lexicon")
        if self.beam_width == 1 and self.files:
            raise UsageError("a language model, lexicon or grammar needs a search: add --beam-width 16")

    @property
    def files(self) -> tuple[str, ...]:
        """Those that it names."""
        return tuple(file for file in (self.language_model, self.lexicon, self.grammar) if file)
