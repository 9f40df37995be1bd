"""Is what the recurrent layers compute on this machine right? A part of `rnnapps benchmark gpu`.

Outputs, last states and all gradients of each layer, direction, mask and precision, beside a loop over
the cell on the CPU in float32: Keras's generic loop over Keras's own cell where Keras has the cell, and
otherwise our layer's own loop, `kernel="keras"`, which the library differentiates by itself.
"""

import contextlib
import io
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import product
from typing import Any

import numpy as np

from rnnapps.benchmark.gpu_machine import POLICIES, Check, arithmetic, differentiated, on_cpu
from rnnapps.benchmark.layers import Row

LAYERS = ("LSTM", "GRU", "SimpleRNN", "MinLSTM", "MinGRU", "RecurrentStack")  # a stack of two LSTMs
LAYERS += ("LayerNormLSTM", "LayerNormGRU")
DIRECTIONS = ("forwards", "backwards", "both")
MASKS = ("none", "right", "left", "holes", "an empty row")
SIZES = {False: (8, 40, 24, 32), True: (4, 5, 3, 4)}  # batch, time steps, features, units; True: dry
FROM_ZERO = 4.0
DRY_STRIDE = 37  # a dry run takes every so many-th case; a prime: of every layer, direction and mask
SCAN_LENGTH = {False: 2000, True: 70}
# What passes. In float32 the largest difference, relative to the largest value of an array; where
# products are rounded to 11 (TF32, float16) or 8 bits (bfloat16), the norm of the difference relative to
# the array's, since single values may be far off.
TOLERANCES = {"float32": 1e-4, "tf32": 1e-2, "bfloat16": 5e-2, "float16": 1e-2}


def checks(layers: list[str], dry: bool) -> Iterator[Check]:
    """Those of every layer, in an order in which little is missed where the time is short.

    That is so on JAX, which compiles each, those with layer normalisation for longest. In other
    precisions than float32 both directions come first, as they are one of each.
    """
    cases = [case for case in product(POLICIES, layers, DIRECTIONS, MASKS) if _exists(*case[1:3])]
    cases.sort(key=lambda case: (case[0] != "float32" and case[2] != "both", "Norm" in case[1]))
    for precision, layer, direction, mask in cases[:: DRY_STRIDE if dry else 1]:
        about = {"layer": layer, "direction": direction, "mask": mask, "precision": precision}
        yield Check(about, lambda _, case=(layer, direction, mask, precision, dry): compare(*case))


def scan_checks(dry: bool) -> Iterator[Check]:
    """Those of the parallel layers over many steps, where their scan works in chunks."""
    for layer in ("MinGRU", "MinLSTM"):
        about = {"layer": layer, "direction": "both", "mask": "right", "precision": "float32"}
        about["steps"] = steps = SCAN_LENGTH[dry]
        case = (layer, "both", "right", "float32", dry, steps)
        yield Check(about, lambda _, case=case: compare(*case))


def _exists(layer: str, direction: str) -> bool:
    """A stack has no reversed layers but those of both directions."""
    return (layer, direction) != ("RecurrentStack", "backwards")


def make_mask(kind: str, batch: int, steps: int) -> np.ndarray | None:
    """A mask `(batch, steps)`: padding on a side, holes, or a row that has no step at all."""
    if kind == "none":
        return None
    random = np.random.default_rng(3)
    lengths = random.integers(1, steps, batch)
    lengths[0] = steps
    right = np.arange(steps) < lengths[:, None]
    if kind == "an empty row":
        right[1] = False
    return {"left": right[:, ::-1].copy(), "holes": random.random((batch, steps)) < 0.7}.get(kind, right)


def make_layer(name: str, direction: str, units: int, **options: Any) -> Any:
    """A layer of rnnapps that returns all outputs and the last states."""
    from rnnapps import layers

    if name == "RecurrentStack":
        given = {key: options.pop(key) for key in ("kernel",) if key in options}
        both = direction == "both"
        options |= {"bidirectional": both, "return_state": True, "options": given}
        return layers.RecurrentStack(units, depth=2, **options)
    layer = getattr(layers, name)(
        units,
        return_sequences=True,
        return_state=True,
        go_backwards=direction == "backwards",
        **options,
    )
    return layers.Bidirectional(layer, dtype=options.get("dtype")) if direction == "both" else layer


def make_reference(name: str, direction: str, units: int) -> Any:
    """The same as a loop over the cell, written by nobody of us where Keras has the cell."""
    import keras

    cells = {
        "LSTM": keras.layers.LSTMCell,
        "GRU": keras.layers.GRUCell,
        "SimpleRNN": keras.layers.SimpleRNNCell,
    }
    if name not in cells:
        return make_layer(name, direction, units, kernel="keras")
    loop = keras.layers.RNN(
        cells[name](units),
        return_sequences=True,
        return_state=True,
        go_backwards=direction == "backwards",
    )
    return keras.layers.Bidirectional(loop) if direction == "both" else loop


