"""Scores of a detector of words in long recordings."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnnapps.data.sound.recordings import SpokenWord

LATE = 0.5  # seconds after the end of a word's clip in which a detection is still of it


def stream_report(
    spoken: Sequence[SpokenWord],
    detect: Callable[[float], Sequence[tuple[float, str]]],
    words: Sequence[str],
    seconds: float,
    thresholds: Sequence[float],
) -> dict[str, Any]:
    """Count false alarms and misses of a recording at several thresholds.

    A detection is right if its word is the one said at that time, up to half a second after its clip,
    and was not detected before in it. Any other is a false alarm. A word without a right one is missed.

    Args:
        spoken: what is said when; words that are not of `words` must not be detected as one of them.
        detect: the detections `(time in seconds, word)` at a threshold, in order of time.
        words: the words to detect.
        seconds: length of the recording.
        thresholds: to score.

    Returns:
        A dict for JSON: hours, the number of words, the signature, and for each threshold false alarms,
        their rate an hour with its exact 95 % interval (Poisson; Garwood 1936), misses, their rate with
        its 95 % Wilson interval, and the median of seconds from the end of a clip to its detection,
        which is negative where a word is known before its clip ends.
    """
    import scipy
    from scipy.stats import binomtest

    hours = seconds / 3600
    wanted = [event for event in spoken if event.word in set(words)]
    rows = []
    for threshold in thresholds:
        false_alarms, delays = _match(wanted, detect(threshold))
        misses = len(wanted) - len(delays)
        row = {
            "threshold": threshold,
            "false_alarms": false_alarms,
            "false_alarms_per_hour": false_alarms / hours,
            "false_alarms_interval": [limit / hours for limit in poisson_interval(false_alarms)],
            "misses": misses,
        }
        if wanted:
            interval = binomtest(misses, len(wanted)).proportion_ci(0.95, method="wilson")
            row |= {"miss_rate": misses / len(wanted), "miss_interval": [interval.low, interval.high]}
        row["median_delay"] = float(np.median(delays)) if delays else None
        rows.append(row)
    return {
        "hours": hours,
        "words": len(wanted),
        "others": len(spoken) - len(wanted),
        "thresholds": rows,
        "signature": f"false alarms|late:{LATE:g}s|interval:poisson-exact-95"
        f"|misses|interval:wilson-95|scipy:{scipy.__version__}",
    }


def poisson_interval(count: int) -> tuple[float, float]:
    """The exact 95 % interval of the mean of a Poisson variable that was seen to be `count`."""
    from scipy.stats import chi2

    low = float(chi2.ppf(0.025, 2 * count) / 2) if count else 0.0
    return low, float(chi2.ppf(0.975, 2 * count + 2) / 2)


def _match(
    wanted: Sequence[SpokenWord], detections: Sequence[tuple[float, str]]
) -> tuple[int, list[float]]:
    """The number of false alarms, and for each word that was detected the delay in seconds."""
    found: dict[int, float] = {}
    false_alarms = 0
    for time, word in detections:
        for number, event in enumerate(wanted):
            if event.word == word and event.start <= time <= event.end + LATE and number not in found:
                found[number] = time - event.end
                break
        else:
            false_alarms += 1
    return false_alarms, list(found.values())
