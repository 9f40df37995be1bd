"""Intervals that hold what they say, by what they missed on held-out steps."""

import numpy as np


def corrections(quantiles: np.ndarray, truth: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """What is added to quantiles, float32 `(horizon, targets, levels)`, so that their intervals cover.

    Conformalized quantile regression (Romano et al. 2019), for each step ahead and target: the bounds
    move out, or in, by the quantile of how far the values fell outside.

    Args:
        quantiles: of held-out origins, standardised, `(origins, horizon, targets, levels)`.
        truth: what came, `(origins, horizon, targets)`, NaN where it is not known.
        levels: of the quantiles, symmetrical around the median.
    """
    found = np.zeros(quantiles.shape[1:], "float32")
    number = np.maximum(1, (~np.isnan(truth)).sum(axis=0))  # of the values of each step and target
    for low, level in enumerate(levels):
        if level >= 0.5:
            break
        outside = np.maximum(quantiles[..., low] - truth, truth - quantiles[..., -1 - low])
        share = np.minimum(1, (1 - 2 * level) * (1 + 1 / number))
        ordered = np.sort(outside, axis=0)  # NaN comes last
        place = np.clip(np.ceil(share * number).astype(int) - 1, 0, number - 1)
        width = np.nan_to_num(np.take_along_axis(ordered, place[None], axis=0)[0])
        found[..., low], found[..., -1 - low] = -width, width
    return found
