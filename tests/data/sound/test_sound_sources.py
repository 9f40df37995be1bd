"""With real clips: the embedded ones, and some of them as a user's folder or data set."""

import logging
import shutil
from collections import Counter

import numpy as np
import pytest
import soundfile
import soxr

from rnnapps import datasets
from rnnapps.data.sound.folders import SoundFile, list_words, speaker_of
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips, read_noise
from rnnapps.errors import UserError

EMBEDDED = datasets.path("digits")
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")


def read(data="embedded", **options):
    return read_clips(SoundSourceConfig(str(data), **options), EMBEDDED)


def sizes(parts):
    return {part: len(clips) for part, clips in parts.items()}


def groups(clips):
    """The speaker and take of embedded clips."""
    return {(clip.speaker, clip.where.rpartition(" ")[2]) for clip in clips}


def where(parts):
    """The part of each clip."""
    return {clip.where: part for part, clips in parts.items() for clip in clips}


@pytest.fixture(scope="module")
def embedded():
    return read()


@pytest.fixture(scope="module")
def few(embedded):
    """Clips of two words by six speakers."""
    clips = [clip for clip in embedded["train"] if clip.word in ("one", "two")]
    return [
        clip for clip in clips if groups([clip]) & {(s, str(t)) for s in SPEAKERS for t in range(5, 9)}
    ]


def write(folder, clips, name="{number}", suffix="wav", rate=8000):
    """Write clips into the folders of their words."""
    for number, clip in enumerate(clips):
        file = folder / clip.word / f"{name.format(number=number, speaker=clip.speaker)}.{suffix}"
        file.parent.mkdir(exist_ok=True)
        soundfile.write(file, soxr.resample(clip.samples, 8000, rate), rate)


