"""Ink that is drawn, and what becomes of it."""

from zlib import crc32

import keras
import numpy as np
import pytest
from keras import ops

from rnnapps.data.text.alphabet import Alphabet
from rnnapps.errors import UserError
from rnnapps.handwriting.config import HandwritingConfig, ModelConfig
from rnnapps.handwriting.writing.config import WriterConfig
from rnnapps.handwriting.writing.density import draw
from rnnapps.handwriting.writing.model import STEPS_PER_CHARACTER, build
from rnnapps.handwriting.writing.offsets import SPACING, to_offsets
from rnnapps.handwriting.writing.predictor import LEADING, MOST_CHARACTERS, HandwritingWriter
from rnnapps.handwriting.writing.sampling import MOST_PER_CHARACTER, WriterSampler

ALPHABET = Alphabet(" abc")
AB, CAB = (np.array(ids, "int32") for ids in ([2, 3], [4, 2, 3]))
INK = np.array([[0, 0, 0], [0, 2, 1], [1, 0, 0], [1, 2, 0], [2, 2, 1], [3, 0, 0], [3, 2, 1]], "float32")


def made(lift):
    """A network whose window moves as at the start, and whose pen lifts by a logit."""
    keras.utils.set_random_seed(1)
    model = build(ModelConfig(units=8), WriterConfig(2, 2), ALPHABET.size - 1)
    model.get_layer("recurrent_1").window_kernel.assign(np.zeros((8, 6)))
    kernel, bias = model.get_layer("density").get_weights()
    kernel[:, -1], bias[-1] = 0, lift
    model.get_layer("density").set_weights([kernel, bias])
    return model


@pytest.fixture(scope="module")
def model():
    return made(0.0)


@pytest.fixture(scope="module")
def sampler(model):
    return WriterSampler(model)


@pytest.fixture(scope="module")
def writer(model):
    return HandwritingWriter(model, ALPHABET, HandwritingConfig())


def test_a_draw_is_of_its_seed_and_text(sampler):
    together = sampler([AB, CAB, AB], seed=3)
    alone, other = sampler([CAB], seed=3)[0], sampler([CAB], seed=4)[0]
    np.testing.assert_allclose(together[1].offsets, alone.offsets, atol=1e-4)
    np.testing.assert_array_equal(together[0].offsets, together[2].offsets)
    assert np.abs(alone.offsets[0] - other.offsets[0]).max() > 0.01
    assert together[1].offsets.dtype == "float32" and together[1].places.dtype == "int32"


def test_a_text_is_done_when_the_window_has_passed_it(sampler):
    """And the pen is up. The window reaches 2.5, from where the third place is nearer, in 30 steps."""
    (drawn,) = sampler([AB])
    assert drawn.finished and drawn.offsets[-1, 2] == 1
    assert len(drawn.offsets) >= 2.5 * STEPS_PER_CHARACTER - 1
    steps = np.arange(1, len(drawn.offsets) + 1)
    right = np.clip(np.round(steps / STEPS_PER_CHARACTER), 1, None).astype("int32") - 1
    clear = np.abs(steps / STEPS_PER_CHARACTER % 1 - 0.5) > 0.05
    np.testing.assert_array_equal(drawn.places[clear], right[clear])


def test_a_pen_that_stays_down_ends_at_the_limit():
    drawn = WriterSampler(made(-100.0))([AB, CAB])
    assert [len(one.offsets) for one in drawn] == [2 * MOST_PER_CHARACTER, 3 * MOST_PER_CHARACTER]
    assert not any(one.finished for one in drawn)


def test_a_bias_makes_steps_likely(model, sampler):
    """With all bias each step is the mean of the likeliest component."""
    (drawn,) = sampler([AB], bias=5000.0)
    offsets = np.concatenate([np.zeros((1, 3)), drawn.offsets]).astype("float32")
    outputs = ops.convert_to_numpy(model([offsets[None, :-1], AB[None]]))[0]
    likeliest = outputs[:, :2].argmax(axis=1)
    rows = np.arange(len(outputs))
    means = np.stack([outputs[rows, 2 + likeliest], outputs[rows, 4 + likeliest]], axis=1)
    np.testing.assert_allclose(drawn.offsets[:, :2], means, atol=0.1)  # the smallest deviation is 0.02


