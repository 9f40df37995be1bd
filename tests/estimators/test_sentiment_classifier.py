import pickle
import random
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator

import rnnapps
from rnnapps.errors import Interrupted
from rnnapps.estimators import SentimentClassifier
from rnnapps.estimators.fitted_bundle import FittedBundle
from rnnapps.sentiment import train as training

# The network with attention is called with a list of one input, which Keras mentions without a graph.
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")

SMALL = {"units": 4, "embedding_size": 8, "vocabulary": 300, "max_length": 8, "epochs": 1}
FILMS = ["a fine film", "what a bore", "so moving", "too long by half", "a joy", "no plot at all"]


@pytest.fixture(scope="module", autouse=True)
def eagerly():
    """No graphs of TensorFlow: for a few steps of small networks they cost more than the steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def small() -> SentimentClassifier:
    return SentimentClassifier(**SMALL, random_state=3)


@pytest.fixture(scope="module")
def texts(sentences) -> pd.Series:
    return pd.Series([row["text"] for row in sentences[:60]])


@pytest.fixture(scope="module")
def numbers(sentences) -> np.ndarray:
    """Labels that sort otherwise as texts than as numbers."""
    return np.array([10 if row["label"] == "positive" else 9 for row in sentences[:60]])


@pytest.fixture(scope="module")
def fitted(small, texts, numbers) -> SentimentClassifier:
    return clone(small).fit(texts, numbers)


def test_nothing_loads_keras_before_fit():
    code = (
        "import sys; from rnnapps.estimators import RecurrentForecaster, SentimentClassifier\n"
        "SentimentClassifier(), RecurrentForecaster()\n"
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_scikit_learns_checks(small):
    """Its checks are made of tables of numbers, so that it runs two on an estimator of texts; these are
    the others that fit nothing.
    """
    with pytest.warns(SkipTestWarning, match="requires input"):
        results = check_estimator(small)
    assert results and all(result["status"] == "passed" for result in results)
    checks = ["no_attributes_set_in_init", "parameters_default_constructible", "get_params_invariance"]
    checks += ["set_params", "do_not_raise_errors_in_init_or_set_params", "estimator_repr"]
    checks += ["mixin_order", "valid_tag_types", "estimators_unfitted"]
    for check in checks:
        getattr(estimator_checks, f"check_{check}")("SentimentClassifier", clone(small))


def test_probabilities_are_in_the_order_of_the_classes(fitted, texts, numbers):
    probabilities = fitted.predict_proba(texts)
    assert fitted.classes_.tolist() == [9, 10] and fitted.classes_.dtype == numbers.dtype
    assert probabilities.shape == (60, 2) and probabilities.dtype == "float32"
    answer = fitted.bundle_.predictor(texts[0])
    assert probabilities[0] == pytest.approx([answer.probabilities["9"], answer.probabilities["10"]])
    assert (fitted.predict(texts) == fitted.classes_[probabilities.argmax(axis=1)]).all()
    assert fitted.score(texts, numbers) == np.mean(fitted.predict(texts) == numbers)


def test_it_can_be_pickled_and_copied(fitted, texts):
    again = pickle.loads(pickle.dumps(fitted))
    assert (again.predict_proba(texts) == fitted.predict_proba(texts)).all()
    assert clone(again).get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        clone(fitted).predict(texts)


def test_it_saves_a_bundle(fitted, texts, tmp_path):
    fitted.save(tmp_path / "bundle")
    answer = rnnapps.load(tmp_path / "bundle")(texts[0])
    assert list(answer.probabilities.values()) == pytest.approx(
        [answer.probabilities[name] for name in ("10", "9")]
    )
    assert answer.label == str(fitted.predict(texts[:1])[0])
    assert "cross-validation" in (tmp_path / "bundle/card.md").read_text()
    with pytest.raises(ValueError, match="exists: give another"):
        fitted.save(tmp_path / "bundle")
    fitted.save(tmp_path / "bundle", overwrite=True)
    with pytest.raises(ValueError, match="exists and is no bundle"):
        fitted.save(tmp_path, overwrite=True)


def test_a_grid_search_over_a_pipeline_is_quiet(small, texts, sentences, capfd):
    labels = [row["label"] for row in sentences[:60]]
    lower = FunctionTransformer(lambda some: some.str.lower())
    random.seed(5)
    before = random.random(), np.random.get_state()[1].tolist()
    grid = {"sentimentclassifier__units": np.array([3])}  # whose point is no int of Python
    search = GridSearchCV(make_pipeline(lower, small), grid, cv=2, refit=False, error_score="raise")
    search.fit(texts, labels)
    assert 0 <= search.cv_results_["mean_test_score"][0] <= 1
    random.seed(5)
    assert (random.random(), np.random.get_state()[1].tolist()) == before
    assert capfd.readouterr() == ("", "")


def test_every_text_but_one_is_used(small, monkeypatch):
    """A share chooses the epoch, of each class alike."""
    seen = []

    def trained(cls, application, values, examples):
        seen.append((values, examples))
        return FittedBundle({})

    monkeypatch.setattr(FittedBundle, "trained", classmethod(trained))
    texts = [f"text {number}" for number in range(40)]
    clone(small).set_params(validation_share=0.2).fit(texts, ["a", "b"] * 20)
    ((values, examples),) = seen
    sizes = {split: len(some["text"]) for split, some in examples.items()}
    assert sizes == {"train": 31, "validation": 8, "test": 1}
    assert sorted(text for some in examples.values() for text in some["text"]) == sorted(texts)
    held = examples["validation"]["label"] + examples["test"]["label"]
    assert 4 <= held.count("a") <= 5
    assert values["training"]["seed"] == 3 and values["training"]["quiet"]
    clone(small).set_params(random_state=None, verbose=True).fit(texts, ["a", "b"] * 20)
    assert not seen[1][0]["training"]["quiet"]


@pytest.mark.parametrize(
    ("X", "y", "options", "problem"),
    [
        ("a text", [1], {}, "X is one text"),
        (pd.DataFrame({"text": FILMS}), [0, 1] * 3, {}, "X: expected .* got a DataFrame"),
        ([], [], {}, "no texts"),
        ([*FILMS[:5], " "], [0, 1] * 3, {}, r"X\[5\]: empty text"),
        ([*FILMS[:5], None], [0, 1] * 3, {}, r"X\[5\]: a NoneType, not a text"),
        (FILMS, [0, 1], {}, "inconsistent numbers of samples"),
        (FILMS, None, {}, "y should be a 1d array"),
        (FILMS, [0.5, 1.5] * 3, {}, "Unknown label type"),
        (FILMS, [1] * 6, {}, "y has 1 class"),
        (FILMS, ["a", "a "] * 3, {}, "white space"),
        (FILMS, [0, 0, 0, 0, 0, 1], {}, "least populated class"),
        (FILMS, [0, 1] * 3, {"validation_share": 1.0}, "--validation-share must be above 0"),
        (FILMS, [0, 1] * 3, {"units": 0}, "--units must be at least 1, got 0"),
        (FILMS, [0, 1] * 3, {"cell": "tree"}, "'cell' cannot be 'tree'"),
    ],
)
def test_wrong_input_is_refused(small, X, y, options, problem):
    with pytest.raises(ValueError, match=problem):
        clone(small).set_params(**options).fit(X, y)


def test_an_interrupted_training_ends_the_search(small, monkeypatch):
    def train(config, examples):
        raise Interrupted("interrupted in epoch 1")

    monkeypatch.setattr(training, "train", train)
    with pytest.raises(KeyboardInterrupt, match="interrupted in epoch 1"):
        cross_val_score(small, FILMS * 2, [0, 1] * 6, cv=2)
