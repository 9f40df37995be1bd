"""False alarms and misses of known detections."""

import pytest

from rnnapps.data.sound.recordings import SpokenWord
from rnnapps.metrics.stream_report import poisson_interval, stream_report

SPOKEN = [SpokenWord(1, 2, "yes"), SpokenWord(4, 5, "bed"), SpokenWord(7, 8, "no")]
FOUND = {
    0.5: [(1.6, "yes"), (1.9, "yes"), (4.5, "yes"), (8.4, "no")],
    0.9: [(1.9, "no"), (8.6, "no")],
    0.99: [],
}


def test_what_counts():
    report = stream_report(SPOKEN, FOUND.__getitem__, ["yes", "no"], 1800, [0.5, 0.9, 0.99])
    assert (report["hours"], report["words"], report["others"]) == (0.5, 2, 1)
    low, middle, high = report["thresholds"]
    assert (low["false_alarms"], low["misses"]) == (2, 0)  # said once, found twice; a word of no class
    assert low["false_alarms_per_hour"] == 4
    assert low["median_delay"] == pytest.approx(0)  # -0.4 and 0.4 s
    assert (middle["false_alarms"], middle["misses"]) == (2, 2)  # another word; too late
    assert (high["false_alarms"], high["miss_rate"], high["median_delay"]) == (0, 1, None)
    assert high["false_alarms_interval"] == pytest.approx([0, 2 * 3.6889], abs=1e-3)
    assert high["miss_interval"][1] == pytest.approx(1)
    assert "interval:poisson-exact-95" in report["signature"]


def test_poisson_interval_of_the_tables():
    assert poisson_interval(10) == pytest.approx((4.795, 18.391), abs=1e-3)


def test_no_word_to_detect():
    report = stream_report(SPOKEN[1:2], lambda threshold: [(4.5, "no")], ["yes", "no"], 60, [0.5])
    assert report["thresholds"][0]["false_alarms"] == 1 and "miss_rate" not in report["thresholds"][0]
