"""Texts in, ink out."""

import textwrap
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, overload

import numpy as np
from keras import ops

from rnnapps import bundle
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.text.sources import text_problem
from rnnapps.errors import UserError, brief
from rnnapps.handwriting.config import HandwritingConfig
from rnnapps.handwriting.writing.batches import WriterBatches
from rnnapps.handwriting.writing.data import Line
from rnnapps.handwriting.writing.density import negative_log_likelihood, outputs_of
from rnnapps.handwriting.writing.ink import Ink
from rnnapps.handwriting.writing.offsets import to_offsets, to_points
from rnnapps.handwriting.writing.sampling import Drawn, WriterSampler
from rnnapps.inference.inputs import several
from rnnapps.inference.outputs import checked

if TYPE_CHECKING:
    import keras

Sample = tuple[np.ndarray, str]

BATCH = 32  # lines that are scored together
LINE = 40  # characters; those of the training are about as long
LEADING = 7.0  # from line to line, in heights
MOST_BIAS = 100  # far more than makes a difference
MOST_CHARACTERS = 10_000
LONGEST_SAMPLE = 2_000  # points, about four lines


class HandwritingWriter:
    """A network with its alphabet; call it with a text or a list of texts.

    Args:
        model: the network of `rnnapps.handwriting.writing.model`.
        alphabet: the characters that it has learnt.
        config: that it was trained with.
    """

    application: ClassVar[str] = "handwriting"

    def __init__(self, model: "keras.Model", alphabet: Alphabet, config: HandwritingConfig):
        self.model, self.alphabet, self.config = model, alphabet, config
        self._sampler = WriterSampler(model)

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        bundle.save_model(self.model, folder)
        bundle.write_config(folder, self.application, self.config, **self.alphabet.to_dict())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application) as settings:
            config = bundle.read_config(path, HandwritingConfig)
            alphabet = Alphabet(settings["characters"])
            model = bundle.load_model(path)
            bundle.check_size("characters", alphabet.size - 1, model.get_layer("recurrent_1").size)
            bundle.check_size(
                "outputs", outputs_of(config.writer.mixture_components), model.output_shape[-1]
            )
            return cls(model, alphabet, config)

    def nats(self, lines: Sequence[Line]) -> list[np.ndarray]:
        """The negative log likelihood of each step of lines but the first, `(steps - 1,)` each."""
        batches = WriterBatches(lines, BATCH)
        found = []
        for start in range(0, len(lines), BATCH):
            rows = np.arange(start, min(start + BATCH, len(lines)))
            x, y, weights = batches.batch(rows)
            outputs = checked(ops.convert_to_numpy(self.model.predict_on_batch(x)))
            nats = ops.convert_to_numpy(negative_log_likelihood(y, outputs))
            found += [row[real > 0] for row, real in zip(nats, weights, strict=True)]
        return found

    @overload
    def __call__(
        self, texts: str, bias: float = ..., seed: int = ..., sample: Sample | None = ...
    ) -> Ink: ...
    @overload
    def __call__(
        self, texts: Sequence[str], bias: float = ..., seed: int = ..., sample: Sample | None = ...
    ) -> list[Ink]: ...
    def __call__(self, texts, bias=0.75, seed=1, sample=None):
        """Write a text, or each of several, in lines of about 40 characters below each other.

        The lines after the first are primed by it, so that a text is of one hand.

        Args:
            texts: what to write; a newline in it begins another line.
            bias: towards what is likely, from 0 (lively) to 100; 1 is neat.
            seed: at least 0; with another one, another hand writes.
            sample: a line of ink, points float32 `(points, 3)` as of
                `rnnapps.data.lines.written_line.WrittenLine`, and what is written there: all lines are
                written in its hand.

        Raises:
            rnnapps.errors.UserError: a text is empty or too long or has characters that were not
                learnt; bias or seed is wrong; the sample is empty, too long or not of numbers.
        """
        if isinstance(texts, str):
            return self([texts], bias, seed, sample)[0]
        texts = several(texts, "texts")
        for number, text in enumerate(texts, start=1):
            if problem := text_problem(text):
                raise UserError(f"text {number}: {problem}")
        if not 0 <= bias <= MOST_BIAS:
            raise UserError(f"--bias must be from 0 to {MOST_BIAS}, got {bias}")
        if seed < 0:
            raise UserError(f"--seed must be at least 0, got {seed}")
        prime = None if sample is None else self._prime(*sample)
        pages = [self._lines(text) for text in texts]
        primes = None if prime is None else [prime] * len(pages)
        firsts = self._sampler([self._ids(lines[0]) for lines in pages], bias, seed, primes)
        rest, following = [], []
        for lines, first in zip(pages, firsts, strict=True):
            own = prime or (first.offsets, self._ids(f"{lines[0]} "))
            rest += [self._ids(line) for line in lines[1:]]
            following += [own] * (len(lines) - 1)
        others = iter(self._sampler(rest, bias, seed, following))
        return [
            _page(lines, [first, *(next(others) for _ in lines[1:])])
            for lines, first in zip(pages, firsts, strict=True)
        ]

    def _lines(self, text: str) -> list[str]:
        if len(text) > MOST_CHARACTERS:
            raise UserError(
                f"text '{brief(text, 40)}' has {len(text):,} characters: write at most "
                f"{MOST_CHARACTERS:,} at once"
            )
        text = unicodedata.normalize("NFC", text)
        lines = [
            part for line in text.splitlines() for part in textwrap.wrap(" ".join(line.split()), LINE)
        ]
        self._refuse_unknown("text", "".join(lines))
        return lines

    def _prime(self, points: np.ndarray, text: str) -> tuple[np.ndarray, np.ndarray]:
        text = " ".join(unicodedata.normalize("NFC", text).split())
        if not text or len(points) < 2 or not np.isfinite(points).all():
            raise UserError("the sample of ink has no text, no strokes, or points that are no numbers")
        if len(points) > LONGEST_SAMPLE or len(text) > LONGEST_SAMPLE:
            raise UserError(
                f"the sample '{brief(text, 40)}' has {len(points):,} points: give a line of at most "
                f"{LONGEST_SAMPLE:,}"
            )
        self._refuse_unknown("sample", text)
        return to_offsets(points), self._ids(f"{text} ")

    def _refuse_unknown(self, what: str, text: str) -> None:
        if unknown := self.alphabet.unknown([text]):
            shown = " ".join(map(repr, sorted(unknown)[:10]))
            raise UserError(
                f"{what} '{brief(text, 40)}': the writer has not learnt {shown}: leave it out"
            )

    def _ids(self, text: str) -> np.ndarray:
        return self.alphabet.encode(text)


def _page(lines: list[str], drawn: list[Drawn]) -> Ink:
    """The lines below each other, from the same left margin."""
    points, places, before = [], [], 0
    for number, (line, one) in enumerate(zip(lines, drawn, strict=True)):
        part = to_points(one.offsets)
        part[:, 0] -= part[:, 0].min()
        part[:, 1] += number * LEADING - part[:, 1].mean()
        part[-1, 2] = 1  # the pen leaves the line, even where it was not finished
        points.append(part)
        places.append(before + np.minimum(one.places, len(line) - 1))
        before += len(line) + 1
    finished = all(one.finished for one in drawn)
    return Ink("\n".join(lines), np.concatenate(points), np.concatenate(places), finished)
