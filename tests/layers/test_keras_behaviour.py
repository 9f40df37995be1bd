"""What Keras documents of its recurrent layers holds for ours: written out here, not compared."""

import keras
import numpy as np
import pytest
from keras import ops

from rnnapps import layers

CELLS = ["LSTM", "GRU", "SimpleRNN"]
STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("name", CELLS)
class TestLayer:
    def make(self, name, **arguments):
        return getattr(layers, name)(5, **arguments)

    def test_shapes_and_weights(self, name, x):
        layer = self.make(name)
        assert layer(x).shape == (4, 5)
        assert layer.cell.kernel.shape == (3, 5 * GATES[name])
        assert layer.cell.recurrent_kernel.shape == (5, 5 * GATES[name])
        assert self.make(name, return_sequences=True)(x).shape == (4, 6, 5)
        output, *states = self.make(name, return_sequences=True, return_state=True)(x)
        assert output.shape == (4, 6, 5) and [s.shape for s in states] == [(4, 5)] * STATES[name]
        np.testing.assert_array_equal(array(output)[:, -1], array(states[0]))

    def test_unknown_lengths_in_a_model(self, name, x):
        inputs = keras.Input((None, 3))
        outputs = self.make(name, return_sequences=True)(inputs)
        assert outputs.shape == (None, None, 5)
        model = keras.Model(inputs, outputs)
        for steps in (1, 4, 6):
            assert model.predict_on_batch(x[:, :steps]).shape == (4, steps, 5)
        np.testing.assert_allclose(
            model.predict_on_batch(x[:, :4]), model.predict_on_batch(x)[:, :4], atol=1e-6
        )

    def test_go_backwards_returns_the_reversed_sequence(self, name, x):
        backward = self.make(name, return_sequences=True, go_backwards=True)
        backward.build(x.shape)
        forward = self.make(name, return_sequences=True)
        forward.build(x.shape)
        forward.set_weights(backward.get_weights())
        np.testing.assert_allclose(array(backward(x)), array(forward(x[:, ::-1].copy())), atol=1e-6)

    def test_a_state_carries_on(self, name, x):
        layer = self.make(name, return_state=True)
        whole = layer(x)
        _, *states = layer(x[:, :3])
        for a, b in zip(whole, layer(x[:, 3:], initial_state=states), strict=True):
            np.testing.assert_allclose(array(a), array(b), atol=1e-6)

    def test_a_stateful_layer_carries_on_by_itself(self, name, x):
        layer = self.make(name, stateful=True, return_sequences=True)
        first, second = array(layer(x[:, :3])), array(layer(x[:, 3:]))
        layer.reset_state()
        np.testing.assert_allclose(np.concatenate([first, second], 1), array(layer(x)), atol=1e-6)
        layer.reset_state()
        np.testing.assert_allclose(first, array(layer(x[:, :3])), atol=1e-6)
        with pytest.raises(ValueError, match="batch size"):
            layer(x[:2])

    def test_masked_steps_do_not_exist(self, name, x):
        layer = self.make(name, return_sequences=True)
        mask = np.ones((4, 6), bool)
        mask[:, [1, 4]] = False
        kept = array(layer(x[:, [0, 2, 3, 5]]))
        masked = array(layer(x, mask=ops.convert_to_tensor(mask)))
        np.testing.assert_allclose(masked[:, [0, 2, 3, 5]], kept, atol=1e-6)
        np.testing.assert_array_equal(masked[:, 1], masked[:, 0])
        np.testing.assert_array_equal(masked[:, 4], masked[:, 3])
        layer.zero_output_for_mask = True
        masked = array(layer(x, mask=ops.convert_to_tensor(mask)))
        assert not masked[:, [1, 4]].any() and masked[:, [0, 2, 3, 5]].all()

    def test_the_mask_goes_on_with_sequences_only(self, name, x):
        mask = ops.ones((4, 6), dtype="bool")
        assert self.make(name).compute_mask(x, mask) is None
        assert self.make(name, return_sequences=True).compute_mask(x, mask) is mask
        got = self.make(name, return_sequences=True, return_state=True).compute_mask(x, mask)
        assert got[0] is mask and got[1:] == [None] * STATES[name]

    def test_dropout_is_for_training_one_pattern_a_row(self, name, x):
        layer = self.make(name, dropout=0.5, seed=1, return_sequences=True)
        same = array(layer(x))
        np.testing.assert_array_equal(same, array(layer(x, training=False)))
        assert (array(layer(x, training=True)) != same).any()
        assert (array(layer(x, training=True)) != array(layer(x, training=True))).any()
        if name == "SimpleRNN":  # without recurrence, equal inputs and an equal pattern: equal outputs
            layer.cell.recurrent_kernel.assign(np.zeros((5, 5)))
            y = array(layer(np.ones((4, 6, 3), "float32"), training=True))
            np.testing.assert_allclose(y, y[:, :1].repeat(6, axis=1), atol=1e-6)
            assert len({row.tobytes() for row in y}) > 1

    def test_recurrent_dropout_is_keras_own(self, name, x):
        layer = self.make(name, recurrent_dropout=0.5, seed=1, return_sequences=True)
        theirs = getattr(keras.layers, name)(5, recurrent_dropout=0.5, seed=1, return_sequences=True)
        layer.build(x.shape)
        theirs.build(x.shape)
        theirs.set_weights(layer.get_weights())
        dropped = array(layer(x, training=True))
        np.testing.assert_allclose(dropped, array(theirs(x, training=True)), atol=1e-6)
        assert (dropped != array(layer(x))).any()

    def test_regularizers_and_constraints(self, name, x):
        layer = self.make(
            name,
            kernel_regularizer=keras.regularizers.L2(0.1),
            activity_regularizer=keras.regularizers.L2(0.1),
            recurrent_constraint="max_norm",
        )
        layer(x)
        assert len(layer.losses) == 2 and all(array(loss) > 0 for loss in layer.losses)
        assert layer.cell.recurrent_kernel.constraint is not None

    def test_config_round_trip(self, name, x):
        layer = self.make(name, kernel="keras", return_sequences=True, dropout=0.1, unroll=True)
        config = layer.get_config()
        again = type(layer).from_config(config)
        assert again.get_config() == config and again.kernel == "keras" and again.unroll
        if name != "SimpleRNN":
            layer = self.make(name, use_cudnn=False)
            assert type(layer).from_config(layer.get_config()).use_cudnn is False

    def test_mixed_precision(self, name, x):
        layer = self.make(name, dtype="mixed_float16", return_state=True)
        outputs = layer(x)
        assert {keras.backend.standardize_dtype(part.dtype) for part in outputs} == {"float16"}
        assert keras.backend.standardize_dtype(layer.cell.kernel.dtype) == "float32"

    def test_inside_bidirectional(self, name, x):
        inner = self.make(name, return_sequences=True)
        both = layers.Bidirectional(inner)
        y = array(both(x))
        assert y.shape == (4, 6, 10)
        np.testing.assert_allclose(y[..., :5], array(both.forward_layer(x)), atol=1e-6)
        np.testing.assert_allclose(y[..., 5:], array(both.backward_layer(x))[:, ::-1], atol=1e-6)
        for mode, combine in {"sum": np.add, "mul": np.multiply}.items():
            other = layers.Bidirectional(self.make(name, return_sequences=True), merge_mode=mode)
            other.build(x.shape)
            other.set_weights(both.get_weights())
            np.testing.assert_allclose(array(other(x)), combine(y[..., :5], y[..., 5:]), atol=1e-6)

    def test_a_stateful_bidirectional_layer_returns_its_states(self, name, x):
        """Keras 3.15's own fails here."""
        inner = self.make(name, return_sequences=True, return_state=True, stateful=True)
        outputs = layers.Bidirectional(inner)(ops.convert_to_tensor(x), mask=ops.ones((4, 6), "bool"))
        assert len(outputs) == 1 + 2 * STATES[name]


