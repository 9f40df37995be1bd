"""Translate with a trained bundle.

From the shell and from Python:

    rnnapps predict translation "The cat is asleep." --n-best 3
    rnnapps predict translation --model runs/translation --file sentences.txt
    rnnapps predict translation "The cat is asleep." --attention alignment.png
    translate = rnnapps.load("translation/en-fr"); translate(["one sentence", "another"])
"""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from tyro.conf import Positional

from rnnapps import bundle
from rnnapps.command_line import parse, run
from rnnapps.data.lines import given_lines
from rnnapps.data.parallel_sources import too_long
from rnnapps.data.sentence_encoder import END, START, SentenceEncoder
from rnnapps.data.sources import text_problem
from rnnapps.data.words import words
from rnnapps.decoding_config import DecodingConfig
from rnnapps.errors import UsageError, UserError
from rnnapps.hypothesis import Hypothesis, describe_hypotheses, read_hypotheses
from rnnapps.outputs import check_file

if TYPE_CHECKING:
    import keras
    import numpy as np

    from rnnapps.decoding import Hypotheses

log = logging.getLogger(__name__)

BATCH_SIZES = (1, 8, 64)  # sentences of a batch: few sizes, as each is compiled
BATCH_TOKENS = 4096  # source tokens of a batch of several sentences, padding included, at most
MAX_TOKENS = 2000  # of a sentence: what a search keeps of its alignments grows with their square
TOKENIZERS = ("source_tokenizer.json", "target_tokenizer.json")


@dataclass(frozen=True)
class Alignment:
    """Where the decoder looked.

    `weights` are float32 `(target words, source words)`: the attention that a source word got while a
    target word was written, over whose tokens it is the mean. The last word of each is the end token.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: "np.ndarray"


@dataclass(frozen=True)
class Translation:
    """A sentence and its translations, best first; an empty one has an empty one, of score 0."""

    source: str
    hypotheses: tuple[Hypothesis, ...]

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "source": self.source,
            "translation": self.text,
            "hypotheses": [hypothesis.to_dict() for hypothesis in self.hypotheses],
        }


class Translator:
    """A network with its encoders; call it with a sentence or a list of sentences."""

    def __init__(self, model: "keras.Model", encoders: tuple[SentenceEncoder, SentenceEncoder]):
        from rnnapps.decoding.compiled import compiled
        from rnnapps.translation.model import encoder_of

        self.model = model
        self.source_encoder, self.target_encoder = encoders
        self.decoder = model.get_layer("decoder")
        encoder = encoder_of(model)

        def start(source):
            return self.decoder.start(encoder(source), memory_mask=source > 0)

        self.start = compiled(start, model.variables)
        self._searches: dict[tuple[DecodingConfig, int], Any] = {}

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
            UserError: a text of more than 1,000 words or 2,000 tokens, which is no sentence.
        """
        if isinstance(sentences, str):
            return self([sentences], decoding)[0]
        sentences = list(sentences)
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
        nothing = Hypothesis("", 0.0, 0.0, True, _no_alignment)
        translations = [Translation(sentence, (nothing,)) for sentence in sentences]
        rows = [row for row, sentence in enumerate(sentences) if sentence.strip()]
        rows.sort(key=lambda row: len(ids[row]))
        while rows:
            size = _batch_size(len(rows), longest=len(ids[rows[-1]]))
            some, rows = rows[-size:], rows[:-size]  # the longest first: what is too much fails at once
            hypotheses = self._search([ids[row] for row in some], size, decoding)
            for number, row in enumerate(some):
                align = partial(self._alignment, ids[row].tolist())
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

        source = pad([*sources, *[sources[-1]] * (size - len(sources))], _length(len(sources[-1])))
        limits = _limit(np.count_nonzero(source, axis=1))
        limits[len(sources) :] = 1  # of the copies nothing is needed
        key = (decoding, _limit(source.shape[1]))
        if key not in self._searches:
            self._searches[key] = decoding.search(self.decoder, START, END, max_steps=key[1])
        state, context = self.start(ops.convert_to_tensor(source))
        about = {"source_mask": source > 0} if decoding.covers else {}
        return self._searches[key](state, context, limits=limits.astype("int32"), **about)

    def _alignment(self, source: list[int], target: list[int], weights: "np.ndarray") -> Alignment:
        import numpy as np

        columns = words(self.source_encoder.tokenizer, source)  # what lies behind them is padding
        rows = words(self.target_encoder.tokenizer, target)
        of_words = [
            [weights[np.ix_(places, positions)].sum(axis=1).mean() for _, positions in columns]
            for _, places in rows
        ]
        return Alignment(
            tuple(word for word, _ in columns),
            tuple(word for word, _ in rows),
            np.array(of_words, dtype="float32").reshape(len(rows), len(columns)),
        )


def sentence_problem(sentence: str) -> str | None:
    """What is wrong with a sentence to translate, or None; an empty one is right."""
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
    return next((size for size in fit if size >= rows), fit[-1] if fit else 1)


def _no_alignment() -> Alignment:
    import numpy as np

    return Alignment((), (), np.zeros((0, 0), dtype="float32"))


def load(path: Path) -> Translator:
    """Load a bundle's translator.

    Raises:
        UserError: it is no bundle of this application, or damaged, or too new.
    """
    path = Path(path)
    bundle.check(path, "translation")
    return Translator(bundle.load_model(path), load_encoders(path))


def load_encoders(path: Path) -> tuple[SentenceEncoder, SentenceEncoder]:
    """The encoders of source and target of a checked bundle."""
    source, target = (SentenceEncoder.load(path / name) for name in TOKENIZERS)
    return source, target


@dataclass(frozen=True)
class PredictOptions:
    """Translate sentences: those given, or the lines of a file."""

    texts: Positional[tuple[str, ...]] = ()
    """sentences; a single - reads standard input and answers line by line"""
    model: str = "translation/en-fr"
    """path or name of a bundle"""
    file: str | None = None
    """file with a sentence a line; - is standard input; an empty line has an empty translation"""
    json: bool = False
    """print a JSON object a line"""
    attention: str | None = None
    """PNG file to draw the alignment of a single sentence to"""
    decoding: DecodingConfig = DecodingConfig()


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = parse(PredictOptions, arguments, prog="rnnapps predict translation")
    if options.attention is not None and (len(options.texts) != 1 or not options.texts[0].strip(" -")):
        raise UsageError('--attention draws one sentence: give one, as "..."')
    if options.attention is not None:
        check_file(Path(options.attention))
    groups = given_lines(options.texts, options.file, sentence_problem)
    translate = load(bundle.find(options.model))
    number = 0
    for some in groups:
        for translation in translate(some, options.decoding):
            print(describe(translation, number, options))
            number += 1
        sys.stdout.flush()
    if options.attention is not None:
        from rnnapps.plots import plot_alignment, save_png

        best = translation.hypotheses[0].alignment
        figure = plot_alignment(best.source, best.target, best.weights)
        save_png(figure, Path(options.attention))
        log.info("%s: written", options.attention)


def describe(translation: Translation, number: int, options: PredictOptions) -> str:
    """A translation as the command prints it: the text alone or, of several, `number ||| text ||| score`
    (as Moses does).
    """
    if options.json:
        return json.dumps(translation.to_dict(), ensure_ascii=False)
    if options.decoding.n_best == 1:
        return translation.text
    return describe_hypotheses(number, translation.hypotheses)


if __name__ == "__main__":
    run(main)
