"""What is special to speech; the rest is in tests/test_contract.py.

Quality is that of the bundles that ship.
"""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import soundfile
from conftest import with_training

import rnnapps
from rnnapps import datasets
from rnnapps.benchmark.prepared import prepare
from rnnapps.commands.main import dispatch
from rnnapps.config import with_values
from rnnapps.data.sound import embedded_speech
from rnnapps.data.sound.files import to_mono
from rnnapps.data.sound.recordings import compose
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.errors import UsageError, UserError
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.speech import data
from rnnapps.speech.config import HEAD, TAIL, ModelConfig, SpeechConfig, UtteranceConfig
from rnnapps.speech.evaluate import evaluate, table
from rnnapps.speech.model import build
from rnnapps.speech.predictor import SpeechPredictor
from rnnapps.speech.train import train
from rnnapps.speech.utterances import Utterances

RATE = 8000
FRAME = 240  # samples
RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def path(small_bundles):
    return small_bundles("speech")


@pytest.fixture(scope="module")
def config(small_configs):
    return small_configs("speech")


@pytest.fixture(scope="module")
def recognise(path):
    return rnnapps.load(path)


@pytest.fixture(scope="module")
def recordings(config):
    return data.load(config)["test"]


def random_network(**options):
    """A predictor of a network without training, whose answers are many and of all classes."""
    keras.utils.set_random_seed(1)
    config = with_values(
        SpeechConfig(),
        {"source": {"sampling_rate": RATE}, "model": {"units": 16, "filters": 4, "mels": 24} | options},
    )
    alphabet = Alphabet(" abdot")
    model = build(config.model, RATE, alphabet.size)
    layer = model.get_layer("characters")
    kernel = 40 * layer.get_weights()[0]
    heard = keras.Model(model.input, model.get_layer("recurrent").output)(tones(9)[None])
    layer.set_weights([kernel, -keras.ops.convert_to_numpy(heard)[0].mean(axis=0) @ kernel])
    return SpeechPredictor(model, alphabet, config)


def tones(seconds):
    """A tone of another pitch and loudness every 0.15 s, float32 `(time,)`."""
    time = np.arange(round(0.15 * RATE)) / RATE
    random = np.random.default_rng(0)
    pitches = random.uniform(100, 3000, size=(round(seconds / 0.15), 1))
    loudness = 10 ** random.uniform(-3, 0, size=pitches.shape)
    return (loudness * np.sin(2 * np.pi * pitches * time)).ravel().astype("float32")


@pytest.mark.parametrize("direction", ["forward", "both"])
def test_padding_changes_nothing_and_is_blank(direction):
    network, head = random_network(direction=direction).model, HEAD if direction == "forward" else 0
    sound = np.zeros((2, 64 * FRAME), "float32")
    sound[0, : 20 * FRAME - 50] = RANDOM.normal(size=20 * FRAME - 50)
    sound[0, 5 * FRAME : 9 * FRAME] = 0  # silence within it is no padding
    sound[1] = RANDOM.normal(size=64 * FRAME)
    logits = network.predict_on_batch(sound)
    real = 20 + TAIL
    alone = network.predict_on_batch(sound[:1, : real * FRAME])
    np.testing.assert_allclose(logits[0, :real], alone[0], atol=2e-3)
    assert np.abs(alone[0, head:]).max() < 1e3 and alone[0, :head, 1:].max(initial=-1e4) == -1e4
    np.testing.assert_array_equal(logits[0, real:, 0], 0)
    assert logits[0, real:, 1:].max() == -1e4 and logits[1, head:].min() > -1e3


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "lstm"},
        {"cell": "gru", "normalise": True, "residual": True, "depth": 3},
    ],
    ids=lambda options: options["cell"],
)
def test_a_stream_hears_what_the_whole_recording_has(options):
    network = random_network(**options)
    sound = RANDOM.normal(scale=0.1, size=50 * FRAME).astype("float32")
    whole = network.model.predict_on_batch(data.with_tail(network.config, sound)[None])[0]
    stream, heard = network.stream(), []
    for part in np.split(sound, [1, 700, 5000, 5001]):  # as many as there are
        heard += stream.hear(part)
    np.testing.assert_allclose(np.stack(heard), whole[:50], atol=2e-3)
    assert stream.waiting == 0 and stream.hop_seconds == 0.03


