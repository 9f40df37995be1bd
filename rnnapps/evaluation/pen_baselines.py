"""How likely steps of a pen are without a network."""

from collections.abc import Sequence

import numpy as np

COMPONENTS, SEED = 20, 0
MOST = 100_000  # steps that a mixture is fitted to


def pen_baselines(
    train: Sequence[np.ndarray], test: Sequence[np.ndarray]
) -> dict[str, list[np.ndarray]]:
    """The nats of each step but the first of test lines, by the name of the baseline.

    Both know the share of steps behind which the pen lifts, and nothing of the text.

    Args:
        train: steps of the pen of training lines, float32 `(steps, 3)`: dx, dy, lift.
        test: those of test lines.
    """
    from sklearn.mixture import GaussianMixture

    steps = np.concatenate([line[1:] for line in train]).astype("float64")
    if len(steps) > MOST:
        steps = steps[np.random.default_rng(SEED).permutation(len(steps))[:MOST]]
    lifts = np.clip(steps[:, 2].mean(), 1e-6, 1 - 1e-6)
    found = {}
    for components in (1, min(COMPONENTS, len(np.unique(steps[:, :2], axis=0)))):
        mixture = GaussianMixture(components, random_state=SEED, reg_covar=4e-4).fit(steps[:, :2])
        name = "one Gaussian" if components == 1 else f"a mixture of {components} Gaussians"
        found[f"{name} for all steps (scikit-learn)"] = [
            -mixture.score_samples(line[1:, :2])
            - np.where(line[1:, 2] > 0.5, np.log(lifts), np.log(1 - lifts))
            for line in test
        ]
    return found
