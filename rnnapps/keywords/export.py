"""Export a keyword recogniser for small devices: one hop of 20 ms, in LiteRT or ONNX.

    rnnapps export keywords --model runs/keywords --format litert
    rnnapps stream keywords --model exported/keywords-litert/int8 --input long.flac

It writes two bundles, in float32 and in 8-bit integers, checks them against the Keras network on the
test clips, and prints what each costs. They are served by rnnapps without Keras and TensorFlow, or by
any program that has the runtime of the format: a step takes `x`, the samples of a hop, float32
`(1, hop)`, and `state`, float32 `(1, numbers)`, zeros at first; it gives the logits and the next state.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.window import sound_window
from rnnapps.export.options import ExportingOptions
from rnnapps.inference.probabilities import softmax

if TYPE_CHECKING:
    from rnnapps.keywords.data import Clips
    from rnnapps.keywords.predictor import KeywordsPredictor


def measure(
    network: "KeywordsPredictor", clips: "Clips", recogniser: "KeywordsPredictor"
) -> dict[str, Any]:
    """The scores of a recogniser that hears each clip as a stream, from its beginning.

    Args:
        network: the Keras network, to which it is compared on whole clips.
        clips: to hear.
        recogniser: the same, or an exported one.

    Returns:
        accuracy; the median microseconds of a hop of 20 ms, Python included; the largest difference of a
        probability from the Keras network's.
    """
    expected, stream = network.probabilities(clips.inputs), recogniser.stream()
    logits, seconds = [], []
    for clip in clips.inputs:
        samples = sound_window(clip, recogniser.length)
        stream.reset()
        start = time.perf_counter()
        hops = len(stream.push(samples))
        seconds.append((time.perf_counter() - start) / hops)
        logits.append(stream.logits)
    probabilities = softmax(np.stack(logits))
    return {
        "accuracy": float((probabilities.argmax(axis=1) == clips.classes).mean()),
        "microseconds": round(1e6 * float(np.median(seconds)), 1),
        "difference": float(np.abs(probabilities - expected).max()),
    }


@dataclass(frozen=True)
class ExportOptions(ExportingOptions):
    """Export a bundle as one step of 20 ms, in float32 and in 8-bit integers."""

    model: str = "keywords/digits"
    """path or name of a bundle, of a network that can stream"""
    source: SoundSourceConfig = SoundSourceConfig()
