"""Is cuDNN really called? A part of `rnnapps benchmark gpu`.

The backend's own profiler lists what ran on the GPU during a training step of a layer (on a CPU: which
operations). Where `explain` says that the kernel is cuDNN, names of cuDNN's have to be among them, and
nowhere else.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

from rnnapps.backend import silence
from rnnapps.benchmark.gpu_machine import Check, Machine, wait
from rnnapps.benchmark.gpu_numerics import SIZES, kernel_of, make_arrays, make_layer, make_mask, prepared
from rnnapps.benchmark.layers import Row

# PyTorch's operation, and the kernels of cuDNN's recurrent layers.
CUDNN = re.compile(
    r"cudnn_rnn|cudnn::|RNN_block|elemWiseRNN|(LSTM|GRU|RNN)_elementWise|persist\w*RNN", re.IGNORECASE
)
LAYERS = {False: ("LSTM", "GRU", "SimpleRNN"), True: ("LSTM",)}  # True: dry
NAMES = 8  # that a row keeps, each of so many letters at most
LETTERS = 100


def checks(machine: Machine, dry: bool) -> Iterator[Check]:
    """Those of the layers that cuDNN has, padded and not."""
    for layer, (direction, mask) in product(LAYERS[dry], (("forwards", "none"), ("both", "right"))):
        about = {"layer": layer, "direction": direction, "mask": mask}
        yield Check(about, lambda _, case=(layer, direction, mask): look(machine, *case, dry))


def look(machine: Machine, layer: str, direction: str, mask: str, dry: bool) -> Row:
    """The rest of a row: whether cuDNN was called, and the names that tell."""
    shape = SIZES[dry]
    kernel = kernel_of(make_layer(layer, direction, shape[3]))
    _, _, run = prepared(layer, direction, "float32", shape)
    arrays, real = make_arrays(layer, direction, shape), make_mask(mask, *shape[:2])
    run(arrays, real)  # compiles
    names = profiled(machine, lambda: run(arrays, real))
    return {"kernel": kernel} | judged(kernel, names)


def judged(kernel: str, names: set[str]) -> Row:
    """Whether the names that were seen are those of the kernel."""
    if not names:  # as where a container has no right to it
        return {"status": "not run", "reason": "the profiler saw nothing"}
    cudnn = {name for name in names if CUDNN.search(name)}
    right = bool(cudnn) == (kernel == "cudnn")
    return {
        "cudnn": bool(cudnn),
        "number": len(names),
        "names": sorted(name[:LETTERS] for name in cudnn or names)[:NAMES],
        "status": "passed" if right else "failed",
    }


def profiled(machine: Machine, call: Callable) -> set[str]:
    """The names of what runs on the device during a call."""
    with silence():  # the profilers write notices
        return {"torch": _torch, "jax": _jax}[machine.backend](machine, call)


def _torch(machine, call):
    import torch
    from torch.profiler import ProfilerActivity, profile

    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if machine.gpu else [])]
    with profile(activities=kinds) as profiler:
        call()
        if machine.gpu:
            torch.cuda.synchronize()
    device = "CUDA" if machine.gpu else "CPU"
    return {
        event.name
        for event in profiler.events()
        if event.device_type.name == device or CUDNN.search(event.name)
    }


def _jax(machine, call):
    import jax

    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            wait(call())
        (file,) = Path(folder).rglob("*.xplane.pb")
        data = jax.profiler.ProfileData.from_file(str(file))
        device = "/device:GPU" if machine.gpu else "/host:CPU"
        planes = [plane for plane in data.planes if plane.name.startswith(device)]
        return {event.name for plane in planes for line in plane.lines for event in line.events}
