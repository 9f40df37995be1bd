"""Which kernel runs, and why; in Python and by the command."""

import re

import keras
from refusals import refusal

from rnnapps import layers
from rnnapps.commands.main import dispatch
from rnnapps.layers.kernels.native import library

BACKEND = keras.backend.backend()


def number(name):
    """What Keras puts behind a default name from the second layer of a process on."""
    return re.search(r"(_\d+)?$", name)[0]


def test_every_recurrent_layer_is_explained(capsys):
    inputs = keras.Input((None, 3))
    x = layers.LSTM(4, return_sequences=True, name="fast")(inputs)
    x = layers.GRU(4, return_sequences=True, recurrent_dropout=0.2, name="dropped")(x)
    x = layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True, kernel="keras"), name="both")(x)
    x = keras.layers.LSTM(4, return_sequences=True, name="theirs")(x)
    x = keras.layers.RNN([keras.layers.LSTMCell(4)] * 1, name="cells")(x)
    rows = layers.explain(keras.Model(inputs, x))
    found = {row.layer.removesuffix(number(row.layer)): row for row in rows}
    assert {name: row.kernel for name, row in found.items()} == {
        "fast": "native",
        "dropped": "keras",
        "both/forward_simple_rnn": "keras",
        "both/backward_simple_rnn": "keras",
        "theirs": "keras",
        "cells": "keras",
    }
    assert found["fast"].obstacles == {"cudnn": f"{BACKEND} sees no GPU"}
    assert found["dropped"].obstacles["fused"] == "recurrent_dropout=0.2"
    assert found["both/forward_simple_rnn"].obstacles["fused"] == "kernel='keras'"
    assert "from_keras(model) converts it" in found["theirs"].obstacles["fused"]
    assert "StackedRNNCells" in found["cells"].obstacles["fused"]
    printed = capsys.readouterr().out
    assert (
        f"fast: native ({library.instructions()})\n    not cudnn: " in printed
        and "dropped: keras" in printed
    )


def test_decoders_are_explained(capsys):
    (row,) = layers.explain(layers.AttentionDecoder(9, 4, 4, name="decoder"))
    assert row == ("decoder", "native", {}, library.instructions())
    (row,) = layers.explain(layers.AttentionRecurrence(4, gate=True))
    assert row.kernel == ("steps" if BACKEND == "torch" else "compiled")
    assert "not native: gate=True" in capsys.readouterr().out


def test_a_kernel_that_cannot_run_is_told_too(capsys):
    (row,) = layers.explain(layers.LSTM(3, kernel="cudnn", name="demanding"))
    assert row.kernel == "none" and "sees no GPU" in row.obstacles["cudnn"]


def test_a_model_without_recurrent_layers(capsys):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)], name="flat")
    assert layers.explain(model) == []
    assert capsys.readouterr().out == "flat: no recurrent layer\n"


def test_what_no_gpu_has_seen_is_said(capsys, monkeypatch):
    from rnnapps.layers.kernels import choice

    monkeypatch.setattr(choice, "gpu", lambda: True)
    (row,) = layers.explain(layers.LSTM(3))
    assert row.kernel == "cudnn" and not row.obstacles
    said = "has not been run on a GPU yet" in capsys.readouterr().out
    assert said == (keras.backend.backend() == "tensorflow")


def test_doctor(small_bundle, tmp_path, capsys):
    dispatch(["doctor", str(small_bundle)])
    printed = capsys.readouterr().out
    assert re.search(r"^recurrent/layer_1/forward_lstm(_\d+)?: native \(\w+\)$", printed, re.MULTILINE)
    assert "not cudnn: tensorflow sees no GPU" in printed
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.GRU(2, name="gru")])
    model.save(tmp_path / "own.keras")
    dispatch(["doctor", str(tmp_path / "own.keras")])
    printed = capsys.readouterr().out
    assert "gru: keras\n" in printed and "from_keras" in printed
    for model, expected in (("none.keras", 2), ("none", 1)):
        status, error = refusal(capsys, "doctor", tmp_path / model)
        assert status == expected and len(error.splitlines()) == 1
