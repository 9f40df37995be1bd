"""The unit that goes with a value is found, and chance is not taken for it."""

import numpy as np
import pytest

import rnnapps
from rnnapps.diagnostics.unit_probe import probe, unit_states


def test_the_unit_that_counts_is_found():
    random = np.random.default_rng(0)
    states = random.normal(size=(400, 30))
    counts = np.arange(400) % 17
    states[:, 11] = -0.3 * counts + random.normal(scale=0.1, size=400)
    found = probe(states, {"counts": counts, "noise": random.normal(size=400), "still": np.ones(400)})
    assert found["counts"].unit == 11 and found["counts"].correlation < -0.99
    assert abs(found["noise"].correlation) < 0.2 and found["still"].correlation == 0
    by_numpy = np.corrcoef(states[200:, 11], counts[200:])[0, 1]
    assert found["counts"].correlation == pytest.approx(by_numpy)


def test_states_are_those_of_the_network(small_bundles):
    predictor = rnnapps.load(small_bundles("language_model"))
    ids = predictor.encoder.encode("We the people")
    states = unit_states(predictor.model, ids)
    assert states.shape == (13, 16)
    np.testing.assert_allclose(unit_states(predictor.model, ids[:5]), states[:5], atol=1e-6)
