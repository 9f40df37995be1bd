"""A classifier that starts from language models."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import with_training

import rnnapps
from rnnapps import bundle
from rnnapps.benchmark.prepared import prepare
from rnnapps.errors import UsageError, UserError
from rnnapps.language_model.train import train as train_language_model
from rnnapps.sentiment.config import SentimentConfig
from rnnapps.sentiment.train import train


@pytest.fixture(scope="module")
def readers(small_configs, tmp_path_factory):
    """Bundles of a language model of subwords, one that reads backwards, and that with another start."""
    folder, config = tmp_path_factory.mktemp("readers"), small_configs("language_model")
    text = replace(config.text, tokens="subwords", vocabulary=300)
    model = replace(config.model, units=8, embedding_size=16, depth=1)
    config = with_training(replace(config, text=text, model=model), epochs=1, stored_weights="float16")
    forward = train_language_model(with_training(config, output=str(folder / "forward")))
    turned = replace(config, text=replace(text, direction="backward"))
    turned = with_training(turned, init_from=str(forward), output=str(folder / "backward"))
    backward = train_language_model(turned)
    other = rnnapps.load(backward)
    embedding = other.model.get_layer("embedding")
    embedding.set_weights([2 * embedding.get_weights()[0]])
    with bundle.writing(folder / "alone") as alone:
        other.save(alone)
    return forward, backward, folder / "alone"


@pytest.fixture
def from_readers(small_config, readers):
    """The config of a classifier that starts from both directions."""
    model = replace(small_config.model, units=8, embedding_size=16, weight_drop=0.1)
    config = with_training(replace(small_config, model=model), init_from=str(readers[0]), epochs=1)
    return replace(config, init_backward=str(readers[1]))


def test_both_directions_have_read_before(from_readers, readers):
    model = prepare("sentiment", from_readers).model
    forward, backward = (rnnapps.load(path).model for path in readers[:2])
    vectors = forward.get_layer("embedding").get_weights()[0]
    np.testing.assert_array_equal(model.get_layer("embedding").get_weights()[0], vectors)
    theirs = [
        *forward.get_layer("recurrent").get_weights(),
        *backward.get_layer("recurrent").get_weights(),
    ]
    for one, other in zip(model.get_layer("recurrent").get_weights(), theirs, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(theirs[0], theirs[3])


def test_its_bundle_serves_with_their_subwords(from_readers, readers, tmp_path):
    path = train(with_training(from_readers, output=str(tmp_path / "out")))
    classify = rnnapps.load(path)
    assert classify("A charming film.").label in classify.labels
    theirs = rnnapps.load(readers[0]).encoder
    assert classify.encoder.encode(["A film."])[0].tolist() == theirs.encode("A film.").tolist()


def test_a_model_that_reads_backwards(readers):
    """It reads the same tokens from their end, scores a text in its own order, and writes none."""
    forward, backward = map(rnnapps.load, readers[:2])
    text = "We the people"
    np.testing.assert_array_equal(backward.encoder.encode(text), forward.encoder.encode(text)[::-1])
    assert backward.encoder.decode(backward.encoder.encode(text)) == text
    assert "".join(backward.score(text).tokens) == text
    # The last token is the first that it reads: as likely as alone.
    last = forward.score(text).tokens[-1]
    alone = backward.score(last).log_probabilities[-1]
    assert backward.score(text).log_probabilities[-1] == pytest.approx(alone, abs=1e-5)
    written: list[str] = []
    with pytest.raises(UserError, match="reads texts from their end writes none"):
        backward(text, write=written.append)
    assert not written


@pytest.mark.parametrize(
    ("places", "problem"),
    [((1, 1), "reads backward, expected forward"), ((0, 0), "reads forward, expected backward")],
)
def test_readers_of_the_wrong_direction(from_readers, readers, places, problem):
    forward, backward = (str(readers[place]) for place in places)
    config = with_training(replace(from_readers, init_backward=backward), init_from=forward)
    with pytest.raises(UserError, match=problem):
        prepare("sentiment", config)


def test_readers_that_do_not_fit(from_readers, readers, small_bundles):
    with pytest.raises(UserError, match="its embedding is not that of .*forward: train it with"):
        prepare("sentiment", replace(from_readers, init_backward=str(readers[2])))
    other = replace(from_readers, model=replace(from_readers.model, units=12))
    with pytest.raises(UserError, match="its layer 'recurrent' is missing or of another shape"):
        prepare("sentiment", other)
    characters = with_training(from_readers, init_from=str(small_bundles("language_model")))
    with pytest.raises(UserError, match="a language model of characters: a classifier starts from one"):
        prepare("sentiment", characters)
    with pytest.raises(UserError, match="'sentiment', expected language_model"):
        prepare("sentiment", replace(from_readers, init_backward=str(small_bundles("sentiment"))))
    with pytest.raises(UserError, match="'sentiment', expected language_model"):
        prepare("sentiment", with_training(from_readers, init_from=str(small_bundles("sentiment"))))
    alone = replace(from_readers, init_backward=None)
    with pytest.raises(UserError, match="'dna', expected sentiment or language_model"):
        prepare("sentiment", with_training(alone, init_from=str(small_bundles("dna"))))
    with pytest.raises(UsageError, match="--init-backward needs --init-from"):
        SentimentConfig(init_backward="somewhere")