@pytest.fixture(scope="module")
def written(few, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    write(folder, few)
    return folder


@pytest.fixture
def folder(tmp_path, written):
    """A folder of these clips, named without speakers."""
    return shutil.copytree(written, tmp_path, dirs_exist_ok=True)


def write_list(folder, part, names):
    file = folder / {"validation": "validation_list.txt", "test": "testing_list.txt"}[part]
    file.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


class TestEmbedded:
    def test_official_test_part(self, embedded):
        # Were one of these to move, every figure ever printed would be about other clips.
        assert sizes(embedded) == {"train": 2420, "validation": 280, "test": 300}
        takes = {(speaker, str(take)) for speaker in SPEAKERS for take in range(5)}
        assert groups(embedded["test"]) == takes
        assert set(Counter(clip.word for clip in embedded["test"]).values()) == {30}
        assert not groups(embedded["train"]) & groups(embedded["validation"])

    @pytest.mark.parametrize(
        ("speaker", "train", "validation"),
        [
            ("george", 2250, 250),
            ("jackson", 2260, 240),
            ("lucas", 2220, 280),
            ("nicolas", 2220, 280),
            ("theo", 2250, 250),
            ("yweweler", 2200, 300),
        ],
    )
    def test_six_folds(self, speaker, train, validation):
        parts = read(held_out=speaker)
        assert sizes(parts) == {"train": train, "validation": validation, "test": 500}
        assert {clip.speaker for clip in parts["test"]} == {speaker}
        assert speaker not in {clip.speaker for part in ("train", "validation") for clip in parts[part]}
        assert not groups(parts["train"]) & groups(parts["validation"])

    def test_clips(self, embedded):
        clip = embedded["test"][0]
        assert (clip.word, clip.speaker, clip.where) == ("zero", "george", "george.flac: zero, take 0")
        assert clip.samples.dtype == np.float32
        exact, _ = soundfile.read(EMBEDDED / "george.flac", 2384, dtype="float32")
        assert np.array_equal(clip.samples, exact)
        words = {clip.word for clip in embedded["train"]}
        assert len(words) == 10 and {"zero", "nine"} < words

    def test_another_sampling_rate_has_the_same_parts(self, embedded):
        parts = read(sampling_rate=4000)
        assert where(parts) == where(embedded)
        assert len(parts["test"][0].samples) == 2384 / 2

    def test_no_such_speaker(self):
        with pytest.raises(
            UserError, match="embedded: no speaker 'nobody': it has george, .*yweweler: .*--held-out"
        ):
            read(held_out="nobody")


class TestFolders:
    def test_without_speakers_the_file_decides(self, folder, few):
        parts = read(folder)
        assert sum(sizes(parts).values()) == len(few)
        assert min(sizes(parts).values()) > 0
        for clips in parts.values():
            for clip in clips:
                assert clip.word in ("one", "two") and clip.speaker is None
                assert clip.where.startswith(str(folder / clip.word))
        before = where(parts)
        for file in list(folder.glob("*/*.wav")):
            file.rename(file.with_name(f"renamed{file.name}"))
        renamed = {name.replace("renamed", ""): part for name, part in where(read(folder)).items()}
        assert renamed == before
        assert {
            n.replace("renamed", ""): p for n, p in where(read(folder, sampling_rate=16000)).items()
        } == before

    @pytest.mark.parametrize(
        ("suffix", "rate"), [("wav", 16000), ("flac", 44100), ("ogg", 16000), ("mp3", 44100)]
    )
    def test_formats_and_rates(self, tmp_path, few, suffix, rate):
        write(tmp_path, few, suffix=suffix.upper(), rate=rate)
        clips = {clip.where: clip for clips in read(tmp_path).values() for clip in clips}
        for number, clip in enumerate(few):
            samples = clips[str(tmp_path / clip.word / f"{number}.{suffix.upper()}")].samples
            assert len(samples) == pytest.approx(len(clip.samples), abs=2)
            length = min(len(samples), len(clip.samples))
            assert np.corrcoef(samples[:length], clip.samples[:length])[0, 1] > 0.95

    def test_no_speaker_is_in_two_parts(self, tmp_path, few):
        names = [f"{number % 20:08x}_nohash_{number // 20}" for number in range(len(few))]
        for number, clip in enumerate(few):
            write(tmp_path, [clip], name=names[number])
        parts = read(tmp_path)
        speakers = {part: {clip.speaker for clip in clips} for part, clips in parts.items()}
        assert sum(map(len, speakers.values())) == len(set.union(*speakers.values())) == 20
        assert sum(sizes(parts).values()) == len(few)

    def test_lists_decide(self, folder, few):
        write_list(folder, "validation", [f"{few[3].word}/3.wav", "", f"./{few[4].word}/4.wav"])
        write_list(folder, "test", [f"{few[5].word}\\5.wav"])
        parts = read(folder)
        assert sizes(parts) == {"train": len(few) - 3, "validation": 2, "test": 1}
        assert parts["test"][0].where == str(folder / few[5].word / "5.wav")

    def test_with_one_list_the_other_part_is_lent(self, folder, few):
        write_list(folder, "test", [f"{few[5].word}/5.wav"])
        parts = read(folder)
        assert len(parts["test"]) == 1
        assert 0 < len(parts["validation"]) < len(few) / 4

    def test_copies_stay_in_the_last_part_and_it_is_said(self, folder, few, caplog):
        soundfile.write(folder / "one" / "copy.flac", few[0].samples, 8000)
        write_list(folder, "test", ["one/copy.flac"])
        write_list(folder, "validation", ["one/1.wav"])
        with caplog.at_level(logging.INFO):
            parts = read(folder)
        assert sizes(parts) == {"train": len(few) - 2, "validation": 1, "test": 1}
        assert "1 train clips left out: the same content stands in a held-out split too" in caplog.text

    def test_silence_and_unknown_are_words(self, folder, few, caplog):
        for word in ("_silence_", "_unknown_", "_aside_", ".git"):
            (folder / word).mkdir()
        for number in range(20):
            soundfile.write(folder / "_silence_" / f"{number}.wav", np.zeros(8000), 8000)
        soundfile.write(folder / "_unknown_" / "0a1b_nohash_0_three.wav", few[0].samples[:-1], 8000)
        soundfile.write(folder / "_aside_" / "0.wav", few[0].samples, 8000)
        write_list(folder, "test", ["_silence_/1.wav", "one/1.wav"])
        parts = read(folder)
        count = Counter(clip.word for clips in parts.values() for clip in clips)
        assert count["_silence_"] == 20 and count["_unknown_"] == 1  # no silence is another's copy
        assert set(count) == {"one", "two", "_silence_", "_unknown_"}
        assert "_aside_: not a word, as its name begins with '_'" in caplog.text

    def test_what_is_not_a_sound_is_told(self, folder, caplog):
        (folder / "one" / "notes.txt").write_text("notes")
        (folder / "one" / ".DS_Store").write_text("")
        (folder / "one" / "more.wav").mkdir()
        (folder / "empty").mkdir()
        read(folder)
        assert (
            "one: 2 that are not .wav, .flac, .ogg, .mp3 are not read, such as more.wav" in caplog.text
        )
        assert "empty: a folder without sound files" in caplog.text

    def test_speakers_by_name(self):
        assert [*map(speaker_of, map(datasets.path, ("0a_nohash_1.wav", "_nohash_1.wav", "a.wav")))] == [
            "0a",
            None,
            None,
        ]

    def test_files_in_order(self, folder):
        write_list(folder, "test", ["one/0.wav"])
        files = list_words(folder)
        assert files[0] == SoundFile(folder / "one" / "0.wav", "one", None, "test")
        assert {file.split for file in files[1:]} == {"train"}
        assert files == sorted(files, key=lambda file: (file.word, file.file))

    def test_held_out_is_not_for_it(self, folder):
        with pytest.raises(UserError, match="--held-out is for the embedded data: drop it"):
            read(folder, held_out="theo")


class TestBadFolders:
    def test_no_such_folder(self, tmp_path):
        with pytest.raises(UserError, match="a: no such folder: expected a folder with word/"):
            read(tmp_path / "a")

    def test_a_file(self, tmp_path):
        (tmp_path / "a").write_text("")
        with pytest.raises(UserError, match="a: this is a file: expected a folder with word/"):
            read(tmp_path / "a")

    def test_no_words(self, tmp_path):
        soundfile.write(tmp_path / "a.wav", np.ones(9), 8000)
        with pytest.raises(
            UserError, match=r"no word/\*.wav, word/\*.flac, .* here: one folder for each"
        ):
            read(tmp_path)

    def test_a_file_in_both_lists(self, folder, few):
        for part in ("validation", "test"):
            write_list(folder, part, [f"{few[0].word}/0.wav"])
        with pytest.raises(
            UserError, match="testing_list.txt:1: .*/0.wav stands in validation_list.txt too: keep it in"
        ):
            read(folder)

    def test_a_list_of_other_files(self, folder):
        write_list(folder, "test", ["three/0.wav"])
        with pytest.raises(UserError, match="testing_list.txt: none of the files that it names is here"):
            read(folder)

    def test_a_listed_file_that_is_missing(self, folder, few, caplog):
        write_list(folder, "test", [f"{few[0].word}/0.wav", f"{few[0].word}/0.flac"])
        with pytest.raises(
            UserError, match="testing_list.txt:2: no such file, .*/0.flac: mend .* --skip-bad"
        ):
            read(folder)
        assert len(read(folder, skip_bad=True)["test"]) == 1
        assert "testing_list.txt: 1 files that it names are not here" in caplog.text

    def test_listed_words_that_were_removed_are_told(self, folder, few, caplog):
        write_list(folder, "test", [f"{few[0].word}/0.wav", "three/0.wav", "three/1.wav"])
        assert len(read(folder)["test"]) == 1
        assert "testing_list.txt: 2 files that it names are not here" in caplog.text

    def test_a_list_that_is_not_text(self, folder):
        (folder / "testing_list.txt").write_bytes(b"one/\xff.wav\n")
        with pytest.raises(UserError, match="testing_list.txt:1: not UTF-8"):
            read(folder)

    def test_too_few_clips_for_the_parts(self, tmp_path, few):
        write(tmp_path, [few[0], few[-1]])
        assert sorted(map(len, read(tmp_path).values()))[:2] == [0, 0]


@pytest.fixture
def bad(request, folder):
    """The folder with one more clip, `one/bad.wav`, that is bad in the named way."""
    file = folder / "one" / "bad.wav"
    samples = {
        "without samples": np.zeros(0),
        "NaN": np.full(800, np.nan),
        "infinite": np.array([0.1, np.inf, 0.1]),
        "ten minutes": np.full(600 * 8000, 0.1, "float32"),
        "silent": np.zeros(8000),
    }
    if request.param in samples:
        soundfile.write(file, samples[request.param], 8000, subtype="FLOAT")
    else:
        file.write_bytes(
            {"empty": b"", "a text": b"no sound\n", "a picture": b"\x89PNG\r\n\x1a\n" * 99}[
                request.param
            ]
        )
    return folder


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("empty", r"an empty file \(0 bytes\)"),
        ("a text", r"not a readable sound file \(Format not recognised\): expected .wav, .flac, .*"),
        ("a picture", r"not a readable sound file \(Format not recognised\): expected .wav, .flac, .*"),
        ("without samples", r"no sound in it \(0 samples\)"),
        ("NaN", "800 samples are NaN or infinite"),
        ("infinite", "1 samples are NaN or infinite"),
        ("ten minutes", r"longer than 60 s \(--max-seconds\)"),
        ("silent", r"silence only \(every sample is zero\)"),
    ],
    indirect=["bad"],
)
def test_bad_clips_stop_or_are_named_and_counted(bad, reason, few, caplog):
    with pytest.raises(
        UserError,
        match=f"one/bad.wav: {reason}: mend it, or leave such clips out with --skip-bad$",
    ):
        read(bad)
    parts = read(bad, skip_bad=True)
    assert sum(sizes(parts).values()) == len(few)
    assert "left out: " in caplog.text and "one/bad.wav" in caplog.text
    assert f"{bad}: 1 of {len(few) + 1} clips left out (--skip-bad)" in caplog.text


