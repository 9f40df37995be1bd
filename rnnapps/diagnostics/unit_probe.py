"""What single units of a recurrent layer respond to, found by a probe."""

from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np


class Probed(NamedTuple):
    """The unit whose state goes most with a value."""

    unit: int
    correlation: float
    """Pearson's, on the steps that the unit was not chosen by"""


def unit_states(network: keras.Model, ids: np.ndarray) -> np.ndarray:
    """The output of the last recurrent layer after each token of a text.

    Args:
        network: of `rnnapps.networks.next_token.build`.
        ids: int32 `(time,)`.

    Returns:
        Float32 `(time, units)`.
    """
    outputs, *_ = network.get_layer("recurrent").output
    reader = keras.Model(network.inputs, outputs)
    zeros = [np.zeros((1, state.shape[-1]), "float32") for state in network.inputs[1:]]
    return np.asarray(reader.predict_on_batch([ids[None], *zeros]))[0]


def probe(states: np.ndarray, values: Mapping[str, np.ndarray]) -> dict[str, Probed]:
    """For each value, the unit that goes most with it.

    The unit is chosen on the first half of the steps, and its correlation is that on the second: among
    hundreds of units, one goes with anything by chance.

    Args:
        states: `(time, units)`.
        values: by name, `(time,)` each, such as the tokens since the last full stop.
    """
    half = len(states) // 2
    found = {}
    for name, value in values.items():
        unit = int(np.abs(_correlations(states[:half], value[:half])).argmax())
        rest = float(_correlations(states[half:, [unit]], value[half:])[0])
        found[name] = Probed(unit, rest)
    return found


def _correlations(states: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each unit with a value; 0 where either does not vary."""
    states = states - states.mean(axis=0, dtype="float64")
    value = value - value.mean(dtype="float64")
    scale = np.sqrt((states**2).sum(axis=0) * (value**2).sum())
    return np.divide(value @ states, scale, out=np.zeros(states.shape[1]), where=scale > 1e-12)