def test_a_prime_is_read_before_the_text(model, sampler):
    """The first step is drawn by the outputs after all of it."""
    prime = to_offsets(INK), CAB
    (drawn,) = sampler([AB], seed=5, primes=[prime])
    text = np.concatenate([CAB, AB])[None]
    outputs = ops.convert_to_numpy(model([prime[0][None], text]))[:, -1]
    random = np.random.default_rng([5, crc32(AB.tobytes())])
    number = MOST_PER_CHARACTER * len(AB)
    uniform, normal = random.random((number, 2)), random.normal(size=(number, 2))
    randoms = np.concatenate([uniform[:1], normal[:1]], axis=1).astype("float32")
    right = ops.convert_to_numpy(draw(ops.convert_to_tensor(outputs), ops.convert_to_tensor(randoms)))
    np.testing.assert_allclose(drawn.offsets[0], right[0], atol=1e-4)
    assert drawn.finished and drawn.places.max() >= len(AB) - 1


def test_lines_stand_below_each_other(writer):
    ink, short = writer(["ab\n cab  ", "ab"], seed=2)
    assert ink.text == "ab\ncab" and ink.finished
    assert ink.points.shape == (len(ink.places), 3) and ink.points[-1, 2] == 1
    second = ink.places > 2
    assert np.all(np.diff(second.astype(int)) >= 0)
    assert ink.points[~second, 1].mean() == pytest.approx(0, abs=1e-3)
    assert ink.points[second, 1].mean() == pytest.approx(LEADING, abs=1e-3)
    assert ink.points[~second, 0].min() == ink.points[second, 0].min() == 0
    np.testing.assert_allclose(short.points, ink.points[~second], atol=1e-4)


def test_long_texts_are_broken_into_lines(writer, monkeypatch):
    monkeypatch.setattr("rnnapps.handwriting.writing.predictor.LINE", 4)
    assert [ink.text for ink in writer(["ab cab", "aaaaab"])] == ["ab\ncab", "aaaa\nab"]


def test_lines_are_primed_by_the_first_or_by_a_sample(writer, sampler):
    ink = writer(["ab\ncab"], bias=0.5, seed=2)[0]
    (first,) = sampler([AB], 0.5, 2)
    (second,) = sampler([CAB], 0.5, 2, [(first.offsets, np.array([2, 3, 1], "int32"))])
    steps = np.diff(ink.points[len(first.offsets) :, :2], axis=0)
    np.testing.assert_allclose(steps, SPACING * second.offsets[1:, :2], atol=1e-3)
    other = writer(["ab"], bias=0.5, seed=2, sample=(INK, "abc"))[0]
    assert np.abs(other.points[:5] - ink.points[:5]).max() > 0.01


def test_ink_for_others(writer):
    (ink,) = writer(["ab"])
    assert sum(map(len, ink.strokes)) == len(ink.points)
    assert len(ink.strokes) == ink.points[:, 2].sum()
    told = ink.to_dict()
    assert told["text"] == "ab" and told["finished"] is True
    np.testing.assert_allclose(told["strokes"][0], ink.strokes[0], atol=1e-3)
    assert ink.describe(1) == f"ab  {len(ink.strokes)} strokes"
    axes = ink.plot().axes[0]
    assert len(axes.lines) == len(ink.strokes)
    bottom, top = axes.get_ylim()
    assert bottom > top  # y grows downwards


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (" \n ", {}, "text 1: empty text"),
        ("abx é", {}, "text 'abx é': the writer has not learnt 'x' 'é'"),
        ("a" * (MOST_CHARACTERS + 1), {}, "10,001 characters: write at most 10,000"),
        ("ab", {"bias": -1.0}, "--bias must be from 0 to 100, got -1.0"),
        ("ab", {"bias": float("nan")}, "--bias must be from 0 to 100, got nan"),
        ("ab", {"seed": -1}, "--seed must be at least 0, got -1"),
        ("ab", {"sample": (INK, " ")}, "the sample of ink has no text"),
        ("ab", {"sample": (INK[:0], "ab")}, "the sample of ink has no text, no strokes"),
        ("ab", {"sample": (INK * np.nan, "ab")}, "points that are no numbers"),
        ("ab", {"sample": (INK, "abz")}, "sample 'abz': the writer has not learnt 'z'"),
        ("ab", {"sample": (np.repeat(INK, 400, axis=0), "ab")}, "2,800 points: give a line"),
    ],
)
def test_what_cannot_be_written_is_refused(writer, text, options, message):
    with pytest.raises(UserError) as error:
        writer([text], **options)
    assert message in str(error.value) and "\n" not in str(error.value)
