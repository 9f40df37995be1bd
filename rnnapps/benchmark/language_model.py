"""A recurrent language model beside a Transformer: `rnnapps benchmark language_model`.

Both have about the same parameters and train on the same tokens in the same batches, with the same
optimizer and schedule, for the same minutes; the Transformer (Keras's own layers, normalised before each
block, learned positions, tied embedding) sees a batch at a time, the recurrent network carries its state
on. Then both write: seconds and memory of one more token after so many. Keras's attention layers keep
no keys and values, so each token of the Transformer reads all before it again; the memory is that of the
keys and values which a cache would hold.

    rnnapps benchmark language_model --data book.txt --tokens characters --minutes 3
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from rnnapps import backend
from rnnapps.benchmark.timed_training import train_for
from rnnapps.benchmark.timing import median_seconds
from rnnapps.command_line import parse
from rnnapps.errors import require
from rnnapps.evaluation.tables import markdown
from rnnapps.language_model.config import LanguageModelConfig
from rnnapps.training.config import TrainingConfig

PROG = "rnnapps benchmark language_model"
LENGTHS = (20, 200, 2000)  # tokens before the one that is timed
REPEATS = 20


@dataclass(frozen=True)
class LanguageModelOptions:
    """Train a recurrent network and a Transformer side by side, and time what they write."""

    config: LanguageModelConfig = field(
        default=LanguageModelConfig(training=TrainingConfig(epochs=1, learning_rate=3e-3))
    )
    minutes: float = 3.0
    """of training, of each; the schedule of the learning rate ends with them"""
    blocks: int = 2
    """of the Transformer"""
    heads: int = 4
    """of its attention"""
    transformer_rate: float = 1e-3
    """its learning rate, which is not that of a recurrent network"""

    def __post_init__(self):
        require(self, "minutes", self.minutes > 0, "above 0")
        for name in ("blocks", "heads"):
            require(self, name, getattr(self, name) >= 1, "at least 1")


def transformer(vocabulary: int, width: int, blocks: int, heads: int, positions: int):
    """A Transformer decoder (Vaswani et al. 2017): tokens, int32 `(batch, time)`, to vectors
    `(batch, time, width)`, which its layer `embedding` turns into logits.
    """
    import keras
    from keras import layers, ops

    tokens = keras.Input((None,), dtype="int32")
    embedding = layers.ReversibleEmbedding(vocabulary, width, name="embedding")
    places = ops.cumsum(ops.ones_like(tokens), axis=1) - 1
    x = embedding(tokens) + layers.Embedding(positions, width, name="positions")(places)
    for _ in range(blocks):
        y = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(heads, width // heads)(y, y, use_causal_mask=True)
        y = layers.LayerNormalization()(x)
        y = layers.Dense(4 * width, activation="gelu")(y)
        x = x + layers.Dense(width)(y)
    return keras.Model(tokens, layers.LayerNormalization()(x), name="transformer")


def like(parameters: int, vocabulary: int, options: LanguageModelOptions, positions: int):
    """The Transformer whose parameters, those of the positions apart, come nearest to a number."""
    candidates = range(options.heads * 8, 2048, options.heads * 8)

    def count(width: int) -> int:
        return vocabulary * width + options.blocks * (12 * width**2 + 13 * width)

    width = min(candidates, key=lambda width: abs(count(width) - parameters))
    return transformer(vocabulary, width, options.blocks, options.heads, positions)


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(LanguageModelOptions, arguments, prog=PROG)
    training = options.config.training
    backend.prepare(training.threads, training.precision, training.seed)
    from rnnapps.data.text.token_encoder import TokenEncoder
    from rnnapps.language_model import data
    from rnnapps.language_model.model import build, for_training
    from rnnapps.training.vocabulary_loss import VocabularyLoss

    splits = data.load(options.config)
    encoder = TokenEncoder.learn(splits["train"].texts, options.config.text)
    batches, validation = data.make_batches(options.config, splits, encoder)
    network = build(options.config.model, encoder.size)
    other = like(network.count_params(), encoder.size, options, max(LENGTHS) + 1)
    lanes = training.batch_size
    models = {
        "recurrent": (for_training(network, lanes), network, training.learning_rate),
        "Transformer": (_without_starts(other, lanes), other, options.transformer_rate),
    }
    rows = []
    for name, (model, own, rate) in models.items():
        loss = VocabularyLoss(own.get_layer("embedding"), lanes, batches.lengths[-1])
        seconds, steps = train_for(
            options.minutes, model, loss, batches, replace(training, learning_rate=rate)
        )
        nats = _validation_loss(model, validation)
        token = _recurrent_token(network) if name == "recurrent" else _transformer_token(other)
        memory = _state_bytes(network) if name == "recurrent" else _cache_bytes(other, options.blocks)
        rows.append(
            [
                name,
                f"{_parameters(own):,}",
                f"{steps:,}",
                f"{seconds:.0f}",
                f"{nats:.3f}",
                *(f"{1000 * token(length):.2f}" for length in LENGTHS),
                *(f"{memory(length) / 1024:,.0f}" for length in LENGTHS),
            ]
        )
        print(f"{name}: {steps:,} steps, validation {nats:.3f} nats by token", flush=True)
    titles = ["model", "parameters (positions apart)", "steps", "seconds", "validation nats by token"]
    titles += [f"ms, token {length:,}" for length in LENGTHS]
    titles += [f"KiB, token {length:,}" for length in LENGTHS]
    print(markdown(titles, rows))
    print(f"\n({backend.describe()['backend']}, {backend.processor()})")


def _without_starts(model, lanes: int):
    """A Transformer that takes the batches of the recurrent network: it has no state to forget."""
    import keras

    tokens = keras.Input((None,), batch_size=lanes, dtype="int32")
    starts = keras.Input((), batch_size=lanes, dtype="bool")
    return keras.Model([tokens, starts], model(tokens))


def _validation_loss(model, validation) -> float:
    """Nats by token."""
    sums = [
        (float(model.test_on_batch(*batch)) * batch[2].sum(), batch[2].sum())
        for batch in validation.in_order_of_length()
    ]
    return sum(one for one, _ in sums) / sum(size for _, size in sums)


def _parameters(model) -> int:
    """Those of a model, without what a Transformer knows of positions."""
    names = [layer.name for layer in model.layers]
    places = model.get_layer("positions").count_params() if "positions" in names else 0
    return model.count_params() - places


def _recurrent_token(network) -> Callable[[int], float]:
    """Seconds of a token: a step from a state, wherever it stands."""
    states = [np.zeros((1, state.shape[-1]), "float32") for state in network.inputs[1:]]
    one = np.ones((1, 1), "int32")
    return lambda length: median_seconds(lambda: network.predict_on_batch([one, *states]), REPEATS)


def _transformer_token(model) -> Callable[[int], float]:
    """Seconds of a token: all before it are read again."""
    embedding = model.get_layer("embedding")

    def token(length: int) -> float:
        ids = np.ones((1, length), "int32")
        return median_seconds(
            lambda: embedding(model.predict_on_batch(ids)[:, -1], reverse=True), REPEATS
        )

    return token


def _state_bytes(network) -> Callable[[int], int]:
    return lambda length: sum(4 * state.shape[-1] for state in network.inputs[1:])


def _cache_bytes(model, blocks: int) -> Callable[[int], int]:
    return lambda length: 2 * 4 * blocks * length * model.output_shape[-1]
