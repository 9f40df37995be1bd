"""Classify texts with a trained bundle.

From the shell and from Python:

    rnnapps predict sentiment "A charming film, if a little slow." --explain
    rnnapps predict sentiment --model runs/sentiment --file reviews.txt --json
    classify = rnnapps.load("sentiment"); classify(["one text", "another"])
"""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, overload

from tyro.conf import Positional, arg

from rnnapps import bundle
from rnnapps.command_line import parse, run
from rnnapps.data.lines import given_lines
from rnnapps.data.sources import text_problem
from rnnapps.data.text_config import TextConfig
from rnnapps.data.text_encoder import TextEncoder
from rnnapps.errors import UsageError, UserError

if TYPE_CHECKING:
    import keras
    import numpy as np

log = logging.getLogger(__name__)

BATCH = 128


@dataclass(frozen=True)
class Prediction:
    """What the network makes of a text.

    `words` are the words of the text and the share of attention that each got, if asked for; `cut`
    tells that the text was longer than the network reads.
    """

    text: str
    label: str
    probabilities: dict[str, float]
    cut: bool
    words: tuple[tuple[str, float], ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = {
            "text": self.text,
            "label": self.label,
            "probabilities": {name: round(p, 6) for name, p in self.probabilities.items()},
            "cut": self.cut,
        }
        if self.words is not None:
            values["words"] = [[word, round(share, 6)] for word, share in self.words]
        return values


class SentimentPredictor:
    """A network with its encoder and labels; call it with a text or a list of texts."""

    def __init__(self, model: "keras.Model", encoder: TextEncoder, labels: Sequence[str]):
        from rnnapps.sentiment.model import with_attention

        self.model = with_attention(model)
        self.encoder = encoder
        self.labels = tuple(labels)

    @overload
    def __call__(self, texts: str, explain: bool = False) -> Prediction: ...
    @overload
    def __call__(self, texts: Sequence[str], explain: bool = False) -> list[Prediction]: ...
    def __call__(self, texts, explain=False):
        """Classify a text, or a list of texts.

        Args:
            texts: one text or several, none empty.
            explain: also return the attention that each word got.

        Raises:
            UserError: an empty text, or one of more than 100,000 characters.
        """
        if isinstance(texts, str):
            return self([texts], explain)[0]
        texts = list(texts)
        for number, text in enumerate(texts, start=1):
            if problem := text_problem(text):
                raise UserError(f"text {number}: {problem}")
        encoded = [self.encoder.encode_text(text) for text in texts]
        probabilities, weights = self._run([ids for ids, _, _ in encoded])
        if explain and weights is None:
            raise UsageError("this network has no attention to explain with (--pooling last)")
        return [
            Prediction(
                text,
                self.labels[row.argmax()],
                dict(zip(self.labels, row.tolist(), strict=True)),
                cut=len(kept) < len(encoding),
                words=words(text, encoding, kept, weights[number]) if explain else None,
            )
            for number, (text, row, (_, encoding, kept)) in enumerate(
                zip(texts, probabilities, encoded, strict=True)
            )
        ]

    def probabilities(self, texts: Sequence[str]) -> "np.ndarray":
        """Class probabilities of many texts, float32 `(texts, classes)`; see `__call__`."""
        return self._run(self.encoder.encode(texts))[0]

    def _run(self, sequences: "Sequence[np.ndarray]") -> "tuple[np.ndarray, list | None]":
        import numpy as np

        from rnnapps.data.bucketed_batches import pad

        probabilities = np.zeros((len(sequences), len(self.labels)), dtype="float32")
        weights: list = [None] * len(sequences)
        order = sorted(range(len(sequences)), key=lambda row: len(sequences[row]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            # A compiled call; `model.predict` would set up a data pipeline for every text.
            outputs = self.model.predict_on_batch(pad([sequences[row] for row in rows]))
            if not isinstance(outputs, (list, tuple)):
                outputs, weights = [outputs], None
            probabilities[rows] = outputs[0]
            for row, share in zip(rows, outputs[1] if weights is not None else (), strict=False):
                weights[row] = share
        return probabilities, weights


def words(text: str, encoding, kept: "np.ndarray", weights: "np.ndarray") -> tuple:
    """Add up the attention of the tokens of each word; words outside what was read have none."""
    shares: dict[int, float] = {}
    spans: dict[int, tuple[int, int]] = {}
    for position, weight in zip(kept, weights, strict=False):  # weights go on over the padding
        word = encoding.word_ids[position]
        start, end = encoding.offsets[position]
        shares[word] = shares.get(word, 0.0) + float(weight)
        first, last = spans.get(word, (start, end))
        spans[word] = (min(first, start), max(last, end))
    named = ((text[slice(*spans[word])].strip(), share) for word, share in shares.items())
    return tuple((word, share) for word, share in named if word)  # spaces are words to the encoder


def load(path: Path) -> SentimentPredictor:
    """Load a bundle's predictor.

    Raises:
        UserError: it is no bundle of this application, or damaged, or too new.
    """
    path = Path(path)
    config = bundle.check(path, "sentiment")
    encoder = TextEncoder.load(path / "tokenizer.json", TextConfig(**config["config"]["text"]))
    return SentimentPredictor(bundle.load_model(path), encoder, config["labels"])


@dataclass(frozen=True)
class PredictOptions:
    """Classify texts: those given, or the lines of a file."""

    texts: Positional[tuple[str, ...]] = ()
    """texts; a single - reads standard input and answers line by line"""
    model: str = "sentiment"
    """path or name of a bundle"""
    file: str | None = None
    """file with a text a line; - is standard input"""
    json: bool = False
    """print a JSON object a line"""
    explain: Annotated[bool, arg(help="show the share of attention of each word")] = False


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = parse(PredictOptions, arguments, prog="rnnapps predict sentiment")
    groups = given_lines(options.texts, options.file, text_problem)
    predictor = load(bundle.find(options.model))
    for some in groups:
        for prediction in predictor(some, explain=options.explain):
            if options.json:
                print(json.dumps(prediction.to_dict(), ensure_ascii=False))
            else:
                print(describe(prediction))
            if prediction.cut:
                limit = predictor.encoder.config.max_length
                log.warning("note: read %d tokens of a longer text: %.40s...", limit, prediction.text)
        sys.stdout.flush()


def describe(prediction: Prediction) -> str:
    """A prediction for people: label, probability, text, and with attention a bar for each word."""
    probability = prediction.probabilities[prediction.label]
    lines = [f"{prediction.label}  {probability:.3f}  {prediction.text}"]
    for word, share in prediction.words or ():
        lines.append(f"    {share:6.1%} {'█' * round(share * 40):<20} {word}")
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
