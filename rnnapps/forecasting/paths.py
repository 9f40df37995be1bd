"""Paths of what may come, from a network that gives the distribution of the next step."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import keras
import numpy as np
from keras import ops

from rnnapps.forecasting.config import ModelConfig
from rnnapps.forecasting.distributions import DISTRIBUTIONS, around_last
from rnnapps.forecasting.next_steps import features
from rnnapps.layers import compiled_stream


class PathSampler:
    """Draws paths, each value from the distribution that the network gives after those before it.

    The draws of a window depend on what it holds, and not on what stands beside it. At each step the
    paths share the distribution out among them (stratified draws; counts are drawn by pure chance): else
    a hundred would have their median a tenth of a standard deviation off.

    Args:
        model: an autoregressive network, with the weights that it is to keep.
        config: of it.
        seed: of the draws.

    Attributes:
        start: gives the state of the network before the first step, for a number of rows.
        distribution: that the outputs are of.
    """

    def __init__(self, model: keras.Model, config: ModelConfig, seed: int = 1):
        self.config, self.seed = config, seed
        self._shares = (np.arange(config.paths) + 0.5) / config.paths
        self.start, self._step = compiled_stream(model.get_layer("next_step"))
        self.distribution = DISTRIBUTIONS[config.distribution]

    def step(self, x: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        """The outputs of the distribution of the next value, float32 `(rows, outputs)`, and the state
        after it, from the features of a step `(rows, features)` and a state.
        """
        outputs, state = self._step(x, state)
        return around_last(self.config, ops.convert_to_numpy(outputs), x, np), state

    def __call__(self, inputs: Mapping[str, np.ndarray], horizon: int, targets: int) -> np.ndarray:
        """Paths after windows, standardised: float32 `(batch, paths, horizon, targets)`.

        Args:
            inputs: of a batch of windows.
            horizon: steps to come.
            targets: variables that are foretold.
        """
        paths, x = self.config.paths, features(inputs, targets, horizon - 1)
        rows, steps, _, width = x.shape
        x = np.moveaxis(x, 2, 1).reshape(rows * targets, steps, width)
        state = self.start(len(x))
        context = steps - horizon + 1
        for step in range(context):
            outputs, state = self.step(x[:, step], state)
        outputs, state = (
            np.repeat(ops.convert_to_numpy(array), paths, axis=0) for array in (outputs, state)
        )
        windows = x.reshape(rows, -1)
        randoms = [np.random.default_rng([self.seed, crc32(window.tobytes())]) for window in windows]
        shares = np.tile(self._shares, (targets, 1))
        found = np.zeros((horizon, rows, targets * paths), "float32")
        for step in range(horizon):
            found[step] = [
                self.distribution.draw(part, random.permuted(shares, axis=1).ravel(), random)
                for part, random in zip(np.split(outputs, rows), randoms, strict=True)
            ]
            if step < horizon - 1:
                ahead = np.repeat(x[:, context + step], paths, axis=0)
                ahead[:, 0], ahead[:, 1] = found[step].reshape(-1), 1  # the drawn value, as if it came
                outputs, state = self.step(ahead, state)
        return np.transpose(found.reshape(horizon, rows, targets, paths), (1, 3, 0, 2))
