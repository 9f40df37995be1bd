"""Baselines of speech and of handwriting: texts that are copied, and PocketSphinx."""

import sys
import types

import numpy as np

from rnnapps.evaluation.nearest_texts import nearest_texts
from rnnapps.evaluation.sphinx_baseline import sphinx_texts


def test_the_nearest_by_shape_and_by_length():
    rise, fall = np.linspace(0, 1, 80)[:, None], np.linspace(1, 0, 50)[:, None]
    answers = nearest_texts([rise, fall], ["up", "down"], [rise[::2] + 0.1, fall[:49]], "recording")
    alike, as_long = answers.values()
    assert alike == ["up", "down"] and as_long == ["down", "down"]
    assert all("recording" in name for name in answers)


def test_sphinx_hears_16_bits_at_its_rate(monkeypatch):
    class Decoder:
        def __init__(self, samprate, loglevel):
            assert samprate == 16000

        def start_utt(self):
            self.samples = np.zeros(0)

        def process_raw(self, data, full_utt):
            self.samples = np.frombuffer(data, "<i2")

        def end_utt(self):
            pass

        def hyp(self):
            peak = np.abs(self.samples).max()
            return types.SimpleNamespace(hypstr=f"{len(self.samples)} {peak}") if peak else None

    monkeypatch.setitem(sys.modules, "pocketsphinx", types.SimpleNamespace(Decoder=Decoder))
    monkeypatch.setattr("importlib.metadata.version", lambda name: "5.1.1")
    loud = np.full(8000, 2.0, "float32")
    assert sphinx_texts([loud, np.zeros(800)], 16000, "abc' ") == (
        "PocketSphinx 5.1.1 (en-us)",
        ["8000 32767", ""],
    )
    _, (text,) = sphinx_texts([np.zeros(8000) + 1e-3], 8000, "a")
    assert text.startswith("16000 ")
    assert sphinx_texts([loud], 16000, "äb") is None


def test_without_sphinx_there_is_no_such_baseline(monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    assert sphinx_texts([np.zeros(10)], 16000, "a") is None
    assert "pip install rnnapps[speech-baseline]" in caplog.text
