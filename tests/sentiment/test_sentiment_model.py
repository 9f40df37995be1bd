import numpy as np
import pytest

from rnnapps.errors import UsageError
from rnnapps.sentiment.config import ModelConfig
from rnnapps.sentiment.model import build, with_attention

IDS = np.array([[3, 4, 5, 6, 0, 0, 0, 0], [7, 8, 9, 1, 2, 3, 4, 5]], "int32")


# One cell in every form, and every cell in one.
@pytest.mark.parametrize(
    ("cell", "pooling", "depth", "residual"),
    [
        *(
            ("lstm", pooling, *form)
            for pooling in ("attention", "attention-max", "last")
            for form in ((1, False), (2, True))
        ),
        *((cell, "attention-max", 2, True) for cell in ("gru", "rnn")),
        *(
            (cell, "last", 1, False)
            for cell in ("layer_norm_lstm", "layer_norm_gru", "min_lstm", "min_gru")
        ),
    ],
)
def test_padding_does_not_change_a_prediction(cell, pooling, depth, residual):
    config = ModelConfig(
        cell=cell, pooling=pooling, depth=depth, residual=residual, units=4, embedding_size=6
    )
    model = build(config, vocabulary=10, classes=3)
    probabilities = model.predict_on_batch(IDS)
    assert probabilities.shape == (2, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(IDS[:1, :4])[0], probabilities[0], rtol=1e-5)


def test_attention_comes_out():
    model = build(ModelConfig(units=4, embedding_size=6), vocabulary=10, classes=2)
    probabilities, weights = with_attention(model).predict_on_batch(IDS)
    np.testing.assert_array_equal(probabilities, model.predict_on_batch(IDS))
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert (weights[0, 4:] == 0).all()


def test_last_state_has_no_attention():
    model = build(ModelConfig(units=4, pooling="last"), vocabulary=10, classes=2)
    assert with_attention(model) is model


def test_options_reach_the_stack():
    config = ModelConfig(cell="gru", units=4, depth=3, residual=True, layer_dropout=0.25)
    stack = build(config, 10, 2).get_layer("recurrent")
    assert (stack.cell, stack.units, stack.depth, stack.bidirectional) == ("gru", 4, 3, True)
    assert (stack.residual, stack.dropout, stack.return_sequences) == (True, 0.25, True)
    assert not build(ModelConfig(units=4, pooling="last"), 10, 2).get_layer("recurrent").return_sequences


def test_dropout_acts_in_training_only():
    model = build(ModelConfig(units=4), vocabulary=10, classes=2)
    assert (np.array(model(IDS, training=True)) != np.array(model(IDS, training=True))).any()
    np.testing.assert_array_equal(model.predict_on_batch(IDS), model.predict_on_batch(IDS))


@pytest.mark.parametrize("flag", ["units", "depth", "embedding_size"])
def test_wrong_sizes_name_the_flag(flag):
    with pytest.raises(UsageError, match=f"--{flag.replace('_', '-')} must be at least 1, got 0"):
        ModelConfig(**{flag: 0})


def test_wrong_dropout_names_the_flag():
    with pytest.raises(UsageError, match="--token-dropout must be at least 0 and below 1, got 1"):
        ModelConfig(token_dropout=1)
