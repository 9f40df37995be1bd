"""A recurrent layer of a cell that Keras does not have."""

import keras
from keras import ops

from rnnapps.layers.kernels.cell import Cell
from rnnapps.layers.kernels.cell_loop import cell_loop
from rnnapps.layers.kernels.choice import Choice, check_kernel
from rnnapps.layers.kernels.exporting import check_length
from rnnapps.layers.kernels.loops import uncompiled
from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.kernels.recurrence import as_keras_wants, carried, check_rates
from rnnapps.layers.kernels.zoneout import draw


class CellLayer(keras.layers.RNN):
    """What the layers with a `Cell` share: the arguments of regularisation, and the compiled loop."""

    obstacle: str
    """why this is no layer of cuDNN"""

    def __init__(
        self,
        cell: Cell,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        seed: int | None = None,
        kernel: str = "auto",
        **kwargs,
    ):
        super().__init__(cell, **kwargs)
        check_kernel(kernel)
        self.kernel = kernel
        check_rates(dropout=dropout, recurrent_dropout=recurrent_dropout, weight_drop=weight_drop)
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.weight_drop = weight_drop
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape)
        self.loop = cell_loop(self._step, self.cell.variables, self.kernel)

    def choice(self) -> Choice:
        """The kernel that runs it, for `rnnapps.layers.explain`."""
        if self.kernel == "keras":
            return Choice("keras", {"cudnn": self.obstacle, "compiled": "kernel='keras'"})
        if keras.backend.backend() == "torch":
            return Choice("steps", {"compiled": "PyTorch runs a cell step by step"})
        return Choice("compiled", {"cudnn": self.obstacle})

    def _step(self, inputs, states, context):
        (z,), h = inputs, states[0]
        for dropped in context:  # one pattern for all steps of a row
            h = ops.reshape(h, (ops.shape(dropped)[0], -1, self.cell.units)) * dropped[:, None]
            h = ops.reshape(h, ops.shape(states[0]))
        return self.cell.step(z, states, h)

    @uncompiled
    def inner_loop(self, sequences, initial_state, mask, training=False):
        """Keras's hook: `(last output, outputs, states)`, time running as the layer processes it."""
        cell, generator, training = self.cell, self.seed_generator, bool(training)
        check_length(sequences)
        sequences, mask = without_masked(sequences, mask)
        batch, time = ops.shape(sequences)[:2]
        if training and self.dropout:
            ones = ops.ones_like(sequences[:, :1])
            sequences = sequences * keras.random.dropout(ones, self.dropout, seed=generator)
        z = cell.project(ops.matmul(sequences, cell.kernel))
        z = ops.transpose(z, (1, 0, 2))  # (time, batch, size)
        states = [ops.cast(state, z.dtype) for state in carried(self, initial_state)]
        context = ()
        if training and self.recurrent_dropout:
            ones = ops.ones_like(states[0])
            context = (keras.random.dropout(ones, self.recurrent_dropout, seed=generator),)
        values = None
        if training and self.weight_drop:
            values = [
                keras.random.dropout(variable.value, self.weight_drop, seed=generator)
                if variable is cell.recurrent_kernel
                else variable.value
                for variable in cell.variables
            ]
        steps = None
        if mask is not None:
            steps = ops.cast(ops.transpose(mask)[:, :, None], z.dtype)
        zones = draw(cell.zoneout, generator, time, batch, cell.units, training)
        zones = tuple(ops.cast(zone, z.dtype) for zone in zones)
        reverse = self.go_backwards
        sequences = self.loop((z,), states, context, steps, zones, reverse, values)
        last = [all_[0 if reverse else -1] for all_ in sequences]
        outputs = ops.transpose(sequences[0][:-1] if reverse else sequences[0][1:], (1, 0, 2))
        return as_keras_wants(self, outputs, last, mask)
