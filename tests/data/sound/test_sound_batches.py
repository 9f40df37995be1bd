"""Batches of spoken digits."""

import numpy as np
import pytest

from rnnapps import datasets
from rnnapps.data.sound.augmentation import SoundAugmentation
from rnnapps.data.sound.augmentation_config import SoundAugmentationConfig
from rnnapps.data.sound.batches import SoundBatches
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.data.sound.window import sound_window

LENGTH = 4000


@pytest.fixture(scope="module")
def clips():
    """Every 7th clip of the test part: 43."""
    return [clip.samples for clip in read_clips(SoundSourceConfig(), datasets.path("digits"))["test"]][
        ::7
    ]


@pytest.fixture(scope="module")
def batches(clips):
    augmentation = SoundAugmentation(SoundAugmentationConfig(), 8000, LENGTH, (), seed=3)
    return SoundBatches(clips, np.arange(len(clips)), 8, LENGTH, 3, augmentation)


def test_an_epoch_follows_from_seed_and_number(batches, clips):
    first, again, second = list(batches.epoch(1)), list(batches.epoch(1)), list(batches.epoch(2))
    assert len(first) == len(batches) == 5
    for (x, y), (same, rows) in zip(first, again, strict=True):
        assert x.shape == (8, LENGTH) and x.dtype == np.float32
        np.testing.assert_array_equal(x, same)
        np.testing.assert_array_equal(y, rows)
    rows = np.concatenate([y for _, y in first])
    assert len(set(rows)) == 40  # each once; three wait
    assert set(rows) != set(np.concatenate([y for _, y in second]))
    resumed = list(batches.epoch(1, start=3))
    assert len(resumed) == 2
    np.testing.assert_array_equal(resumed[0][0], first[3][0])
    assert list(batches.epoch(1, start=5)) == []


def test_an_epoch_that_is_left_early_leaves_no_thread(batches):
    import threading

    before = threading.active_count()
    iterator = batches.epoch(0)
    next(iterator)
    iterator.close()
    assert threading.active_count() == before


def test_validation_has_every_clip_unchanged(batches, clips):
    x, y = (np.concatenate(parts) for parts in zip(*batches.in_order_of_length(), strict=True))
    np.testing.assert_array_equal(y, np.arange(len(clips)))
    np.testing.assert_array_equal(x, np.stack([sound_window(clip, LENGTH) for clip in clips]))
    (one, _), (other, _) = batches.extremes()
    assert one.shape == other.shape == (8, LENGTH)


def test_fewer_clips_than_a_batch(clips):
    few = SoundBatches(clips[:3], np.arange(3), 8, LENGTH)
    assert len(few) == 1
    ((x, y),) = few.epoch(0)
    assert x.shape == (3, LENGTH) and sorted(y) == [0, 1, 2]
