"""Let a text go on, or tell how likely it is, with a trained bundle.

From the shell and from Python:

    rnnapps predict language_model "Four score and seven years ago" --length 200 --temperature 0.8
    rnnapps predict language_model "We the people" --score --plot surprise.png
    write = rnnapps.load("language_model"); write("My fellow citizens", length=100, seed=3)
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from tyro.conf import arg

from rnnapps import bundle
from rnnapps.errors import UserError, require
from rnnapps.evaluation.surprise import Surprise
from rnnapps.inference.drawing_options import DrawingOptions
from rnnapps.inference.inputs import several
from rnnapps.inference.predict_options import TextOptions
from rnnapps.inference.text_generator import (
    Drawing,
    TextGenerator,
    check_prompts,
    prompt_problem,
    until,
)
from rnnapps.language_model.config import LanguageModelConfig
from rnnapps.language_model.prediction import Continuation


class LanguageModelPredictor:
    """A network with its tokens; call it with a text or a list of texts."""

    application: ClassVar[str] = "language_model"

    def __init__(self, generator: TextGenerator, config: LanguageModelConfig):
        self.generator, self.config = generator, config
        self.model, self.encoder = generator.model, generator.encoder

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        self.generator.save(folder)
        bundle.write_config(folder, self.application, self.config)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application):
            config = bundle.read_config(path, LanguageModelConfig)
            return cls(TextGenerator.load(path, config.text), config)

    def __call__(
        self,
        texts: str | Sequence[str],
        length: int = 200,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        n: int = 1,
        seed: int = 1,
        beam_width: int | None = None,
        stop: Sequence[str] = (),
        score: bool = False,
        write: Callable[[str], Any] | None = None,
    ) -> Any:
        """Let a text go on, or each of a list of texts.

        Args:
            texts: one text or several; "" begins a document.
            length: tokens that are added, at most: the end of the document may come before.
            temperature: below 1 sharpens, above 1 flattens the probabilities; 0 takes the likeliest.
            top_k: draw from so many likeliest tokens only.
            top_p: draw from the fewest tokens whose probability reaches this together (nucleus).
            n: continuations of each text.
            seed: of the draws; the same seed gives the same text, whatever stands beside it.
            beam_width: search the likeliest continuations with a beam, in place of drawing.
            stop: strings before which a continuation ends.
            score: add nothing, and tell how likely each token is (`score`).
            write: is called with the text, and then with the parts of its one continuation as they are
                drawn.

        Returns:
            A `Continuation`, or a list of them.

        Raises:
            UserError: what is no text, or has more than 100,000 characters; or the model reads texts
                from their end.
        """
        if score:
            return self.score(texts)
        if self.config.text.direction == "backward":
            raise UserError("a language model that reads texts from their end writes none: give --score")
        single = isinstance(texts, str)
        texts = [texts] if isinstance(texts, str) else several(texts, "texts")
        check_prompts(texts)
        drawing = Drawing(float(temperature), top_k, top_p)
        answers = []
        for text in texts:
            if write is not None:
                write(text)
            if beam_width is not None:
                found = self.generator.search(text, length, beam_width, n)
                continuations = [(until(more, stop), value) for more, value in found]
            else:
                continuations = self.generator.draw(text, length, drawing, n, seed, stop, write)
            more, values = zip(*continuations, strict=True)
            answers.append(
                Continuation(
                    text, more, values, partial(self.score, text + more[0]), shown=write is not None
                )
            )
        return answers[0] if single else answers

    def score(self, texts: str | Sequence[str]) -> Any:
        """How likely each token of a text is: a `Surprise`, or a list of them. Errors as in a call."""
        if isinstance(texts, str):
            return self.score([texts])[0]
        texts = several(texts, "texts")
        check_prompts(texts)
        return Surprise.of(self.generator, texts)


@dataclass(frozen=True)
class PredictOptions(DrawingOptions, TextOptions):
    """Let texts go on, or tell how likely they are: those given, or the lines of a file."""

    model: str = "language_model"
    """path or name of a bundle"""
    length: int = 200
    """tokens that are added, at most"""
    top_k: int | None = None
    """draw from so many likeliest tokens only"""
    n: int = 1
    """continuations of each text"""
    beam_width: int | None = None
    """search the likeliest continuations with a beam of this width, in place of drawing"""
    stop: tuple[str, ...] = ()
    """strings before which a continuation ends"""
    score: Annotated[bool, arg(help="tell how likely each token of the texts is, add nothing")] = False

    problem = staticmethod(prompt_problem)

    def __post_init__(self):
        super().__post_init__()
        require(self, "length", 1 <= self.length <= 1_000_000, "from 1 to 1,000,000")
        require(self, "top_k", self.top_k is None or self.top_k >= 1, "at least 1")
        require(self, "n", 1 <= self.n <= 1000, "from 1 to 1,000")
        least = self.n if self.beam_width is not None else 0
        require(self, "beam_width", (self.beam_width or 0) >= least, "at least --n")
        require(self, "stop", all(self.stop), "strings that are not empty")

    def call_options(self) -> dict[str, Any]:
        options = super().call_options()
        if options.pop("score"):
            return {"score": True}
        live = len(self.texts) == 1 and self.texts != ("-",) and self.json is None and self.n == 1
        if live and self.beam_width is None:
            options["write"] = _write
        return options


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
