"""The options of decoding, shared by the applications that write text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from rnnapps.errors import require

if TYPE_CHECKING:
    from rnnapps.decoding import BeamSearch, Greedy, Sampler
    from rnnapps.layers import AttentionDecoder


@dataclass(frozen=True)
class DecodingConfig:
    """How the network's probabilities become a text."""

    beam_width: int = 5
    """hypotheses that the search keeps; 1: greedy"""
    n_best: int = 1
    """hypotheses that are given of each input: at most beam-width, or as many as are to be sampled"""
    length_penalty: float = 1.0
    """0: none; above, longer hypotheses gain"""
    coverage_penalty: float = 0.0
    """0: none; above, hypotheses that attend to all of the input gain"""
    no_repeat_ngram: int = 0
    """no sequence of this many tokens comes twice; 0: all may"""
    temperature: float = 0.0
    """0: search; above: sample instead, from probabilities that this sharpens (below 1) or flattens"""
    top_p: float = 1.0
    """sampling is from the fewest tokens whose probability together reaches this"""
    sampling_seed: int = 0
    """seed of the samples"""

    def __post_init__(self):
        require(self, "beam_width", 1 <= self.beam_width <= 100, "from 1 to 100")
        require(self, "temperature", 0 <= self.temperature <= 100, "0 to 100")
        require(self, "top_p", 0 < self.top_p <= 1, "above 0 and at most 1")
        require(self, "sampling_seed", 0 <= self.sampling_seed < 2**32, "at least 0 and below 2**32")
        most = 100 if self.temperature else self.beam_width
        name = "" if self.temperature else "--beam-width "
        require(self, "n_best", 1 <= self.n_best <= most, f"from 1 to {name}({most})")
        for field in ("length_penalty", "coverage_penalty", "no_repeat_ngram"):
            require(self, field, 0 <= getattr(self, field) < 100, "at least 0 and below 100")

    @property
    def covers(self) -> bool:
        """Whether the search needs to know which positions of the source are real."""
        return self.coverage_penalty > 0 and not self.temperature

    def search(
        self, decoder: "AttentionDecoder", start: int, end: int, max_steps: int
    ) -> Union["BeamSearch", "Greedy", "Sampler"]:
        """The search or the sampling over a decoder that these options describe."""
        from rnnapps.decoding import BeamSearch, Greedy, Sampler

        about: dict[str, Any] = {"start": start, "end": end, "max_steps": max_steps}
        if self.temperature:
            return Sampler(
                decoder.step,
                decoder.variables,
                **about,
                temperature=self.temperature,
                top_p=self.top_p,
                samples=self.n_best,
                seed=self.sampling_seed,
            )
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
