"""The loss of attention that looks everywhere once."""

import keras
import numpy as np
import pytest

from rnnapps.layers import DoublyStochastic

A = np.array([[[0.5, 0.5, 0], [0, 0.5, 0.5], [1, 0, 0]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]], "float32")
Y = np.ones((2, 3, 4), "float32")


@pytest.mark.parametrize(
    ("real", "loss"),
    [
        ([[1, 1, 1], [1, 1, 1]], (0.25 + 0 + 0.25) / 6),
        ([[1, 1, 0], [1, 1, 0]], (0.25 + 0 + 0.25 + 0 + 0 + 1) / 6),
    ],
)
def test_the_loss_is_of_real_steps_and_the_outputs_stay(real, loss):
    layer = DoublyStochastic(0.5)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(Y, A, np.array(real, bool))), Y)
    (found,) = layer.losses
    assert float(found) == pytest.approx(0.5 * loss)


def test_it_is_trained_with_and_saved(tmp_path):
    inputs = [keras.Input((3, 4)), keras.Input((3, 3)), keras.Input((3,), dtype="bool")]
    scores = keras.layers.Dense(3, name="scores")(inputs[1])
    attention = keras.layers.Softmax()(scores)
    model = keras.Model(inputs, DoublyStochastic(2.0)(inputs[0], attention, inputs[2]))
    model.compile("sgd", "mse")
    x = [Y, A, np.ones((2, 3), bool)]
    losses = [float(model.train_on_batch(x, Y)) for _ in range(20)]
    assert 0 < losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").layers[-1].weight == 2.0
