"""Pictures of text in any script."""

import logging

import numpy as np
from matplotlib.image import imread

from rnnapps.evaluation.plots import fonts_for, plot_alignment, plot_det_curve, plot_timeline


def test_accents_and_other_alphabets_need_no_other_font(caplog):
    assert fonts_for("Où est-ce ? Это не моя вина. Ποῦ;") == ["DejaVu Sans"]
    assert not caplog.records


def test_characters_without_a_font_are_told(caplog):
    with caplog.at_level(logging.WARNING):
        fonts_for("a\U0010fffd")  # for private use
    assert "no font on this machine has" in caplog.text


def test_an_alignment_is_drawn(tmp_path):
    source, target = ["Où", "est", "$5$", "?"], ["Где", "</s>"]
    figure = plot_alignment(source, target, np.array([[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]]))
    (axes, *_) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == source
    assert [label.get_text() for label in axes.get_yticklabels()] == target
    figure.savefig(tmp_path / "alignment.png")
    picture = imread(tmp_path / "alignment.png")
    assert picture.shape[0] > 200 and picture[..., :3].std() > 0.05


def test_det_curves_are_drawn_of_classes_that_have_them(tmp_path):
    true = np.array([0, 0, 1, 1, 1, 0])
    scores = np.random.default_rng(0).random((6, 3))
    figure = plot_det_curve(true, scores, ["yes", "no", "never"])
    assert [line.get_label() for line in figure.axes[0].lines] == ["yes", "no"]
    figure.savefig(tmp_path / "det.png")
    assert imread(tmp_path / "det.png")[..., :3].std() > 0.02


def test_a_timeline_is_drawn(tmp_path):
    times, rows = np.arange(1, 6) / 10, np.linspace(0, 1, 10).reshape(5, 2)
    figure = plot_timeline(times, rows, ["yes", "no"], [(0.3, "yes")], threshold=0.8)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["yes"]
    figure.savefig(tmp_path / "timeline.png")
