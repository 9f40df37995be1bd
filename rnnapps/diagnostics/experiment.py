"""How far the gradient travels in networks that are not trained yet, on real text.

The networks read bytes of the embedded sentences and predict one only, the one behind the last that
they read: all that reaches the first step has come through every other.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from rnnapps import datasets
from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.data.text.sources import read_texts
from rnnapps.diagnostics.gradient_flow import Tensor, gradient_flow
from rnnapps.layers import GRU, LSTM, SimpleRNN

TIME = 200  # steps
BYTES = 256
SMALL, LARGE, ORTHOGONAL = (
    f"SimpleRNN, {weights} weights" for weights in ("small", "large", "orthogonal")
)
CHRONO = "LSTM, chrono biases"
STACK, RESIDUAL = "3 LSTMs", "3 LSTMs, residual"

# Norms fall below what float32 can hold. On JAX some of Keras's operations, as tanh, know no other.
DTYPE = "float32" if keras.backend.backend() == "jax" else "float64"


def text_rows(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The first bytes of the embedded training sentences, one sentence a line.

    Returns:
        One-hot vectors `(rows, 200, 256)` and the byte behind each row, int32 `(rows,)`.
    """
    embedded = datasets.path("sentences/sentences.csv.xz")
    source = read_texts(TableSourceConfig(), ("text",), embedded, "--text-column")
    text = "\n".join(row.fields["text"] for row in source["train"]).encode()
    codes = np.frombuffer(text[: rows * (TIME + 1)], dtype="uint8").reshape(rows, TIME + 1)
    return np.eye(BYTES, dtype=DTYPE)[codes[:, :-1]], codes[:, -1].astype("int32")


class Network(NamedTuple):
    """Recurrent layers from input to output, whether residual connections join them, and the logits."""

    layers: list[keras.layers.RNN]
    residual: bool
    logits: keras.layers.Dense

    def loss(self, following: np.ndarray) -> Callable[[Tensor], Tensor]:
        """The cross-entropy of each row, by what the last layer returns."""
        return lambda output: keras.losses.sparse_categorical_crossentropy(
            following, self.logits(output), from_logits=True
        )


def networks(units: int, seed: int) -> dict[str, Network]:
    """The networks that are compared, by name, with their first weights."""
    keras.utils.set_random_seed(seed)
    sizes = {"units": units, "dtype": DTYPE}
    tiny = keras.initializers.RandomNormal(stddev=0.001)

    def normal(radius: float) -> keras.initializers.Initializer:
        return keras.initializers.RandomNormal(stddev=radius / units**0.5)  # its spectral radius, about

    def network(*layers: keras.layers.RNN, residual: bool = False) -> Network:
        features = BYTES
        for layer in layers:
            if not layer.built:
                layer.build((None, TIME, features))
            features = units
        logits = keras.layers.Dense(BYTES, dtype=DTYPE)
        logits.build((None, units))
        return Network(list(layers), residual, logits)

    stack = [LSTM(**sizes) for _ in range(3)]
    return {
        SMALL: network(SimpleRNN(recurrent_initializer=normal(0.7), **sizes)),
        LARGE: network(SimpleRNN(recurrent_initializer=normal(2.0), **sizes)),
        ORTHOGONAL: network(SimpleRNN(recurrent_initializer="orthogonal", **sizes)),
        "SimpleRNN, identity, ReLU": network(
            SimpleRNN(
                activation="relu", recurrent_initializer="identity", kernel_initializer=tiny, **sizes
            )
        ),
        "LSTM, forget bias 1": network(LSTM(**sizes)),
        CHRONO: network(LSTM(unit_forget_bias=False, bias_initializer=chrono, **sizes)),
        "GRU": network(GRU(**sizes)),
        STACK: network(*stack),
        RESIDUAL: network(*stack, residual=True),
    }


def chrono(shape: tuple[int], dtype: str | None = None) -> Tensor:
    """Biases of an LSTM whose units remember for 1 to 200 steps (Tallec and Ollivier 2018)."""
    units = shape[0] // 4
    forget = ops.log(keras.random.uniform((units,), 1, TIME - 1, dtype=dtype))
    return ops.concatenate([-forget, forget, ops.zeros(2 * units, dtype)])


def flow(network: Network, x: np.ndarray, following: np.ndarray) -> np.ndarray:
    """The gradient's norm `(200,)` at the states of the first layer, the farthest from the loss."""
    return gradient_flow(network.layers, x, network.loss(following), network.residual)[0]


def weight_update(
    network: Network, x: np.ndarray, following: np.ndarray, clip: float | None = None
) -> float:
    """The norm of what a step of gradient descent with learning rate 1 takes from the weights.

    Without clipping that is the norm of the gradient of all weights. The weights are put back.
    """
    model = keras.Sequential([*network.layers, network.logits])
    model.compile(
        keras.optimizers.SGD(1.0, global_clipnorm=clip),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    before = model.get_weights()
    model.train_on_batch(x, following)
    after = model.get_weights()
    model.set_weights(before)
    taken = [np.ravel(old - new) for old, new in zip(before, after, strict=True)]
    return float(np.linalg.norm(np.concatenate(taken).astype("float64")))  # float32 squares overflow
