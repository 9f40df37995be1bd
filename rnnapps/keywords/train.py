"""Train a keyword recogniser.

One training, four ways to start it:

    rnnapps train keywords                           on the spoken digits that come with rnnapps
    rnnapps train keywords --data folder --sampling-rate 16000
    python -m rnnapps.keywords.train --help          the same command, and its flags
    train(KeywordsConfig(), {"sound": [...], "word": [...]})     from Python, on data in memory
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import datasets
from rnnapps.command_line import train_script
from rnnapps.keywords import data
from rnnapps.keywords.config import KeywordsConfig
from rnnapps.keywords.evaluate import evaluate, table
from rnnapps.keywords.predictor import KeywordsPredictor
from rnnapps.training.run import TrainingRun

if TYPE_CHECKING:
    import keras
    import numpy as np

log = logging.getLogger(__name__)


def train(config: KeywordsConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the network and the training.
        examples: a mapping from `sound` (files, or floats `(time,)` at the sampling rate of the config),
            `word` and optionally `speaker` to lists, NumPy arrays or the columns of a pandas DataFrame,
            or one from the names of splits to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    run = TrainingRun("keywords", config, examples)
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    import keras

    from rnnapps.evaluation.classification import plot, score_classes
    from rnnapps.evaluation.plots import plot_det_curve
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.evaluation.sound_baseline import mfcc_baseline
    from rnnapps.keywords.model import build

    test, labels = splits["test"], splits["train"].labels
    log.info("words: %s", ", ".join(labels))
    batches, validation = data.make_batches(config, splits)

    model = build(config.model, config.source.sampling_rate, config.clips.seconds, len(labels))
    run.start_from(model, labels=labels)
    spectrograms = {
        split: log_mels(model, clips, data.length(config)) for split, clips in splits.items()
    }
    if run.start is None:
        frames = spectrograms["train"].reshape(-1, config.model.mels)
        model.get_layer("normalisation").adapt(frames)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing)
    model.compile(run.optimizer(len(batches)), loss, metrics=["accuracy"])
    run.fit(model, batches, validation)

    log.info("scoring the test clips, and fitting the scikit-learn baseline")
    recogniser = KeywordsPredictor(model, labels, config)
    report = evaluate(recogniser, test)
    known = {split: (spectrograms[split], clips.classes) for split, clips in splits.items()}
    name, predicted = mfcc_baseline(known["train"], known["validation"], spectrograms["test"])
    add_baseline(report, name, score_classes(test, predicted))
    others = [f"`{label}`" for label in labels if label.startswith("_")]
    return run.finish(
        recogniser,
        report,
        table,
        plots={
            "confusion_matrix": plot(recogniser, test, report),
            "det_curve": plot_det_curve(test.classes, recogniser.probabilities(test.inputs), labels),
        },
        title=f"Keywords: {', '.join(labels)}",
        limits=f"It takes {config.clips.seconds:g} s of sound at {config.source.sampling_rate} Hz. It "
        f"knows the words that it was trained on, and gives one of them to any other sound"
        f"{', or ' + ' or '.join(others) if others else ''}.",
        origin=datasets.origin(data.EMBEDDED),
    )


def log_mels(model: "keras.Model", clips: data.Clips, length: int) -> "np.ndarray":
    """The spectrograms that the network makes of clips, float32 `(rows, time, mels)`."""
    import numpy as np
    from keras import ops

    from rnnapps.data.sound.window import sound_window

    layer, rows = model.get_layer("log_mel"), []
    for start in range(0, len(clips), 256):
        windows = [sound_window(clip, length) for clip in clips.inputs[start : start + 256]]
        rows.append(ops.convert_to_numpy(layer(np.stack(windows))))
    return np.concatenate(rows)


if __name__ == "__main__":
    train_script(train, KeywordsConfig, "keywords")
