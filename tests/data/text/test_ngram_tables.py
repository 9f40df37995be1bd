"""Tables of n-grams against the model that they come from."""

import numpy as np
import pytest
from keras import ops

from rnnapps.data.text.kneser_ney import KneserNey
from rnnapps.data.text.ngram_tables import character_tables, word_tables
from rnnapps.decoding import CharacterModel, WordModel


@pytest.fixture(scope="module")
def texts(sentences):
    """Real sentences as classes of their letters, from 1 on, and the number of classes."""
    letters = sorted({letter for row in sentences for letter in row["text"]})
    texts = [np.array([letters.index(x) + 1 for x in row["text"]], "int32") for row in sentences]
    return texts, len(letters) + 1


def scored(tables, text):
    """The log-probability of each character of a text and of its end."""
    state, found = tables.start, []
    for character in [*text, 0]:
        found.append(tables.log_probabilities[state, character])
        state = tables.following[state, character]
    return found


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_automaton_is_the_model(texts, order):
    texts, classes = texts
    tables = character_tables(texts[:40], classes, order)
    model = KneserNey([np.pad(text, 1) for text in texts[:40]], classes, order)
    assert tables.log_probabilities.dtype == "float32" and tables.following.dtype == "int32"
    assert tables.log_probabilities.shape == tables.following.shape
    assert tables.following.max() < len(tables.following)
    for text in (texts[0], texts[50], texts[0][:0]):
        expected = model.log_probabilities(np.pad(text, 1))[1:]
        np.testing.assert_allclose(scored(tables, text), expected, rtol=1e-5)


def test_rare_contexts_give_way_to_their_ends(texts):
    texts, classes = texts
    whole = character_tables(texts[:300], classes, 5)
    states = len(whole.following) // 4
    small = character_tables(texts[:300], classes, 5, most_entries=states * classes)
    assert states / 2 < len(small.following) <= states
    np.testing.assert_allclose(np.exp(small.log_probabilities).sum(axis=1), 1, rtol=1e-5)
    values = [
        np.concatenate([scored(tables, text) for text in texts[300:350]]).mean()
        for tables in (whole, small, character_tables(texts[:300], classes, 1))
    ]
    assert abs(values[0] - values[1]) < 0.2 * (values[0] - values[2])


def test_nothing_to_learn_from_is_uniform():
    for texts in ([], [np.zeros(0, "int32")]):
        tables = character_tables(texts, 4, 3)
        sums = np.exp(tables.log_probabilities).sum(axis=1)
        np.testing.assert_allclose(sums, 1, rtol=1e-6)
    np.testing.assert_allclose(np.exp(character_tables([], 4, 3).log_probabilities), [[1 / 4] * 4])


def log_probability(tables, v, w):
    """Of word w behind v, as the tables have it."""
    followers = tables.followers[tables.starts[v] : tables.starts[v + 1]]
    if w in followers:
        return tables.follower_log_probabilities[tables.starts[v] + np.searchsorted(followers, w)]
    return tables.backoffs[v] + tables.log_probabilities[w]


def test_pairs_of_words_are_the_model(sentences):
    texts = [row["text"].split() for row in sentences[:60]]
    words = [*sorted({word for text in texts[:40] for word in text}), "never-seen"]
    tables = word_tables(texts, words)
    unknown, boundary = len(words), len(words) + 1
    numbers = {word: number for number, word in enumerate(words)}
    documents = [
        np.array([boundary, *(numbers.get(w, unknown) for w in text), boundary]) for text in texts
    ]
    model = KneserNey(documents, len(words) + 2, 2)
    assert any(unknown in document for document in documents)
    random = np.random.default_rng(0)
    pairs = [*zip(documents[0], documents[0][1:], strict=False)]
    pairs += [*zip(*random.integers(len(words) + 2, size=(2, 200)), strict=True)]
    pairs += [(unknown - 1, 0), (boundary, unknown - 1)]  # with the word that was never seen
    for v, w in pairs:
        expected = model.log_probabilities(np.array([v, w]))[1]
        np.testing.assert_allclose(log_probability(tables, v, w), expected, rtol=1e-5)
    assert tables.starts[-1] == len(tables.followers) == len(tables.follower_log_probabilities)


def test_wrong_texts():
    with pytest.raises(ValueError, match="tokens from 0 to 4: they have to be at least 0 and below 4"):
        character_tables([np.array([1, 4])], 4, 2)
    with pytest.raises(ValueError, match="order 0"):
        character_tables([np.array([1])], 4, 0)


def test_the_decoders_models_score_by_the_tables(sentences):
    """A sentence, token by token: known words and others, which are spelled."""
    texts = [row["text"].lower().split() for row in sentences[:300]]
    text = [*min(texts, key=len), "zebra"]
    letters = sorted({letter for words in [*texts, text] for word in words for letter in word})
    words = sorted({word for words in texts for word in words})
    spellings = [[letters.index(letter) + 1 for letter in word] for word in words]
    space, classes = len(letters) + 1, len(letters) + 2
    spelling = character_tables([np.array(tokens) for tokens in spellings], classes, 3)
    pairs = word_tables(texts, words)
    model = WordModel(
        spellings,
        **pairs._asdict(),
        classes=classes,
        separators=[space],
        spelling=CharacterModel(**spelling._asdict()),
    )
    expected, before = 0.0, len(words) + 1
    for word in text:
        number = words.index(word) if word in words else len(words)
        expected += log_probability(pairs, before, number)
        if number == len(words):
            expected += sum(scored(spelling, [letters.index(letter) + 1 for letter in word]))
        before = number
    expected += log_probability(pairs, before, len(words) + 1)
    assert not set(text) <= set(words) and set(text) & set(words)

    state, total = model.start(1), 0.0
    for letter in " ".join(text):
        token = np.array([[space if letter == " " else letters.index(letter) + 1]], "int32")
        total += ops.convert_to_numpy(model.score(state, token[..., None])).item()
        state = model.advance(state, token)
    total += ops.convert_to_numpy(model.end(state)).item()
    assert total == pytest.approx(expected, rel=1e-4)
