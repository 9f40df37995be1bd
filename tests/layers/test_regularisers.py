"""Weight drop and zoneout: what they do to a plain layer, on every backend."""

import keras
import numpy as np
import pytest
from gradients import REFERENCE, differentiate
from keras import ops
from test_kernels import BATCH, CELLS, FEATURES, ODD, TIME, UNITS

from rnnapps import layers
from rnnapps.layers import compiled_step
from rnnapps.layers.kernels import choice, recurrence, zoneout

X = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
ZONEOUT = {"LSTM": {"zoneout": 0.3, "zoneout_cell": 0.4}, "GRU": {"zoneout": 0.3}}
ZONEOUT["SimpleRNN"] = ZONEOUT["GRU"]


def array(tensor):
    return ops.convert_to_numpy(tensor)


def step_by_step(cell, zones, mask, backwards):
    """The equations of Krueger et al. 2017 over Keras's cell, outputs in order of time."""

    def loss(x):
        states = [ops.zeros((BATCH, UNITS)) for _ in range(len(zones))]
        outputs = [None] * TIME
        for t in reversed(range(TIME)) if backwards else range(TIME):
            _, new = cell(x[:, t], states)
            new = [
                zone[t] * a + (1 - zone[t]) * b for zone, a, b in zip(zones, new, states, strict=True)
            ]
            if mask is not None:
                new = [ops.where(mask[:, t, None], a, b) for a, b in zip(new, states, strict=True)]
            states = new
            outputs[t] = states[0]
        if backwards:
            outputs.reverse()
        outputs = [ops.stack(outputs, axis=1), *states]
        return sum(ops.sum(part * part) for part in outputs), outputs

    return loss


# Zoneout treats the states of every cell alike: one has all cases, each trains with and without a mask.
CASES = [(None, False), (ODD, False), (ODD, True)]
RUNS = [("LSTM", *case, training) for case in CASES for training in (True, False)]
RUNS += [(name, *case, True) for name in ("GRU", "SimpleRNN") for case in (CASES[0], CASES[2])]


