"""Lengths that come once take the programs of a few sizes, and give what those of their own give."""

import keras
import numpy as np
import pytest
from gradients import differentiate
from keras import ops

from rnnapps import layers
from rnnapps.layers.kernels import loops

BACKEND = keras.backend.backend()
LAYERS = {
    "LSTM": lambda **options: layers.LSTM(4, **options),
    "GRU": lambda **options: layers.GRU(4, return_sequences=True, go_backwards=True, **options),
    "LayerNormGRU": lambda **options: layers.LayerNormGRU(4, go_backwards=True, **options),
    "MinLSTM": lambda **options: layers.MinLSTM(4, go_backwards=True, **options),
}


@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX knows one length a program, PyTorch none")
class TestTensorFlow:
    def test_sizes(self):
        """The rule of the README."""
        few = {time + loops.surplus(time, 1)[0] for time in range(1, 150)}
        assert few == {64, 80, 96, 112, 128, 160}
        many = {time + loops.surplus(time, 9)[0] for time in range(1, 65)}
        assert many == {16, 32, 64}
        assert loops.surplus(70, 9, many=False)[0] == 0 and loops.surplus(70, 8, many=False)[0] == 10
        for time in range(65, 3000, 7):
            assert 0 <= loops.surplus(time, 9)[0] <= time / 4
        assert loops.surplus(10**6, 1)[0] == 0

    def test_a_graph_for_any_length_takes_the_same(self):
        import tensorflow as tf

        spec = tf.TensorSpec((), "int32")
        for many in (True, False):
            of = tf.function(
                lambda time, batch, many=many: loops.surplus(time, batch, many), (spec, spec)
            )
            for time, batch in ((1, 1), (64, 8), (65, 8), (33, 9), (100, 9), (10**6, 9)):
                assert of(time, batch)[0] == loops.surplus(time, batch, many)[0]
        known = tf.function(lambda x: [] if loops.surplus(x.shape[0], 1)[0] is None else [0])
        assert known(np.zeros(7)) == []

    @pytest.mark.parametrize("name", LAYERS)
    def test_any_length_gives_what_the_loop_gives(self, name):
        import tensorflow as tf

        fast, loop = LAYERS[name](), LAYERS[name](kernel="keras")
        fast.build((None, None, 3)), loop.build((None, None, 3))
        loop.set_weights(fast.get_weights())
        signature = (tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, None), "bool"))
        rng = np.random.default_rng(0)
        weights = [weight.value for weight in fast.trainable_variables]

        @tf.function(input_signature=signature, autograph=False)
        def gradients(x, mask):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = fast(x, mask=mask, training=True)
                loss = tf.reduce_sum(tf.square(y))
            return y, tape.gradient(loss, [x, *weights])

        for rows, time in ((3, 7), (9, 18), (2, 66)):
            x = rng.normal(size=(rows, time, 3)).astype("float32")
            mask = np.arange(time) < rng.integers(1, time + 1, (rows, 1))
            y, found = gradients(x, mask)

            def loss_of(x, mask=mask):
                y = loop(x, mask=mask, training=True)
                return ops.sum(ops.square(y)), [y]

            (expected,), wanted = differentiate(loss_of, [x], loop)
            assert y.shape == expected.shape
            for a, b in zip([y, *found], [expected, *wanted], strict=True):
                np.testing.assert_allclose(a, b, atol=5e-5 * max(1, np.abs(b).max()))


@pytest.mark.filterwarnings("ignore")  # of torch.compile's own look at gradients
@pytest.mark.skipif(BACKEND != "torch", reason="torch.compile")
def test_within_torch_compile():
    """What `compile(jit_compile=True)` does."""
    import torch

    x = torch.tensor(np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32"))
    mask = torch.tensor(np.arange(5) < [[3], [5]])
    for make in LAYERS.values():
        layer = make()
        expected = layer(x, mask=mask)
        compiled = torch.compile(lambda x, layer=layer: layer(x, mask=mask) + 0, backend="eager")
        torch.testing.assert_close(compiled(x), expected)
