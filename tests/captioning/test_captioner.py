"""Trainings of a few seconds on real pictures, and what the bundle does with files."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import sklearn.datasets
from conftest import run, with_training
from PIL import Image

import rnnapps
from rnnapps import bundle
from rnnapps.captioning import data, evaluate, infer, train
from rnnapps.captioning.config import CaptioningConfig, ModelConfig, VocabularyConfig
from rnnapps.captioning.evaluate import main as evaluate_main
from rnnapps.captioning.model import build
from rnnapps.captioning.train import make_model, starting_encoder
from rnnapps.inference.decoding_config import DecodingConfig
from rnnapps.errors import UsageError, UserError


@pytest.fixture(scope="module")
def captioner(small_captioner):
    return rnnapps.load(small_captioner)


@pytest.fixture(scope="module")
def parts(small_captioning_config):
    return data.load(small_captioning_config.source)


def test_bundle_tells_all_about_itself(small_captioner):
    bundle.check(small_captioner, "captioning")
    metrics = bundle.read_json(small_captioner / "metrics.json")
    assert metrics["rows"] == 10 and len(metrics["captions"]) == 10
    assert 0 <= metrics["bleu_4"] <= metrics["bleu_1"] <= 100
    assert set(metrics["baselines"]) == {"nearest training picture", "most frequent caption"}
    assert "unseen" in metrics and metrics["training"]["captions"] == 80
    card = (small_captioner / "card.md").read_text()
    assert "rnnapps train captioning --data" in card and "| nearest training picture |" in card
    assert not (small_captioner / infer.ENCODER).exists()  # its weights come with rnnapps
    assert sum(file.stat().st_size for file in small_captioner.iterdir()) < 2e6


def test_a_step_learns_and_every_weight_moves(small_captioning_config, parts, captioner):
    """With and without the loss that asks attention to look everywhere, and with additive attention."""
    config = small_captioning_config
    captions = {name: [list(one.captions) for one in some] for name, some in parts.items()}
    inputs = {
        name: data.inputs_of(some, captioner.encoder, config.encoder, captioner.size)
        for name, some in parts.items()
    }
    batches, _ = data.make_batches(config, inputs, captions, captioner.sentences)
    assert batches.per_picture == 2
    for options in (
        {},
        {"doubly_stochastic": 0.0, "attention": "additive", "gate": False, "cell": "gru"},
    ):
        changed = replace(config, model=replace(config.model, **options))
        model = make_model(changed, captioner.sentences, captioner.encoder, 2, steps_per_epoch=8)
        x, y, weights = next(batches.epoch(0))
        before = [variable.numpy() for variable in model.trainable_variables]
        losses = [float(model.train_on_batch(x, y, weights)[0]) for _ in range(8)]
        assert losses[-1] < losses[0]
        for old, variable in zip(before, model.trainable_variables, strict=True):
            assert (old != variable.numpy()).any(), variable.path


def test_features_are_made_once(small_captioning_config, parts, captioner, monkeypatch):
    arguments = (parts["test"], captioner.encoder, small_captioning_config.encoder, captioner.size)
    first = data.inputs_of(*arguments)
    monkeypatch.setattr(data, "features_of", None)  # would fail if it were called
    np.testing.assert_array_equal(data.inputs_of(*arguments), first)
    assert first.dtype == np.float16 and first.shape[1:] == (7, 7, 1280)


def test_pictures_of_all_kinds(captioner, pictures_folder, parts):
    files = sorted(pictures_folder.glob("*.png"))[:9]
    captions = captioner(files)
    assert [caption.picture for caption in captions] == [str(file) for file in files]
    one = captioner(str(files[4]))
    assert one.text == captions[4].text
    assert one.hypotheses[0].score == pytest.approx(captions[4].hypotheses[0].score, abs=1e-3)
    pixels = np.asarray(Image.open(files[4]).convert("RGB"))
    assert captioner(pixels).text == one.text
    assert captioner([]) == []
    looked = one.hypotheses[0].alignment
    assert looked.weights.shape == (len(looked.words), 7, 7)
    np.testing.assert_allclose(looked.weights.sum(axis=(1, 2)), 1, atol=1e-4)
    assert set(one.to_dict()) == {"picture", "caption", "hypotheses"}


def test_greedy_beam_and_samples(captioner, pictures_folder):
    file = pictures_folder / "0.png"
    found = captioner(file, DecodingConfig(beam_width=4)).hypotheses[0]
    (greedy,) = captioner(file, DecodingConfig(beam_width=1)).hypotheses
    assert greedy.log_probability == greedy.score <= 0
    three = captioner(file, DecodingConfig(beam_width=4, n_best=3)).hypotheses
    assert [one.score for one in three] == sorted((one.score for one in three), reverse=True)
    assert three[0].text == found.text
    sampling = DecodingConfig(temperature=1.5, n_best=8)
    samples = captioner(file, sampling).hypotheses
    assert len({one.text for one in samples}) > 2
    assert [one.text for one in captioner(file, sampling).hypotheses] == [one.text for one in samples]
    covering = captioner(file, DecodingConfig(coverage_penalty=0.5))
    assert covering.hypotheses[0].score != found.score


def test_the_logits_of_decoding_are_those_of_training(captioner, parts):
    from keras import ops

    pictures = parts["test"][:2]
    inputs = captioner.inputs([picture.pixels(captioner.size) for picture in pictures])
    tokens = np.array([[1, 5, 6], [1, 7, 8]], "int32")
    whole = captioner.model.predict_on_batch([inputs, np.repeat(tokens, 2, axis=0)])
    state, context = captioner.start(ops.convert_to_tensor(inputs))
    for step in range(3):
        logits, state, _ = captioner.decoder.step(tokens[:, step], state, context)
        np.testing.assert_allclose(ops.convert_to_numpy(logits), whole[::2, step], atol=1e-4)


def test_command_predict(small_captioner, pictures_folder, tmp_path, capsys, caplog):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    command = ["--model", str(small_captioner)]
    with pytest.raises(UserError, match="2 of 62 files could not be read"):
        infer.main([*command, str(tmp_path), str(pictures_folder), str(tmp_path / "none.jpg"), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 60 and all(line["caption"] is not None for line in lines)
    assert "bad.png: not a readable picture" in caplog.text and "none.jpg" in caplog.text
    file = pictures_folder / "3.png"
    infer.main([*command, str(file), "--attention", str(tmp_path / "looked.png")])
    name, _ = capsys.readouterr().out.rstrip("\n").split("\t")
    assert name == str(file)
    assert (tmp_path / "looked.png").read_bytes().startswith(b"\x89PNG")
    infer.main([*command, str(file), "--n-best", "2"])
    assert capsys.readouterr().out.startswith(f"0 ||| {file}\n0 ||| ")
    with pytest.raises(UsageError, match="--attention draws one picture, and these are 60"):
        infer.main([*command, str(pictures_folder), "--attention", "a.png"])
    with pytest.raises(UsageError, match="give picture files, or folders of them"):
        infer.main(command)


def test_command_predict_without_pictures(small_captioner, tmp_path):
    result = run("predict", "captioning", "--model", small_captioner, tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {tmp_path}: no pictures in it (.jpg,")


def test_command_evaluate(small_captioner, captioner, parts, tmp_path, capsys):
    stored = bundle.read_json(small_captioner / "metrics.json")
    json_file, page = tmp_path / "scores.json", tmp_path / "page.html"
    evaluate_main(["--model", str(small_captioner), "--json", str(json_file), "--page", str(page)])
    scores = json.loads(json_file.read_text())
    assert scores["captions"] == stored["captions"] and scores["cider"] == stored["cider"]
    assert scores["baselines"] == stored["baselines"]
    assert "| nearest training picture |" in capsys.readouterr().out
    assert page.read_text().count("<article>") == 10
    inputs = captioner.inputs([picture.pixels(captioner.size) for picture in parts["test"]])
    report = evaluate(captioner, inputs, [picture.captions for picture in parts["test"]])
    assert report["bleu_1"] == pytest.approx(stored["bleu_1"])
    evaluate_main(["--model", str(small_captioner), "--part", "valid", "--beam-width", "1"])
    assert "10 pictures of" in capsys.readouterr().out


def test_an_encoder_that_is_trained_too(small_captioning_config, tmp_path):
    """Its bundle holds it, serves with it, and a second phase starts from it."""
    small_cnn = replace(small_captioning_config.encoder, encoder="small_cnn")
    config = with_training(
        replace(small_captioning_config, encoder=small_cnn), epochs=1, output=str(tmp_path / "first")
    )
    first = train(config)
    captioner = rnnapps.load(first)
    assert captioner.encoder.name == "small_cnn" and captioner.size == (64, 64)
    assert captioner.model.inputs[0].dtype == "uint8"
    assert captioner(np.zeros((50, 70, 3), "uint8")).hypotheses[0].alignment.weights.shape[1:] == (8, 8)
    pixels = captioner.pixels(np.full((50, 70, 3), 99, "uint8"))[None]
    memory = keras.Model(captioner.model.input[0], captioner.model.get_layer("memory").output)
    context = captioner.start(captioner.inputs(pixels))[1]
    whole = captioner.decoder.start(memory.predict_on_batch(pixels))[1]
    for one, other in zip(keras.tree.flatten(context), keras.tree.flatten(whole), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-2)  # features are kept in float16

    second = with_training(config, init_from=str(first), output=str(tmp_path / "second"))
    model = make_model(second, captioner.sentences, starting_encoder(second), 2, steps_per_epoch=8)
    for one, other in zip(model.get_weights(), captioner.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_starts_with_the_encoder_of_a_bundle(
    small_captioning_config, small_captioner, captioner
):
    config = with_training(small_captioning_config, init_from=str(small_captioner))
    encoder = starting_encoder(config)
    assert encoder.name == "efficientnet_lite0"
    for one, other in zip(encoder.get_weights(), captioner.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    model = make_model(config, captioner.sentences, encoder, 2, steps_per_epoch=8)
    for one, other in zip(model.get_weights(), captioner.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_rare_words_are_never_said(parts):
    """Words that a vocabulary has not have no weight in the loss."""
    captions = {name: [list(one.captions) for one in some] for name, some in parts.items()}
    config = CaptioningConfig(
        text=VocabularyConfig(tokens="words", word_count=3), model=ModelConfig(units=4)
    )
    sentences = data.learn_vocabulary(config.text, [text for some in captions["train"] for text in some])
    inputs = {name: np.zeros((len(some), 1), "float16") for name, some in captions.items()}
    batches, _ = data.make_batches(config, inputs, captions, sentences)
    _, targets, weights = next(batches.in_order_of_length())
    unknown = sentences.tokenizer.token_to_id("<unk>")
    assert (targets == unknown).any() and not weights[targets == unknown].any()
    with pytest.raises(UserError, match="no training caption has at most 4 tokens: raise --max-tokens"):
        short = replace(config, text=replace(config.text, max_tokens=4))
        long = {name: [["one two three four five"]] * len(some) for name, some in captions.items()}
        data.make_batches(short, inputs, long, sentences)


def test_an_encoder_of_keras_applications_is_in_the_bundle_when_its_weights_do_not_ship():
    config = CaptioningConfig()
    assert data.ships(config.encoder)
    assert not data.ships(replace(config.encoder, encoder="MobileNetV2"))
    assert not data.ships(replace(config.encoder, encoder_weights="mine.weights.h5"))
    encoder = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, strides=4)])
    model = build(ModelConfig(units=4, embedding_size=4), 10, 1, encoder)
    assert model.inputs[0].shape == (None, 2, 2, 4) and model.inputs[0].dtype == "float16"


def test_the_emoji_that_ship_are_named_as_they_were(pictures=16):
    path = bundle.find("captioning/emoji")
    stored = bundle.read_json(path / "metrics.json")
    test = data.load(CaptioningConfig().source)["test"]
    assert data.digest(test) == stored["data"]["digest"]
    name = rnnapps.load(path)
    found = name.caption(name.inputs([picture.pixels(name.size) for picture in test[:pictures]]))
    same = [one[0].text == text for one, text in zip(found, stored["captions"][:pictures], strict=True)]
    assert sum(same) >= pictures - 1  # on another processor a near tie may end otherwise


def test_each_word_of_a_photograph_has_its_map():
    path = bundle.find("captioning/flickr8k")
    tell = rnnapps.load(path)
    caption = tell(Path(sklearn.datasets.__file__).parent / "images" / "flower.jpg")
    looked = caption.hypotheses[0].alignment
    assert " ".join(looked.words[:-1]) == caption.text and len(looked.words) > 5
    assert looked.weights.shape == (len(looked.words), 7, 7)
    assert not (path / infer.ENCODER).exists()  # its weights come with rnnapps, once for both bundles