def test_bad_clips_beyond_the_first_ten_are_named_in_the_details(folder, caplog):
    for number in range(12):
        (folder / "two" / f"bad{number}.ogg").write_bytes(b"")
    with caplog.at_level(logging.INFO):
        read(folder, skip_bad=True)
    named = [record.levelname for record in caplog.records if "left out: " in record.message]
    assert named == ["WARNING"] * 10 + ["INFO"] * 2


def test_a_part_of_bad_clips_only(folder, few):
    (folder / "one" / "bad.wav").write_bytes(b"")
    write_list(folder, "test", ["one/bad.wav"])
    parts = read(folder, skip_bad=True)
    assert not parts["test"] and parts["train"]  # no others stand in for them


def test_clipped_clips_are_counted_and_used(folder, few, caplog):
    for number in range(3):
        loud = np.clip(few[number].samples * 1000, -1, 1)
        soundfile.write(folder / few[number].word / f"{number}.wav", loud, 16000)
    assert sum(sizes(read(folder)).values()) == len(few)
    assert f"{folder}: 3 clips were recorded too loud (clipped); they are used" in caplog.text


def test_longer_clips_on_request(folder, few):
    soundfile.write(folder / "one" / "long.wav", np.tile(few[0].samples, 200)[: 70 * 8000], 8000)
    assert sum(sizes(read(folder, max_seconds=70)).values()) == len(few) + 1


