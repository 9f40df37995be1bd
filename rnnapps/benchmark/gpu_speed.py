"""How fast are training steps of the recurrent layers here? A part of `rnnapps benchmark gpu`.

A step is a layer's outputs at all time steps and the gradients of its inputs and weights, without an
optimizer: what ours, Keras's and PyTorch's layers have in common. Padded batches (lengths from 20 to
100 % of the steps) are held beside unpadded ones by the time that a real step of a row takes.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from rnnapps.benchmark.gpu_machine import (
    POLICIES,
    Check,
    Machine,
    arithmetic,
    derivative,
    measured_peak,
    timed,
)
from rnnapps.benchmark.layer_worker import lengths
from rnnapps.benchmark.layers import Row
from rnnapps.errors import brief

SHAPES = {False: ("64x100x128x256", "256x200x512x1024"), True: ("8x12x8x16",)}  # True: dry
SCAN = {False: ("16x1000x128x256", "16x4000x128x256"), True: ("4x64x8x16",)}
MATRIX = {False: 8192, True: 256}
SECONDS = {False: 0.4, True: 0.05}  # of timing a case, or three steps
GATES = {"LSTM": 4, "GRU": 3}
LAYERS = {False: ("LSTM", "GRU"), True: ("LSTM",)}
# What is held side by side comes first, in the arithmetic in which GPUs compute unless told otherwise.
CASES = [("rnnapps", "tf32"), ("keras", "tf32"), ("torch.nn", "tf32")]
CASES += [("rnnapps", "float32"), ("rnnapps", "bfloat16"), ("torch.nn", "bfloat16")]


def checks(machine: Machine, dry: bool) -> Iterator[Check]:
    """The products that the peaks are compared with, and the steps of each library."""
    for precision in POLICIES:
        yield Check(
            {"what": "product", "precision": precision},
            lambda _, precision=precision: peak_row(machine, precision, MATRIX[dry]),
        )
    for (library, precision), shape, layer, mask in product(
        CASES, SHAPES[dry], LAYERS[dry], ("none", "padded")
    ):
        half = POLICIES[precision] != "float32"  # which PyTorch's LSTM has on few CPUs
        if library != "torch.nn" or (machine.backend == "torch" and (machine.gpu or not half)):
            case = (library, layer, shape, mask, precision)
            about = dict(zip(("library", "layer", "shape", "mask", "precision"), case, strict=True))
            yield Check({"what": "step"} | about, lambda _, case=case: step_row(machine, *case, dry))


def scan_checks(machine: Machine, dry: bool) -> Iterator[Check]:
    """Steps of the layers that are trained on all time steps at once, and of the GRU beside them."""
    for shape, layer in product(SCAN[dry], ("GRU", "MinGRU", "MinLSTM")):
        about = {"what": "step", "layer": layer, "shape": shape, "precision": "tf32"}
        case = ("rnnapps", layer, shape, "none", "tf32")
        yield Check(about, lambda _, case=case: step_row(machine, *case, dry))


def peak_row(machine: Machine, precision: str, size: int) -> Row:
    """The product that was measured, and the peak that the card's data sheet has."""
    return {
        "size": size,
        "tflops": measured_peak(precision, size),
        "peak_tflops": machine.peak(precision),
        "status": "measured",
    }


def step_row(
    machine: Machine, library: str, layer: str, shape: str, mask: str, precision: str, dry: bool
) -> Row:
    """The rest of a row: milliseconds, microseconds of a real step, TFLOP/s and their share of the peak.

    Operations are those of the products of real steps, forward once and backward twice. Without a peak
    in the table, the share is of the product that was measured.
    """
    batch, steps, features, units = map(int, shape.split("x"))
    real = lengths(batch, steps) if mask == "padded" else [steps] * batch
    x = np.random.default_rng(0).standard_normal((batch, steps, features), "float32")
    padding = np.arange(steps) < np.array(real)[:, None] if mask == "padded" else None
    make = pytorch_step if library == "torch.nn" else keras_step
    try:
        with arithmetic(precision):
            row = timed(make(library, layer, x, padding, units, precision), SECONDS[dry])
    except Exception as error:
        if library == "rnnapps":
            raise
        # What other libraries cannot do is no failure of ours.
        return {"status": "not run", "reason": f"{library} raised {brief(error)}"}
    row["us_per_real_step"] = row["median_ms"] * 1000 / sum(real)
    if layer in GATES:
        operations = 6 * sum(real) * GATES[layer] * units * (features + units)
        known = machine.peak(precision)
        peak = known or measured_peak(precision, MATRIX[dry])
        row["tflops"] = operations / row["median_ms"] / 1e9
        row["share"] = row["tflops"] / peak
        row["share_of"] = "data sheet" if known else "measured product"
    return row | {"status": "measured"}


def keras_step(
    library: str, name: str, x: np.ndarray, mask: np.ndarray | None, units: int, precision: str
) -> Callable[[], Any]:
    """A training step of a layer of ours or of Keras's."""
    import keras
    from keras import ops

    from rnnapps import layers

    kinds = layers if library == "rnnapps" else keras.layers
    layer = getattr(kinds, name)(units, return_sequences=True, dtype=POLICIES[precision])
    layer.build(x.shape)
    given = ops.convert_to_tensor(x)
    mask = None if mask is None else ops.convert_to_tensor(mask)

    def loss(tensors):
        return ops.sum(ops.cast(layer(tensors[0], mask=mask, training=True), "float32")), []

    step = derivative(loss, layer.trainable_variables)
    return lambda: step([given])


def pytorch_step(
    library: str, name: str, x: np.ndarray, mask: np.ndarray | None, units: int, precision: str
) -> Callable[[], Any]:
    """The same of PyTorch's layer; padded batches are packed, as its documentation advises."""
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence

    device = "cuda" if torch.cuda.is_available() else "cpu"
    layer = getattr(torch.nn, name)(x.shape[2], units, batch_first=True).to(device)
    given = torch.tensor(x, device=device, requires_grad=True)
    real = None if mask is None else torch.tensor(mask.sum(axis=1))
    half = POLICIES[precision] != "float32"

    def step():
        with torch.autocast(device, getattr(torch, precision) if half else None, enabled=half):
            if real is None:
                outputs, _ = layer(given)
            else:
                packed = pack_padded_sequence(given, real, batch_first=True, enforce_sorted=False)
                outputs = layer(packed)[0].data
        return torch.autograd.grad(outputs.float().sum(), [given, *layer.parameters()])

    return step
