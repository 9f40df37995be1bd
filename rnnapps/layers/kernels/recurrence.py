"""Running a layer by the kernel that was chosen for it."""

import keras
from keras import ops

from rnnapps.layers.kernels import equations, fused, library, zoneout
from rnnapps.layers.kernels.choice import (
    KERNELS,
    check_kernel,
    choose,
    cudnn_obstacle,
    library_obstacle,
    native_obstacle,
)
from rnnapps.layers.kernels.equations import States, Tensor
from rnnapps.layers.kernels.exporting import check_length
from rnnapps.layers.kernels.loops import uncompiled
from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.kernels.native import layer as native
from rnnapps.layers.kernels.weights import Weights, of_cell

EQUATIONS = {"lstm": equations.LSTM, "gru": equations.GRU, "rnn": equations.SIMPLE_RNN}


class Recurrence:
    """What LSTM, GRU and SimpleRNN add to Keras's layers: the choice of a kernel, and regularisers.

    A class of it names its equations by the attribute `kind`.
    """

    kind: str
    zoneout_cell = 0.0  # an LSTM's own

    def __init__(
        self,
        units: int,
        *args,
        kernel: str = "auto",
        weight_drop: float = 0.0,
        zoneout: float = 0.0,
        **kwargs,
    ):
        super().__init__(units, *args, **kwargs)
        check_kernel(kernel, KERNELS)
        check_rates(weight_drop=weight_drop, zoneout=zoneout)
        self.kernel = kernel
        self.weight_drop = weight_drop
        self.zoneout = zoneout
        if keras.backend.backend() == "tensorflow":  # XLA knows neither operation
            obstacles = cudnn_obstacle(self), native_obstacle(self)
            self.supports_jit = kernel in ("fused", "keras") or all(obstacles)

    @uncompiled
    def inner_loop(self, sequences, initial_state, mask, training=False):
        """Keras's hook: `(last output, outputs, states)`, time running as the layer processes it."""
        kernel = choose(self).kernel
        check_length(sequences)
        sequences, mask = without_masked(sequences, mask)
        if kernel == "keras" and not (self.weight_drop or any(self.zoneout_rates)):
            # Its loop, not the short cuts of Keras's LSTM and GRU, which differ by backend.
            return keras.layers.RNN.inner_loop(self, sequences, initial_state, mask, training)
        states = carried(self, initial_state)
        outputs, states = run_layer(self, kernel, sequences, mask, states, training)
        return as_keras_wants(self, outputs, states, mask)

    def dropped(self, sequences: Tensor, training: bool) -> Tensor:
        """The inputs with the layer's dropout: one pattern a row, the same at each time step."""
        if not (training and self.cell.dropout):
            return sequences
        return sequences * self.cell.get_dropout_mask(sequences[:, 0, :])[:, None]

    def weights_of_cell(self, training: bool) -> Weights:
        """The cell's weights, the recurrent ones with weight drop in training."""
        weights = of_cell(self.cell)
        if not (training and self.weight_drop):
            return weights
        dropped = keras.random.dropout(
            weights.recurrent, self.weight_drop, seed=self.cell.seed_generator
        )
        return weights._replace(recurrent=dropped)

    @property
    def zoneout_rates(self) -> tuple[float, ...]:
        """The rate of zoneout of each state."""
        return (self.zoneout, self.zoneout_cell)[: len(self.state_size)]

    def get_config(self):
        config = super().get_config() | {
            "kernel": self.kernel,
            "weight_drop": self.weight_drop,
            "zoneout": self.zoneout,
        }
        return config | {"use_cudnn": self.use_cudnn} if hasattr(self, "use_cudnn") else config


def carried(layer: keras.layers.RNN, initial_state: States) -> States:
    """The initial states, so that they may be kept for a gradient."""
    if layer.stateful and keras.backend.backend() == "torch":
        # They are the layer's variables, overwritten before the gradient is computed.
        return tuple(ops.copy(state) for state in initial_state)
    return tuple(initial_state)


