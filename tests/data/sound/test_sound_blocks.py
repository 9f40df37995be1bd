"""Pieces of recordings are the recordings."""

import numpy as np
import pytest
import soundfile

from rnnapps import datasets
from rnnapps.data.sound.blocks import file_blocks
from rnnapps.data.sound.files import read_sound
from rnnapps.errors import UserError


@pytest.mark.parametrize("rate", [8000, 16_000, 5000])
def test_pieces_are_the_whole(rate, tmp_path):
    samples, _ = soundfile.read(datasets.path("digits/theo.flac"), frames=20_003, dtype="float32")
    file = tmp_path / "stereo.wav"
    soundfile.write(file, np.stack([samples, samples[::-1]], axis=1), 8000, subtype="FLOAT")
    pieces = list(file_blocks(file, rate))
    whole = read_sound(file, rate)
    assert len(pieces) > 20 and all(piece.dtype == np.float32 for piece in pieces)
    together = np.concatenate(pieces)
    assert abs(len(together) - len(whole)) <= 1
    length = min(len(together), len(whole))
    np.testing.assert_allclose(together[:length], whole[:length], atol=1e-4)


def test_what_cannot_be_read_is_told_at_once(tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    for name, message in (("text.wav", "not a readable sound file"), ("none.wav", "no such file")):
        with pytest.raises(UserError, match=f"{name}: {message}"):
            next(file_blocks(tmp_path / name, 8000))
