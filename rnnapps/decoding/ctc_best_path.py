"""The likeliest path under CTC."""

from typing import Any

import numpy as np

from rnnapps.decoding.ctc_inputs import BLANK, ctc_log_probabilities, without_blanks
from rnnapps.decoding.ctc_path import CTCPath, path_of


def ctc_best_path(logits: Any) -> CTCPath:
    """Take the likeliest class of each frame (Graves et al. 2006, section 3.2, "best path decoding").

    Args:
        logits: `(batch, time, classes)`, float32, or log-probabilities; class 0 is the blank. Frames
            behind the end of a row are to be certainly blank, and then change nothing.

    Raises:
        ValueError: another shape, NaN or infinity.
    """
    log_probabilities = ctc_log_probabilities(logits)
    classes = log_probabilities.argmax(axis=-1)
    frames = np.take_along_axis(log_probabilities, classes[..., None], axis=-1)[..., 0]
    before = np.pad(classes[:, :-1], ((0, 0), (1, 0)), constant_values=BLANK)
    begins = (classes != before) & (classes != BLANK)
    characters = np.where(classes == BLANK, -1, begins.cumsum(axis=1) - 1)
    return path_of(characters, frames, *without_blanks(np.where(begins, classes, BLANK)))