def as_keras_wants(
    layer: keras.layers.RNN, outputs: Tensor | None, states: States, mask: Tensor | None
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """What Keras's hook `inner_loop` returns: last output, outputs as processed, last states.

    `outputs` are those of `run_layer`, in order of time.
    """
    last = shown(layer, states[0], mask, steps=False)
    if not layer.return_sequences:
        return last, last[:, None], list(states)
    outputs = shown(layer, outputs, mask)
    return last, ops.flip(outputs, axis=1) if layer.go_backwards else outputs, list(states)


def check_rates(**rates: float) -> None:
    """Refuse a rate of dropout that is none.

    Raises:
        ValueError: it is not at least 0 and below 1.
    """
    for name, rate in rates.items():
        if not 0 <= rate < 1:
            raise ValueError(f"{name}={rate!r}: expected at least 0 and below 1")


def run_layer(
    layer: Recurrence,
    kernel: str,
    sequences: Tensor,
    mask: Tensor | None,
    states: States,
    training: bool,
) -> tuple[Tensor, States]:
    """Run a layer by the kernel "cudnn", "native" or "fused", or by "keras" where Keras's loop lacks
    what it needs.

    Args:
        sequences: `(batch, time, features)`.
        mask: bool `(batch, time)`, or None.
        states: the initial ones, each `(batch, units)`.

    Returns:
        The outputs `(batch, time, units)` in order of time, which repeat the state at masked steps (or
        None if the layer does not return sequences), and the last states.
    """
    sequences, weights = layer.dropped(sequences, training), layer.weights_of_cell(training)
    reverse, cell = layer.go_backwards, layer.cell
    of_torch = kernel == "fused" and keras.backend.backend() == "torch" and not library_obstacle(layer)
    if kernel == "cudnn" or of_torch:
        wanted = layer.return_state or layer.stateful
        return library.run(library_name(layer), sequences, mask, reverse, states, weights, wanted)
    activations = (cell.activation, getattr(cell, "recurrent_activation", cell.activation))
    common = (EQUATIONS[layer.kind], activations, sequences, mask, reverse, tuple(states), weights)
    common = (*common, layer.return_sequences, bool(training))
    if kernel == "native":
        return native.run(*common)
    batch, time = ops.shape(sequences)[:2]
    rates, generator = layer.zoneout_rates, cell.seed_generator
    zones = zoneout.draw(rates, generator, time, batch, layer.units, bool(training))
    return fused.run(*common, zones, scanned=kernel == "keras")


def library_name(layer: Recurrence) -> str:
    """The layer's name in cuDNN and PyTorch."""
    return f"rnn_{layer.cell.activation.__name__}" if layer.kind == "rnn" else layer.kind


def shown(layer: Recurrence, outputs: Tensor, mask: Tensor | None, steps: bool = True) -> Tensor:
    """Outputs that repeat the state at masked steps, by Keras's rule for these steps.

    That is zero with `zero_output_for_mask`; otherwise the last output, which is zero before the first
    real step. On JAX, Keras's loop gives the initial state there.

    Args:
        layer: whose outputs they are.
        outputs: `(batch, time, units)` in order of time; without `steps` those of the step that is
            processed last, `(batch, units)`.
        mask: bool `(batch, time)`, or None.
        steps: whether `outputs` has a time axis.
    """
    if mask is None or (keras.backend.backend() == "jax" and not layer.zero_output_for_mask):
        return outputs
    if not layer.zero_output_for_mask:
        real = ops.cast(ops.flip(mask, axis=1) if layer.go_backwards else mask, "int32")
        mask = ops.cumsum(real, axis=1) > 0
        mask = ops.flip(mask, axis=1) if layer.go_backwards else mask
    if not steps:
        mask = mask[:, 0 if layer.go_backwards else -1]
    return ops.where(mask[..., None], outputs, ops.zeros_like(outputs))
