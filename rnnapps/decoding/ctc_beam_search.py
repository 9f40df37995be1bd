"""The likeliest texts under CTC, searched with a beam of prefixes."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops, tree

from rnnapps.decoding.compiled import compiled
from rnnapps.decoding.ctc_inputs import BLANK, ctc_logits, without_blanks
from rnnapps.decoding.ctc_scorer import CTCScorer
from rnnapps.decoding.ctc_texts import CTCTexts
from rnnapps.decoding.steps import Nested, Tensor, check, log_softmax, select, write


class _Beam(NamedTuple):
    """The prefixes of a beam, `(batch, beam_width, ...)`, all different.

    A free place has -inf in both sums. The names are hashes of the tokens, 64 bits in two int32: by them
    a prefix knows its parent (the prefix without the last token) again, though that may have left the
    beam and come back in another place.
    """

    in_blank: Tensor  # log-probability of all paths so far that give the prefix and end in the blank,
    in_token: Tensor  # and of those that end in its last token
    last: Tensor  # the last token, the blank for the empty prefix
    name: Tensor  # (batch, beam_width, 2)
    parent: Tensor  # (batch, beam_width, 2)
    bonus: Tensor  # what the scorer and the lengths add so far
    state: Nested


class CTCBeamSearch:
    """Prefix beam search (Graves et al. 2006; with a language model, Hannun et al. 2014).

    The beam holds the prefixes of highest score. At each frame the probability of each is that of all
    paths that give it: paths that stay, at the blank or at the last token, and paths of its parent that
    come to it. What the beam holds is thus exact but for the paths through prefixes that it dropped. The
    score that ranks is

        `score(Y) = log P_ctc(Y) + scorer(Y) + length_bonus |Y|`

    and a prefix has its part of it while it grows; the scorer's end comes in behind the last frame.

    Args:
        beam_width: prefixes of a row that live, at least 1.
        n_best: how many texts to return, from 1 to `beam_width`.
        tokens_per_step: a prefix grows at a frame only by one of its likeliest classes, so many, which
            keeps large alphabets fast; None for all. A prefix that the beam holds already gets all that
            is due to it.
        length_bonus: what each token adds, which makes up for what the scorer takes.
        scorer: a language model, or None.

    Raises:
        ValueError: an argument is wrong.
    """

    def __init__(
        self,
        beam_width: int,
        *,
        n_best: int = 1,
        tokens_per_step: int | None = None,
        length_bonus: float = 0.0,
        scorer: CTCScorer | None = None,
    ):
        check("beam_width", beam_width, beam_width >= 1, "at least 1")
        check("n_best", n_best, 1 <= n_best <= beam_width, f"from 1 to beam_width={beam_width}")
        valid = tokens_per_step is None or tokens_per_step >= 1
        check("tokens_per_step", tokens_per_step, valid, "at least 1")
        check("length_bonus", length_bonus, bool(np.isfinite(length_bonus)), "finite")
        self.beam_width, self.n_best, self.tokens_per_step = beam_width, n_best, tokens_per_step
        self.length_bonus, self.scorer = length_bonus, scorer
        self._run = compiled(self._search, () if scorer is None else scorer.variables)

    def __call__(self, logits: Any) -> CTCTexts:
        """Search for a batch.

        Args:
            logits: `(batch, time, classes)`, float32, or log-probabilities; class 0 is the blank. Frames
                behind the end of a row are to be certainly blank, and then change nothing. Each shape
                compiles anew.

        Raises:
            ValueError: another shape, NaN or infinity, or other classes than those of the scorer.
        """
        logits = ctc_logits(logits)
        if self.scorer is not None:
            valid = logits.shape[-1] == self.scorer.classes
            check("classes of the logits", logits.shape[-1], valid, f"{self.scorer.classes}, as scored")
        *arrays, steps = map(ops.convert_to_numpy, self._run(ops.convert_to_tensor(logits)))
        order, scores, log_probabilities = arrays
        tokens, lengths = without_blanks(_traced(steps, order, logits.shape[-1]))
        found = scores > -np.inf
        return CTCTexts(
            tokens=np.where(found[..., None], tokens, BLANK),
            lengths=np.where(found, lengths, 0),
            scores=scores,
            log_probabilities=np.where(found, log_probabilities, -np.inf),
        )

    def _search(self, logits):
        batch, time, classes = logits.shape
        width = self.beam_width
        frames = ops.transpose(log_softmax(logits), (1, 0, 2))
        count = min(self.tokens_per_step or classes, classes - 1)
        if count < classes - 1:
            values, tokens = ops.top_k(frames[..., 1:], count)
            tokens = ops.cast(tokens, "int32") + 1
        else:
            values = frames[..., 1:]
            tokens = ops.broadcast_to(ops.arange(1, classes, dtype="int32"), values.shape)
        state = () if self.scorer is None else self.scorer.start(batch)
        place = ops.arange(width, dtype="int32")
        # Names of no other prefix: that of the empty one is 0, and no parent is -1.
        name = ops.stack([place, ops.zeros_like(place)], axis=-1)
        beam = _Beam(
            # One prefix to begin with, the empty one.
            in_blank=ops.where(place == 0, ops.zeros((batch, 1), "float32"), -np.inf),
            in_token=ops.full((batch, width), -np.inf, dtype="float32"),
            last=ops.zeros((batch, width), "int32"),
            name=ops.broadcast_to(name, (batch, width, 2)),
            parent=ops.full((batch, width, 2), -1, dtype="int32"),
            bonus=ops.zeros((batch, width), "float32"),
            state=tree.map_structure(lambda x: ops.broadcast_to(x, (batch, width, *x.shape[2:])), state),
        )

        def condition(t, beam, steps):
            return t < time

        def body(t, beam, steps):
            beam, step = self._advance(beam, frames[t], values[t], tokens[t])
            return t + 1, beam, write(steps, t, step)

        steps = ops.zeros((time, batch, width), "int32")
        _, beam, steps = ops.while_loop(condition, body, (ops.zeros((), "int32"), beam, steps))
        totals = ops.logaddexp(beam.in_blank, beam.in_token)
        scores = totals + beam.bonus
        if self.scorer is not None:
            scores = scores + self.scorer.end(beam.state)
        scores, order = ops.top_k(scores, self.n_best)
        return order, scores, ops.take_along_axis(totals, order, axis=1), steps

    def _advance(self, beam, frame, values, tokens):
        """A frame: log-probabilities `(batch, classes)`, the `(batch, n)` likeliest, and their tokens.

        Returns the beam after it and a code for each of its prefixes, `(batch, beam_width)`: the place
        of the prefix it comes from, times the classes, plus the token that it grew by, or 0.
        """
        (batch, classes), width, n = frame.shape, self.beam_width, values.shape[-1]
        places = ops.arange(width, dtype="int32")
        totals = ops.logaddexp(beam.in_blank, beam.in_token)
        lives = totals > -np.inf

        # Prefixes that stay, with the paths of their parents that come to them. Place j of the last axis
        # is the parent's.
        from_parent = ops.all(beam.parent[:, :, None] == beam.name[:, None], axis=-1)
        from_parent = ops.logical_and(from_parent, ops.logical_and(lives[:, :, None], lives[:, None]))
        # A token that follows itself is another one only behind a blank.
        twice = beam.last[:, :, None] == beam.last[:, None]
        coming = ops.where(twice, beam.in_blank[:, None], totals[:, None])
        coming = ops.max(ops.where(from_parent, coming, -np.inf), axis=-1)
        own = ops.take_along_axis(frame, beam.last, axis=1)
        stays_in_token = own + ops.logaddexp(beam.in_token, coming)
        stays_in_blank = frame[:, :1] + totals

        # Prefixes that grow by a token, the best of them. Of one among these that the beam already holds
        # its own place ranks no lower, so that as many as the width are enough.
        twice = tokens[:, None] == beam.last[..., None]
        grows = values[:, None] + ops.where(twice, beam.in_blank[..., None], totals[..., None])
        bonus = beam.bonus[..., None] + self.length_bonus
        if self.scorer is not None:
            bonus = bonus + self.scorer.score(
                beam.state, ops.broadcast_to(tokens[:, None], (batch, width, n))
            )
        flat = (batch, width * n)
        bonus = ops.reshape(ops.broadcast_to(bonus, (batch, width, n)), flat)
        grows = ops.reshape(grows, flat)
        ranks, best = ops.top_k(grows + bonus, width)
        best = ops.cast(best, "int32")
        grown = ops.take_along_axis(tokens, best % n, axis=1)
        steps = best // n * classes + grown
        parents = ops.sum(ops.where(from_parent, places, 0), axis=-1)
        there = ops.where(ops.any(from_parent, axis=-1), parents * classes + beam.last, -1)
        there = ops.any(steps[:, :, None] == there[:, None], axis=-1)
        ranks = ops.where(there, -np.inf, ranks)

        stays = ops.logaddexp(stays_in_blank, stays_in_token) + beam.bonus
        ranks, order = ops.top_k(ops.concatenate([stays, ranks], axis=1), width)
        order = ops.cast(order, "int32")

        def chosen(stay, grow):
            return ops.take_along_axis(ops.concatenate([stay, grow], axis=1), order, axis=1)

        steps = chosen(ops.broadcast_to(places * classes, (batch, width)), steps)
        parents, grown = steps // classes, steps % classes
        # A place may be filled with one that cannot come, where there is no other.
        free = ranks == -np.inf
        in_blank = chosen(stays_in_blank, ops.full((batch, width), -np.inf, dtype="float32"))
        in_token = chosen(stays_in_token, ops.take_along_axis(grows, best, axis=1))
        bonus = chosen(beam.bonus, ops.take_along_axis(bonus, best, axis=1))
        last, name, parent, state = select((beam.last, beam.name, beam.parent, beam.state), parents)
        grew = grown > BLANK
        if self.scorer is not None:
            state = _where(grew, self.scorer.advance(state, ops.maximum(grown, 1)), state)
        return _Beam(
            in_blank=ops.where(free, -np.inf, in_blank),
            in_token=ops.where(free, -np.inf, in_token),
            last=ops.where(grew, grown, last),
            name=_where(grew, _renamed(name, grown), name),
            parent=_where(grew, name, parent),
            bonus=ops.where(free, 0.0, bonus),
            state=state,
        ), steps


def _renamed(name: Tensor, tokens: Tensor) -> Tensor:
    """The names `(batch, beam, 2)` of prefixes with one more token `(batch, beam)`."""
    # Odd numbers without a pattern. The low bits of a product depend on low bits only: the shift mixes.
    factors = ops.convert_to_tensor(np.array([-1640531535, 668265263], "int32"))
    summands = ops.convert_to_tensor(np.array([2146121005, -2073254261], "int32"))
    name = name * factors + tokens[..., None] * summands
    return ops.bitwise_xor(name, ops.right_shift(name, 15))


def _where(condition: Tensor, new: Nested, old: Nested) -> Nested:
    """Each `(batch, beam, ...)` of `new` or `old`, by a condition `(batch, beam)`."""

    def one(new, old):
        shape = (*condition.shape, *[1] * (len(new.shape) - 2))
        return ops.where(ops.reshape(condition, shape), new, old)

    return tree.map_structure(one, new, old)


def _traced(steps: np.ndarray, places: np.ndarray, classes: int) -> np.ndarray:
    """The token by which each prefix grew at each frame, or the blank: `(batch, n, time)`, int32.

    Args:
        steps: codes of the frames, `(time, batch, beam_width)`.
        places: those of the prefixes at the end, `(batch, n)`.
        classes: number of classes.
    """
    grown = np.zeros((*places.shape, len(steps)), "int32")
    for t in reversed(range(len(steps))):
        codes = np.take_along_axis(steps[t], places, axis=1)
        places, grown[..., t] = np.divmod(codes, classes)
    return grown
