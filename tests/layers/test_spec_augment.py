"""SpecAugment on the spectrograms of spoken digits."""

import keras
import numpy as np
import pytest
from gradients import differentiate

from rnnapps import datasets
from rnnapps.data.sound.files import decode
from rnnapps.layers import LogMel, SpecAugment

BATCH, FRAMES, MELS = 32, 40, 24
COMPILED = {"tensorflow": "xla", "jax": "graph", "torch": "eager"}[keras.backend.backend()]


@pytest.fixture(scope="module")
def mels():
    """Stretches of 0.8 s of a speaker's digits: `(32, 40, 24)`."""
    samples, _ = decode(datasets.path("digits") / "theo.flac", max_seconds=30)
    rows = samples[: BATCH * FRAMES * 160].reshape(BATCH, FRAMES * 160)
    return keras.ops.convert_to_numpy(LogMel(8000, mels=MELS)(rows))


def augmented(layer, mels, **options):
    return keras.ops.convert_to_numpy(layer(mels, training=True, **options))


def runs(hidden):
    """How many runs of true values there are in each row."""
    return (np.diff(np.pad(hidden.astype(int), ((0, 0), (1, 0)))) == 1).sum(axis=1)


def test_inference_changes_nothing(mels):
    layer = SpecAugment(seed=1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(mels)), mels)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(mels, training=False)), mels)
    np.testing.assert_array_equal(augmented(SpecAugment(0, 5, 2, 0), mels), mels)


@pytest.mark.parametrize("masks", [1, 2])
@pytest.mark.parametrize(("axis", "size"), [(1, FRAMES), (2, MELS)], ids=["time", "frequency"])
def test_masks_are_of_at_most_their_width(mels, masks, axis, size):
    width = 5
    layer = SpecAugment(*((masks, width, 0, 0) if axis == 1 else (0, 0, masks, width)), seed=1)
    changed = np.concatenate([augmented(layer, mels) != mels for _ in range(8)])
    hidden = changed.any(axis=3 - axis)
    np.testing.assert_array_equal(hidden, changed.all(axis=3 - axis))  # whole frames, whole bands
    counts = hidden.sum(axis=1)
    assert counts.max() <= masks * width
    assert (runs(hidden) <= masks).all()
    assert hidden.any(axis=0).all()  # every place is hidden some time, the first and last too
    expected = masks * width / 2 * (1 if masks == 1 else 0.95)  # two of them overlap sometimes
    assert counts.mean() == pytest.approx(expected, rel=0.15)
    if masks == 1:
        assert set(counts) == set(range(width + 1))


def test_at_least_half_of_a_row_stays(mels):
    layer = SpecAugment(3, 1000, 2, 1000, seed=1)
    for _ in range(5):
        changed = augmented(layer, mels) != mels
        assert changed.all(axis=2).sum(axis=1).max() <= FRAMES / 2
        assert changed.all(axis=1).sum(axis=1).max() <= MELS / 2


def test_what_is_hidden_is_the_mean_of_the_row(mels):
    output = augmented(SpecAugment(seed=1), mels)
    changed = output != mels
    for row in range(BATCH):
        values = output[row][changed[row]]
        np.testing.assert_allclose(values, mels[row].mean(), rtol=1e-5)
    assert len({row.tobytes() for row in changed}) > BATCH * 0.9  # each row has masks of its own


def test_padding_is_not_touched(mels):
    lengths = np.array([FRAMES, 20, 7, 1, 0] + [30] * (BATCH - 5))
    mask = np.arange(FRAMES) < lengths[:, None]
    layer = SpecAugment(2, 10, 2, 8, seed=1)
    padded = np.where(mask[:, :, None], mels, 99).astype("float32")
    for _ in range(5):
        output = augmented(layer, padded, mask=keras.ops.convert_to_tensor(mask))
        changed = output != padded
        assert not changed[~mask].any()
        assert (changed.all(axis=2).sum(axis=1) <= lengths / 2).all()
        for row in range(BATCH):
            real = mels[row, : lengths[row]]
            if changed[row].any():
                np.testing.assert_allclose(output[row][changed[row]], real.mean(), rtol=1e-5)
    assert layer.compute_mask(padded, mask) is mask


def test_seeds_and_saved_states_repeat(mels):
    layer, same, other = SpecAugment(seed=3), SpecAugment(seed=3), SpecAugment(seed=4)
    first = augmented(layer, mels)
    np.testing.assert_array_equal(augmented(same, mels), first)
    assert (augmented(other, mels) != first).any()
    state = keras.ops.convert_to_numpy(layer.seed_generator.state)
    second = augmented(layer, mels)
    assert (second != first).any()
    layer.seed_generator.state.assign(state)  # as a checkpoint does
    np.testing.assert_array_equal(augmented(layer, mels), second)


def test_gradients_and_compilation(mels):
    layer = SpecAugment(seed=3)
    layer.build(mels.shape)

    def total(inputs):
        outputs = layer(inputs, training=True)
        return keras.ops.sum(outputs), [outputs]

    (outputs,), (gradient,) = differentiate(total, [mels], layer, COMPILED)
    changed = outputs != mels
    assert changed.any()
    assert np.isfinite(gradient).all()
    share = changed.mean(axis=(1, 2))[:, None, None]  # of the mean that stands there instead
    np.testing.assert_allclose(gradient, ~changed + share, atol=1e-4)


def test_half_precision(mels):
    layer = SpecAugment(seed=3, dtype="mixed_float16")
    output = layer(mels - 50, training=True)  # 960 values of about -55: a sum beyond float16
    assert keras.backend.standardize_dtype(output.dtype) == "float16"
    assert np.isfinite(keras.ops.convert_to_numpy(output)).all()


def test_config_and_symbolic_shapes():
    layer = SpecAugment(1, 2, 3, 4, seed=5)
    copy = SpecAugment.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy(keras.Input((None, MELS))).shape == (None, None, MELS)
    with pytest.raises(ValueError, match="at least 0"):
        SpecAugment(time_masks=-1)
