import numpy as np
import pytest

from rnnapps.data.bucketed_batches import pad, padded_length
from rnnapps.data.labelled_batches import LabelledBatches


@pytest.fixture
def batches():
    random = np.random.default_rng(0)
    sequences = [random.integers(1, 99, random.integers(1, 200)) for _ in range(103)]
    targets = np.arange(103, dtype="float32")[:, None]
    return LabelledBatches(sequences, targets, batch_size=10, seed=7)


@pytest.mark.parametrize(
    ("length", "padded"), [(1, 8), (8, 8), (9, 16), (33, 48), (48, 48), (49, 64), (65, 96), (100, 128)]
)
def test_padded_length(length, padded):
    assert padded_length(length) == padded


def test_pad_is_on_the_right():
    assert pad([np.array([1, 2]), np.array([3])]).tolist() == [[1, 2] + [0] * 6, [3] + [0] * 7]


def test_an_epoch_has_every_row_once(batches):
    seen = []
    for x, y in batches.epoch(0):
        assert x.dtype == np.int32
        assert x.shape[0] == y.shape[0] > 0
        assert x.shape[1] == padded_length(int((x > 0).sum(axis=1).max()))
        for ids, number in zip(x, y[:, 0].astype(int), strict=True):
            assert ids[ids > 0].tolist() == batches.sequences[number].tolist()
            seen.append(number)
    assert sorted(seen) == list(range(103))
    assert len(list(batches.epoch(0))) == len(batches) == 11


def test_order_follows_from_seed_epoch_and_step(batches):
    whole = [y[:, 0].tolist() for _, y in batches.epoch(3)]
    assert [y[:, 0].tolist() for _, y in batches.epoch(3, start=4)] == whole[4:]
    assert [y[:, 0].tolist() for _, y in batches.epoch(4)] != whole
    other = LabelledBatches(batches.sequences, batches.targets, 10, seed=8)
    assert [y[:, 0].tolist() for _, y in other.epoch(3)] != whole


def test_rows_of_a_batch_are_of_similar_length(batches):
    padding = sum((x == 0).sum() for x, _ in batches.epoch(0))
    whole = sum(x.size for x, _ in batches.epoch(0))
    assert padding / whole < 0.3  # in order of arrival it would be a half


def test_weights_and_order_of_length():
    sequences = [np.ones(n, int) for n in (20, 3, 9)]
    weights = np.array([1.0, 2.0, 3.0])
    batches = LabelledBatches(sequences, np.eye(3), 2, weights=weights)
    assert [w.tolist() for _, _, w in batches.in_order_of_length()] == [[2.0, 3.0], [1.0]]
    short, long = batches.extremes()
    assert (short[0].shape, long[0].shape) == ((2, 16), (2, 24))


def test_resampled_sequences_of_an_epoch():
    sequences = [np.array([1]), np.array([2])]
    batches = LabelledBatches(
        sequences, np.zeros((2, 1)), 2, resample=lambda epoch: [s + epoch for s in sequences]
    )
    ((x, _),) = batches.epoch(10)
    assert sorted(x[:, 0]) == [11, 12]
