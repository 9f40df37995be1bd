"""Train a recogniser of speech.

One training, four ways to start it:

    rnnapps train speech                             on the prompts and digits that come with rnnapps
    rnnapps train speech --data recordings.csv
    python -m rnnapps.speech.train --help            the same command, and its flags
    train(SpeechConfig(), {"sound": [...], "text": [...]})     from Python, on data in memory
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import datasets
from rnnapps.command_line import train_script
from rnnapps.data.text.learnt_alphabet import learnt_alphabet
from rnnapps.speech import data
from rnnapps.speech.config import SpeechConfig
from rnnapps.speech.evaluate import evaluate, speech_report, table
from rnnapps.speech.predictor import SpeechPredictor
from rnnapps.training.run import TrainingRun

if TYPE_CHECKING:
    import keras
    import numpy as np

log = logging.getLogger(__name__)


def train(config: SpeechConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the network and the training.
        examples: a mapping from `sound` (files, or floats `(time,)` at the sampling rate of the config),
            `text` and optionally `speaker` to lists, NumPy arrays or the columns of a pandas DataFrame,
            or one from the names of splits to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    run = TrainingRun("speech", config, examples)
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    import numpy as np

    from rnnapps.evaluation.nearest_texts import nearest_texts
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.evaluation.sphinx_baseline import sphinx_texts
    from rnnapps.speech.model import build
    from rnnapps.training.ctc_loss import CTCLoss

    train, test, rate = splits["train"], splits["test"], config.source.sampling_rate
    texts = {split: some.texts for split, some in splits.items()}
    known = run.start.alphabet if run.start is not None else None
    alphabet = learnt_alphabet(texts, known, subwords=config.tokens.subwords)
    batches, validation = data.make_batches(config, splits, alphabet)

    model = build(config.model, rate, alphabet.size)
    run.start_from(model, alphabet=alphabet)
    spectrograms = [log_mels(model, some.inputs) for some in (train, test)]
    if run.start is None:
        model.get_layer("normalisation").adapt(np.concatenate(spectrograms[0]))
    model.compile(run.optimizer(len(batches)), CTCLoss())
    run.fit(model, batches, validation)

    log.info("writing the test recordings down, by the network and by the baselines")
    recogniser = SpeechPredictor(model, alphabet, config)
    recogniser.delay = recogniser.writing_delay(splits["validation"].inputs)
    log.info("characters come %.2f s behind their sounds: times of words allow for it", recogniser.delay)
    report = evaluate(recogniser, test)
    baselines = nearest_texts(spectrograms[0], train.texts, spectrograms[1], "recording")
    if heard := sphinx_texts(test.inputs, rate, alphabet.letters):
        baselines[heard[0]] = heard[1]
    for name, answers in baselines.items():
        add_baseline(report, name, speech_report(answers, test))
    return run.finish(
        recogniser,
        report,
        table,
        plots={"recording": recogniser(test.inputs[0]).plot()},
        title="Speech",
        limits=f"It takes sound at {rate} Hz. It knows voices, words and rooms like those that it was "
        f"trained on, and can only write the characters {alphabet.letters}",
        origin=datasets.origin(data.EMBEDDED),
    )


def log_mels(model: "keras.Model", sounds: "list[np.ndarray]") -> "list[np.ndarray]":
    """The spectrogram that the network makes of each sound, float32 `(time, mels)`."""
    from keras import ops

    layer = model.get_layer("log_mel")
    return [ops.convert_to_numpy(layer(sound[None]))[0] for sound in sounds]


if __name__ == "__main__":
    train_script(train, SpeechConfig, "speech")