def said(utterances, sound):
    return [*utterances.hear(sound), *utterances.end()]


def words(heard):
    return [word.word for word in heard.words]


def test_utterances_are_the_text_of_the_whole():
    network = random_network()
    sound = tones(9)[77:]
    text = network(sound).text
    assert len(text.split()) > 3
    heard = said(Utterances(network, UtteranceConfig(pause=10)), sound)
    *partial, final = heard
    assert final.text == text and final.final and not any(one.final for one in partial)
    for one, following in zip(partial, heard[1:], strict=False):  # what was told stays
        assert following.text.startswith(one.text) and one.text.split() == words(one)
        assert words(following)[: len(one.words)] == words(one)
    assert words(final) == text.split()
    for one, other in zip(final.words, network(sound).words, strict=True):
        assert one.start == pytest.approx(other.start, abs=1e-6)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)


class Says:
    """A recogniser whose blocks of one sample say the class that the sample is."""

    alphabet = Alphabet(" abdot")
    config = SpeechConfig()
    delay = 0.3

    def stream(self):
        from rnnapps.inference.sample_stream import SampleStream

        def step(x, state):
            return 9 * np.eye(7, dtype="float32")[[int(x[0, 0])]], state

        return SampleStream(lambda: None, step, 1, 10)

    texts_of = SpeechPredictor.texts_of


def spell(text):
    """A sample for each character, of which `_` is the blank."""
    return np.array(["_ abdot".index(one) for one in text], "float32")


def test_a_pause_ends_an_utterance():
    utterances = Utterances(Says(), UtteranceConfig(pause=0.5))
    heard = utterances.hear(spell("_______ba_d dd_t _____o___"))
    assert [(one.text, one.final) for one in heard] == [
        ("bad", False),
        ("bad dt", False),
        ("bad dt", True),
    ]
    first, _, final = heard
    assert first.words[0].start == pytest.approx(0.4) and first.words[0].end == pytest.approx(1.1)
    assert final.words[1].start == pytest.approx(0.9) and final.words[1].end == pytest.approx(1.6)
    assert final.start <= 0.7 and final.start + final.seconds == pytest.approx(2.1)
    (last,) = utterances.end()
    assert last.text == "o" and last.final and last.words[0].start == pytest.approx(1.9)
    assert utterances.end() == []


def test_a_stream_without_pauses_takes_no_memory():
    utterances = Utterances(Says(), UtteranceConfig(pause=0.5))
    heard = utterances.hear(spell("ab " * 200))
    assert [one.seconds for one in heard if one.final] == pytest.approx([30.0, 30.0])
    assert utterances.hear(spell("_" * 1000)) == [] and len(utterances._frames) <= 6


def test_words_have_times_and_a_search_has_other_texts(recognise, recordings):
    sound = recordings.inputs[0]
    answer = recognise(sound, CTCConfig(beam_width=8, n_best=3))
    values = answer.to_dict()
    assert values["hypotheses"][0]["text"] == answer.hypotheses[0].text
    assert len({one.text for one in answer.hypotheses}) == 3
    assert answer.describe(2).splitlines()[0].startswith("2 ||| ")
    assert answer.seconds == pytest.approx(len(sound) / RATE + 0.03 * TAIL)
    for word, value in zip(answer.words, values["words"], strict=True):
        assert 0 <= word.start < word.end <= answer.seconds and value["word"] == word.word


def test_words_have_the_times_at_which_they_are_said(monkeypatch):
    spoken = []

    def noted(*args):
        samples, words = compose(*args)
        spoken.append(words)
        return samples, words

    monkeypatch.setattr(embedded_speech, "compose", noted)
    recognise = rnnapps.load("speech/digits")
    strings = embedded_speech.embedded_speech(datasets.path(""), "digits", "nicolas")
    found = [(one, spoken[-1]) for one in strings if one.split == "test"][:40]
    answers = recognise([to_mono(*one.read(), recognise.sampling_rate) for one, _ in found])
    late = [
        heard.start - said.start
        for answer, (one, said_words) in zip(answers, found, strict=True)
        if answer.text == one.text
        for heard, said in zip(answer.words, said_words, strict=True)
    ]
    assert len(late) >= 20 and np.abs(late).mean() < 0.1  # as written: 0.24 s


