"""Small decoders for the tests: one in Keras's operations and again in NumPy, and one by a script."""

import functools
import itertools

import keras
import numpy as np
from keras import ops

from rnnapps.decoding import Greedy

UNITS, SOURCE = 5, 3


class TinyDecoder:
    """A random gated recurrent decoder with attention, whose state is a dict with a tuple in it."""

    def __init__(self, vocabulary: int, seed: int = 0, scale: float = 1.0):
        self.vocabulary, self.traces = vocabulary, 0
        self.compiles = keras.backend.backend() != "torch"
        random = np.random.default_rng(seed)
        shapes = [(vocabulary, UNITS), *[(UNITS, UNITS)] * 4, (UNITS, vocabulary)]
        self.weights = [random.normal(scale=scale, size=shape).astype("float32") for shape in shapes]
        self.variables = [keras.Variable(weight) for weight in self.weights]

    def step(self, tokens, state, context):
        self.traces += 1
        embedding, w_z, u_z, w, u, out = self.variables
        memory, mask = context
        h, (trace,) = state["h"], state["trace"]
        x = ops.take(embedding, tokens, axis=0)
        z = ops.sigmoid(ops.matmul(x, w_z) + ops.matmul(h, u_z))
        h = z * h + (1 - z) * ops.tanh(ops.matmul(x, w) + ops.matmul(h, u) + trace)
        batch = mask.shape[0]
        query = ops.reshape(h, (batch, -1, UNITS))
        scores = ops.where(mask[:, None], ops.einsum("bku,bsu->bks", query, memory), -1e9)
        alignment = ops.softmax(scores, axis=-1)
        attended = ops.reshape(ops.einsum("bks,bsu->bku", alignment, memory), (-1, UNITS))
        state = {"h": h, "trace": [trace / 2 + x]}  # a list where a tuple came
        return ops.matmul(h + attended, out), state, ops.reshape(alignment, (-1, SOURCE))

    def numpy_step(self, token, state, memory):
        """One hypothesis: log-probabilities, the state, and the alignment of the real positions."""
        embedding, w_z, u_z, w, u, out = (weight.astype("float64") for weight in self.weights)
        h, trace = state
        x = embedding[token]
        z = 1 / (1 + np.exp(-(x @ w_z + h @ u_z)))
        h = z * h + (1 - z) * np.tanh(x @ w + h @ u + trace)
        alignment = np.exp(memory @ h) / np.exp(memory @ h).sum()
        logits = (h + alignment @ memory) @ out
        return logits - np.log(np.exp(logits).sum()), (h, trace / 2 + x), alignment

    def inputs(self, batch: int, seed: int = 1):
        """State and context of a batch, as arrays; some sources have padded positions."""
        random = np.random.default_rng(seed)
        h, trace = random.normal(size=(2, batch, UNITS)).astype("float32")
        memory = random.normal(size=(batch, SOURCE, UNITS)).astype("float32")
        mask = np.arange(SOURCE) < SOURCE - np.arange(batch)[:, None] % 3
        return {"h": h, "trace": (trace,)}, (memory, mask)

    def sources(self, state, context):
        """The same, source by source, for `numpy_step`: states, and memories without padding."""
        memory, mask = context
        states = zip(state["h"].astype("float64"), state["trace"][0].astype("float64"), strict=True)
        return list(states), [rows[real] for rows, real in zip(memory, mask, strict=True)]


def repeats_ngram(tokens, n):
    """Whether any n-gram comes twice."""
    grams = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    return n > 0 and len(set(grams)) < len(grams)


def score(log_probability, alignments, alpha, beta):
    """Wu et al. 2016, eq. 14, of one hypothesis."""
    length_penalty = ((5 + len(alignments)) / 6) ** alpha
    coverage = np.minimum(np.sum(alignments, axis=0), 1)
    return log_probability / length_penalty + beta * np.log(coverage).sum()


def scripted(tokens, state, table):
    """A decoder whose logits are those of a table `(batch, times, vocabulary)`, whatever the tokens."""
    (counter,) = state
    batch, times, vocabulary = table.shape
    rows = counter.shape[0]
    source = ops.arange(rows, dtype="int32") // (rows // batch)
    logits = ops.take(
        ops.reshape(table, (-1, vocabulary)), source * times + ops.minimum(counter, times - 1), axis=0
    )
    return logits, (counter + 1,), None


def counters(batch: int):
    """The first state of a scripted decoder."""
    return (np.zeros(batch, "int32"),)


@functools.cache
def greedy_decoding():
    """A decoder, the options of its decoding, inputs and limits of 12 sources, and what greedy finds."""
    decoder = TinyDecoder(vocabulary=7, seed=2)
    options = {"start": 1, "end": 2, "max_steps": 8}
    arguments, limits = decoder.inputs(12), np.array([8, 3, 1, 20] * 3, "int32")
    found = Greedy(decoder.step, decoder.variables, **options)(*arguments, limits=limits)
    return decoder, options, arguments, limits, found


def all_sequences(vocabulary: int, end: int, max_steps: int):
    """Every hypothesis there can be: `(tokens, finished)`."""
    others = [token for token in range(vocabulary) if token != end]
    for length in range(max_steps):
        for tokens in itertools.product(others, repeat=length):
            yield tokens, True
    for tokens in itertools.product(others, repeat=max_steps):
        yield tokens, False
