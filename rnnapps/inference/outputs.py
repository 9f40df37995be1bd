"""The outputs of a network, before anything is made of them."""

import numpy as np

from rnnapps.errors import UserError


def checked(outputs: np.ndarray) -> np.ndarray:
    """The same outputs.

    Raises:
        UserError: one is NaN or infinite: a damaged network, since no input explains it.
    """
    if not np.isfinite(outputs).all():
        raise UserError("the network's answer is not a number: its weights are damaged, train it again")
    return outputs
