"""The training loop on real sentences and a network that compiles in a moment."""

import os
import re
import signal
from dataclasses import replace

import numpy as np
import pytest

from rnnapps.data.text.text_encoder import TextEncoder
from rnnapps.errors import UserError
from rnnapps.sentiment import data
from rnnapps.training.fit import fit
from rnnapps.training.optimizer import make_optimizer


@pytest.fixture(scope="module")
def parts(small_config):
    examples = data.load(small_config)
    encoder = TextEncoder.learn(examples["train"].inputs, small_config.text)
    return encoder, examples["train"].labels, *data.make_batches(small_config, examples, encoder)


def make_model(config, encoder, labels, steps_per_epoch):
    """A bag of words, compiled as the training of sentiment compiles its network."""
    import keras

    model = keras.Sequential(
        [
            keras.layers.Embedding(encoder.size, 8),
            keras.layers.SpatialDropout1D(0.2),  # draws numbers, whose place a checkpoint keeps
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dense(len(labels), "softmax", name="classes"),
        ]
    )
    model.build((None, None))
    optimizer = make_optimizer(config.training, steps_per_epoch)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


def train(small_config, parts, folder, identity=None, **options):
    """Train from the same start, and return the weights and the history."""
    import keras

    config = replace(small_config, training=replace(small_config.training, **options))
    encoder, labels, batches, validation = parts
    keras.utils.set_random_seed(config.training.seed)
    model = make_model(config, encoder, labels, len(batches))
    history = fit(model, batches, validation, config.training, folder, identity or {"--units": 8})
    return model.get_weights(), history


def test_loss_falls_and_the_best_epoch_stays(small_config, parts, tmp_path):
    import keras

    weights, history = train(small_config, parts, tmp_path, epochs=4)
    assert history[-1]["loss"] < history[0]["loss"]
    assert [logs["epoch"] for logs in history] == [1, 2, 3, 4]
    encoder, labels, batches, validation = parts
    model = make_model(small_config, encoder, labels, len(batches))
    model.set_weights(weights)
    right = rows = 0
    for x, y in validation.in_order_of_length():
        right += (model.predict_on_batch(x).argmax(axis=1) == y.argmax(axis=1)).sum()
        rows += len(y)
    best = min(history, key=lambda logs: logs["val_loss"])
    assert right / rows == pytest.approx(best["val_accuracy"])
    assert list((tmp_path / "logs").iterdir())
    keras.backend.clear_session()


def test_same_seed_same_weights(small_config, parts, tmp_path):
    first, _ = train(small_config, parts, tmp_path)
    again, _ = train(small_config, parts, tmp_path)
    other, _ = train(small_config, parts, tmp_path, seed=2)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_the_average_of_the_best_epochs_is_kept_if_it_is_better(small_config, parts, tmp_path, caplog):
    with caplog.at_level("INFO"):
        weights, history = train(small_config, parts, tmp_path, average_checkpoints=2)
    of_average, of_best = map(
        float, re.findall(r"average of 2 epochs (\S+), .* them (\S+):", caplog.text)[0]
    )
    assert of_best == pytest.approx(min(logs["val_loss"] for logs in history), rel=1e-3)
    encoder, labels, batches, validation = parts
    model = make_model(small_config, encoder, labels, len(batches))
    model.set_weights(weights)
    losses = [
        (float(model.test_on_batch(*batch, return_dict=True)["loss"]), len(batch[0]))
        for batch in validation.in_order_of_length()
    ]
    loss = sum(value * rows for value, rows in losses) / sum(rows for _, rows in losses)
    assert loss == pytest.approx(min(of_average, of_best), rel=1e-3)
    assert of_average != of_best


def test_patience_ends_a_training(small_config, parts, tmp_path):
    _, history = train(small_config, parts, tmp_path, epochs=30, patience=1, learning_rate=1e-9)
    assert len(history) < 5


def test_interrupted_by_a_signal_and_resumed(small_config, parts, tmp_path):
    options = {"ema_momentum": 0.5, "average_checkpoints": 2}
    through, _ = train(small_config, parts, tmp_path / "through", **options)

    def interrupt_in_an_epoch(epoch, start=0, original=parts[2].epoch):
        for step, batch in enumerate(original(epoch, start), start=start):
            if epoch == 1 and step == 3 and start == 0:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch

    parts[2].epoch = interrupt_in_an_epoch
    try:
        with pytest.raises(UserError, match="interrupted in epoch 2 after step 4: .*--resume"):
            train(small_config, parts, tmp_path / "cut", **options)
        resumed, history = train(small_config, parts, tmp_path / "cut", **options, resume=True)
    finally:
        del parts[2].epoch
    assert len(history) == 2
    assert all((a == b).all() for a, b in zip(through, resumed, strict=True))


def test_resume_of_another_training_is_refused(small_config, parts, tmp_path):
    train(small_config, parts, tmp_path)
    with pytest.raises(UserError, match=r"another --units \(8, now 16\)"):
        train(small_config, parts, tmp_path, identity={"--units": 16}, resume=True)


def test_a_loss_that_is_not_finite_ends_it(small_config, parts, tmp_path):
    encoder, labels, batches, validation = parts
    model = make_model(small_config, encoder, labels, len(batches))
    model.get_layer("classes").set_weights(
        [w * np.nan for w in model.get_layer("classes").get_weights()]
    )
    with pytest.raises(
        UserError, match="the loss is nan in epoch 1 after step 0: lower --learning-rate"
    ):
        fit(model, batches, validation, small_config.training, tmp_path, {})
