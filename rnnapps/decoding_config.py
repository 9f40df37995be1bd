"""The options of decoding, shared by the applications that write text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from rnnapps.errors import require

if TYPE_CHECKING:
    from rnnapps.decoding import BeamSearch, Greedy
    from rnnapps.layers import AttentionDecoder


@dataclass(frozen=True)
class DecodingConfig:
    """How the network's probabilities become a text."""

    beam_width: int = 5
    """hypotheses that the search keeps; 1: greedy"""
    n_best: int = 1
    """hypotheses that are given of each input, at most beam-width"""
    length_penalty: float = 1.0
    """0: none; above, longer hypotheses gain"""
    coverage_penalty: float = 0.0
    """0: none; above, hypotheses that attend to all of the input gain"""
    no_repeat_ngram: int = 0
    """no sequence of this many tokens comes twice; 0: all may"""

    def __post_init__(self):
        require(self, "beam_width", 1 <= self.beam_width <= 100, "from 1 to 100")
        within = 1 <= self.n_best <= self.beam_width
        require(self, "n_best", within, f"from 1 to --beam-width ({self.beam_width})")
        for field in ("length_penalty", "coverage_penalty", "no_repeat_ngram"):
            require(self, field, 0 <= getattr(self, field) < 100, "at least 0 and below 100")

    def search(
        self, decoder: "AttentionDecoder", start: int, end: int, max_steps: int
    ) -> Union["BeamSearch", "Greedy"]:
        """The search over a decoder that these options describe."""
        from rnnapps.decoding import BeamSearch, Greedy

        about = {"start": start, "end": end, "max_steps": max_steps}
        plain = self.no_repeat_ngram == self.coverage_penalty == 0
        if self.beam_width == 1 and plain:
            return Greedy(decoder.step, decoder.variables, **about)
        return BeamSearch(
            decoder.step,
            decoder.variables,
            **about,
            beam_width=self.beam_width,
            n_best=self.n_best,
            length_penalty=self.length_penalty,
            coverage_penalty=self.coverage_penalty,
            no_repeat_ngram=self.no_repeat_ngram,
        )
