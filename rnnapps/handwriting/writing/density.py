"""Where the pen goes next, as a probability density.

A mixture of bivariate Gaussians for its step, and a Bernoulli variable for its lift (Graves 2013,
section 4, equations 18 to 26). The network gives `6 * components + 1` numbers: for each component the
logit of its weight, two means, the logarithms of two deviations and a number whose tanh is the
correlation; and the logit of the lift. Of a deviation `SMALLEST` is the least, of a correlation
`STRONGEST` the most: else points on a grid, or on a straight line, would have any likelihood.
"""

import math
from typing import Any

from keras import ops

Tensor = Any

SMALLEST = 0.02
STRONGEST = 0.98
LOG_2_PI = math.log(2 * math.pi)


def outputs_of(components: int) -> int:
    """How many numbers the network gives for a step."""
    return 6 * components + 1


def parameters(outputs: Tensor, bias: Tensor | float = 0.0) -> tuple[Tensor, ...]:
    """What the outputs `(..., outputs)` mean.

    Log weights, means of dx and of dy, deviations of dx and of dy, correlations, each
    `(..., components)`, and the logit of the lift `(...)`.

    Args:
        outputs: of the network.
        bias: towards what is likely, at least 0 (Graves 2013, section 5.4, equations 61 and 62): weights
            are sharpened, deviations shrink.
    """
    *parts, lift = ops.split(outputs, [outputs.shape[-1] // 6 * n for n in range(1, 7)], axis=-1)
    weights, mean_x, mean_y, deviation_x, deviation_y, correlation = parts
    return (
        ops.log_softmax(weights * (1 + bias), axis=-1),
        mean_x,
        mean_y,
        ops.exp(deviation_x - bias) + SMALLEST,
        ops.exp(deviation_y - bias) + SMALLEST,
        STRONGEST * ops.tanh(correlation),
        lift[..., 0],
    )


def negative_log_likelihood(steps: Tensor, outputs: Tensor) -> Tensor:
    """Of steps of the pen `(..., 3)`, dx, dy, lift, by the outputs before them: `(...)`, in nats."""
    log_weights, mean_x, mean_y, deviation_x, deviation_y, correlation, lift = parameters(outputs)
    x = (steps[..., 0:1] - mean_x) / deviation_x
    y = (steps[..., 1:2] - mean_y) / deviation_y
    rest = 1 - ops.square(correlation)
    distance = (ops.square(x) + ops.square(y) - 2 * correlation * x * y) / rest
    logs = ops.log(deviation_x) + ops.log(deviation_y) + 0.5 * ops.log(rest)
    of_step = ops.logsumexp(log_weights - 0.5 * distance - logs - LOG_2_PI, axis=-1)
    # The cross-entropy of the lift from its logit.
    of_lift = steps[..., 2] * lift - ops.softplus(lift)
    return -of_step - of_lift


def draw(outputs: Tensor, randoms: Tensor, bias: Tensor | float = 0.0) -> Tensor:
    """Steps of the pen `(batch, 3)`, drawn by outputs `(batch, outputs)`.

    Args:
        outputs: of the network.
        randoms: `(batch, 4)`: two uniform numbers from 0 to 1, for component and lift, and two of the
            standard normal distribution.
        bias: see `parameters`; it does not act on the lift.
    """
    log_weights, *components, lift = parameters(outputs, bias)
    below = ops.cumsum(ops.exp(log_weights), axis=-1)
    chosen = ops.sum(ops.cast(below < randoms[:, 0:1], "int32"), axis=-1, keepdims=True)
    chosen = ops.minimum(chosen, below.shape[-1] - 1)  # where rounding leaves the sum below the number
    mean_x, mean_y, deviation_x, deviation_y, correlation = (
        ops.take_along_axis(part, chosen, axis=-1)[:, 0] for part in components
    )
    x, y = randoms[:, 2], randoms[:, 3]
    y = correlation * x + ops.sqrt(1 - ops.square(correlation)) * y
    lifts = ops.cast(randoms[:, 1] < ops.sigmoid(lift), outputs.dtype)
    return ops.stack([mean_x + deviation_x * x, mean_y + deviation_y * y, lifts], axis=-1)