class TestNoise:
    @pytest.fixture
    def noise(self, folder, few):
        """A folder with a recording of 20 s at 16 kHz, which counts its samples."""
        (folder / "_background_noise_").mkdir()
        ramp = np.arange(320_000) / 320_000
        soundfile.write(folder / "_background_noise_" / "tap.wav", ramp, 16000, subtype="FLOAT")
        return folder

    def noise_of(self, folder, **options):
        return read_noise(folder, SoundSourceConfig(str(folder), **options))

    def test_parts_do_not_overlap(self, noise):
        parts = self.noise_of(noise, sampling_rate=16000)
        first, then, last = (parts[part][0] for part in ("train", "validation", "test"))
        assert [len(clip.samples) for clip in (first, then, last)] == [256_000, 32_000, 32_000]
        whole = np.concatenate([clip.samples for clip in (first, then, last)])
        assert np.array_equal(whole, np.arange(320_000, dtype="float32") / 320_000)
        assert last.where == str(noise / "_background_noise_" / "tap.wav") + ": 18.0 to 20.0 s"
        assert (last.word, last.speaker) == ("_background_noise_", None)

    def test_it_is_resampled_and_no_word(self, noise, few):
        assert len(self.noise_of(noise)["validation"][0].samples) == 16_000
        assert sum(sizes(read(noise)).values()) == len(few)

    def test_longer_than_a_clip_may_be(self, noise):
        soundfile.write(noise / "_background_noise_" / "hum.flac", np.full(95 * 8000, 0.1), 8000)
        assert sizes(self.noise_of(noise)) == {"train": 2, "validation": 2, "test": 2}

    def test_none(self, folder):
        assert self.noise_of(folder) == {"train": [], "validation": [], "test": []}

    @pytest.mark.parametrize(("seconds", "rate"), [(9, 8000), (3601, 1000)])
    def test_too_short_or_too_long(self, noise, seconds, rate, caplog):
        soundfile.write(
            noise / "_background_noise_" / "bad.flac", np.zeros(seconds * rate, "int16"), rate
        )
        with pytest.raises(
            UserError,
            match="bad.flac: noise shorter than 10 s or longer than 3,600 s: .*--skip-bad",
        ):
            self.noise_of(noise)
        assert sizes(self.noise_of(noise, skip_bad=True)) == {"train": 1, "validation": 1, "test": 1}
        assert "_background_noise_: 1 of 2 clips left out" in caplog.text

    def test_unreadable(self, noise):
        (noise / "_background_noise_" / "bad.wav").write_text("text")
        with pytest.raises(UserError, match="bad.wav: not a readable sound file .*--skip-bad"):
            self.noise_of(noise)


