"""The best path frame by frame, words, and texts of many lengths."""

import numpy as np
import pytest

from rnnapps.data.text.alphabet import Alphabet
from rnnapps.decoding import ctc_best_path
from rnnapps.inference.best_path_stream import BestPathStream
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.inference.probabilities import softmax
from rnnapps.inference.timed_word import timed_words
from rnnapps.inference.transcriber import Transcriber
from rnnapps.inference.transcript import TimedCharacter

ALPHABET = Alphabet(" ab")
LOGITS = np.random.default_rng(0).normal(scale=3, size=(90, 4)).astype("float32")


def test_frame_by_frame_it_is_the_path_of_the_whole():
    path, whole = BestPathStream(ALPHABET), ctc_best_path(LOGITS[None])
    before = ""
    for row in LOGITS:
        assert path.push(row) == row.argmax()
        assert path.text.startswith(before)
        before = path.text
    transcript = path.transcript()
    assert transcript.text == ALPHABET.decode(whole.tokens[0]) == before and len(before) > 20
    assert transcript.score == pytest.approx(float(whole.log_probabilities[0]), rel=1e-5)
    for place, one in enumerate(transcript.characters):
        assert one.start * 90 == pytest.approx(whole.first[0, place])
        assert one.end * 90 == pytest.approx(whole.last[0, place] + 1)
        assert one.confidence == pytest.approx(whole.confidences[0, place], rel=1e-5)
    path.reset()
    assert path.text == "" and path.frames == 0


def test_probabilities_of_large_logits():
    np.testing.assert_allclose(softmax(np.array([[1000.0, 1000.0], [0.0, -1e4]])), [[0.5, 0.5], [1, 0]])


def test_words_are_divided_at_spaces():
    characters = [
        TimedCharacter(one, 0.1 * place, place / 10, (place + 1) / 10)
        for place, one in enumerate(" ab  a")
    ]
    first, second = timed_words(characters, seconds=20, begin=5)
    assert (first.word, first.start, first.end) == ("ab", 7, 11)
    assert first.confidence == pytest.approx(0.15)
    assert second.to_dict() == {"word": "a", "start": 15, "end": 17, "confidence": 0.5}
    assert timed_words([], 1.0) == ()


def test_words_begin_before_they_are_written_and_do_not_overlap():
    characters = [
        TimedCharacter(one, 1.0, place / 10, (place + 1) / 10) for place, one in enumerate("ab cd")
    ]
    first, second = timed_words(characters, seconds=10, begin=2, delay=0.5)
    assert (first.start, first.end) == (1.5, 4.0) and (second.start, second.end) == (4.5, 7.0)
    first, second = timed_words(characters, seconds=10, begin=2, delay=1.5)
    assert (first.start, first.end) == (0.5, 3.5) and (second.start, second.end) == (3.5, 7.0)
    first, second = timed_words(characters, seconds=10, delay=9.0)
    assert (first.start, first.end) == (0.0, 2.0) and (second.start, second.end) == (0.0, 5.0)


class Echo:
    """A network whose frames are the first of every two steps."""

    def predict_on_batch(self, x):
        self.shapes.append(x.shape)
        return x[:, ::2]

    shapes: list


def test_texts_of_any_length_take_few_shapes():
    network = Echo()
    network.shapes = []
    transcribe = Transcriber(network, ALPHABET, str, unit=2)
    blank = np.array([0, -1e4, -1e4, -1e4], "float32")
    features = [np.repeat(LOGITS[:frames], 2, axis=0) for frames in (3, 50, 90)]
    for one in features:
        one[one == 0] = 1e-9
    found = transcribe(features, CTCConfig())
    assert network.shapes == [(8, 128, 4), (1, 192, 4)]
    for frames, some, logits in zip((3, 50, 90), found, transcribe.logits(features), strict=True):
        np.testing.assert_array_equal(logits, LOGITS[:frames])
        path = BestPathStream(ALPHABET)
        for row in logits:
            path.push(row)
        # Padding of zeros is not blank to this network, and stands behind the text.
        assert some[0].text.startswith(path.text)
    (ours,) = transcribe.texts_of(np.stack([LOGITS[0], blank, LOGITS[2]]), CTCConfig(beam_width=2))
    assert set(ours.text) <= set(" ab")
