"""Events in a stream of class probabilities."""

from collections import deque
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Detection:
    """A class that was detected: the time in seconds, its number, and its smoothed probability."""

    time: float
    number: int
    score: float


class Detector:
    """Smoothing, a threshold and a refractory time over posteriors (Chen, Parada and Heigold 2014).

    The probabilities are averaged over the last `smoothing` seconds (at the start over what there is). A
    class is detected when its average reaches the threshold and is the highest of those that count;
    after that nothing is detected for the refractory time, and that class not again before its average
    has been below the threshold: one long word is one detection.

    Args:
        hop_seconds: time from one row of probabilities to the next.
        classes: numbers of the classes that count; silence and unknown words, for example, do not.
        threshold: from 0 to 1.
        smoothing: seconds of the moving average; less than a hop is no smoothing.
        refractory: seconds.
    """

    def __init__(
        self,
        hop_seconds: float,
        classes: list[int],
        threshold: float = 0.8,
        smoothing: float = 0.2,
        refractory: float = 0.6,
    ):
        self.classes = np.asarray(classes)
        self.threshold = threshold
        self.refractory = refractory
        self._rows: deque[np.ndarray] = deque(maxlen=max(1, round(smoothing / hop_seconds)))
        self._quiet_until = -np.inf
        self._held: int | None = None  # the class of the last detection, while it goes on

    def push(self, time: float, probabilities: np.ndarray) -> Detection | None:
        """What the next row of probabilities `(classes,)`, at a time in seconds, makes detected."""
        self._rows.append(np.asarray(probabilities, "float64"))
        mean = np.mean(self._rows, axis=0)
        if self._held is not None and mean[self._held] < self.threshold:
            self._held = None
        best = int(self.classes[mean[self.classes].argmax()])
        if mean[best] < self.threshold or time < self._quiet_until or best == self._held:
            return None
        self._held, self._quiet_until = best, time + self.refractory
        return Detection(time, best, float(mean[best]))
