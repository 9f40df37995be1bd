"""Batches of features with the characters that they stand for."""

import numpy as np
import pytest

from rnnapps.data.ctc_batches import CTCBatches

LENGTHS = (5, 70, 130, 6, 64, 65, 20)
SEQUENCES = [np.full((length, 2), number + 1, "float32") for number, length in enumerate(LENGTHS)]
TARGETS = [np.full(number + 1, number + 1, "int32") for number in range(len(LENGTHS))]


def batches(**options):
    return CTCBatches(SEQUENCES, TARGETS, 2, lambda one: one * 2, 4, **options)


def test_features_and_characters_stand_together_and_padding_is_zero():
    seen = []
    for x, y in batches().epoch(0):
        assert x.dtype == np.float32 and y.dtype == np.int32 and x.shape[1] % 64 == 0
        for features, characters in zip(x, y, strict=True):
            number = int(features[0, 0] / 2) - 1
            seen.append(number)
            real = np.arange(len(features)) < LENGTHS[number]
            np.testing.assert_array_equal(features[:, 0], real * 2 * (number + 1))
            assert characters[characters > 0].tolist() == [number + 1] * (number + 1)
    assert sorted(seen) == list(range(len(LENGTHS)))


def test_samples_are_filled_up_to_multiples_of_a_step():
    made = CTCBatches([one[:, 0] for one in SEQUENCES], TARGETS, 3, lambda one: one, 4, step=50)
    assert [x.shape for x, _ in made.in_order_of_length()] == [(3, 50), (3, 100), (1, 150)]
    ((first, _), *_) = made.in_order_of_length()
    assert [int(row.sum()) for row in first] == [5, 24, 140]


def test_those_of_similar_length_stand_together():
    widths = [x.shape[1] for x, _ in batches().in_order_of_length()]
    assert widths == [64, 64, 128, 192]
    shortest, longest = batches().extremes()
    assert shortest[0].shape[1] == 64 and longest[0].shape[1] == 192


def changed(sequence, random):
    return sequence + random.random()


def test_changes_depend_on_seed_epoch_and_row_alone():
    def content(epoch, start=0, **options):
        return [x for x, _ in batches(augment=changed, **options).epoch(epoch, start)]

    first = content(3, seed=1)
    for one, again in zip(first, content(3, seed=1), strict=True):
        np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(content(3, start=2, seed=1)[0], first[2])
    totals = {
        round(sum(float(x.sum()) for x in some), 3)
        for some in (first, content(4, seed=1), content(3, seed=2))
    }
    assert len(totals) == 3


def test_held_out_lines_are_never_changed():
    (x, _), *_ = batches(augment=changed).in_order_of_length()
    assert set(np.unique(x)) == {0, 2, 8}


@pytest.mark.parametrize(("length", "expected"), [(20, 2.0), (17, 2.0), (16, 1.0)])
def test_what_would_be_too_short_for_its_characters_stays_as_it_is(length, expected):
    """Four characters, of which two are equal neighbours, need five frames of four steps each."""
    line, target = np.ones((40, 1), "float32"), np.array([5, 5, 7, 8], "int32")
    made = CTCBatches([line], [target], 1, lambda one: one, 4, lambda one, random: 2 * one[:length])
    ((x, _),) = made.epoch(0)
    assert x.max() == expected
    made.idle = 1
    ((x, _),) = made.epoch(0)
    assert x.max() == 1


def test_what_goes_wrong_in_the_other_thread_is_told():
    def broken(sequence, random):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(batches(augment=broken).epoch(0))
