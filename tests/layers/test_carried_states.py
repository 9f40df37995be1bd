"""States that go on from one batch to the next, and what else a language model's training needs."""

import keras
import numpy as np
import pytest
from keras import ops

from rnnapps.layers import ActivationRegularisation, CarriedStates, EmbeddingDropout, RecurrentStack


def network(cell="lstm", depth=2):
    x = keras.Input((None, 3))
    number = depth * (2 if cell == "lstm" else 1)
    states = [keras.Input((4,)) for _ in range(number)]
    output, *after = RecurrentStack(4, depth, cell, return_state=True)(x, initial_state=states)
    return keras.Model([x, *states], [output, *after])


def test_pieces_give_what_the_whole_sequence_gives_and_starts_forget():
    whole, x = network(), np.random.default_rng(0).normal(size=(2, 12, 3)).astype("float32")
    zeros = [np.zeros((2, 4), "float32")] * 4
    expected = ops.convert_to_numpy(whole([x, *zeros])[0])
    carried = CarriedStates(whole, 2)
    yes, no = np.array([True, True]), np.array([False, False])
    first = carried(x[:, :5], yes)
    second = carried(x[:, 5:], no)
    found = ops.convert_to_numpy(ops.concatenate([first, second], axis=1))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    for state in carried.states:
        state.assign(np.full((2, 4), np.nan))  # forgotten is forgotten, whatever it was
    again = ops.convert_to_numpy(carried(x, yes))
    np.testing.assert_allclose(again, expected, atol=1e-6)
    one = ops.convert_to_numpy(carried(x, np.array([False, True])))
    np.testing.assert_allclose(one[1], expected[1], atol=1e-6)
    assert np.abs(one[0] - expected[0]).max() > 1e-3
    assert len(carried.trainable_weights) == len(whole.trainable_weights)


def test_it_trains_and_its_config_makes_it_again():
    carried = CarriedStates(network("gru", 1), 2)
    x, starts = keras.Input((None, 3), batch_size=2), keras.Input((), batch_size=2, dtype="bool")
    model = keras.Model([x, starts], carried(x, starts))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    batch = np.ones((2, 6, 3), "float32"), np.array([True, False])
    losses = [float(model.train_on_batch(batch, np.ones((2, 6, 4)))) for _ in range(10)]
    assert losses[-1] < losses[0] and np.abs(carried.states[0].numpy()).max() > 0
    again = keras.Model.from_config(model.get_config())
    assert [weight.shape for weight in again.weights] == [weight.shape for weight in model.weights]


def test_a_dropped_word_is_dropped_wherever_it_stands():
    layer = EmbeddingDropout(50, 0.5, seed=3)
    tokens = np.arange(100).reshape(2, 50) % 50
    embedded = np.ones((2, 50, 4), "float32")
    assert (ops.convert_to_numpy(layer(embedded, tokens)) == 1).all()
    dropped = ops.convert_to_numpy(layer(embedded, tokens, training=True))
    assert (dropped[0] == dropped[1]).all() and set(np.unique(dropped)) == {0.0, 2.0}
    assert (dropped == dropped[..., :1]).all()
    with pytest.raises(ValueError, match="rate"):
        EmbeddingDropout(50, 1.0)


def test_penalties_are_those_of_the_paper():
    layer = ActivationRegularisation(2.0, 3.0)
    x, y = np.random.default_rng(0).normal(size=(2, 2, 5, 4)).astype("float32")
    output = layer(x, y, training=True)
    expected = 2 * np.mean(x**2) + 3 * np.mean(np.diff(y, axis=1) ** 2)
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-5)
    assert (ops.convert_to_numpy(output) == x).all()
    layer(x, y)
    assert not layer.losses
    with pytest.raises(ValueError, match="alpha=-1"):
        ActivationRegularisation(-1)