def test_a_grammar_allows_no_other_texts(recognise, recordings, tmp_path):
    grammar = tmp_path / "digits.jsgf"
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    grammar.write_text(f"#JSGF V1.0; public <s> = <d> <d> <d>; <d> = {' | '.join(digits)};")
    decoding = CTCConfig(beam_width=64, n_best=2, grammar=str(grammar))
    for one in recognise(recordings.inputs[0], decoding).hypotheses:
        assert len(one.text.split()) == 3 and set(one.text.split()) <= set(digits)
    grammar.write_text("#JSGF V1.0; public <s> = nine;")
    assert recognise(recordings.inputs[0], replace(decoding, n_best=1)).text == "nine"
    with pytest.raises(UsageError, match="--grammar knows what comes next"):
        replace(decoding, lexicon="words.txt")
    with pytest.raises(UsageError, match="or grammar needs a search: add --beam-width 16"):
        CTCConfig(grammar="digits.jsgf")


def test_the_command_writes_and_draws(path, recordings, tmp_path, capsys):
    file, plot = tmp_path / "sound.wav", tmp_path / "sound.png"
    soundfile.write(file, recordings.inputs[0], RATE)
    command = ["predict", "speech", "--model", str(path), str(file)]
    dispatch([*command, "--json", "-", "--plot", str(plot)])
    answer = json.loads(capsys.readouterr().out)
    assert answer["recording"] == str(file) and plot.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "bad.wav").write_bytes(b"RIFF, but no more")
    with pytest.raises(UserError, match="1 of 1 files could not be read"):
        dispatch([*command[:-1], str(tmp_path / "bad.wav")])


def test_the_command_streams(path, recognise, recordings, tmp_path, capsys):
    file, plot = tmp_path / "long.wav", tmp_path / "long.png"
    sound = np.concatenate([recordings.inputs[0], np.zeros(2 * RATE, "float32"), recordings.inputs[1]])
    soundfile.write(file, sound, RATE, subtype="FLOAT")
    command = ["stream", "speech", "--model", str(path), "--input", str(file)]
    dispatch([*command, "--json", "-", "--plot", str(plot)])
    lines = list(map(json.loads, capsys.readouterr().out.splitlines()))
    final = " ".join(line["text"] for line in lines if line["final"])
    assert final == recognise(sound).text and plot.read_bytes().startswith(b"\x89PNG")


def test_a_stream_is_scored_as_the_whole_is(recognise, recordings):
    whole, stream = evaluate(recognise, recordings), evaluate(recognise, recordings, stream=True)
    assert stream["scores"]["texts"] == whole["scores"]["texts"]
    assert stream["scores"]["wer"] == whole["scores"]["wer"]
    assert stream["scores"]["block_milliseconds"] == 30
    assert "blocks of 30 ms of sound" in table(stream) and "| said | written | times |" in table(whole)
    with pytest.raises(UserError, match="--sampling-rate 16000: this network hears 8000 Hz"):
        evaluate(recognise, replace(recordings, sampling_rate=16000))


def test_what_hears_both_directions_cannot_stream():
    with pytest.raises(UserError, match="cannot stream: train one with --direction forward"):
        random_network(direction="both").stream()


def test_training_recordings_begin_anywhere_in_the_quiet_before_their_first_sound(config):
    """And those of validation at their beginning."""
    time = np.arange(2 * RATE) / RATE
    sound = (0.001 + 0.3 * (time > 1)) * np.sin(3000 * time)
    nothing = {"time_shift": 0, "colour": 0, "recording_noise": 0, "gain": 0, "speed_change": 0}
    given = with_values(config, {"augmentation": nothing})
    some = data.Recordings([sound.astype("float32")], ["go"], ["a"], ["a"], RATE)
    made = data.make_batches(given, {"train": some, "validation": some}, Alphabet("go"))
    begins = []
    for epoch in range(20):
        ((x, y),) = made[0].epoch(epoch)
        assert y[0, :2].tolist() == [1, 2] and x.shape[1] % (data.FRAMES * FRAME) == 0
        begins.append(2 * RATE - np.flatnonzero(x[0])[-1] - 1)
    assert 0 <= min(begins) < 0.2 * RATE and 0.6 * RATE < max(begins) <= 0.8 * RATE
    ((x, _),) = made[1].in_order_of_length()
    np.testing.assert_allclose(x[0, : 2 * RATE], sound, atol=1e-6)


