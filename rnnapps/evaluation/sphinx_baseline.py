"""What PocketSphinx hears, with the model of American English that comes with it."""

import logging
import string
from collections.abc import Collection, Sequence

import numpy as np

from rnnapps.data.sound.files import to_mono

log = logging.getLogger(__name__)

SAMPLING_RATE = 16000  # of its model
CHARACTERS = frozenset(f"{string.ascii_lowercase} '-")  # of its words


def sphinx_texts(
    sounds: Sequence[np.ndarray], sampling_rate: int, characters: Collection[str]
) -> tuple[str, list[str]] | None:
    """The texts of sounds, floats `(time,)`, as PocketSphinx hears them with its own language model, and
    its name; None where it is not installed, or texts have other characters than its own.
    """
    try:
        from importlib.metadata import version

        from pocketsphinx import Decoder

        name = f"PocketSphinx {version('pocketsphinx')} (en-us)"
    except ImportError:
        log.info("PocketSphinx is no baseline: pip install rnnapps[speech-baseline]")
        return None
    if not CHARACTERS.issuperset(characters):
        return None
    decoder = Decoder(samprate=SAMPLING_RATE, loglevel="FATAL")
    texts = []
    for sound in sounds:
        samples = to_mono(sound, sampling_rate, SAMPLING_RATE)
        decoder.start_utt()
        decoder.process_raw(np.round(32767 * samples.clip(-1, 1)).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        texts.append(found.hypstr if found else "")
    return name, texts
