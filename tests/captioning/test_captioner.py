"""What is special to captioning; the rest is in tests/test_contract.py."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import sklearn.datasets
from conftest import with_training
from PIL import Image

import rnnapps
from rnnapps import bundle
from rnnapps.benchmark.prepared import prepare
from rnnapps.captioning import data
from rnnapps.captioning.config import CaptioningConfig, ModelConfig, VocabularyConfig
from rnnapps.captioning.model import build
from rnnapps.captioning.predictor import ENCODER
from rnnapps.captioning.train import train
from rnnapps.commands.main import dispatch
from rnnapps.encoders import features
from rnnapps.errors import UsageError, UserError
from rnnapps.inference.decoding_config import DecodingConfig


@pytest.fixture(scope="module")
def captioner(small_captioner):
    return rnnapps.load(small_captioner)


@pytest.fixture(scope="module")
def parts(small_captioning_config):
    return data.load(small_captioning_config)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((8, 8), "uint8"), r"picture 1: pixels are uint8 .*, not uint8 \(8, 8\)"),
        (np.zeros((8, 8, 4), "uint8"), r"picture 1: .*, not uint8 \(8, 8, 4\)"),
        (np.zeros((3, 8, 8), "uint8"), r"picture 1: .*, not uint8 \(3, 8, 8\)"),
        (np.zeros((8, 8, 3)), "picture 1: .*, not float64"),
        ([np.zeros((8, 8, 3), "uint8"), np.full((8, 8, 3), np.nan)], "picture 2: .*, not float64"),
    ],
)
def test_pixels_that_are_refused(captioner, pixels, message):
    with pytest.raises(UserError, match=message):
        captioner(pixels)


def test_the_bundle_needs_no_encoder(small_captioner):
    assert not (small_captioner / ENCODER).exists()  # its weights come with rnnapps
    metrics = bundle.read_json(small_captioner / "metrics.json")
    assert len(metrics["scores"]["captions"]) == 10 and metrics["training"]["captions"] == 80
    assert set(metrics["baselines"]) == {"nearest training picture", "most frequent caption"}


def test_a_step_of_another_decoder_learns(small_captioning_config):
    """Without the loss that asks attention to look everywhere, and with additive attention."""
    options = {"doubly_stochastic": 0.0, "attention": "additive", "gate": False, "cell": "gru"}
    config = replace(small_captioning_config, model=replace(small_captioning_config.model, **options))
    model, batches, _ = prepare("captioning", config)
    assert batches.per_picture == 2
    batch = next(batches.epoch(0))
    losses = [float(model.train_on_batch(*batch)[0]) for _ in range(8)]
    assert losses[-1] < losses[0]


def test_features_are_made_once(parts, captioner, monkeypatch):
    first = captioner.features(parts["test"].pictures)
    monkeypatch.setattr(features, "features_of", None)  # would fail if it were called
    np.testing.assert_array_equal(captioner.features(parts["test"].pictures), first)
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

    pictures = parts["test"].pictures[:2]
    inputs = captioner.inputs([picture.pixels(captioner.size) for picture in pictures])
    tokens = np.array([[1, 5, 6], [1, 7, 8]], "int32")
    whole = captioner.model.predict_on_batch([inputs, np.repeat(tokens, 2, axis=0)])
    state, context = captioner.start(ops.convert_to_tensor(inputs))
    for step in range(3):
        logits, state, _ = captioner.decoder.step(tokens[:, step], state, context)
        np.testing.assert_allclose(ops.convert_to_numpy(logits), whole[::2, step], atol=1e-4)


def test_command_predict(small_captioner, pictures_folder, tmp_path, capsys, caplog):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    command = ["predict", "captioning", "--model", str(small_captioner)]
    file = tmp_path / "captions.jsonl"
    files = [str(tmp_path), str(pictures_folder), str(tmp_path / "none.jpg")]
    with pytest.raises(UserError, match="2 of 62 files could not be read"):
        dispatch([*command, *files, "--json", str(file)])
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 60 and all(line["caption"] is not None for line in lines)
    assert len(capsys.readouterr().out.splitlines()) == 60
    assert "bad.png: not a readable picture" in caplog.text and "none.jpg" in caplog.text
    file = pictures_folder / "3.png"
    dispatch([*command, str(file), "--plot", str(tmp_path / "looked.png")])
    name, _ = capsys.readouterr().out.rstrip("\n").split("\t")
    assert name == str(file)
    assert (tmp_path / "looked.png").read_bytes().startswith(b"\x89PNG")
    dispatch([*command, str(file), "--n-best", "2"])
    assert capsys.readouterr().out.startswith(f"0 ||| {file}\n0 ||| ")
    with pytest.raises(UsageError, match="--plot draws one answer, and these are 60 picture files"):
        dispatch([*command, str(pictures_folder), "--plot", "a.png"])
    with pytest.raises(UsageError, match="give picture files, or folders of them"):
        dispatch(command)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty: no picture files in it \(.jpg,"):
        dispatch([*command, str(tmp_path / "empty")])


def test_command_evaluate_writes_a_page(small_captioner, tmp_path, capsys):
    page = tmp_path / "page.html"
    command = ["evaluate", "captioning", "--model", str(small_captioner), "--beam-width", "1"]
    dispatch([*command, "--page", str(page)])
    assert page.read_text().count("<article>") == 10
    assert "| nearest training picture |" in capsys.readouterr().out
    with pytest.raises(UserError, match="nowhere: cannot write there"):
        dispatch([*command, "--page", str(tmp_path / "nowhere" / "page.html")])


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
    pixels = captioner.read(np.full((50, 70, 3), 99, "uint8"))[None]
    memory = keras.Model(captioner.model.input[0], captioner.model.get_layer("memory").output)
    context = captioner.start(captioner.inputs(pixels))[1]
    whole = captioner.decoder.start(memory.predict_on_batch(pixels))[1]
    for one, other in zip(keras.tree.flatten(context), keras.tree.flatten(whole), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-2)  # features are kept in float16

    second = with_training(config, init_from=str(first), output=str(tmp_path / "second"))
    model = prepare("captioning", second).model
    for one, other in zip(model.get_weights(), captioner.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_rare_words_are_never_said(parts):
    """Words that a vocabulary has not have no weight in the loss."""
    captions = {split: some.captions for split, some in parts.items()}
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
    assert config.encoder.ships
    assert not replace(config.encoder, encoder="MobileNetV2").ships
    assert not replace(config.encoder, encoder_weights="mine.weights.h5").ships
    encoder = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, strides=4)])
    model = build(ModelConfig(units=4, embedding_size=4), 10, 1, encoder)
    assert model.inputs[0].shape == (None, 2, 2, 4) and model.inputs[0].dtype == "float16"


def test_the_emoji_that_ship_are_named_as_they_were(pictures=16):
    path = bundle.find("captioning/emoji")
    stored = bundle.read_metrics(path)
    test = data.load(CaptioningConfig())["test"]
    assert test.digest() == stored["data"]["digest"]
    name = rnnapps.load(path)
    found = name.caption(name.features(test.pictures[:pictures]))
    same = [
        one[0].text == text
        for one, text in zip(found, stored["scores"]["captions"][:pictures], strict=True)
    ]
    assert sum(same) >= pictures - 1  # on another processor a near tie may end otherwise


def test_each_word_of_a_photograph_has_its_map():
    path = bundle.find("captioning/flickr8k")
    tell = rnnapps.load(path)
    caption = tell(Path(sklearn.datasets.__file__).parent / "images" / "flower.jpg")
    looked = caption.hypotheses[0].alignment
    assert " ".join(looked.words[:-1]) == caption.text and len(looked.words) > 5
    assert looked.weights.shape == (len(looked.words), 7, 7)
    assert not (path / ENCODER).exists()  # its weights come with rnnapps, once for both bundles
