"""Translate with a trained bundle.

From the shell and from Python:

    rnnapps predict translation "The cat is asleep." --n-best 3
    rnnapps predict translation --model runs/translation --file sentences.txt
    rnnapps predict translation "The cat is asleep." --plot alignment.png
    translate = rnnapps.load("translation/en-fr"); translate(["one sentence", "another"])
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, overload

from rnnapps import bundle
from rnnapps.data.text.parallel_sources import too_long
from rnnapps.data.text.sentence_encoder import END, START, SentenceEncoder
from rnnapps.data.text.sources import text_problem
from rnnapps.errors import UserError
from rnnapps.inference.batching import compiled_size, filled
from rnnapps.inference.decoding_config import DecodingConfig
from rnnapps.inference.hypothesis import Hypothesis, read_hypotheses
from rnnapps.inference.inputs import several
from rnnapps.inference.predict_options import TextOptions
from rnnapps.translation.config import TranslationConfig
from rnnapps.translation.translation import Translation, align_words, no_alignment

if TYPE_CHECKING:
    import keras
    import numpy as np

    from rnnapps.decoding import Hypotheses

BATCH_SIZES = (1, 8, 64)  # sentences of a batch: few sizes, as each is compiled
BATCH_TOKENS = 4096  # source tokens of a batch of several sentences, padding included, at most
MAX_TOKENS = 2000  # of a sentence: what a search keeps of its alignments grows with their square
TOKENIZERS = ("source_tokenizer.json", "target_tokenizer.json")


class TranslationPredictor:
    """A network with its encoders; call it with a sentence or a list of sentences."""

    application: ClassVar[str] = "translation"

    def __init__(
        self,
        model: "keras.Model",
        encoders: tuple[SentenceEncoder, SentenceEncoder],
        config: TranslationConfig,
    ):
        from rnnapps.decoding.compiled import compiled
        from rnnapps.translation.model import encoder_of

        self.model, self.encoders, self.config = model, encoders, config
        self.source_encoder, self.target_encoder = encoders
        self.decoder = model.get_layer("decoder")
        encoder = encoder_of(model)

        def start(source):
            return self.decoder.start(encoder(source), memory_mask=source > 0)

        self.start = compiled(start, model.variables)
        self._searches: dict[tuple[DecodingConfig, int], Any] = {}

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        bundle.save_model(self.model, folder)
        for encoder, name in zip(self.encoders, TOKENIZERS, strict=True):
            encoder.save(folder / name)
        bundle.write_config(folder, self.application, self.config)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application):
            config = bundle.read_config(path, TranslationConfig)
            source, target = (SentenceEncoder.load(path / name) for name in TOKENIZERS)
            model = bundle.load_model(path)
            embedding = model.get_layer("source_embedding")
            bundle.check_size("source tokens", source.size, embedding.input_dim)
            bundle.check_size("target tokens", target.size, model.output_shape[-1])
            return cls(model, (source, target), config)

    @overload
    def __call__(self, sentences: str, decoding: DecodingConfig = ...) -> Translation: ...
    @overload
    def __call__(
        self, sentences: Sequence[str], decoding: DecodingConfig = ...
    ) -> list[Translation]: ...
    def __call__(self, sentences, decoding=DecodingConfig()):  # noqa: B008  it is frozen
        """Translate a sentence, or a list of sentences.

        Args:
            sentences: one sentence or several; an empty one has an empty translation.
            decoding: beam width, penalties, and how many translations to give.

        Raises:
            UserError: what is no text, or more than a sentence: 1,000 words or 2,000 tokens.
        """
        if isinstance(sentences, str):
            return self([sentences], decoding)[0]
        sentences = several(sentences, "sentences")
        for number, sentence in enumerate(sentences, start=1):
            if problem := sentence_problem(sentence):
                raise UserError(f"sentence {number}: {problem}")
        ids = self.source_encoder.encode(sentences)
        for number, (sentence, tokens) in enumerate(zip(sentences, ids, strict=True), start=1):
            if len(tokens) > MAX_TOKENS:
                raise UserError(
                    f"sentence {number} ({sentence[:40]}...): {len(tokens):,} tokens "
                    f"({MAX_TOKENS:,} are allowed): split it into sentences"
                )
        nothing = Hypothesis("", 0.0, 0.0, True, no_alignment)
        translations = [Translation(sentence, (nothing,)) for sentence in sentences]
        rows = [row for row, sentence in enumerate(sentences) if sentence.strip()]
        rows.sort(key=lambda row: len(ids[row]))
        while rows:
            size = _batch_size(len(rows), longest=len(ids[rows[-1]]))
            some, rows = rows[-size:], rows[:-size]  # the longest first: what is too much fails at once
            hypotheses = self._search([ids[row] for row in some], size, decoding)
            for number, row in enumerate(some):
                align = partial(align_words, self.encoders, ids[row].tolist())
                found = read_hypotheses(hypotheses, number, self.target_encoder, align)
                translations[row] = Translation(sentences[row], found)
        return translations

    def _search(
        self, sources: "Sequence[np.ndarray]", size: int, decoding: DecodingConfig
    ) -> "Hypotheses":
        """Search the translations of a batch, filled up to a size with copies of its last row."""
        import numpy as np
        from keras import ops

        from rnnapps.data.bucketed_batches import pad

        source = filled(pad(sources, _length(len(sources[-1]))), size)
        limits = _limit(np.count_nonzero(source, axis=1))
        limits[len(sources) :] = 1  # of the copies nothing is needed
        key = (decoding, _limit(source.shape[1]))
        if key not in self._searches:
            self._searches[key] = decoding.search(self.decoder, START, END, max_steps=key[1])
        state, context = self.start(ops.convert_to_tensor(source))
        about = {"source_mask": source > 0} if decoding.covers else {}
        return self._searches[key](state, context, limits=limits.astype("int32"), **about)


def sentence_problem(sentence: Any) -> str | None:
    """What is wrong with a sentence to translate, or None; an empty one is right."""
    if not isinstance(sentence, str):
        return text_problem(sentence)
    if not sentence.strip():
        return None
    problem = text_problem(sentence) or too_long(sentence)
    return problem and f"{problem}: split it into sentences"


def _length(longest: int) -> int:
    """The length that a batch is padded to: 16, 32, 64, ... In training there are more between these."""
    return max(16, 1 << (longest - 1).bit_length())


def _limit(length):
    """The most steps of a translation, by the tokens of its source."""
    return 2 * length + 10


def _batch_size(rows: int, longest: int) -> int:
    """How many rows to take, of which the last ones may be missing."""
    fit = [size for size in BATCH_SIZES if size * _length(longest) <= BATCH_TOKENS]
    return compiled_size(rows, fit or [1])


@dataclass(frozen=True)
class PredictOptions(TextOptions):
    """Translate sentences: those given, or the lines of a file."""

    model: str = "translation/en-fr"
    """path or name of a bundle"""
    file: str | None = None
    """file with a sentence a line; - is standard input; an empty line has an empty translation"""
    decoding: DecodingConfig = DecodingConfig()

    problem = staticmethod(sentence_problem)
