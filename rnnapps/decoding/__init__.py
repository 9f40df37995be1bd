"""Greedy decoding, sampling and beam search over any decoder that has a step, and the same for CTC.

A step is a pure function in Keras's operations, `step(tokens, state, context) -> (logits, state,
alignment)`; `rnnapps.decoding.steps.Step` gives the shapes. Each decoder is made once and called with
the first state and the context of a batch; its whole loop is one compiled program.

Under CTC (connectionist temporal classification, Graves et al. 2006) a network gives the logits of all
frames at once, `(batch, time, classes)`; class 0 is the blank. Frames behind the end of a row are
certainly blank, so that no lengths are passed.
"""

from rnnapps.decoding.beam_search import BeamSearch
from rnnapps.decoding.character_model import CharacterModel
from rnnapps.decoding.ctc_alignment import ctc_alignment
from rnnapps.decoding.ctc_beam_search import CTCBeamSearch
from rnnapps.decoding.ctc_best_path import ctc_best_path
from rnnapps.decoding.ctc_scorer import CTCScorer
from rnnapps.decoding.ctc_texts import CTCTexts
from rnnapps.decoding.greedy import Greedy
from rnnapps.decoding.hypotheses import Hypotheses
from rnnapps.decoding.sampler import Sampler
from rnnapps.decoding.word_model import WordModel

__all__ = [
    "BeamSearch",
    "CTCBeamSearch",
    "CTCScorer",
    "CTCTexts",
    "CharacterModel",
    "Greedy",
    "Hypotheses",
    "Sampler",
    "WordModel",
    "ctc_alignment",
    "ctc_best_path",
]
