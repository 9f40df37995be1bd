"""Classify texts with a trained bundle.

From the shell and from Python:

    rnnapps predict sentiment "A charming film, if a little slow." --explain
    rnnapps predict sentiment --model runs/sentiment --file reviews.txt --json predictions.jsonl
    classify = rnnapps.load("sentiment"); classify(["one text", "another"])
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, overload

from tyro.conf import arg

from rnnapps import bundle
from rnnapps.data.text.sources import text_problem
from rnnapps.data.text.text_encoder import TextEncoder
from rnnapps.errors import UsageError, UserError
from rnnapps.inference.inputs import several
from rnnapps.inference.predict_options import TextOptions
from rnnapps.sentiment.config import SentimentConfig
from rnnapps.sentiment.prediction import Prediction, words_of

if TYPE_CHECKING:
    import keras
    import numpy as np

BATCH = 128
TOKENIZER = "tokenizer.json"


class SentimentPredictor:
    """A network with its encoder and labels; call it with a text or a list of texts."""

    application: ClassVar[str] = "sentiment"

    def __init__(
        self,
        model: "keras.Model",
        encoder: TextEncoder,
        labels: Sequence[str],
        config: SentimentConfig,
    ):
        from rnnapps.sentiment.model import with_attention

        self.model, self.encoder, self.labels, self.config = model, encoder, tuple(labels), config
        self._network = with_attention(model)

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        bundle.save_model(self.model, folder)
        self.encoder.save(folder / TOKENIZER)
        bundle.write_config(folder, self.application, self.config, labels=self.labels)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application) as settings:
            config, labels = bundle.read_config(path, SentimentConfig), settings["labels"]
            encoder = TextEncoder.load(path / TOKENIZER, config.text)
            model = bundle.load_model(path)
            bundle.check_size("labels", len(labels), model.output_shape[-1])
            bundle.check_size("tokens", encoder.size, model.get_layer("embedding").input_dim)
            return cls(model, encoder, labels, config)

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
            UserError: what is no text, or an empty one, or one of more than 100,000 characters.
        """
        if isinstance(texts, str):
            return self([texts], explain)[0]
        texts = several(texts, "texts")
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
                words=words_of(text, encoding, kept, weights[number]) if explain else None,
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
        from rnnapps.inference.outputs import checked

        probabilities = np.zeros((len(sequences), len(self.labels)), dtype="float32")
        weights: list | None = [None] * len(sequences)
        order = sorted(range(len(sequences)), key=lambda row: len(sequences[row]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            # A compiled call; `model.predict` would set up a data pipeline for every text.
            outputs = self._network.predict_on_batch(pad([sequences[row] for row in rows]))
            if not isinstance(outputs, (list, tuple)):
                outputs, weights = [outputs], None
            probabilities[rows] = outputs[0]
            if weights is not None:
                for row, share in zip(rows, outputs[1], strict=False):
                    weights[row] = share
        return checked(probabilities), weights


@dataclass(frozen=True)
class PredictOptions(TextOptions):
    """Classify texts: those given, or the lines of a file."""

    model: str = "sentiment"
    """path or name of a bundle"""
    explain: Annotated[bool, arg(help="show the share of attention of each word")] = False

    problem = staticmethod(text_problem)

    def call_options(self) -> dict[str, Any]:
        return {"explain": self.explain or self.plot is not None}
