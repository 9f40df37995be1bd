"""The machine that `rnnapps benchmark gpu` checks: its card, its arithmetic, and derivatives on it.

Keras is imported within the functions, as its backend has to be chosen before.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from rnnapps.benchmark.layer_worker import repeated
from rnnapps.benchmark.layers import Row, figures

Tensor = Any
BACKENDS = ("torch", "jax")
POLICIES = {  # of Keras, for each precision that is checked
    "float32": "float32",
    "tf32": "float32",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}
# Dense peaks in TFLOP/s by NVIDIA's data sheets: float32, TF32, bfloat16, float16 (summed in float32).
# The words of a card's name choose; more words stand before fewer.
PEAKS = {
    "H100 PCIe": (51, 378, 756, 756),
    "H100 NVL": (60, 418, 835, 835),
    "H100": (67, 495, 989, 989),
    "H200": (67, 495, 989, 989),
    "A100": (19.5, 156, 312, 312),
    "RTX 4090": (82.6, 82.6, 165, 165),
    "L4": (30.3, 60, 121, 121),
    "T4": (8.1, None, None, 65),
}


class Machine(NamedTuple):
    """What the checks run on."""

    backend: str
    device: str
    """the card's name, or cpu"""
    gpu: bool

    def peak(self, precision: str) -> float | None:
        """The card's peak in TFLOP/s by its data sheet, if it is in the table."""
        words = set(re.split(r"[\s-]+", self.device))
        for name, peaks in PEAKS.items():
            if words.issuperset(name.split()):
                return peaks[list(POLICIES).index(precision)]
        return None


class Check(NamedTuple):
    """One check: what it is about, and what makes the rest of its row.

    `run(seconds)` may take so many seconds. Its row has a `status`: "passed", "failed", "measured" where
    there is nothing to fail, or "not run" with a `reason`.
    """

    about: Row
    run: Callable[[float], Row]


def find() -> Machine:
    """The machine that the backend, which is loaded, computes on."""
    import keras

    name = keras.backend.backend()
    if name == "torch":
        import torch

        gpu = torch.cuda.is_available()
        return Machine(name, torch.cuda.get_device_name() if gpu else "cpu", gpu)
    import jax

    gpu = jax.default_backend() == "gpu"
    return Machine(name, jax.devices()[0].device_kind if gpu else "cpu", gpu)


def on_cpu() -> contextlib.AbstractContextManager:
    """Within it, the backend computes on the CPU."""
    import keras

    return keras.device("cpu")


@contextlib.contextmanager
def arithmetic(precision: str) -> Iterator[None]:
    """Within it, a GPU's products of float32 are rounded to TF32, unless the precision is float32."""
    import keras

    exact = precision == "float32"
    if keras.backend.backend() == "jax":
        import jax

        with jax.default_matmul_precision("highest" if exact else "tensorfloat32"):
            yield
        return
    import torch

    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("highest" if exact else "high")
    torch.backends.cudnn.allow_tf32 = not exact
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]


def wait(result: Any) -> None:
    """Return when the device is done."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        jax.block_until_ready(result)
    else:
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()


def timed(call: Callable[[], Any], seconds: float, least: int = 3) -> Row:
    """The figures of calls, each until the device is done; the first, which may compile, apart."""
    start = time.perf_counter()
    wait(call())
    first = time.perf_counter() - start
    return figures(repeated(lambda: wait(call()))(seconds, least), first)


@cache
def measured_peak(precision: str, size: int) -> float:
    """TFLOP/s in the product of two matrices of this size, as the backend computes it."""
    import keras
    from keras import ops

    dtype = precision if POLICIES[precision] != "float32" else "float32"
    random = np.random.default_rng(0)
    a, b = (ops.cast(random.standard_normal((size, size), "float32"), dtype) for _ in range(2))
    product = ops.matmul
    if keras.backend.backend() == "jax":
        import jax

        product = jax.jit(product)
    with arithmetic(precision):
        return 2 * size**3 / timed(lambda: product(a, b), 0.3)["median_ms"] / 1e9


def derivative(
    loss: Callable[..., tuple[Tensor, list[Tensor]]], variables: list[Any]
) -> Callable[..., tuple[list[Tensor], list[Tensor]]]:
    """A function of what `loss` takes, a list of tensors first, that returns `(loss, other tensors)`.

    It gives the gradients with respect to the tensors of the list and to the variables, and the other
    tensors. On JAX it is compiled.
    """
    import keras

    if keras.backend.backend() == "jax":
        import jax

        def of_values(tensors, values, *others):
            with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
                return loss(tensors, *others)

        gradient = jax.jit(jax.grad(of_values, argnums=(0, 1), has_aux=True))

        def run(tensors, *others):
            values = [variable.value for variable in variables]
            (of_tensors, of_variables), kept = gradient(tensors, values, *others)
            return [*of_tensors, *of_variables], kept

        return run
    import torch

    def run(tensors, *others):
        tensors = [tensor.detach().requires_grad_() for tensor in tensors]
        value, kept = loss(tensors, *others)
        sources = [*tensors, *(variable.value for variable in variables)]
        gradients = torch.autograd.grad(value, sources, allow_unused=True, materialize_grads=True)
        return list(gradients), [part.detach() for part in kept]

    return run


def differentiated(
    call: Callable[[list[Tensor], Tensor | None], list[Tensor]], variables: list[Any]
) -> Callable[[list[np.ndarray], np.ndarray | None], list[np.ndarray]]:
    """A function of arrays and a mask that gives what `call` gives, and gradients, as float32 arrays.

    The gradients are those of a weighted sum of all outputs, with respect to the arrays and variables.
    On JAX it is compiled, once for all masks.
    """
    from keras import ops

    def loss(tensors, mask):
        outputs = call(tensors, mask)
        random = np.random.default_rng(2)
        weights = [random.standard_normal(tuple(part.shape), "float32") for part in outputs]
        value = sum(
            ops.sum(ops.cast(part, "float32") * ops.convert_to_tensor(weight))
            for part, weight in zip(outputs, weights, strict=True)
        )
        return value, outputs

    gradients_of = derivative(loss, variables)

    def run(arrays, mask):
        tensors = [ops.convert_to_tensor(array) for array in arrays]
        mask = None if mask is None else ops.convert_to_tensor(mask)
        gradients, outputs = gradients_of(tensors, mask)
        return [ops.convert_to_numpy(ops.cast(one, "float32")) for one in (*outputs, *gradients)]

    return run