def number_of_states(name: str, direction: str) -> int:
    """How many states a layer has: of an LSTM two, twice as many in both directions or two layers."""
    own = 2 if name in ("LSTM", "LayerNormLSTM", "RecurrentStack") else 1
    return own * (2 if direction == "both" else 1) * (2 if name == "RecurrentStack" else 1)


def set_weights(layer: Any, units: int) -> None:
    """The weights that every layer of this kind is given.

    The slope of a minimal layer's candidate jumps at zero, where rounding would decide which it is: half
    of the candidates lie well above, half well below.
    """
    random = np.random.default_rng(1)
    for weight in layer.weights:
        values = random.normal(scale=units**-0.5, size=weight.shape)
        if "min_" in weight.path and weight.name == "bias":
            values[-units:] += np.where(np.arange(units) % 2, FROM_ZERO, -FROM_ZERO)
        weight.assign(values.astype("float32"))


def kernel_of(layer: Any) -> str:
    """The kernel that runs a layer here, as `rnnapps.layers.explain` says."""
    from rnnapps.layers import explain

    with contextlib.redirect_stdout(io.StringIO()):
        return ", ".join(sorted({row.kernel for row in explain(layer)}))


def names_of(weights: list[Any]) -> list[str]:
    """The paths of weights within their layer."""
    return ["/".join(weight.path.split("/")[1:]) for weight in weights]


def with_gradients(layer: Any) -> Callable[[list[np.ndarray], np.ndarray | None], list[np.ndarray]]:
    """Outputs, states and gradients of a layer, of inputs and initial states."""

    def call(tensors, mask):
        x, *states = tensors
        return list(layer(x, mask=mask, initial_state=states, training=True))

    return differentiated(call, layer.trainable_variables)


@lru_cache(maxsize=1)  # on JAX compiled once for all masks
def prepared(
    name: str, direction: str, precision: str, shape: tuple[int, ...]
) -> tuple[str, list[str], Callable]:
    """Our layer's kernel, the names of its weights, and what gives its numbers on this machine."""
    layer = make_layer(name, direction, shape[3], dtype=POLICIES[precision])
    layer.build(shape[:3])
    set_weights(layer, shape[3])
    return kernel_of(layer), names_of(layer.trainable_variables), with_gradients(layer)


@lru_cache(maxsize=1)
def prepared_reference(name: str, direction: str, shape: tuple[int, ...]) -> Callable:
    """What gives the numbers of the loop on the CPU."""
    reference = make_reference(name, direction, shape[3])
    reference.build(shape[:3])
    set_weights(reference, shape[3])
    return with_gradients(reference)


def make_arrays(name: str, direction: str, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Inputs and initial states."""
    batch, steps, features, units = shape
    random = np.random.default_rng(4)
    sizes = [(batch, steps, features)] + [(batch, units)] * number_of_states(name, direction)
    return [random.standard_normal(size, "float32") for size in sizes]


@cache  # for all precisions
def expected(name: str, direction: str, mask: str, shape: tuple[int, ...]) -> list[np.ndarray]:
    """The numbers of the loop on the CPU."""
    with on_cpu(), arithmetic("float32"):
        run = prepared_reference(name, direction, shape)
        return run(make_arrays(name, direction, shape), make_mask(mask, *shape[:2]))


def compare(
    name: str, direction: str, mask: str, precision: str, dry: bool, steps: int | None = None
) -> Row:
    """The rest of a row: the kernel, and of all arrays the largest difference from that on the CPU."""
    batch, default_steps, features, units = SIZES[dry]
    shape = (batch, steps or default_steps, features, units)
    with arithmetic(precision):
        kernel, weights, run = prepared(name, direction, precision, shape)
        arrays = make_arrays(name, direction, shape)
        found = run(arrays, make_mask(mask, *shape[:2]))
    states = [f"state {number}" for number in range(1, len(arrays))]
    names = ["output", *states]
    names += [f"gradient of {what}" for what in ("input", *states, *weights)]
    wanted = dict(zip(names, expected(name, direction, mask, shape), strict=True))
    return {"kernel": kernel} | verdict(dict(zip(names, found, strict=True)), wanted, precision)


def verdict(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray], precision: str) -> Row:
    """Whether arrays are near enough, and which is the farthest; what is not a number is not near."""
    size = (lambda array: np.abs(array).max()) if precision == "float32" else np.linalg.norm
    differences = {
        name: float(size(found[name] - right)) / max(float(size(right)), 1e-3)
        for name, right in wanted.items()
    }
    worst = max(differences, key=lambda name: np.nan_to_num(differences[name], nan=np.inf))
    difference, tolerance = differences[worst], TOLERANCES[precision]
    return {
        "difference": difference if np.isfinite(difference) else None,
        "of": worst,
        "tolerance": tolerance,
        "status": "passed" if difference <= tolerance else "failed",
    }
