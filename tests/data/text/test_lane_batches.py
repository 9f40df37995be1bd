"""Documents in lanes: every token once, in order, behind the one before it."""

import numpy as np
import pytest

from rnnapps.data.text.lane_batches import LaneBatches
from rnnapps.data.text.token_encoder import END


def documents(*lengths):
    """Tokens that all differ, so that each tells where it comes from."""
    ends = np.cumsum(lengths)
    return [
        np.arange(end - length + 10, end + 10, dtype="int32")
        for end, length in zip(ends, lengths, strict=True)
    ]


def parts(batches):
    """The targets of each lane from one start to the next, as (first input, targets)."""
    lanes: dict[int, list] = {}
    found = []
    for (tokens, starts), targets, weights in batches:
        for lane in range(len(tokens)):
            size = int(weights[lane].sum())
            assert (weights[lane, :size] == 1).all() and not targets[lane, size:].any()
            if not size:
                continue
            if starts[lane]:
                lanes[lane] = [int(tokens[lane, 0]), []]
                found.append(lanes[lane])
            first, seen = lanes[lane]
            before = [first, *seen, *targets[lane, :size]][len(seen) : len(seen) + size]
            assert tokens[lane, :size].tolist() == [int(one) for one in before]
            seen.extend(targets[lane, :size].tolist())
    return found


@pytest.mark.parametrize("lengths", [(5000,), (3, 700, 9, 40, 1, 300, 64), tuple(range(1, 90))], ids=len)
@pytest.mark.parametrize("epoch", [0, 3])
def test_every_token_comes_once_behind_the_one_before_it(lengths, epoch):
    given = documents(*lengths)
    batches = LaneBatches(given, lanes=4, steps=16, seed=1)
    found = parts(batches.epoch(epoch))
    everything = np.concatenate(given)
    assert sorted(token for _, seen in found for token in seen) == everything.tolist()
    begin = {int(document[0]) for document in given}
    for first, seen in found:
        assert seen == list(range(seen[0], seen[0] + len(seen)))  # in order, of one document
        assert first == (END if seen[0] in begin else seen[0] - 1)


def test_lengths_of_pieces_and_order_differ_by_epoch_and_repeat_by_seed():
    given = documents(4000, 30, 500)
    batches, again = (LaneBatches(given, lanes=3, steps=32, seed=7) for _ in range(2))
    one, same, other = list(batches.epoch(1)), list(again.epoch(1)), list(batches.epoch(2))
    assert all((a[1] == b[1]).all() for a, b in zip(one, same, strict=True))
    assert {batch[1].shape[1] for batch in one[:-3]} == {24, 32, 40}
    assert [batch[1].tolist() for batch in one] != [batch[1].tolist() for batch in other]
    rest = list(batches.epoch(1, start=5))
    assert all((a[1] == b[1]).all() for a, b in zip(one[5:], rest, strict=True))
    assert len(batches) == len(list(batches.epoch(0)))


def test_a_long_document_fills_all_lanes_to_the_end():
    batches = LaneBatches(documents(40_000), lanes=8, steps=16, seed=1)
    filled = [weights.mean() for _, _, weights in batches.epoch(0)]
    assert np.mean(filled) > 0.9


def test_the_pieces_of_a_whole_document():
    (document,) = documents(100)
    pieces = list(LaneBatches.whole(document, 32))
    assert [starts.tolist() for (_, starts), _, _ in pieces] == [[True], [False], [False], [False]]
    assert np.concatenate([targets[0] for _, targets, _ in pieces])[:100].tolist() == document.tolist()


def test_a_step_is_compiled_on_the_shortest_and_the_longest():
    shortest, longest = LaneBatches(documents(400), lanes=2, steps=16).extremes()
    assert shortest[1].shape == (2, 8) and longest[1].shape == (2, 24)
