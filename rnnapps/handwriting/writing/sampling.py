"""Ink drawn from the network that writes, step by step in one compiled program."""

from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import keras
import numpy as np
from keras import ops

from rnnapps.data.bucketed_batches import pad, padded_length
from rnnapps.decoding.compiled import compiled
from rnnapps.decoding.steps import write
from rnnapps.handwriting.writing.density import draw
from rnnapps.handwriting.writing.model import stepwise
from rnnapps.inference.batching import filled, in_batches

SIZES = (1, 4, 16)  # of batches, for each of which a program is compiled
MOST_PER_CHARACTER = 30  # steps of the pen; a hand takes about ten
PEN_DOWN = np.zeros((1, 3), "float32")  # the step before the first


class Drawn(NamedTuple):
    """What was drawn for a text."""

    offsets: np.ndarray
    """steps of the pen, float32 `(steps, 3)`: dx, dy, lift"""
    places: np.ndarray
    """int32 `(steps,)`: the character that the window lay on at each step, from 0 on; it may be the one
    behind the last"""
    finished: bool
    """whether the window passed the end of the text before the limit of steps"""


class WriterSampler:
    """Draws ink for texts: each step of the pen from the density after the steps before it.

    A text is done when the window lies on what is behind its last character more than on any of it
    (Graves 2013, section 5.3) and the pen is up; at the latest after `MOST_PER_CHARACTER` steps for each
    character. A draw depends on seed and text, not on the texts beside it.

    Args:
        model: the network, with the weights that it is to have at each call.
    """

    def __init__(self, model: keras.Model):
        self._start, self._step = stepwise(model)
        self._run = compiled(self._sample, model.variables)

    def __call__(
        self,
        texts: Sequence[np.ndarray],
        bias: float = 0.0,
        seed: int = 1,
        primes: Sequence[tuple[np.ndarray, np.ndarray]] | None = None,
    ) -> list[Drawn]:
        """Draw one piece of ink for each text.

        Args:
            texts: ids of characters, int32 `(characters,)` each, none empty.
            bias: towards likely steps, at least 0: neat above, lively below 1 (section 5.4).
            seed: of the draws, at least 0.
            primes: for each text ink and its text, offsets and ids of characters, in whose hand to write
                (section 5.5): the network goes on after them.
        """
        if primes is None:
            primes = [(PEN_DOWN, np.zeros(0, "int32"))] * len(texts)
        drawn: list[Drawn] = []
        for rows, size in in_batches(list(zip(texts, primes, strict=True)), SIZES):
            drawn += self._batch(rows, size, bias, seed)
        return drawn

    def _batch(self, rows, size, bias, seed):
        characters = [np.concatenate([known, text]) for text, (_, known) in rows]
        ends = np.array([len(one) for one in characters], "int32")
        # One more, as the window is to be seen behind the end.
        positions = padded_length(max(map(len, characters)) + 1)
        lengths = np.array([len(given) for _, (given, _) in rows], "int32")
        limits = np.array([MOST_PER_CHARACTER * len(text) for text, _ in rows], "int32")
        longest = max(len(given) for _, (given, _) in rows)
        known_steps = padded_length(longest) if longest > 1 else 1
        new_steps = MOST_PER_CHARACTER * padded_length(max(len(text) for text, _ in rows))
        ink = np.zeros((len(rows), known_steps, 3), "float32")
        randoms = np.zeros((len(rows), known_steps + new_steps, 4), "float32")
        for number, (text, (given, _)) in enumerate(rows):
            ink[number, : len(given)] = given
            random = np.random.default_rng([seed, crc32(text.tobytes())])
            own = randoms[number, len(given) - 1 :][: limits[number]]
            own[:, :2], own[:, 2:] = random.random((len(own), 2)), random.normal(size=(len(own), 2))
        arrays = (pad(characters, positions), ends, ink, lengths, limits, randoms)
        arrays = [ops.convert_to_tensor(filled(array, size)) for array in arrays]
        steps, places, numbers, finished = map(
            ops.convert_to_numpy, self._run(*arrays, ops.convert_to_tensor(bias, dtype="float32"))
        )
        drawn = []
        for row, (_, (given, known)) in enumerate(rows):
            part = slice(len(given) - 1, len(given) - 1 + numbers[row])
            behind = np.maximum(places[part, row] - len(known), 0)
            drawn.append(Drawn(steps[part, row], behind, bool(finished[row])))
        return drawn

    def _sample(self, characters, ends, ink, lengths, limits, randoms, bias):
        """Steps `(time, batch, 3)`, of which those of a row stand from its `lengths - 1` on; places
        `(time, batch)`; how many steps there are, and which rows are finished, `(batch,)`.
        """
        batch, time = randoms.shape[:2]
        state, context = self._start(characters)
        positions = ops.arange(characters.shape[1], dtype="int32")
        seen = positions <= ends[:, None]

        def running(t, finished):
            return ops.logical_and(ops.logical_not(finished), t < lengths - 1 + limits)

        def condition(t, last, state, steps, places, numbers, finished):
            return ops.any(running(t, finished))

        def body(t, last, state, steps, places, numbers, finished):
            given = ops.take(ink, ops.minimum(t, ink.shape[1] - 1), axis=1)
            x = ops.where((t < lengths)[:, None], given, last)
            outputs, state, phi = self._step(x, state, context)
            place = ops.cast(ops.argmax(ops.where(seen, phi, -1.0), axis=-1), "int32")
            writes = ops.logical_and(running(t, finished), t >= lengths - 1)
            done = ops.logical_and(place == ends, ops.logical_and(x[:, 2] > 0.5, numbers > 0))
            finished = ops.logical_or(finished, ops.logical_and(writes, done))
            new = draw(outputs, ops.take(randoms, t, axis=1), bias)
            more = ops.cast(ops.logical_and(writes, ops.logical_not(finished)), "int32")
            steps, places = write(steps, t, new), write(places, t, place)
            return t + 1, new, state, steps, places, numbers + more, finished

        loop = (
            ops.zeros((), "int32"),
            ink[:, 0],
            state,
            ops.zeros((time, batch, 3), "float32"),
            ops.zeros((time, batch), "int32"),
            ops.zeros((batch,), "int32"),
            ops.zeros((batch,), "bool"),
        )
        return ops.while_loop(condition, body, loop)[3:]
