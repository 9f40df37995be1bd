"""The attention decoder on this machine: right, and how fast? A part of `rnnapps benchmark gpu`."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from rnnapps.benchmark.decoder import DecoderOptions, searches, training
from rnnapps.benchmark.gpu_machine import POLICIES, Check, arithmetic, differentiated, on_cpu, timed
from rnnapps.benchmark.gpu_numerics import names_of, set_weights, verdict
from rnnapps.benchmark.layers import Row

SIZES = {  # those of a memory, a sentence and the network; True: dry
    False: DecoderOptions(batch=8, source=12, steps=16, units=32, vocabulary=64),
    True: DecoderOptions(batch=2, source=3, steps=4, units=8, vocabulary=20, beam_width=2),
}
TIMED = {False: DecoderOptions(), True: SIZES[True]}
SECONDS = {False: 2.0, True: 0.05}


def checks(dry: bool) -> Iterator[Check]:
    """Both cells in each precision (dry: a third of that), attention of both kinds; then the times."""
    cases = list(product(POLICIES, (("lstm", "additive"), ("gru", "multiplicative"))))
    for precision, (cell, attention) in cases[:: 3 if dry else 1]:
        about = {"what": "numerics", "cell": cell, "attention": attention, "precision": precision}
        yield Check(about, lambda _, case=(cell, attention, precision): compare(*case, dry))
    for library in ("rnnapps", "keras"):
        about = {"what": "training step", "library": library, "precision": "tf32"}
        yield Check(about, lambda _, library=library: step_row(library, dry))
    about = {"what": "beam search", "library": "rnnapps", "precision": "tf32"}
    yield Check(about, lambda _: search_row(dry))


def compare(cell: str, attention: str, precision: str, dry: bool) -> Row:
    """Logits, alignments and gradients beside the decoder's loop without a compiler, on the CPU."""
    with arithmetic(precision):
        found = numbers(SIZES[dry], POLICIES[precision], cell=cell, attention=attention)
    return verdict(found, expected(cell, attention, dry), precision)


@cache  # for all precisions
def expected(cell: str, attention: str, dry: bool) -> dict[str, np.ndarray]:
    """The numbers of that loop."""
    with on_cpu(), arithmetic("float32"):
        return numbers(SIZES[dry], "float32", cell=cell, attention=attention, kernel="keras")


def numbers(sizes: DecoderOptions, policy: str, **options: Any) -> dict[str, np.ndarray]:
    """What a decoder gives for a memory with masked positions, and its gradients, by name."""
    from keras import ops

    from rnnapps.layers import AttentionDecoder

    random = np.random.default_rng(5)
    units = sizes.units
    decoder = AttentionDecoder(sizes.vocabulary, units, units, dtype=policy, **options)
    # Small: for larger numbers the softmax of products makes much of a rounding (in bfloat16, gradients
    # of the plain loop are three quarters off).
    memory = 0.5 * random.standard_normal((sizes.batch, sizes.source, 2 * units), "float32")
    tokens = random.integers(2, sizes.vocabulary, (sizes.batch, sizes.steps)).astype("int32")
    mask = np.arange(sizes.source) < random.integers(1, sizes.source + 1, (sizes.batch, 1))
    decoder.build(tokens.shape, memory.shape)
    set_weights(decoder, units)

    def call(tensors, mask):
        return list(decoder(ops.convert_to_tensor(tokens), tensors[0], memory_mask=mask, training=True))

    weights = decoder.trainable_variables
    names = ["logits", "alignments", "gradient of memory"]
    names += [f"gradient of {name}" for name in names_of(weights)]
    return dict(zip(names, differentiated(call, weights)([memory], mask), strict=True))


def step_row(library: str, dry: bool) -> Row:
    """The time of a training step with its optimizer, of ours or of the same network in Keras."""
    with arithmetic("tf32"):
        return timed(training(library, TIMED[dry]), SECONDS[dry]) | {"status": "measured"}


def search_row(dry: bool) -> Row:
    """The time of a beam search as one program."""
    with arithmetic("tf32"):
        return timed(searches(TIMED[dry])["program"], SECONDS[dry]) | {"status": "measured"}
