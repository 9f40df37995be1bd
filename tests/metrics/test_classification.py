import numpy as np
import pytest
from sklearn.metrics import f1_score

from rnnapps.metrics.classification import calibration_error, classification_report


def test_figures_by_hand():
    true = np.array([0, 0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])
    report = classification_report(true, probabilities, ["no", "yes"])
    assert report["rows"] == 5
    assert report["accuracy"] == 0.8
    assert report["confusion_matrix"] == [[2, 1], [0, 2]]
    assert report["classes"]["no"] == pytest.approx(
        {"precision": 1, "recall": 2 / 3, "f1": 0.8, "rows": 3}
    )
    assert report["macro_f1"] == pytest.approx(0.8)
    assert report["accuracy_interval"] == pytest.approx([0.3755, 0.9638], abs=1e-4)  # Wilson 1927
    assert "f1:macro" in report["signature"]


def test_a_class_that_is_never_seen_scores_zero():
    report = classification_report(np.array([0, 0]), np.array([[1.0, 0.0], [1.0, 0.0]]), ["a", "b"])
    assert report["classes"]["b"] == {"precision": 0, "recall": 0, "f1": 0, "rows": 0}


@pytest.mark.parametrize("rows", [[0] * 20 + [1] * 16, [1, 2, 1], [0, 0]])
def test_a_class_without_rows_does_not_count(rows):
    true = np.array(rows)
    report = classification_report(true, np.eye(3)[true], ["no", "yes", "rare"])
    assert report["accuracy"] == report["macro_f1"] == 1
    wrong = (true + 1) % 3  # predictions of a class count it
    report = classification_report(true, np.eye(3)[wrong], ["no", "yes", "rare"])
    assert report["macro_f1"] == f1_score(true, wrong, average="macro", zero_division=0) < 1


def test_calibration_error():
    right = np.array([True, True, True, False])
    assert calibration_error(right, np.full(4, 0.75)) == pytest.approx(0)
    assert calibration_error(right, np.full(4, 1.0)) == pytest.approx(0.25)
    # Two bins: 0.9 against 1 for two rows, 0.6 against a half for two rows.
    assert calibration_error(right, np.array([0.9, 0.9, 0.6, 0.6])) == pytest.approx(0.1)
