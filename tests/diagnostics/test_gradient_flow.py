import contextlib
import io

import keras
import numpy as np
import pytest
from keras import ops

from rnnapps import layers
from rnnapps.diagnostics import experiment, gradient_flow, plot
from rnnapps.diagnostics.__main__ import main

UNITS = 3
X = np.random.default_rng(0).normal(size=(2, 6, UNITS))
OPTIONS = {"dtype": "float64", "return_state": True}


def built(*stack):
    features = X.shape
    for layer in stack:
        layer.build(features)
        # Biases begin at zero, where a mistake about them would not show.
        layer.set_weights([np.random.default_rng(1).normal(size=w.shape) for w in layer.get_weights()])
        features = (*X.shape[:2], UNITS)
    return list(stack)


def squares(outputs):
    """A loss of each row that counts all that the layer returns."""
    return ops.sum(ops.reshape(outputs, (outputs.shape[0], -1)) ** 2, axis=-1)


def run(stack, x, states, residual):
    after = []
    for layer, state in zip(stack, states, strict=True):
        y, *state = layer(x, initial_state=state)
        x = x + y if residual else y
        after.append(state)
    return squares(x), after


def by_differences(stack, step, residual=False, delta=1e-6):
    """The norms `(layers,)` at the states that enter a step, by moving them to both sides.

    All moves are rows of one batch, as a row does not see the others.
    """
    states = [layer.get_initial_state(len(X)) for layer in stack]
    if step:
        _, states = run(stack, X[:, :step], states, residual)
    states = [[np.array(part) for part in state] for state in states]
    number = [len(parts) for parts in states]
    moves = 2 * UNITS * sum(number)
    x = np.tile(X[:, step:], (moves, 1, 1))
    moved = [[np.tile(part, (moves, 1, 1)) for part in parts] for parts in states]
    units = [(part, unit) for parts in moved for part in parts for unit in range(UNITS)]
    for move, (part, unit) in enumerate(units):
        part[2 * move, :, unit] += delta
        part[2 * move + 1, :, unit] -= delta
    moved = [[part.reshape(-1, UNITS) for part in parts] for parts in moved]
    losses = np.array(run(stack, x, moved, residual)[0]).reshape(-1, 2, len(X))
    slopes = (losses[:, 0] - losses[:, 1]) / (2 * delta)  # (units of all states, rows)
    ends = UNITS * np.cumsum(number)[:-1]
    return [np.linalg.norm(part, axis=0).mean() for part in np.split(slopes, ends)]


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize(
    "make", [keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU, layers.LSTM, layers.GRU]
)
def test_is_what_finite_differences_are(make, return_sequences):
    """Of Keras's layer with the same weights, which is not compiled for each length."""
    (layer,) = built(make(UNITS, return_sequences=return_sequences, **OPTIONS))
    flow = gradient_flow(layer, X, squares)
    assert flow.shape == (6,)
    theirs = getattr(keras.layers, make.__name__)
    same = built(theirs(UNITS, return_sequences=return_sequences, **OPTIONS))
    for step in (0, 3, 5):
        (norm,) = by_differences(same, step)
        assert flow[step] == pytest.approx(norm, rel=1e-6)


@pytest.mark.parametrize("residual", [False, True])
def test_of_a_stack_it_is_of_each_layer(residual):
    stack = built(
        keras.layers.LSTM(UNITS, return_sequences=True, **OPTIONS),
        keras.layers.SimpleRNN(UNITS, return_sequences=True, **OPTIONS),
    )
    flows = gradient_flow(stack, X, squares, residual)
    assert flows.shape == (2, 6)
    for step in (0, 4):
        np.testing.assert_allclose(flows[:, step], by_differences(stack, step, residual), rtol=1e-6)


def test_dropout_is_off_and_the_weights_stay():
    (plain,) = built(keras.layers.GRU(UNITS, dtype="float64"))
    (layer,) = built(keras.layers.GRU(UNITS, dtype="float64", dropout=0.5, recurrent_dropout=0.5))
    before = layer.get_weights()
    flow = gradient_flow(layer, X, squares)
    np.testing.assert_allclose(flow, gradient_flow(plain, X, squares), rtol=1e-12)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (keras.layers.GRU(UNITS), "no weights yet"),
        (built(keras.layers.GRU(UNITS, go_backwards=True))[0], "runs backwards"),
        (keras.layers.Bidirectional(keras.layers.GRU(UNITS)), "not a recurrent layer"),
    ],
)
def test_refuses_what_it_cannot_measure(layer, message):
    with pytest.raises(ValueError, match=message):
        gradient_flow(layer, X, squares)


# Of the networks that the command compares, those with something to show after 200 steps.
SHOWN = (
    *(experiment.SMALL, experiment.LARGE, experiment.CHRONO),
    *(experiment.STACK, experiment.RESIDUAL),
)


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """The rows of the table that the command prints, by name, and its picture."""
    picture = tmp_path_factory.mktemp("diagnostics") / "flow.png"
    networks = experiment.networks

    def some(units, seed):
        return {name: network for name, network in networks(units, seed).items() if name in SHOWN}

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        patch.setattr(experiment, "networks", some)
        main(["--rows", "4", "--output", str(picture)])
    rows = {line[:30].strip(): line[30:].split() for line in printed.getvalue().splitlines()}
    return rows, picture


def test_weights_decide_how_far_the_gradient_travels(command):
    rows, _ = command
    names = (experiment.SMALL, experiment.LARGE, experiment.CHRONO)
    small, large, chrono = (float(rows[name][-1]) for name in names)
    assert small < 1e-6  # vanishes
    assert large > 1e3  # explodes
    assert 1e-3 < chrono < 10


def test_residual_connections_help_across_layers_and_not_across_time(command):
    rows, _ = command
    plain, residual = rows[experiment.STACK], rows[experiment.RESIDUAL]
    assert float(residual[0]) > 10 * float(plain[0])
    assert float(residual[-1]) < 1e-6


def test_clipping_bounds_the_update(command):
    rows, _ = command
    assert float(rows["as it is"][0]) > 1e3
    assert rows["clipped to norm 1"] == ["1.0e+00"]


def test_the_other_networks_are_measured_too():
    """On the first bytes: the gradient comes through each of them."""
    x, following = experiment.text_rows(2)
    networks = experiment.networks(units=4, seed=1)
    others = [network for name, network in networks.items() if name not in SHOWN]
    assert len(others) == 4
    for network in others:
        flow = experiment.flow(network, x[:, :8], following)
        # At its first step a rectifier may be off.
        assert flow.shape == (8,) and (flow[1:] > 0).all()


def test_measuring_the_update_puts_the_weights_back():
    network = experiment.networks(units=2, seed=1)[experiment.SMALL]
    before = network.layers[0].get_weights()
    assert experiment.weight_update(network, *experiment.text_rows(1)) > 0
    for old, new in zip(before, network.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_plot_is_a_png(command, tmp_path):
    plot(
        {"falls": np.logspace(0, -50, 20), "has zeros": np.array([0.0, 0.1, 1.0])}, tmp_path / "flow.png"
    )
    for file in (tmp_path / "flow.png", command[1]):
        assert file.read_bytes().startswith(b"\x89PNG\r\n")
