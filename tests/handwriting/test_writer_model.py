"""The network that writes, its batches and its steps."""

import keras
import numpy as np
import pytest
from keras import ops

from rnnapps.errors import UsageError
from rnnapps.handwriting.config import ModelConfig
from rnnapps.handwriting.writing.batches import WriterBatches
from rnnapps.handwriting.writing.config import WriterConfig
from rnnapps.handwriting.writing.density import outputs_of
from rnnapps.handwriting.writing.loss import WriterLoss
from rnnapps.handwriting.writing.model import build, stepwise

CHARACTERS = 5
RNG = np.random.default_rng(0)
WRITER = WriterConfig(window_components=2, mixture_components=2)


def line(steps, characters):
    offsets = RNG.normal(size=(steps, 3))
    offsets[:, 2] = offsets[:, 2] > 1
    ids = RNG.integers(1, CHARACTERS + 1, characters)
    return offsets.astype("float32"), ids.astype("int32")


LINES = [line(6, 3), line(9, 4), line(17, 9)]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return build(ModelConfig(units=8), WRITER, CHARACTERS)


def array(tensor):
    return ops.convert_to_numpy(tensor)


def test_batches():
    batches = WriterBatches(LINES, 2)
    (steps, characters), targets, weights = next(batches.in_order_of_length())
    assert steps.shape == targets.shape == (2, 8, 3)
    assert weights.tolist() == [[1] * 5 + [0] * 3, [1] * 8]
    assert characters.shape == (2, 16)  # as many as the longest text of all needs
    for number, (offsets, ids) in enumerate(LINES[:2]):
        length = len(offsets) - 1
        np.testing.assert_array_equal(steps[number, :length], offsets[:-1])
        np.testing.assert_array_equal(targets[number, :length], offsets[1:])
        assert not targets[number, length:].any()
        assert characters[number].tolist() == [*ids, *[0] * (16 - len(ids))]
    assert sum(map(len, (batch[2] for batch in batches.epoch(0)))) == 3
    assert len(list(batches.arrays())) == 6


def test_steps_are_those_of_a_call_and_padding_is_not_seen(model):
    (steps, characters), *_ = next(WriterBatches(LINES, 3).in_order_of_length())
    whole = array(model([steps, characters]))
    assert whole.shape == (3, 16, outputs_of(2)) and whole.dtype == "float32"
    start, step = stepwise(model)
    for number, (offsets, ids) in enumerate(LINES):
        state, context = start(ids[None])
        for t in range(min(len(offsets) - 1, 5)):
            outputs, state, phi = step(offsets[None, t], state, context)
            np.testing.assert_allclose(array(outputs)[0], whole[number, t], atol=1e-5)
        assert phi.shape == (1, len(ids))


def test_it_learns():
    ((x, y, weights),) = WriterBatches(LINES, 3).in_order_of_length()
    learner = build(ModelConfig(units=8, depth=1, layer_dropout=0), WRITER, CHARACTERS)
    learner.compile(keras.optimizers.Adam(0.02, clipnorm=1.0), WriterLoss(), jit_compile=False)
    losses = [float(learner.train_on_batch(x, y, sample_weight=weights)) for _ in range(8)]
    assert losses[-1] < losses[0] - 0.3


def test_saved_and_loaded(tmp_path):
    network = build(ModelConfig(units=4, depth=3, layer_dropout=0.5), WRITER, CHARACTERS)
    network.save(tmp_path / "writer.keras")
    loaded = keras.saving.load_model(tmp_path / "writer.keras")
    given = [LINES[0][0][None], LINES[0][1][None]]
    np.testing.assert_array_equal(array(loaded(given)), array(network(given)))


def test_wrong_sizes_are_refused():
    with pytest.raises(UsageError, match="--window-components must be at least 1, got 0"):
        WriterConfig(window_components=0)
    with pytest.raises(UsageError, match="--most-steps must be from 8 to 4096"):
        WriterConfig(most_steps=7)
