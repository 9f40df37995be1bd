"""What the cells with layer normalisation share."""

import keras
from keras import ops

from rnnapps.layers.kernels.cell import Cell
from rnnapps.layers.kernels.equations import Tensor
from rnnapps.layers.kernels.products import product


def normalised(x: Tensor, epsilon: float) -> Tensor:
    """Mean 0 and variance 1 over the last axis (Ba et al. 2016, eq. 4), without gain and bias."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    return centred / ops.sqrt(variance + epsilon)


class LayerNormCell(Cell):
    """A cell whose products with the input and with the state are normalised, group by group.

    Each product has a gain; the bias of the normalisations and that of the cell are one. A class of it
    names the sizes of its `groups` of gates, in units, and has `gates(projected, recurrent, states)`,
    the new states.
    """

    groups: tuple[int, ...]

    def __init__(
        self,
        units: int,
        zoneout: tuple[float, ...],
        epsilon: float = 1e-3,
        initializers: tuple = ("glorot_uniform", "orthogonal", "zeros"),
        regularizers: tuple = (None, None, None),
        **kwargs,
    ):
        super().__init__(units, zoneout, **kwargs)
        self.epsilon = epsilon
        self.initializers = tuple(map(keras.initializers.get, initializers))
        self.regularizers = tuple(map(keras.regularizers.get, regularizers))

    def build(self, input_shape):
        width = sum(self.groups) * self.units
        names = ("kernel", "recurrent_kernel", "bias")
        shapes = ((input_shape[-1], width), (self.units, width), (width,))
        initializers = (*self.initializers[:2], self.initial_bias)
        self.kernel, self.recurrent_kernel, self.bias = (
            self.add_weight(shape=shape, initializer=initializer, regularizer=regularizer, name=name)
            for name, shape, initializer, regularizer in zip(
                names, shapes, initializers, self.regularizers, strict=True
            )
        )
        self.input_gain = self.add_weight(shape=(width,), initializer="ones", name="input_gain")
        self.recurrent_gain = self.add_weight(shape=(width,), initializer="ones", name="recurrent_gain")

    def initial_bias(self, shape, dtype=None):
        return self.initializers[2](shape, dtype=dtype)

    def project(self, product):
        return self._normalised(product, self.input_gain) + ops.cast(self.bias, self.precision)

    def step(self, projected, states, h):
        recurrent = product(ops.cast(h, self.compute_dtype), self.recurrent_kernel)
        return self.gates(projected, self._normalised(recurrent, self.recurrent_gain), states)

    def _normalised(self, product, gain):
        product, start, groups = ops.cast(product, self.precision), 0, []
        for size in self.groups:
            end = start + size * self.units
            groups.append(normalised(product[..., start:end], self.epsilon))
            start = end
        whole = groups[0] if len(groups) == 1 else ops.concatenate(groups, axis=-1)
        return whole * ops.cast(gain, self.precision)
