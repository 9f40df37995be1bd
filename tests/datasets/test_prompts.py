"""The embedded prompts are whole, and each is where the table says."""

import re

import numpy as np
import pytest
import soundfile

from rnnapps import datasets
from rnnapps.data.tables import read_table
from rnnapps.datasets.prompts import make

FOLDER = datasets.path("prompts")
LINES = """\
; Core Asterisk Sounds in English

beep: [this is a simple beep tone]
letters/dot: dot [.]
conf-menu: Press 1 to mute or umute yourself, # to leave.
spy-h323: H.323
vm-intro:  Leave a message. (simple tone sound plays)
confbridge-join: <beep ascending>
queue: ...and one: two
"""


@pytest.fixture(scope="module")
def table():
    return [row.fields for row in read_table(FOLDER / "prompts.csv")]


@pytest.fixture(scope="module")
def pieces(table):
    """The samples of each prompt, float32 `(time,)`, by name."""
    sound, rate = soundfile.read(FOLDER / "prompts.ogg", dtype="float32")
    assert rate == make.SAMPLING_RATE and sound.ndim == 1
    ends = np.cumsum([int(row["length"]) for row in table])
    assert ends[-1] == len(sound) and [int(row["start"]) for row in table] == [0, *ends[:-1]]
    return dict(zip((row["name"] for row in table), np.split(sound, ends[:-1]), strict=True))


def test_there_are_as_many_as_the_page_says(table, pieces):
    assert len(table) == len(pieces) == 548
    assert sum(map(len, pieces.values())) == 21_133_886
    seconds = [len(samples) / make.SAMPLING_RATE for samples in pieces.values()]
    assert min(seconds) > 0.5 and 25 < max(seconds) < make.LONGEST


def test_pieces_begin_and_end_where_nobody_speaks(pieces):
    """Were they shifted by a twentieth of a second, 15 would begin or end within a word."""
    for name, samples in pieces.items():
        level = np.sqrt(np.square(samples).mean())
        edges = np.concatenate([samples[:80], samples[-80:]])
        assert 0.02 < level < 0.4 and np.abs(samples).max() <= 1, name
        assert np.sqrt(np.square(edges).mean()) < 0.1 * level, name


def test_texts_are_what_is_said(table):
    texts = {row["name"]: row["text"] for row in table}
    assert texts["agent-pass"] == "Please enter your password followed by the pound key."
    assert texts["vm-advopts"] == "press three for advanced options"
    assert texts["letters/at"] == texts["digits/at"] == "at"
    for name, text in texts.items():
        assert re.fullmatch(r"[A-Za-z ,.:;!?'\"-]+", text), name
        assert text == " ".join(text.split()) and re.search("[A-Za-z]", text), name


def test_groups_are_those_of_the_texts(table):
    assert make.groups_of({row["name"]: row["text"] for row in table}) == {
        row["name"]: row["group"] for row in table
    }


def test_it_is_small_and_has_its_licence():
    assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.is_file()) < 3_000_000
    text = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "Copyright 2003-2010, Allison Smith" in text and "Attribution-ShareAlike 3.0" in text
    assert "8. Miscellaneous." in text
    assert "Allison" in datasets.origin("prompts") and "CC BY-SA 3.0" in datasets.origin("prompts")


class TestMake:
    """On a few prompts: the whole takes a download."""

    def test_texts_of_the_package(self):
        assert make.texts_of(LINES) == {
            "letters/dot": "dot",
            "conf-menu": "Press one to mute or unmute yourself, pound to leave.",
            "spy-h323": "H three two three",
            "vm-intro": "Leave a message.",
            "queue": "...and one: two",
        }

    def test_groups_join_what_shares_five_words(self):
        texts = {
            "a": "Please hold while we try to connect you.",
            "b": "one two, while we try to connect",
            "c": "ONE two while we try",
            "d": "we try to connect",
            "e": "We try, to connect!",
            "f": "hold while we try",
        }
        groups = {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d", "f": "f"}
        assert make.groups_of(texts) == groups
        assert make.groups_of(dict(reversed(texts.items()))) == groups

    def test_prompts_that_are_written_are_read(self, pieces, tmp_path):
        names = ["digits/1", "agent-pass", "hello"]
        samples = [np.rint(pieces[name] * 32767).astype("int16") for name in names]
        prompts = list(zip(names, ["one", "Please ...", "hello"], names, samples, strict=True))
        make.write(prompts, tmp_path)
        rows = [row.fields for row in read_table(tmp_path / "prompts.csv")]
        assert [(row["name"], row["text"], row["group"]) for row in rows] == [one[:3] for one in prompts]
        sound, rate = soundfile.read(tmp_path / "prompts.ogg", dtype="float32")
        assert rate == 16000 and len(sound) == sum(map(len, samples))
        for row, name in zip(rows, names, strict=True):
            read = sound[int(row["start"]) :][: int(row["length"])]
            assert np.corrcoef(read, pieces[name])[0, 1] > 0.9

    def test_other_files_are_refused(self, tmp_path):
        file = tmp_path / make.TEXTS
        file.parent.mkdir(parents=True)
        file.write_bytes(make.gzip.compress(LINES.encode()))
        with pytest.raises(SystemExit, match=r"does not have the files of 1\.6\.1-1"):
            make.main(str(tmp_path))