@pytest.mark.parametrize(
    ("name", "mask", "backwards", "training"),
    RUNS,
    ids=lambda value: "odd" if value is ODD else str(value),
)
def test_zoneout_is_its_equations(name, mask, backwards, training, monkeypatch):
    rates = ZONEOUT[name]
    layer = getattr(layers, name)(
        UNITS, return_sequences=True, return_state=True, go_backwards=backwards, **rates
    )
    layer.build(X.shape)
    if training:
        random = np.random.default_rng(1)
        rows = BATCH if mask is None else 1  # with a mask the kernel has the rows in another order
        zones = [random.random((TIME, rows, UNITS)) > rate for rate in layer.zoneout_rates]
        zones = [zone.repeat(BATCH // rows, axis=1) for zone in zones]
        zones = tuple(ops.convert_to_tensor(zone, dtype="float32") for zone in zones)
        monkeypatch.setattr(recurrence.zoneout, "draw", lambda *_: zones)
    else:
        zones = [ops.full((TIME, 1, 1), 1 - rate) for rate in layer.zoneout_rates]
    mask = None if mask is None else ops.convert_to_tensor(mask)

    def loss(x):
        outputs = layer(x, mask=mask, training=training)
        return sum(ops.sum(part * part) for part in outputs), list(outputs)

    ours = differentiate(loss, [X], layer)
    equations = step_by_step(layer.cell, zones, mask, backwards)
    theirs = differentiate(equations, [X], layer, REFERENCE)
    for mine, expected in zip(ours, theirs, strict=True):
        for a, b in zip(mine, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CELLS)
def test_zoneout_of_a_stream(name):
    """One step at a time, by the layer and by a compiled step."""
    layer = getattr(layers, name)(UNITS, return_sequences=True, return_state=True, **ZONEOUT[name])
    whole, *last = map(array, layer(X))
    step, states = compiled_step(layer), layer.get_initial_state(BATCH)
    carried = layer.get_initial_state(BATCH)
    for t in range(TIME):
        y, states = step(X[:, t], states)
        one, *carried = layer(X[:, t : t + 1], initial_state=carried)
        np.testing.assert_allclose(array(y), whole[:, t], atol=1e-6)
        np.testing.assert_allclose(array(one)[:, 0], whole[:, t], atol=1e-6)
    for a, b in zip(states, last, strict=True):
        np.testing.assert_allclose(array(a), b, atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="Keras's tanh gives float32 there")
def test_zoneout_in_double_precision():
    x = X.astype("float64")
    layer = layers.LSTM(UNITS, zoneout=1e-300, dtype="float64")
    loop = layers.LSTM(UNITS, kernel="keras", dtype="float64")
    layer.build(x.shape)
    loop.build(x.shape)
    loop.set_weights(layer.get_weights())
    limit = 1e-14 if keras.backend.backend() == "tensorflow" else 1e-7
    np.testing.assert_allclose(array(layer(x)), array(loop(x)), atol=limit)


def test_zoneout_draws_its_rate():
    generator = keras.random.SeedGenerator(1)
    h, c = zoneout.draw((0.1, 0.0), generator, 50, 40, 30, training=True)
    assert set(np.unique(array(h))) == {0.0, 1.0} and c.shape == (50, 1, 1) and (array(c) == 1).all()
    assert array(h).mean() == pytest.approx(0.9, abs=5 * (0.09 / h.shape[0] / 1200) ** 0.5)
    again = zoneout.draw((0.1, 0.0), generator, 50, 40, 30, training=True)[0]
    assert (array(h) != array(again)).any()
    assert zoneout.draw((0.0, 0.0), generator, 50, 40, 30, training=True) == ()


@pytest.mark.parametrize("name", CELLS)
def test_weight_drop_is_a_layer_with_dropped_weights(name):
    layer = getattr(layers, name)(UNITS, weight_drop=0.5, seed=3)
    plain = getattr(layers, name)(UNITS)
    layer.build(X.shape)
    plain.build(X.shape)
    plain.set_weights(layer.get_weights())

    def loss(one, training):
        def function(x):
            y = one(x, training=training)
            return ops.sum(y * y), [y]

        return function

    (y,), _ = differentiate(loss(layer, False), [X], layer)
    np.testing.assert_array_equal(y, array(plain(X)))
    recurrent, generator = layer.cell.recurrent_kernel.value, keras.random.SeedGenerator(3)
    dropped = array(keras.random.dropout(recurrent, 0.5, seed=generator))
    plain.cell.recurrent_kernel.assign(dropped)
    (y,), gradients = differentiate(loss(layer, True), [X], layer)
    (expected,), plain_gradients = differentiate(loss(plain, True), [X], plain)
    np.testing.assert_allclose(y, expected, atol=1e-6)
    for number, (a, b) in enumerate(zip(gradients, plain_gradients, strict=True)):
        if number == 2:  # of the recurrent weights: zero where they are dropped, doubled elsewhere
            b = 2 * b * (dropped != 0)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_they_keep_the_fast_kernels(monkeypatch):
    layer = layers.LSTM(3, weight_drop=0.5)
    assert choice.choose(layer).kernel == "native"
    assert choice.choose(layers.GRU(3, zoneout=0.1)).kernel == "fused"
    monkeypatch.setattr(choice, "gpu", lambda: True)
    assert choice.choose(layer).kernel == "cudnn"
    zoned = choice.choose(layers.LSTM(3, zoneout_cell=0.1))
    assert zoned.kernel == "fused" and zoned.obstacles["cudnn"] == "zoneout=(0.0, 0.1)"


def test_what_no_kernel_can_run_is_said():
    layer = layers.LSTM(3, zoneout=0.1, recurrent_dropout=0.2)
    with pytest.raises(ValueError, match="no kernel can run it: .*recurrent_dropout=0.2.*zoneout=0.1"):
        layer(X)
    with pytest.raises(ValueError, match="kernel='keras' cannot run: weight_drop=0.1 with unroll=True"):
        layers.GRU(3, weight_drop=0.1, kernel="keras", unroll=True)(X)
    for rates in ({"zoneout": 1.0}, {"weight_drop": -0.1}, {"zoneout_cell": 2}):
        with pytest.raises(ValueError, match="expected at least 0 and below 1"):
            layers.LSTM(3, **rates)


def test_config_and_conversion():
    layer = layers.LSTM(3, weight_drop=0.5, zoneout=0.1, zoneout_cell=0.2)
    again = layers.LSTM.from_config(layer.get_config())
    assert (again.weight_drop, again.zoneout_rates) == (0.5, (0.1, 0.2))
    both = layers.Bidirectional(layers.GRU(3, zoneout=0.1))
    assert both.backward_layer.zoneout == 0.1
    with pytest.raises(ValueError, match="Keras's layers have no zoneout"):
        layers.to_keras(both)
    assert type(layers.to_keras(layers.GRU(3, weight_drop=0.1))) is keras.layers.GRU
