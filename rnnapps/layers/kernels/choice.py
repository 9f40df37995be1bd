"""Which kernel runs a layer, and what keeps it from a faster one."""

from typing import NamedTuple

import keras

from rnnapps.layers.kernels.equations import DERIVATIVES
from rnnapps.layers.kernels.exporting import exporting, graph_obstacle
from rnnapps.layers.kernels.native import library

KERNELS = ("auto", "cudnn", "native", "fused", "keras")


def check_kernel(kernel: str, kernels: tuple[str, ...] = ("auto", "keras")) -> None:
    """Refuse a kernel that a layer does not have.

    Raises:
        ValueError: it is none of `kernels`.
    """
    if kernel not in kernels:
        raise ValueError(f"kernel={kernel!r}: expected one of {', '.join(kernels)}")


class Choice(NamedTuple):
    """A kernel, for each faster one what prevents it, and of the native one the instruction set."""

    kernel: str
    obstacles: dict[str, str]
    instructions: str = ""


def choose(layer: keras.layers.RNN) -> Choice:
    """Choose the kernel of an LSTM, GRU or SimpleRNN of `rnnapps.layers`.

    Raises:
        ValueError: its argument `kernel` (or `use_cudnn=True`) demands one that cannot run it here.
    """
    if exporting():
        return Choice("keras", {"fused": "it is being exported"})
    wanted = layer.kernel
    if wanted == "auto" and getattr(layer, "use_cudnn", "auto") is True:
        wanted = "cudnn"
    obstacles = {}
    for kernel, obstacle in KERNEL_OBSTACLES:
        prevents = obstacle(layer)
        if wanted == kernel and prevents:
            raise ValueError(
                f"{layer.name}: kernel='{kernel}' cannot run: {prevents}. Use kernel='auto' for the "
                f"fastest that can."
            )
        if not prevents and wanted in (kernel, "auto"):
            return Choice(kernel, obstacles, library.instructions() if kernel == "native" else "")
        obstacles[kernel] = prevents or f"kernel='{layer.kernel}'"
    prevented = "; ".join(f"not {kernel}: {obstacle}" for kernel, obstacle in obstacles.items())
    raise ValueError(f"{layer.name}: no kernel can run it: {prevented}")


def gpu() -> bool:
    """Whether the backend sees a GPU."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.default_backend() == "gpu"
    if backend == "torch":
        import torch

        return torch.cuda.is_available() and torch.backends.cudnn.is_available()
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def _keras_obstacle(layer) -> str:
    """What Keras's loop does not know, where no other loop stands in for it."""
    for name in ("weight_drop", "zoneout", "zoneout_cell"):
        if getattr(layer, name) and (obstacle := _fused_obstacle(layer)):
            return f"{name}={getattr(layer, name)} with {obstacle}"
    return ""


def cudnn_obstacle(layer: keras.layers.RNN) -> str:
    """What keeps a layer from cuDNN; empty if nothing does."""
    backend = keras.backend.backend()
    if not gpu():
        return f"{backend} sees no GPU"
    if getattr(layer, "use_cudnn", "auto") is False:
        return "use_cudnn=False"
    if layer.kind == "rnn" and backend != "torch":
        return f"{backend} offers no SimpleRNN of cuDNN"
    if layer.kind == "gru" and backend == "jax":
        return "JAX offers no GRU of cuDNN"
    return _fused_obstacle(layer) or library_obstacle(layer)


def native_obstacle(layer: keras.layers.RNN) -> str:
    """What keeps a layer from the native kernel; empty if nothing does."""
    if layer.compute_dtype == "float64":
        return "float64"
    if any(layer.zoneout_rates):
        return f"zoneout={layer.zoneout_rates}"
    return place_obstacle() or _fused_obstacle(layer)


def place_obstacle() -> str:
    """What keeps the native kernel from running here, whatever it is to run; empty if nothing does."""
    backend = keras.backend.backend()
    if obstacle := library.obstacle():
        return obstacle
    if gpu():
        return f"it is for processors, and {backend} sees a GPU"
    return graph_obstacle() if backend == "tensorflow" else ""


def _fused_obstacle(layer) -> str:
    cell = layer.cell
    if layer.compute_dtype == "float64" and keras.backend.backend() == "jax":
        return "float64 on JAX, where Keras's tanh gives float32"
    if layer.unroll:
        return "unroll=True"
    if cell.recurrent_dropout:
        return f"recurrent_dropout={cell.recurrent_dropout}"
    if layer.kind == "gru" and not cell.reset_after:
        return "reset_after=False"
    if getattr(cell, "implementation", 2) == 1 and cell.dropout:
        return "dropout with implementation=1"
    for name in ("activation", "recurrent_activation"):
        function = getattr(cell, name, keras.activations.sigmoid)
        if not any(function is known for known in DERIVATIVES):
            return f"{name}={_name(function)}"
    return ""


def library_obstacle(layer: keras.layers.RNN) -> str:
    """What the layers of cuDNN and PyTorch cannot do, of what the fused kernel can; empty if nothing."""
    if any(layer.zoneout_rates):
        return f"zoneout={layer.zoneout_rates}"
    act = keras.activations
    allowed = {"activation": (act.tanh, act.relu) if layer.kind == "rnn" else (act.tanh,)}
    if layer.kind != "rnn":
        allowed["recurrent_activation"] = (act.sigmoid,)
    for name, functions in allowed.items():
        if not any(getattr(layer.cell, name) is function for function in functions):
            return f"{name}={_name(getattr(layer.cell, name))}"
    return ""


def _name(function) -> str:
    return getattr(function, "__name__", type(function).__name__)


KERNEL_OBSTACLES = (
    ("cudnn", cudnn_obstacle),
    ("native", native_obstacle),
    ("fused", _fused_obstacle),
    ("keras", _keras_obstacle),
)
