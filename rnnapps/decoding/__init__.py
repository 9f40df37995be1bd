"""Greedy decoding, sampling and beam search over any decoder that has a step.

A step is a pure function in Keras's operations, `step(tokens, state, context) -> (logits, state,
alignment)`; `rnnapps.decoding.steps.Step` gives the shapes. Each decoder is made once and called with
the first state and the context of a batch; its whole loop is one compiled program.
"""

from rnnapps.decoding.beam_search import BeamSearch
from rnnapps.decoding.greedy import Greedy
from rnnapps.decoding.hypotheses import Hypotheses
from rnnapps.decoding.sampler import Sampler

__all__ = ["BeamSearch", "Greedy", "Hypotheses", "Sampler"]
