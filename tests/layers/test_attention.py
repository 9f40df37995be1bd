"""Attention over a memory: its equations, its mask, and its projection computed once."""

import keras
import numpy as np
import pytest
from keras import ops

from rnnapps import layers

RNG = np.random.default_rng(0)
QUERY = RNG.normal(size=(3, 2, 5)).astype("float32")
MEMORY = RNG.normal(size=(3, 4, 6)).astype("float32")
MASK = np.array([[1, 1, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0]], bool)


def array(tensor):
    return ops.convert_to_numpy(tensor)


def additive(layer, query, memory):
    m, q, b, v = map(array, (layer.memory_kernel, layer.query_kernel, layer.bias, layer.vector))
    return (np.tanh(query @ q + b + memory @ m) @ v)[:, 0]


def multiplicative(layer, query, memory):
    return memory @ array(layer.kernel) @ query


KINDS = {
    "additive": (lambda: layers.BahdanauAttention(7), additive),
    "multiplicative": (layers.LuongAttention, multiplicative),
}


@pytest.mark.parametrize("kind", KINDS)
def test_equations_mask_and_keys(kind):
    make, score = KINDS[kind]
    layer = make()
    mask = ops.convert_to_tensor(MASK)
    mean, weights = map(array, layer(QUERY, MEMORY, memory_mask=mask))
    assert mean.shape == (3, 2, 6) and weights.shape == (3, 2, 4)
    for row in range(2):
        real = MEMORY[row, MASK[row]]
        for t in range(2):
            scores = np.exp(score(layer, QUERY[row, t], real))
            np.testing.assert_allclose(weights[row, t, MASK[row]], scores / scores.sum(), rtol=1e-5)
            np.testing.assert_allclose(mean[row, t], scores / scores.sum() @ real, rtol=1e-4, atol=1e-6)
        assert not weights[row][:, ~MASK[row]].any()
    assert not weights[2].any() and not mean[2].any()  # nothing to attend to
    memory = ops.convert_to_tensor(MEMORY)
    keys = layer.project(memory)
    again = layer(ops.convert_to_tensor(QUERY[:, 0]), memory, keys=keys, memory_mask=mask)
    np.testing.assert_allclose(array(again[0]), mean[:, 0], atol=1e-6)
    np.testing.assert_allclose(array(again[1]), weights[:, 0], atol=1e-6)
    unmasked = array(layer(QUERY, MEMORY)[1])
    np.testing.assert_allclose(unmasked.sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_allclose(unmasked[0], weights[0], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_model_saved_and_loaded(kind, tmp_path):
    query, tokens = keras.Input((None, 5)), keras.Input((None,), dtype="int32")
    memory = keras.layers.Embedding(9, 6, mask_zero=True)(tokens)
    mean, weights = KINDS[kind][0]()(query, memory)
    model = keras.Model([query, tokens], [mean, weights])
    ids = np.array([[3, 4, 0, 0], [1, 2, 3, 4], [5, 0, 0, 0]])
    given = model.predict_on_batch([QUERY, ids])
    assert not given[1][0, :, 2:].any() and given[1][1].all()  # the embedding's mask arrived
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for a, b in zip(given, loaded.predict_on_batch([QUERY, ids]), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others give or have float32 only")
def test_double_precision_stays():
    layer = layers.BahdanauAttention(7, dtype="float64")
    mean, weights = layer(QUERY.astype("float64"), MEMORY.astype("float64"))
    assert {keras.backend.standardize_dtype(part.dtype) for part in (mean, weights)} == {"float64"}


def test_half_precision_weighs_in_float32():
    layer = layers.BahdanauAttention(7, dtype="mixed_bfloat16")
    mean, weights = layer(QUERY, MEMORY, memory_mask=ops.convert_to_tensor(MASK))
    assert keras.backend.standardize_dtype(mean.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    np.testing.assert_allclose(array(weights).sum(axis=-1)[:2], 1, rtol=1e-5)
