import keras
import numpy as np

from rnnapps.layers import MaxPooling

STATES = np.array([[[1.0, -2.0], [-3.0, -1.0], [9.0, 9.0]]], "float32")


def test_masked_steps_do_not_count():
    mask = np.array([[True, True, False]])
    assert np.array(MaxPooling()(STATES, mask=mask)).tolist() == [[1.0, -1.0]]
    assert np.array(MaxPooling()(STATES)).tolist() == [[9.0, 9.0]]


def test_wholly_masked_row_is_zero():
    assert np.array(MaxPooling()(STATES, mask=np.zeros((1, 3), bool))).tolist() == [[0.0, 0.0]]


def test_mask_of_an_embedding_reaches_it():
    tokens = keras.Input((None,), dtype="int32")
    embedding = keras.layers.Embedding(5, 3, mask_zero=True)
    model = keras.Model(tokens, MaxPooling()(embedding(tokens)))
    short = model.predict_on_batch(np.array([[1, 2]]))
    padded = model.predict_on_batch(np.array([[1, 2, 0, 0]]))
    np.testing.assert_array_equal(short, padded)
