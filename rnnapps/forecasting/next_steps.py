"""Windows in which each step is foretold from those before it."""

from collections.abc import Iterator, Mapping

import numpy as np

from rnnapps.data.series.gaps import carried_on
from rnnapps.data.series.windows import Batch, Windows


class NextSteps:
    """Batches of windows for a network that foretells the next step, and is told what came (teacher
    forcing).

    "x" is float32 `(batch, context + horizon - 1, targets, features)`: see `features`. Targets and
    weights are those of the next step, `(batch, context + horizon - 1, targets)`.

    Args:
        windows: whose static features end with the logarithm of the scale of each target.
        horizon_only: whether only the steps of the horizon have weights: to validate, as the context
            reaches back into what was trained on.
    """

    def __init__(self, windows: Windows, horizon_only: bool = False):
        self.windows, self.horizon_only = windows, horizon_only

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self.windows)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, from step `start` on."""
        return map(self._next_steps, self.windows.epoch(epoch, start))

    def in_order_of_length(self) -> Iterator[Batch]:
        """Yield every window once, in order."""
        return map(self._next_steps, self.windows.in_order_of_length())

    def extremes(self) -> tuple[Batch, Batch]:
        """The smallest and the largest batch."""
        smallest, largest = map(self._next_steps, self.windows.extremes())
        return smallest, largest

    def arrays(self) -> Iterator[np.ndarray]:
        """All that the batches are made of."""
        return self.windows.arrays()

    def _next_steps(self, batch: Batch) -> Batch:
        inputs, targets, known = batch
        _, horizon, number = targets.shape
        # Ahead of the context the other variables are not known: a forecast is without them too.
        others = [(0, 0), (0, 0), (0, inputs["past"].shape[-1] - number)]
        came = {"past": targets[:, :-1], "known": known[:, :-1]}
        came = {
            name: np.concatenate([inputs[name], np.pad(some, others)], axis=1)
            for name, some in came.items()
        }
        values, weights = (
            np.concatenate([inputs[name][:, 1:, :number], some], axis=1)
            for name, some in (("past", targets), ("known", known))
        )
        if self.horizon_only:
            weights[:, :-horizon] = 0
        return {"x": features(inputs | came, number)}, values, weights


def features(inputs: Mapping[str, np.ndarray], targets: int, ahead: int = 0) -> np.ndarray:
    """What a network is told at each step, float32 `(batch, context + ahead, targets, features)`.

    They are, in this order: the last known value of the target; whether it is of this step; the
    logarithm of its scale; the other variables of this step and whether each is known; what is known of
    the next step beforehand; the static features; and, of several targets, which it is.

    Args:
        inputs: of a batch of `rnnapps.data.series.windows.Windows`, as `NextSteps` takes them.
        targets: variables that are foretold.
        ahead: further steps, of which nothing has come yet.
    """
    length = [(0, 0), (0, ahead), (0, 0)]
    past, known = np.pad(inputs["past"], length), np.pad(inputs["known"], length)
    rows, steps, _ = past.shape
    static, scales = np.split(inputs["static"][:, None], [-targets], axis=-1)
    real = known[..., :targets]
    last = carried_on(past[..., :targets], real > 0)
    own = np.stack([last, real, np.broadcast_to(scales, last.shape)], axis=-1)
    others = [past[..., targets:], known[..., targets:], inputs["calendar"][:, 1 : steps + 1]]
    shared = np.concatenate([*others, np.repeat(static, steps, axis=1)], axis=-1)
    shared = np.repeat(shared[:, :, None], targets, axis=2)
    which = np.eye(targets, dtype="float32")[:, : targets if targets > 1 else 0]
    which = np.broadcast_to(which, (rows, steps, *which.shape))
    return np.concatenate([own, shared, which], axis=-1)


def number_of_features(targets: int, past: int, calendar: int, static: int) -> int:
    """How many `features` gives, of so many variables that are foretold, others of the past, features
    of the next step, and static ones with the scales.
    """
    return 3 + 2 * past + calendar + static - targets + (targets if targets > 1 else 0)
