"""Texts that go on, and how likely they are, by a network that predicts the next token."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from rnnapps import bundle
from rnnapps.data.text.sources import prompt_problem
from rnnapps.data.text.token_config import TokenConfig
from rnnapps.data.text.token_encoder import END, PAD, UNKNOWN, TokenEncoder
from rnnapps.errors import UserError
from rnnapps.inference.batching import filled, in_batches
from rnnapps.inference.outputs import checked

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

CHUNK = 32  # tokens that are drawn by one call
PIECES = (256, 64, 8, 1)  # lengths in which a text is read
SIZES = (1, 4, 16)  # documents that are scored side by side
LARGEST = 2**25  # logits at once when scoring


class Drawing(NamedTuple):
    """How tokens are drawn: see `rnnapps.decoding.Sampler`. Temperature 0 takes the likeliest."""

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None


class TextGenerator:
    """Reads, scores and writes texts.

    Args:
        model: of `rnnapps.networks.next_token.build`.
        encoder: its tokens.
    """

    def __init__(self, model: "keras.Model", encoder: TokenEncoder):
        import keras
        from keras import ops

        self.model, self.encoder = model, encoder
        targets = keras.Input((None,), dtype="int32", name="targets")
        logits = ops.log_softmax(model.outputs[0], axis=-1)
        chosen = ops.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        self._scorer = keras.Model([*model.inputs, targets], [chosen, *model.outputs[1:]])
        self._reader = keras.Model(model.inputs, model.outputs[1:])
        self._decoders: dict[Any, Callable] = {}
        self._impossible = np.zeros(encoder.size, "float32")
        self._impossible[[PAD, UNKNOWN]] = -np.inf  # they stand for no text

    def forbid(self, token: int) -> None:
        """Draw a token never, from the first draw on."""
        self._impossible[token] = -np.inf

    def save(self, folder: Path) -> None:
        """Write network and tokens into the folder of a bundle."""
        bundle.save_model(self.model, folder)
        self.encoder.save(folder)

    @classmethod
    def load(cls, path: Path, config: TokenConfig) -> Self:
        """Read what `save` wrote.

        Raises:
            UserError or ValueError: it is damaged, or the tokens are not those of the network.
        """
        encoder, model = TokenEncoder.load(path, config), bundle.load_model(path)
        bundle.check_size("tokens", encoder.size, model.output_shape[0][-1])
        return cls(model, encoder)

    def log_probabilities(self, documents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The natural logarithm of the probability of each token of documents.

        Args:
            documents: ids, int32 `(time,)` of each.

        Returns:
            Float32 `(time,)` of each.
        """
        values = [np.zeros(len(document), "float32") for document in documents]
        order = sorted(range(len(documents)), key=lambda row: -len(documents[row]))
        most = max(1, LARGEST // (PIECES[0] * self.encoder.size))
        sizes = [size for size in SIZES if size <= most] or [1]
        for rows, size in in_batches(order, sizes):
            self._score_together([documents[row] for row in rows], [values[row] for row in rows], size)
        return values

    def _score_together(
        self, documents: Sequence[np.ndarray], values: Sequence[np.ndarray], size: int
    ) -> None:
        """Fill in the values of documents side by side."""
        longest, states = max(map(len, documents)), self._zeros(size)
        before = [np.concatenate([[END], document[:-1]]) for document in documents]
        place = 0
        while place < longest:
            length = PIECES[0] if longest - place > PIECES[1] else PIECES[1]
            tokens, targets = np.zeros((2, len(documents), length), "int32")
            for row, document in enumerate(documents):
                rest = len(document) - place
                targets[row, : max(0, rest)] = document[place : place + length]
                tokens[row, : max(0, rest)] = before[row][place : place + length]
            outputs = self._scorer.predict_on_batch(
                [filled(tokens, size), *states, filled(targets, size)]
            )
            some, *states = outputs
            for row, value in enumerate(values):
                part = value[place : place + length]
                part[:] = checked(some[row, : len(part)])
            place += length

    def _zeros(self, rows: int) -> list[np.ndarray]:
        return [np.zeros((rows, one.shape[-1]), "float32") for one in self.model.inputs[1:]]

    def _read(self, ids: np.ndarray) -> list[np.ndarray]:
        """The states after the tokens of a text."""
        states, place = self._zeros(1), 0
        while place < len(ids):
            length = next(size for size in PIECES if size <= len(ids) - place)
            states = self._reader.predict_on_batch([ids[None, place : place + length], *states])
            states = states if isinstance(states, (list, tuple)) else [states]
            place += length
        return [checked(state) for state in states]

    def _begin(self, text: str) -> tuple[list[np.ndarray], int]:
        """The states before the last token of a text, and that token."""
        ids = np.concatenate([[END], self.encoder.encode(text)]).astype("int32")
        return self._read(ids[:-1]), int(ids[-1])

    def draw(
        self,
        text: str,
        length: int,
        drawing: Drawing,
        n: int,
        seed: int,
        stop: Sequence[str] = (),
        write: Callable[[str], Any] | None = None,
    ) -> list[tuple[str, float]]:
        """Draw continuations of a text.

        Args:
            text: what they go on from; "" begins a document.
            length: tokens that are added, at most.
            drawing: how they are drawn.
            n: how many continuations.
            seed: of the draws.
            stop: strings before which a continuation ends.
            write: is called with the parts of the first continuation as they are drawn.

        Returns:
            Each continuation with its log-probability, that of an end included.
        """
        states, last = self._begin(text)
        state: Any = [np.repeat(one, n, axis=0) for one in states]
        start = np.full(n, last, "int32")
        decoder = self._decoder(drawing)
        texts = [""] * n
        pending: list[list[int]] = [[] for _ in range(n)]  # tokens that end in half a character
        totals, finished = np.zeros(n), np.zeros(n, bool)
        count, written, began, first = 0, 0, time.perf_counter(), 0.0
        for chunk in range(-(-length // CHUNK)):
            limit = min(CHUNK, length - chunk * CHUNK)
            some = decoder(state, start, np.full(n, limit, "int32"), (seed, chunk))
            state, start = [one[:, 0] for one in some.state], some.tokens[:, 0, limit - 1]
            checked(some.log_probabilities[~finished])
            for row in np.flatnonzero(~finished):
                pending[row] += some.tokens[row, 0, : some.lengths[row, 0]].tolist()
                count += int(some.lengths[row, 0])
                totals[row] += some.log_probabilities[row, 0]
                piece = self.encoder.decode(pending[row])
                if not piece.endswith("\ufffd"):
                    texts[row], pending[row] = texts[row] + piece, []
                ended = any(word in texts[row] for word in stop)
                finished[row] = ended or some.finished[row, 0]
            if write is not None:
                more = until(texts[0], stop)
                ready = more if finished[0] else more[: _ready(more, stop)]
                write(ready[written:])
                written = max(written, len(ready))
            if finished.all():
                break
            first = first or time.perf_counter() - began
        texts = [
            until(text + self.encoder.decode(rest), stop)
            for text, rest in zip(texts, pending, strict=True)
        ]
        if write is not None:
            write(texts[0][written:])
            if first and count > CHUNK:
                seconds = time.perf_counter() - began
                rate = (count - CHUNK) / max(seconds - first, 1e-9)
                log.info("%d tokens in %.2f seconds, %.0f a second once compiled", count, seconds, rate)
        return list(zip(texts, totals.tolist(), strict=True))

    def _decoder(self, drawing: Drawing) -> Callable:
        """`(state, start, limits, seed)` -> hypotheses of the next tokens, compiled."""
        from rnnapps.decoding.greedy import Greedy
        from rnnapps.decoding.sampler import Sampler

        if drawing not in self._decoders:
            shared: dict[str, Any] = {"start": END, "end": END, "max_steps": CHUNK, "keep_state": True}
            if drawing.temperature == 0:
                greedy = Greedy(self._step, self.model.variables, **shared)
                self._decoders[drawing] = lambda state, start, limits, seed: greedy(
                    state, start=start, limits=limits
                )
            else:
                sampler = Sampler(
                    self._step, self.model.variables, **shared, **drawing._asdict(), seed=0
                )

                def draw(state, start, limits, seed):
                    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
                    return sampler(state, start=start, limits=limits, seed=number)

                self._decoders[drawing] = draw
        return self._decoders[drawing]

    def search(self, text: str, length: int, beam_width: int, n: int) -> Iterator[tuple[str, float]]:
        """The likeliest continuations that a beam finds, each with its log-probability."""
        from rnnapps.decoding.beam_search import BeamSearch

        states, last = self._begin(text)
        key = (length, beam_width, n)
        if key not in self._decoders:
            self._decoders[key] = BeamSearch(
                self._step,
                self.model.variables,
                start=END,
                end=END,
                max_steps=length,
                beam_width=beam_width,
                n_best=n,
            )
        found = self._decoders[key](states, start=np.array([last], "int32"))
        for tokens, size, value in zip(
            found.tokens[0], found.lengths[0], found.log_probabilities[0], strict=True
        ):
            yield self.encoder.decode(tokens[:size]), float(value)

    def _step(self, tokens, state, context):
        """A step of the network: see `rnnapps.decoding.steps.Step`."""
        recurrent = self.model.get_layer("recurrent")
        each = len(state) // recurrent.depth
        states = [list(state[at : at + each]) for at in range(0, len(state), each)]
        embedding = self.model.get_layer("embedding")
        x, after = recurrent.step(embedding(tokens), states)
        names = [layer.name for layer in self.model.layers]
        if "projection" in names:
            x = self.model.get_layer("projection")(x)
        logits = embedding(x, reverse=True) + self._impossible
        return logits, [one for layer in after for one in layer], None


def until(text: str, stop: Sequence[str]) -> str:
    """The text before the first of the strings."""
    places = [text.find(word) for word in stop if word in text]
    return text[: min(places)] if places else text


def _ready(text: str, stop: Sequence[str]) -> int:
    """How much of a text may be shown, which goes on: not what may begin a stop."""
    end = len(text)
    for word in stop:
        for size in range(min(len(word), end), 0, -1):
            if text[:end].endswith(word[:size]):
                end -= size
                break
    return end


def check_prompts(texts: Sequence[Any]) -> None:
    """Refuse what is no text, or too long a one, naming its place.

    Raises:
        UserError: see `prompt_problem`.
    """
    for number, text in enumerate(texts, start=1):
        if problem := prompt_problem(text):
            raise UserError(f"text {number}: {problem}")
