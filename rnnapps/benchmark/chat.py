"""Two networks that reply: `rnnapps benchmark chat`.

The language model of turns, which `rnnapps train chat` trains, reads a conversation as one text. A
sequence-to-sequence network (Vinyals and Le 2015, here that of `translation`, with attention) reads the
last six turns, 192 tokens of them at most, in both directions and writes the next one. Both have about
the same parameters and dropout, train on the same conversations for the same minutes, every tenth turn
also without what was said before it, so that `log P(reply)` is known, and are scored on the held-out
conversations.

    rnnapps benchmark chat --minutes 10
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from rnnapps import backend
from rnnapps.benchmark.timed_training import train_for
from rnnapps.chat import data
from rnnapps.chat.config import ChatConfig
from rnnapps.chat.data import Choice
from rnnapps.chat.evaluate import COLUMNS, REPLIES, evaluate, hits, retrieval_scores
from rnnapps.command_line import parse
from rnnapps.data.bucketed_batches import pad, padded_length
from rnnapps.data.text.documents import Documents
from rnnapps.data.text.pair_batches import PairBatches, teacher_forced
from rnnapps.data.text.sentence_encoder import SentenceEncoder
from rnnapps.errors import UserError, require
from rnnapps.evaluation.tables import markdown
from rnnapps.metrics.replies import variety
from rnnapps.training.config import TrainingConfig

PROG = "rnnapps benchmark chat"
READ, WRITTEN = 192, 96  # tokens of a context that are read, the last, and of a reply to train on
LENGTHS = (16, 32, 64, WRITTEN, READ)  # that they are padded to: few lengths mean few compilations
MEAN = 32  # tokens of a padded reply, about
SCORES = ("bits_per_character", "hits", "distinct_1", "distinct_2", "reply_words")

Pair = tuple[np.ndarray, np.ndarray]  # ids of a context and of a reply


@dataclass(frozen=True)
class ChatOptions:
    """Train a language model of turns beside a sequence-to-sequence network, and score both."""

    config: ChatConfig = field(default=ChatConfig(training=TrainingConfig(batch_size=16), alone=0.1))
    minutes: float = 10.0
    """of training, of each; the schedule of the learning rate ends with them"""
    sequence_rate: float = 2.5e-3
    """learning rate of the sequence-to-sequence network"""
    sequence_batch_size: int = 64
    """replies of its batches"""

    def __post_init__(self):
        require(self, "minutes", self.minutes > 0, "above 0")
        tokens = self.config.text.tokens
        require(
            self.config.text, "tokens", tokens == "subwords", "subwords, which both networks can read"
        )


class ReplyBatches(PairBatches):
    """Batches of contexts and replies, each side padded to its own length.

    The loss is a mean over a batch: the weights make all tokens count the same, whatever the length
    of their batch.
    """

    def _batch(self, sequences, rows) -> tuple:
        inputs, targets, weights = batch([sequences[row] for row in rows])
        return inputs, targets, weights * (targets.shape[1] / MEAN)

    def _padded_length(self, pair) -> int:
        return sum(_length(len(ids)) for ids in pair)


def batch(pairs: Sequence[Pair]) -> tuple:
    """Pairs padded, for teacher forcing."""
    sides = zip(*pairs, strict=True)
    return teacher_forced(*(pad(side, _length(max(map(len, side)))) for side in sides))


def _length(longest: int) -> int:
    return next((length for length in LENGTHS if longest <= length), padded_length(longest))


class SequenceToSequence:
    """A network that reads the last turns and writes the next, with its tokens."""

    def __init__(self, config: ChatConfig, texts: Sequence[str], parameters: int):
        self.encoder = SentenceEncoder.learn(texts, config.text.vocabulary)
        self.alone = config.alone
        self.model = _like(parameters, config, self.encoder.size)

    def pairs(self, replies: Sequence[tuple[str, str]]) -> list[Pair]:
        """Ids of contexts, of which the last tokens are read, and of replies."""
        contexts, turns = (self.encoder.encode(side) for side in zip(*replies, strict=True))
        return [(ids[-READ:], turn) for ids, turn in zip(contexts, turns, strict=True)]

    def batches(self, texts: Sequence[str], size: int, seed: int) -> ReplyBatches:
        """What it trains on."""
        known = data.all_turns(texts) + [("", turn) for turn in data.alone(texts, self.alone)]
        pairs = [pair for pair in self.pairs(known) if len(pair[1]) <= WRITTEN]
        if not pairs:
            raise UserError(f"no turn of the training has at most {WRITTEN} tokens")
        return ReplyBatches(pairs, size, seed)

    @cached_property
    def scorer(self) -> Any:
        """From context, tokens and targets to the log-probability of each row of targets."""
        import keras
        from keras import ops

        targets = keras.Input((None,), dtype="int32")
        values = ops.log_softmax(self.model.output, axis=-1)
        chosen = ops.take_along_axis(values, targets[..., None], axis=-1)[..., 0]
        total = ops.sum(chosen * ops.cast(targets > 0, "float32"), axis=1)
        return keras.Model([*self.model.inputs, targets], total)

    def log_probabilities(self, replies: Sequence[tuple[str, str]]) -> np.ndarray:
        """Of each reply behind its context, the end included, float `(replies,)`."""
        pairs, values = self.pairs(replies), np.zeros(len(replies))
        order = sorted(
            range(len(pairs)), key=lambda row: [_length(len(ids)) for ids in pairs[row][::-1]]
        )
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            inputs, wanted, _ = batch([pairs[row] for row in rows])
            values[rows] = self.scorer.predict_on_batch([*inputs, wanted])
        return values

    def replies(self, contexts: Sequence[str]) -> list[str]:
        """Drawn with the temperature of a chat; what a chat would not say is not drawn again."""
        from rnnapps.inference.decoding_config import DecodingConfig
        from rnnapps.translation.config import TranslationConfig
        from rnnapps.translation.predictor import TranslationPredictor

        write = TranslationPredictor(self.model, (self.encoder, self.encoder), TranslationConfig())
        read = [self.encoder.decode(ids[-READ:]) for ids in self.encoder.encode(contexts)]
        return [one.text for one in write(read, DecodingConfig(temperature=0.7, top_p=0.9))]

    def scores(self, test: Documents, some: Sequence[Choice]) -> dict[str, float]:
        """Those of `rnnapps.chat.evaluate`."""
        nats = -self.log_probabilities(data.all_turns(test.texts)).sum()
        candidates = [(choice.context, reply) for choice in some for reply in choice.replies]
        alone = self.log_probabilities([("", reply) for _, reply in candidates])
        won = (self.log_probabilities(candidates) - alone).tolist()
        return {
            "bits_per_character": nats / math.log(2) / sum(map(len, test.texts)),
            "hits": hits(won, some),
        } | variety(self.replies([choice.context for choice in some[:REPLIES]]))


def _like(parameters: int, config: ChatConfig, tokens: int) -> Any:
    """The network of translation whose parameters come nearest to a number."""
    from rnnapps.translation import model

    own = config.model
    built = model.ModelConfig(
        cell="gru" if own.cell == "gru" else "lstm",
        encoder_depth=own.depth,
        decoder_depth=own.depth,
        embedding_size=own.embedding_size,
        embedding_dropout=own.input_dropout,
        recurrent_dropout=own.weight_drop,
        layer_dropout=own.layer_dropout,
        output_dropout=own.output_dropout,
    )

    def network(units: int) -> Any:
        return model.build(replace(built, units=units), tokens, tokens)

    # Its parameters are a polynomial of its units.
    known = [16, 32, 48]
    fitted = np.polyfit(known, [network(units).count_params() for units in known], 2)
    candidates = np.arange(16, 4096, 16)
    return network(int(candidates[np.abs(np.polyval(fitted, candidates) - parameters).argmin()]))


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(ChatOptions, arguments, prog=PROG)
    config, training = options.config, options.config.training
    backend.prepare(training.threads, training.precision, training.seed)
    from keras.losses import SparseCategoricalCrossentropy

    from rnnapps.chat.model import build, for_training
    from rnnapps.chat.predictor import ChatPredictor
    from rnnapps.data.text.token_encoder import TokenEncoder
    from rnnapps.inference.text_generator import TextGenerator
    from rnnapps.training.vocabulary_loss import VocabularyLoss

    splits = data.load(config)
    known, test = splits["train"].texts, splits["test"]
    encoder = TokenEncoder.learn(known, config.text)
    batches, _ = data.make_batches(config, splits, encoder)
    network, lanes = build(config.model, encoder.size), training.batch_size
    loss = VocabularyLoss(network.get_layer("embedding"), lanes, batches.lengths[-1])
    trained = train_for(options.minutes, for_training(network, lanes), loss, batches, training)
    scores = evaluate(ChatPredictor(TextGenerator(network, encoder), config), test)["scores"]
    rows = [_row("language model of turns", network, batches, trained, scores)]

    other = SequenceToSequence(config, known, network.count_params())
    pairs = other.batches(known, options.sequence_batch_size, training.seed)
    at_its_rate = replace(training, learning_rate=options.sequence_rate)
    trained = train_for(
        options.minutes, other.model, SparseCategoricalCrossentropy(from_logits=True), pairs, at_its_rate
    )
    scores = other.scores(test, data.choices(test.texts))
    rows.append(_row("sequence to sequence", other.model, pairs, trained, scores))
    scores = retrieval_scores(known, test.texts)
    rows.append(["retrieval by TF-IDF", "", "", "", *_cells(scores)])
    titles = ["model", "parameters", "seconds", "epochs", *(COLUMNS[name][0] for name in SCORES)]
    print(markdown(titles, rows))
    print(f"\n({backend.describe()['backend']}, {backend.processor()})")


def _row(name: str, model: Any, batches: Any, trained: tuple[float, int], scores: Any) -> list[str]:
    seconds, steps = trained
    cells = [f"{model.count_params():,}", f"{seconds:.0f}", f"{steps / len(batches):.2f}"]
    return [name, *cells, *_cells(scores)]


def _cells(scores: dict[str, Any]) -> list[str]:
    return [COLUMNS[name][1].format(scores[name]) if name in scores else "" for name in SCORES]
