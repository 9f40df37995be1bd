"""Scores of a network that writes."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def pen_report(nats: Sequence[np.ndarray]) -> dict[str, Any]:
    """Score the negative log likelihoods of the steps of lines, in nats, `(steps,)` each.

    Returns:
        A dict for JSON: the lines, the steps of the pen, the mean nats of a step, and the signature.
    """
    steps = sum(map(len, nats))
    return {
        "rows": len(nats),
        "steps": steps,
        "nats": float(sum(some.sum(dtype="float64") for some in nats) / steps),
        "signature": "nats:density of dx, dy in 0.3 heights, and probability of the lift",
    }