def make_tfds(folder, name, parts, sample_rate=8000, label=None):
    """Make a set of TensorFlow Datasets, of pairs of int16 samples and label."""
    import tensorflow_datasets as tfds

    with tfds.core.registered.skip_registration():  # it is to be found by its files

        class Sounds(tfds.core.GeneratorBasedBuilder):
            VERSION = tfds.core.Version("1.0.0")

            def _info(self):
                audio = tfds.features.Audio(file_format="wav", sample_rate=sample_rate, dtype=np.int16)
                names = ["one", "two", "_silence_", "_unknown_"]
                features = {"audio": audio, label or "label": tfds.features.ClassLabel(names=names)}
                return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

            def _split_generators(self, dl_manager):
                return {split: self._generate_examples(pairs) for split, pairs in parts.items()}

            def _generate_examples(self, pairs):
                for number, (samples, word) in enumerate(pairs):
                    yield number, {"audio": samples, label or "label": word}

    Sounds.name = name
    Sounds(data_dir=folder, file_format="array_record").download_and_prepare()


@pytest.fixture(scope="module")
def pairs(few):
    return [(np.rint(clip.samples * 32768).astype("int16"), clip.word) for clip in few]


@pytest.fixture(scope="module")
def tfds_folder(pairs, tmp_path_factory):
    """The folder of three sets: with three parts, with one, and with some that are bad."""
    folder = tmp_path_factory.mktemp("tfds")
    silence = (np.zeros(800, "int16"), "_silence_")
    parts = {"train": [*pairs[15:], silence], "validation": pairs[:8], "test": pairs[8:15]}
    make_tfds(folder, "commands", parts)
    bad = [(np.zeros(800, "int16"), "one"), (np.zeros(0, "int16"), "one"), (pairs[0][0], -1)]
    make_tfds(folder, "whole", {"train": [*pairs, *bad]})
    make_tfds(folder, "unnamed", {"train": pairs[:1]}, label="digit")
    make_tfds(folder, "no_rate", {"train": pairs[:1]}, sample_rate=None)
    return str(folder)


class TestTensorFlowDatasets:
    def test_its_parts_are_kept(self, tfds_folder, few):
        parts = read("tfds:commands", tfds_folder=tfds_folder)
        assert sizes(parts) == {"train": len(few) - 14, "validation": 8, "test": 7}
        found = {clip.samples.tobytes(): clip.word for clips in parts.values() for clip in clips}
        for clip in few:
            assert found[clip.samples.tobytes()] == clip.word
        assert parts["validation"][3].where == "tfds:commands/validation[3]"
        assert "_silence_" in {clip.word for clip in parts["train"]}

    def test_missing_parts_are_lent_and_bad_clips_named(self, tfds_folder, few, caplog):
        with pytest.raises(UserError, match=r"tfds:whole/train\[\d+\]: .*--skip-bad"):
            read("tfds:whole", tfds_folder=tfds_folder)
        parts = read("tfds:whole", tfds_folder=tfds_folder, skip_bad=True)
        assert sum(sizes(parts).values()) == len(few)
        assert min(sizes(parts).values()) > 0
        for reason in ("silence only (every sample is zero)", "no sound in it (0 samples)", "no word"):
            assert f"]: {reason}" in caplog.text
        assert where(parts) == where(
            read("tfds:whole", tfds_folder=tfds_folder, skip_bad=True, sampling_rate=16000)
        )

    def test_a_set_without_words(self, tfds_folder):
        with pytest.raises(
            UserError, match="no field 'label': it has .*digit.*: sound clips with their"
        ):
            read("tfds:unnamed", tfds_folder=tfds_folder)

    def test_a_set_without_a_sampling_rate(self, tfds_folder):
        with pytest.raises(UserError, match="it does not say its sampling rate: give its files as a"):
            read("tfds:no_rate", tfds_folder=tfds_folder)

    def test_a_set_that_is_not_here_is_not_fetched(self, tmp_path):
        with pytest.raises(UserError, match="tfds:speech_commands: not on this machine .* --download"):
            read("tfds:speech_commands", tfds_folder=str(tmp_path))

    def test_held_out_is_not_for_it(self):
        with pytest.raises(UserError, match="tfds:speech_commands: --held-out is for the embedded data"):
            read("tfds:speech_commands", held_out="theo")
