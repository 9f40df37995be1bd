"""Which kernel runs each recurrent layer, and why no faster one."""

from collections.abc import Iterator
from typing import NamedTuple

import keras

from rnnapps.layers.attention_recurrence import AttentionRecurrence
from rnnapps.layers.kernels.cell_layer import CellLayer
from rnnapps.layers.kernels.choice import choose
from rnnapps.layers.kernels.parallel_scan import ParallelRecurrence
from rnnapps.layers.kernels.recurrence import Recurrence
from rnnapps.layers.soft_window import SoftWindow

UNSEEN = (
    "TensorFlow's call of cuDNN has not been run on a GPU yet, as those of JAX and PyTorch have: it is "
    "traced on a CPU, and its packing of weights, masks and directions compared there with Keras's loop."
)


class Explanation(NamedTuple):
    """The kernel of one layer, for each faster one what prevents it, and of the native one the
    instruction set.
    """

    layer: str
    kernel: str
    obstacles: dict[str, str]
    instructions: str = ""


def explain(model: keras.layers.Layer) -> list[Explanation]:
    """Print, for every recurrent layer of a model (or one layer), the kernel that will run it here.

    Returns what it printed, a row for each layer.
    """
    rows = [_explain(name, layer) for name, layer in _recurrent(model)]
    if not rows:
        print(f"{model.name}: no recurrent layer")
    for row in rows:
        print(f"{row.layer}: {row.kernel}" + f" ({row.instructions})" * bool(row.instructions))
        for kernel, obstacle in row.obstacles.items():
            print(f"    not {kernel}: {obstacle}")
    if keras.backend.backend() == "tensorflow" and any(row.kernel == "cudnn" for row in rows):
        print(UNSEEN)
    return rows


def _recurrent(layer: keras.layers.Layer, prefix: str = "") -> Iterator[tuple[str, keras.layers.RNN]]:
    """The recurrent layers within a layer, in order, with names that tell where they are."""
    if isinstance(layer, (keras.layers.RNN, AttentionRecurrence, SoftWindow)):
        yield prefix + layer.name, layer
        return
    if isinstance(layer, keras.layers.Bidirectional):
        inner = [layer.forward_layer, layer.backward_layer]
    elif isinstance(layer, keras.Model):
        inner = layer.layers
    else:
        inner = layer._flatten_layers(include_self=False, recursive=False)
    for one in inner:
        # The name of what holds them, but for the model that was given.
        holder = f"{prefix}{layer.name}/" if prefix or not isinstance(layer, keras.Model) else ""
        yield from _recurrent(one, holder)


def _explain(name: str, layer: keras.layers.RNN) -> Explanation:
    if isinstance(layer, (CellLayer, ParallelRecurrence, AttentionRecurrence, SoftWindow)):
        return Explanation(name, *layer.choice())
    if isinstance(layer, Recurrence):
        try:
            return Explanation(name, *choose(layer))
        except ValueError as error:  # a kernel was demanded that cannot run
            return Explanation(
                name, "none", {"cudnn" if layer.kernel == "auto" else layer.kernel: str(error)}
            )
    if type(layer) in (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN):
        ours = "a layer of Keras: rnnapps.layers.from_keras(model) converts it"
    else:
        ours = f"a cell of its own ({type(layer.cell).__name__})"
    return Explanation(name, "keras", {"fused": ours})
