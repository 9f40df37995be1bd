"""Zoneout: units that keep their state for a time step, at random (Krueger et al. 2017).

A kernel takes one array `zones` for each state: the share of the new state in what follows. In training
it is 0 or 1 for each row, step and unit; otherwise one minus the rate, which is the mean of that.
"""

import keras
from keras import ops

from rnnapps.layers.kernels.equations import States, Tensor


def draw(
    rates: tuple[float, ...], generator, time: Tensor, batch: Tensor, units: int, training: bool
) -> States:
    """The arrays for the states: `(time, batch, units)` in training, else `(time, 1, 1)`, float32.

    None, an empty tuple, if all rates are 0.
    """
    if not any(rates):
        return ()
    zones = []
    for rate in rates:
        if training and rate:
            ones = ops.ones((time, batch, units), dtype="float32")
            kept = keras.random.dropout(ones, rate, seed=generator) > 0
            zones.append(ops.cast(kept, "float32"))
        else:
            zones.append(ops.full((time, 1, 1), 1.0 - rate, dtype="float32"))
    return tuple(zones)


def blend(zones: States, new: States, old: States) -> States:
    """The states after a step, given the zones of that step."""
    if not zones:
        return tuple(new)
    return tuple(b + zone * (a - b) for zone, a, b in zip(zones, new, old, strict=True))


def expected(rates: tuple[float, ...], new: States, old: States) -> States:
    """The states after a step outside of training."""
    zones = tuple(ops.convert_to_tensor(1.0 - rate, dtype=new[0].dtype) for rate in rates)
    return blend(zones if any(rates) else (), new, old)


def layer_step(layer: keras.layers.RNN, x: Tensor, states: States) -> tuple[Tensor, States]:
    """The output and the states of a layer of one cell after a step outside of training."""
    output, new = layer.cell(x, list(states))
    rates = getattr(layer, "zoneout_rates", ())
    if not any(rates):
        return output, new
    new = expected(rates, new, states)
    return new[0], new
