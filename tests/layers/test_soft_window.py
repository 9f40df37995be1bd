"""An LSTM with a window over a text is its equations, on every backend."""

import keras
import numpy as np
import pytest
from gradients import MODES, REFERENCE, differentiate
from keras import ops

from rnnapps.layers.soft_window import SoftWindow

RNG = np.random.default_rng(0)
BATCH, TIME, FEATURES, POSITIONS, SIZE, UNITS, COMPONENTS = 2, 5, 3, 6, 4, 8, 3
VECTORS = RNG.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
TEXT = RNG.normal(size=(BATCH, POSITIONS, SIZE)).astype("float32")
REAL = np.arange(POSITIONS) < np.array([6, 3])[:, None]


def array(tensor):
    return ops.convert_to_numpy(tensor)


def made(**options):
    """A layer with weights of which none is at its special first value."""
    layer = SoftWindow(UNITS, COMPONENTS, steps=2, **options)
    layer.build(VECTORS.shape, TEXT.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(scale=0.4, size=weight.shape) for weight in layer.weights])
    return layer


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(layer, vectors, text):
    """Graves 2013, equations 46 to 51, as the paper has them: h, windows and phi, each `(time, ...)`."""
    cell = layer.cell
    kernel, recurrent, bias, more, of_text, of_h, of_bias = (
        array(weight).astype("float64")
        for weight in (
            *(cell.kernel, cell.recurrent_kernel, cell.bias, cell.recurrent_bias),
            *(layer.text_kernel, layer.window_kernel, layer.window_bias),
        )
    )
    h, c, kappa, window = np.zeros(UNITS), np.zeros(UNITS), np.zeros(COMPONENTS), np.zeros(SIZE)
    results = []
    for x in vectors:
        i, f, g, o = np.split(x @ kernel + window @ of_text + h @ recurrent + bias + more, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        alpha, beta, move = np.split(np.exp(h @ of_h + of_bias), 3)
        kappa = kappa + move
        phi = np.array(
            [
                sum(a * np.exp(-b * (k - u) ** 2) for a, b, k in zip(alpha, beta, kappa, strict=True))
                for u in range(1, len(text) + 1)
            ]
        )
        window = phi @ text
        results.append((h, window, phi))
    return [np.stack(part) for part in zip(*results, strict=True)]


@pytest.mark.parametrize("kernel", ["auto", "keras"])
def test_it_is_its_equations(kernel):
    layer = made(kernel=kernel)
    expected = [by_hand(layer, *row) for row in zip(VECTORS, TEXT, strict=True)]
    h, windows = layer(VECTORS, TEXT)
    state, context = layer.start(TEXT)
    for t in range(TIME):
        (h_t, window), state, phi = layer.step(VECTORS[:, t], state, context)
        for row, right in enumerate(expected):
            for found, wanted in zip((h_t, window, phi), right, strict=True):
                np.testing.assert_allclose(array(found)[row], wanted[t], atol=1e-5)
            np.testing.assert_allclose(array(h)[row, t], right[0][t], atol=1e-5)
            np.testing.assert_allclose(array(windows)[row, t], right[1][t], atol=1e-5)


def test_gradients_are_those_of_the_steps():
    shares = [RNG.normal(size=(BATCH, TIME, size)).astype("float32") for size in (UNITS, SIZE)]
    layer, mask = made(), ops.convert_to_tensor(REAL)

    def loss_and(outputs):
        parts = zip(outputs, map(ops.convert_to_tensor, shares), strict=True)
        return sum(ops.sum(output * share) for output, share in parts), list(outputs)

    def repeated(vectors, text):
        (state, context), outputs = layer.start(text, mask), []
        for t in range(TIME):
            both, state, _ = layer.step(vectors[:, t], state, context)
            outputs.append(both)
        return [ops.stack(part, axis=1) for part in zip(*outputs, strict=True)]

    _, expected = differentiate(lambda *x: loss_and(repeated(*x)), [VECTORS, TEXT], layer, REFERENCE)
    for mode in MODES[keras.backend.backend()]:
        _, found = differentiate(
            lambda vectors, text: loss_and(layer(vectors, text, text_mask=mask)),
            [VECTORS, TEXT],
            layer,
            mode,
        )
        for a, b in zip(found, expected, strict=True):
            assert np.abs(a - b).max() <= 1e-5 * max(np.abs(b).max(), 1)
            assert np.abs(b).max() > 0  # of every weight
        assert not found[1][~REAL].any()  # nothing hangs on what is masked


def test_what_is_masked_is_not_seen():
    layer, steps = made(), np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]], "bool")
    vectors, text = VECTORS.copy(), TEXT.copy()
    vectors[~steps], text[~REAL] = np.nan, np.nan
    h, windows = map(array, layer(vectors, text, vectors_mask=steps, text_mask=REAL))
    for row in range(BATCH):
        right = by_hand(layer, VECTORS[row][steps[row]], TEXT[row][REAL[row]])
        for found, wanted in zip((h, windows), right, strict=False):
            np.testing.assert_allclose(found[row][steps[row]], wanted, atol=1e-5)
    np.testing.assert_array_equal(h[0, 3:], h[0, [2, 2]])
    np.testing.assert_array_equal(windows[1, 1], windows[1, 0])


def test_padding_of_zeros_needs_no_mask():
    layer = made()
    padded = np.where(REAL[..., None], TEXT, 0)
    for found, wanted in zip(layer(VECTORS, padded), layer(VECTORS, TEXT, text_mask=REAL), strict=True):
        np.testing.assert_allclose(array(found), array(wanted), atol=1e-6)


def test_the_window_begins_as_one_gaussian_that_moves_forward():
    layer = SoftWindow(UNITS, COMPONENTS, steps=2)
    layer.build(VECTORS.shape, (1, POSITIONS, POSITIONS))
    for weight in layer.weights:
        if weight is not layer.window_bias:
            weight.assign(np.zeros(weight.shape))
    _, windows = layer(VECTORS[:1], np.eye(POSITIONS, dtype="float32")[None])
    centres, places = np.arange(1, TIME + 1)[:, None] / 2, np.arange(1, POSITIONS + 1)
    np.testing.assert_allclose(array(windows)[0], np.exp(-np.square(centres - places)), atol=1e-6)


def test_saved_and_loaded(tmp_path):
    vectors, text = keras.Input((None, FEATURES)), keras.Input((None, SIZE))
    layer = SoftWindow(UNITS, COMPONENTS, steps=5)
    outputs = layer(keras.layers.Masking()(vectors), text)
    assert [output.shape for output in outputs] == [(None, None, UNITS), (None, None, SIZE)]
    model = keras.Model([vectors, text], outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    given = [VECTORS * (np.arange(TIME) < 4)[:, None], TEXT]
    for a, b in zip(loaded(given), model(given), strict=True):
        np.testing.assert_array_equal(array(a), array(b))
        np.testing.assert_array_equal(array(a)[:, 4], array(a)[:, 3])  # the mask came through
    assert SoftWindow.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize(
    "options", [{"units": 0}, {"components": 0}, {"steps": 0}, {"kernel": "native"}], ids=str
)
def test_wrong_arguments_are_refused(options):
    with pytest.raises(ValueError, match="expected"):
        SoftWindow(**({"units": 4} | options))
    with pytest.raises(ValueError, match="not built"):
        SoftWindow(4).start(TEXT)
