"""The gradient flow in single precision, on every backend: `tests/backends` runs this file too."""

import keras
import numpy as np
from test_gradient_flow import UNITS, X, built, squares

from rnnapps.diagnostics import gradient_flow

FLOW = (0.0152325, 0.0210439, 0.0212549, 0.0558931, 0.1218742, 0.3006128)


def test_every_backend_gives_the_same_numbers():
    (layer,) = built(keras.layers.LSTM(UNITS))
    np.testing.assert_allclose(gradient_flow(layer, X.astype("float32"), squares), FLOW, rtol=1e-4)
