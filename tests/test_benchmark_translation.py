"""The figures of translation on a few real sentences, and that what is compared computes the same."""

import json
import os
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from itertools import count

import numpy as np
import pytest
from conftest import run
from refusals import refusal

from rnnapps import bundle
from rnnapps.benchmark import translation, translation_worker
from rnnapps.data.text.sentence_encoder import END
from rnnapps.errors import UserError
from rnnapps.translation import data
from rnnapps.translation.model import build
from rnnapps.translation.predictor import TranslationPredictor

# A single shape of batches: XLA compiles each.
SIZES = ("--vocabulary", 400, "--max-tokens", 8, "--units", 16, "--embedding-size", 16)


@pytest.fixture(scope="module")
def untrained(small_translation_config, tmp_path_factory):
    """A bundle of a network that has learnt nothing, but to end a sentence."""
    config = small_translation_config
    encoders = data.learn_encoders(config.text, data.load(config)["train"].pairs)
    model = build(config.model, *(encoder.size for encoder in encoders))
    bias = model.get_layer("decoder").bias
    bias.assign(np.where(np.arange(bias.shape[0]) == END, 4.0, 0.0))
    path = tmp_path_factory.mktemp("bundles") / "untrained"
    with bundle.writing(path) as folder:
        TranslationPredictor(model, encoders, config).save(folder)
    return path


class Here(Executor):
    """What is to run in another process runs in this one, which has loaded the backend already."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


def test_training(pairs_tsv, tmp_path, monkeypatch, capsys):
    pools = dict.fromkeys(translation.KINDS, Here())
    monkeypatch.setattr(translation, "processes", lambda: nullcontext(pools))
    monkeypatch.setattr(translation_worker, "peak_memory", count(2).__next__)
    file = tmp_path / "training.json"
    flags = ("--data", pairs_tsv, *SIZES, "--sentences", 0, "--steps", 2, "--rounds", 2)
    translation.main([*map(str, flags), "--json", str(file)])
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["command"].startswith("rnnapps benchmark translation --sentences 0")
    ours, keras = report["training"]["rnnapps"], report["training"]["keras"]
    for figures in (ours, keras):
        assert len(figures["of_each_turn"]) == 2 and figures["tokens_per_second"] > 0
        assert figures["above_imports"] == 2 and figures["shapes"] == 1
    assert ours["parameters"] == keras["parameters"]
    assert ours["last_loss"] == pytest.approx(keras["last_loss"], rel=0.1)
    assert (ours["peak_memory"], keras["peak_memory"]) == (4, 5)
    tokens, memory, *_ = (line.split() for line in capsys.readouterr().out.splitlines()[1:])
    assert tokens[-1] == f"{report['training']['ratios']['tokens_per_second']:.2f}"
    assert memory[-1] == "0.80"


def test_each_network_has_a_process():
    with translation.processes() as pools:
        ids = {pool.submit(os.getpid).result() for pool in pools.values()}
        assert len(ids) == 2 and os.getpid() not in ids


def test_a_process_that_ends_is_one_line():
    with (
        pytest.raises(UserError, match="a process that trained a network ended"),
        translation.processes() as pools,
    ):
        pools["keras"].submit(os.abort).result()


def test_search(untrained, pairs_tsv, capsys):
    flags = ("--data", str(pairs_tsv), "--steps", "0", "--rounds", "1", "--beam-width", "3")
    translation.main([*flags, "--model", str(untrained), "--sentences", "9"])
    title, *rows, machine = capsys.readouterr().out.splitlines()
    assert title.startswith("beam 3, 9 sentences") and machine.startswith("(rnnapps ")
    program, *loops = (row.split() for row in rows)
    assert program[-2:] == ["1.00", "100.0%"] and len(loops) == 2
    assert all(float(row[-1].rstrip("%")) > 80 for row in loops)  # near-ties may fall either way


@pytest.mark.parametrize(
    ("cell", "attention", "depth", "tied"),
    [("gru", "multiplicative", 1, True), ("lstm", "additive", 2, False)],
)
def test_network_in_keras_is_ours(cell, attention, depth, tied):
    from rnnapps.benchmark.plain_keras import translator
    from rnnapps.translation.config import ModelConfig
    from rnnapps.translation.model import build

    config = ModelConfig(
        cell=cell,
        units=4,
        embedding_size=3,
        attention=attention,
        encoder_depth=depth,
        decoder_depth=depth,
        tie_embeddings=tied,
    )
    ours, keras = build(config, 11, 13), translator(config, 11, 13)
    random = np.random.default_rng(0)
    ours.set_weights([random.normal(size=weight.shape, scale=0.5) for weight in ours.get_weights()])
    copy_weights(ours, keras)
    source, tokens = random.integers(3, 11, (2, 5)), random.integers(3, 13, (2, 6))
    source[1, 3:] = 0
    np.testing.assert_allclose(keras([source, tokens]), ours([source, tokens]), atol=1e-5)


def copy_weights(ours, keras):
    """Give the network in Keras's layers the weights of ours, which has some of them in other parts."""
    decoder, theirs = ours.get_layer("decoder"), keras.layers[-1]
    encoder = [weight for layer in ours.layers if layer is not decoder for weight in layer.get_weights()]
    encoder_of_keras = [layer for layer in keras.layers if layer is not theirs and layer.weights]
    for layer in encoder_of_keras:
        size = len(layer.weights)
        layer.set_weights(encoder[:size])
        del encoder[:size]
    assert not encoder

    for number, (cell, own) in enumerate(zip(decoder.cells, theirs.cell.cells, strict=True)):
        kernel, recurrent_kernel, bias, recurrent_bias = cell.get_weights()
        if not number:
            kernel = np.concatenate([kernel, decoder.feeding_kernel.numpy()])
        together = decoder.options["cell"] == "lstm"  # which has one bias in Keras
        bias = bias + recurrent_bias if together else np.stack([bias, recurrent_bias])
        own.set_weights([kernel, recurrent_kernel, bias])
    theirs.embedding.set_weights(decoder.embedding.get_weights())
    theirs.first_states.set_weights(decoder.bridge.get_weights())
    theirs.cell.combine.set_weights(decoder.combine.get_weights())
    theirs.bias.assign(decoder.bias)
    if theirs.config.attention == "additive":
        attention = decoder.attention
        theirs.keys.set_weights([attention.memory_kernel])
        theirs.cell.query.set_weights([attention.query_kernel, attention.bias])
        theirs.cell.score.set_weights([attention.vector])
    else:
        theirs.keys.set_weights(decoder.attention.get_weights())
    if not theirs.config.tie_embeddings:
        theirs.kernel.assign(decoder.kernel)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rounds", "0"], "--rounds must be at least 1"),
        (["--steps", "0", "--sentences", "0"], "--sentences and --steps are both 0"),
        (["--layer-norm"], "--layer-norm and --recurrent-dropout have no counterpart"),
        (["--model", "nowhere"], "nowhere: no such bundle"),
    ],
)
def test_wrong_use_is_one_line(words, message, capsys):
    status, error = refusal(capsys, "benchmark", "translation", *words)
    assert status in (1, 2)
    assert error.startswith(f"error: {message}") and error.count("\n") == 1


def test_other_languages_are_refused(untrained):
    result = run("benchmark", "translation", "--model", untrained, "--target-language", "es")
    assert result.returncode == 2
    assert result.stderr == f"error: --target-language is es, but {untrained} has fr\n"
