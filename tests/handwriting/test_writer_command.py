"""A network that writes, from its training to a picture."""

import json

import numpy as np
import pytest

import rnnapps
from rnnapps import bundle
from rnnapps.commands.main import dispatch
from rnnapps.config import with_values
from rnnapps.data.strokes.json_strokes import read_json_strokes
from rnnapps.errors import UsageError, UserError
from rnnapps.evaluation.pen_baselines import pen_baselines
from rnnapps.handwriting import HandwritingConfig
from rnnapps.handwriting.train import train
from rnnapps.handwriting.writing.offsets import to_offsets


def word(text, lean):
    """The strokes of a word of n and l, leaning."""
    strokes = []
    for place, letter in enumerate(text):
        x, top = 12 * place, 0 if letter == "l" else 10
        path = [(x, y) for y in range(top, 21, 2)]
        if letter == "n":
            path += [(x + 2 * step, 12 - step) for step in range(1, 4)] + [
                (x + 8, y) for y in range(12, 21, 2)
            ]
        strokes.append([[x - lean * y, y] for x, y in path])
    return strokes


@pytest.fixture(scope="module")
def ink(tmp_path_factory):
    file = tmp_path_factory.mktemp("ink") / "ink.jsonl"
    texts = ("nln", "lln", "nnl", "lnl")
    rows = [
        {"text": text, "strokes": word(text, lean / 20), "split": split}
        for lean, split in enumerate(["train"] * 6 + ["validation", "test"])
        for text in texts
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def config(ink):
    return with_values(
        HandwritingConfig(),
        {
            "task": "write",
            "source": {"data": str(ink)},
            "model": {"units": 8, "depth": 2, "layer_dropout": 0.0},
            "writer": {"window_components": 2, "mixture_components": 2, "least_count": 2},
            "training": {
                "epochs": 2,
                "batch_size": 8,
                "learning_rate": 0.02,
                "ema_momentum": 0.0,
                "output": str(ink.parent / "writer"),
            },
        },
    )


@pytest.fixture(scope="module")
def path(config):
    return train(config)


def test_a_bundle_that_writes_is_scored_and_loaded(path, capsys):
    metrics = bundle.read_json(path / "metrics.json")
    assert metrics["scores"]["rows"] == 4 and len(metrics["baselines"]) == 2
    assert metrics["scores"]["steps"] == next(iter(metrics["baselines"].values()))["steps"]
    assert np.isfinite(
        [one["nats"] for one in (metrics["scores"], *metrics["baselines"].values())]
    ).all()
    dispatch(["evaluate", "handwriting", "--model", str(path), "--json", "-"])
    again = json.loads(capsys.readouterr().out)
    assert again["scores"]["nats"] == pytest.approx(metrics["scores"]["nats"], abs=1e-5)
    assert (path / "written.png").exists()


def test_a_text_is_written_drawn_and_read_again(path, ink, tmp_path, capsys):
    command = ["predict", "handwriting", "--model", str(path), "--write", "nl ln".replace(" ", "")]
    strokes, picture = tmp_path / "ink.jsonl", tmp_path / "ink.svg"
    dispatch(
        [*command, "--json", str(strokes), "--plot", str(picture), "--seed", "3", "--hand", str(ink)]
    )
    assert "strokes" in capsys.readouterr().out
    assert b"<svg" in picture.read_bytes()[:1000]
    told = json.loads(strokes.read_text(encoding="utf-8"))
    ((_, points),) = read_json_strokes(strokes)
    assert told["text"] == "nlln" and sum(map(len, told["strokes"])) == len(points)
    again = rnnapps.load(path)("nlln", seed=3)
    assert again.text == "nlln" and not np.array_equal(again.points[:5], points[:5])  # another hand


def test_reading_and_writing_are_told_apart(path, small_bundles, ink, tmp_path):
    reader = small_bundles("handwriting")
    with pytest.raises(
        UserError, match="this bundle is of --task read: give --model with one of --task write"
    ):
        dispatch(["predict", "handwriting", "--model", str(reader), "--write", "12"])
    with pytest.raises(UserError, match="this bundle is of --task write"):
        dispatch(["predict", "handwriting", "--model", str(path), str(ink)])
    with pytest.raises(UsageError, match="--write TEXT writes, and files are read"):
        dispatch(["predict", "handwriting", "--model", str(path), str(ink), "--write", "n"])
    with pytest.raises(UsageError, match="--task write learns from ink"):
        train(HandwritingConfig(task="write"))
    output = str(tmp_path / "other")
    with pytest.raises(UserError, match="made by --task write"):
        dispatch(
            ["train", "handwriting", "--data", str(ink), "--init-from", str(path), "--output", output]
        )


def test_the_baselines_are_densities():
    """Of steps drawn from one Gaussian the mean nats are its entropy."""
    random = np.random.default_rng(0)
    lines = [
        np.column_stack([random.normal(0, 2, (3000, 2)), random.random(3000) < 0.1]).astype("float32")
        for _ in range(2)
    ]
    found = pen_baselines(lines[:1], lines[1:])
    entropy = np.log(2 * np.pi * np.e * 4) - 0.1 * np.log(0.1) - 0.9 * np.log(0.9)
    one, several = (float(np.mean(nats[0])) for nats in found.values())
    assert one == pytest.approx(entropy, abs=0.05) and several == pytest.approx(entropy, abs=0.1)


def test_paper_teaches_no_writing(tmp_path, lines_folder):
    command = ["train", "handwriting", "--task", "write", "--data", str(lines_folder)]
    with pytest.raises(UserError, match="pictures: a network learns to write from ink"):
        dispatch([*command, "--output", str(tmp_path / "out")])


def test_offsets_of_the_letters_are_of_one_size():
    offsets = to_offsets(np.array([[x, y, 0] for x, y in word("nl", 0)[0]], "float32"))
    assert np.hypot(*offsets[1:, :2].T).min() >= 1 and offsets.dtype == np.float32
