"""Export a recogniser of speech for small devices: one block of 30 ms, in LiteRT or ONNX.

    rnnapps export speech --model runs/speech --format litert
    rnnapps stream speech --model exported/speech-litert/int8 --input long.flac

It writes two bundles, in float32 and in 8-bit integers, checks them against the Keras network on the
test recordings, and prints what each costs. They are served by rnnapps without Keras and TensorFlow, or
by any program that has the runtime of the format: a step takes `x`, the samples of a block, float32
`(1, block)`, and `state`, float32 `(1, numbers)`, zeros at first; it gives the logits of a frame and the
next state.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.export.options import ExportingOptions
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.inference.probabilities import softmax
from rnnapps.speech.data import with_tail
from rnnapps.speech.evaluate import speech_report

if TYPE_CHECKING:
    from rnnapps.speech.data import Recordings
    from rnnapps.speech.predictor import SpeechPredictor


def measure(
    network: "SpeechPredictor", examples: "Recordings", recogniser: "SpeechPredictor"
) -> dict[str, Any]:
    """The scores of a recogniser that hears each recording as a stream, from its beginning.

    Args:
        network: the Keras network, to which it is compared on whole recordings.
        examples: to hear.
        recogniser: the same, or an exported one.

    Returns:
        Word error rate; the median microseconds of a block, Python included; the largest difference of a
        probability from the Keras network's.
    """
    stream = recogniser.stream()
    texts, seconds, differences = [], [], []
    for sound, expected in zip(examples.inputs, network.logits(examples.inputs), strict=True):
        heard = with_tail(recogniser.config, sound)
        heard = np.pad(heard, (0, -len(heard) % stream.hop))
        stream.reset()
        start = time.perf_counter()
        logits = np.stack(stream.hear(heard))
        seconds.append((time.perf_counter() - start) / len(logits))
        texts.append(recogniser.texts_of(logits, CTCConfig())[0].text)
        differences.append(np.abs(softmax(logits) - softmax(expected)).max())
    return {
        "wer": speech_report(texts, examples)["wer"],
        "microseconds": round(1e6 * float(np.median(seconds)), 1),
        "difference": float(max(differences)),
    }


@dataclass(frozen=True)
class ExportOptions(ExportingOptions):
    """Export a bundle as one step of a block, in float32 and in 8-bit integers."""

    model: str = "speech/digits"
    """path or name of a bundle, of a network that can stream"""
    source: SpeechSourceConfig = SpeechSourceConfig()