def test_forget_bias_starts_at_one():
    layer = layers.LSTM(5)
    layer.build((None, None, 3))
    np.testing.assert_array_equal(array(layer.cell.bias), [0] * 5 + [1] * 5 + [0] * 10)


@pytest.mark.parametrize("name", CELLS)
def test_truncated_backpropagation(name):
    """Stateful pieces give the outputs of the whole, and the gradients of pieces that start with the
    state of the one before as a constant; over a single piece these are the full gradients.
    """
    from gradients import differentiate

    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
    layer = getattr(layers, name)(4, return_sequences=True, return_state=True)
    layer.build(x.shape)
    stateful = getattr(layers, name)(4, return_sequences=True, stateful=True)
    stateful.build(x.shape)
    stateful.set_weights(layer.get_weights())

    def loss(one, states=None):
        def function(x):
            arguments = {} if states is None else {"initial_state": states}
            y = one(x, training=True, **arguments)
            y = y[0] if isinstance(y, (tuple, list)) else y
            return ops.sum(y * y), [y]

        return function

    (whole,), full = differentiate(loss(layer), [x], layer)
    if keras.backend.backend() == "jax":  # there a state is carried on outside of what is differentiated
        pieces, gradients, states = [], [], layer.get_initial_state(2)
        for piece in (x[:, :3], x[:, 3:]):
            (y,), gradient = differentiate(loss(layer, states), [piece], layer)
            _, *states = layer(piece, initial_state=states)
            pieces.append(y)
            gradients.append(gradient)
    else:
        results = [differentiate(loss(stateful), [piece], stateful) for piece in (x[:, :3], x[:, 3:])]
        pieces, gradients = [y for (y,), _ in results], [gradient for _, gradient in results]
        stateful.reset_state()
        (again,), of_one_piece = differentiate(loss(stateful), [x], stateful)
        np.testing.assert_allclose(again, whole, atol=1e-6)
        for a, b in zip(of_one_piece, full, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, atol=1e-6)
    # The last piece lacks nothing, the first what the second would have told it.
    np.testing.assert_allclose(gradients[1][0], full[0][:, 3:], atol=1e-5)
    assert np.abs(gradients[0][0] - full[0][:, :3]).max() > 1e-3