def test_texts_are_as_they_are_spoken(tmp_path, caplog):
    caplog.set_level("INFO")
    sounds = [RANDOM.normal(scale=0.1, size=2 * RATE) for _ in range(4)]
    texts = ["Call 21, please!", "It's me.", "STOP", "go"]
    config = with_values(SpeechConfig(), {"source": {"sampling_rate": RATE}})
    splits = {
        split: {"sound": sounds[part], "text": texts[part]}
        for split, part in (("train", slice(2)), ("validation", slice(2, 3)), ("test", slice(3, 4)))
    }
    found = data.load(config, splits)
    assert found["train"].texts == ["call twenty one please", "it's me"]
    assert "changed: numbers in 1, lowercase in 3, punctuation in 2" in caplog.text


def test_a_text_too_long_for_its_recording_is_named():
    config = with_values(SpeechConfig(), {"source": {"sampling_rate": RATE}})
    sound = RANDOM.normal(scale=0.1, size=RATE // 2)
    with pytest.raises(
        UserError, match=r"a text of 40 characters, and 0.50 s of sound: is it the right"
    ):
        data.load(config, {"sound": [sound], "text": ["a" * 40]})


def test_new_characters_are_added_to_those_that_are_known(path, config, recordings):
    sounds = [sound.copy() for sound in recordings.inputs[:3]]
    examples = {
        split: {"sound": [sound], "text": [text]}
        for split, sound, text in zip(
            ("train", "validation", "test"), sounds, ("quiz", "zap", "jump"), strict=True
        )
    }
    made = prepare("speech", with_training(config, init_from=str(path)), examples).model
    old = rnnapps.load(path)
    known = "".join(old.alphabet.characters)
    alphabet = sorted({*known, *"quiz"})
    theirs = old.model.get_layer("characters").get_weights()[1]
    ours = made.get_layer("characters").get_weights()[1]
    assert len(ours) == len(alphabet) + 1
    for number, one in enumerate(alphabet, start=1):
        if one in known:
            assert ours[number] == theirs[known.index(one) + 1]


def test_pieces_of_words_are_written(config, tmp_path):
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    tokens = {"tokens": {"tokens": "subwords", "vocabulary": 24}}
    config = with_training(with_values(config, tokens), output=str(tmp_path / "pieces"))
    recognise = rnnapps.load(train(config))
    pieces = recognise.alphabet.characters
    assert len(pieces) == 24 and max(map(len, pieces)) > 1
    lexicon, text = tmp_path / "digits.txt", tmp_path / "text.txt"
    lexicon.write_text("\n".join(digits))
    text.write_text("one two\ntwo three\n")
    with_lexicon = CTCConfig(beam_width=16, lexicon=str(lexicon), language_model=str(text))
    recordings = data.load(config)["test"].inputs[:3]
    for answer in recognise(recordings, CTCConfig(beam_width=16)):
        written = [one.character for one in answer.hypotheses[0].characters]
        assert {*written} <= {*pieces} and "".join(written) == answer.text
    for answer in recognise(recordings, with_lexicon):
        assert {*answer.text.split()} <= {*digits}
    with pytest.raises(UsageError, match="--vocabulary must be at least 1"):
        with_values(SpeechConfig(), {"tokens": {"vocabulary": 0}})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hop": 0.5}, "--hop must be 0.005 to 0.03"),
        ({"mels": 200}, "--mels must be 8 to 80"),
        ({"units": 0}, "--units must be at least 1"),
    ],
)
def test_what_is_not_allowed_is_named(options, message):
    with pytest.raises(UsageError, match=message):
        ModelConfig(**options)
    with pytest.raises(UsageError, match="--sampling-rate must be at least 8000 for speech"):
        with_values(SpeechConfig(), {"source": {"sampling_rate": 4000}})
    with pytest.raises(UsageError, match="--pause must be 0.1 to 10"):
        UtteranceConfig(pause=0)
