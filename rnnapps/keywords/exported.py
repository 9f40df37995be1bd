"""A keyword recogniser over an exported step, which runs without Keras."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rnnapps import bundle
from rnnapps.data.sound.window import sound_window
from rnnapps.export.exported_step import ExportedStep
from rnnapps.keywords.config import KeywordsConfig
from rnnapps.keywords.predictor import KeywordsPredictor
from rnnapps.keywords.stream import KeywordStream, softmax


class ExportedKeywordsPredictor(KeywordsPredictor):
    """The same of an exported step: without Keras, and each clip hop by hop."""

    def __init__(
        self,
        step: "ExportedStep",
        labels: Sequence[str],
        config: KeywordsConfig,
        about: dict[str, str],
    ):
        super().__init__(None, labels, config)
        self.step, self.about = step, about

    def save(self, folder: Path) -> None:
        """Write the configuration beside the file of the step."""
        more = {"labels": self.labels, "exported": self.about}
        bundle.write_config(folder, self.application, self.config, **more)

    def probabilities(self, clips: "Sequence[np.ndarray]") -> "np.ndarray":
        stream, logits = self.stream(), []
        for clip in clips:
            stream.reset()
            stream.push(sound_window(clip, self.length))
            logits.append(stream.logits)
        return softmax(np.stack(logits)) if logits else np.zeros((0, len(self.labels)), "float32")

    def stream(self) -> KeywordStream:
        return KeywordStream(self.step.start, self.step, self.step.features, self.sampling_rate)
