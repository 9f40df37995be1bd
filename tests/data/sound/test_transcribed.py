"""With real prompts: the embedded ones, and some of them in the forms of others."""

import json
import logging
import re
import shutil
from collections import Counter, defaultdict

import numpy as np
import pytest
import soundfile
import soxr

from rnnapps import datasets
from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.data.sound.transcribed import read_transcribed, single_spaced
from rnnapps.data.splits import content_key
from rnnapps.data.tables import read_table
from rnnapps.data.text.spoken_form import SpokenForm
from rnnapps.data.text.spoken_form_config import SpokenFormConfig
from rnnapps.errors import UsageError, UserError

DATASETS = datasets.path("prompts").parent
NUMBER = 24  # of the prompts that are written
RATE = 8000  # Hz, at which they are read here


def read(data, examples=None, form=single_spaced, **options):
    options = {"sampling_rate": RATE} | options
    return read_transcribed(SpeechSourceConfig(str(data), **options), DATASETS, examples, form)


def every(splits):
    """All recordings, by their texts."""
    return {one.text: one for some in splits.values() for one in some}


def sizes(splits):
    return {split: len(some) for split, some in splits.items()}


@pytest.fixture(scope="module")
def prompts():
    """Texts of two words or more, no two alike, and their samples, float32 `(time,)` at 16,000 Hz."""
    rows = [row.fields for row in read_table(DATASETS / "prompts" / "prompts.csv")]
    sound, _ = soundfile.read(DATASETS / "prompts" / "prompts.ogg", frames=200 * 16000, dtype="float32")
    found = {}
    for row in rows:
        start, end = int(row["start"]), int(row["start"]) + int(row["length"])
        if " " in row["text"] and end <= len(sound) and end - start < 80_000:
            found.setdefault(content_key(row["text"]), (row["text"], sound[start:end]))
    return list(found.values())[:NUMBER]


@pytest.fixture(scope="module")
def written(prompts, tmp_path_factory):
    """A folder of these prompts, `p00.wav` to `p23.wav`."""
    folder = tmp_path_factory.mktemp("written")
    for number, (_, samples) in enumerate(prompts):
        soundfile.write(folder / f"p{number:02}.wav", samples, 16000)
    return folder


def put(written, folder, suffix=".wav"):
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(written.iterdir()):
        if suffix == ".wav":
            shutil.copy(file, folder)
        else:
            soundfile.write(folder / f"{file.stem}{suffix}", *soundfile.read(file))


def write(file, lines, encoding="utf-8", end="\n"):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes("".join(f"{line}{end}" for line in lines).encode(encoding))


def names(numbers=range(NUMBER)):
    return [f"p{number:02}" for number in numbers]


def check(splits, prompts, exact=True):
    """Each prompt is there once, with its own samples."""
    found = every(splits)
    assert sum(map(len, splits.values())) == len(found) == len(prompts)
    for text, samples in prompts:
        expected = soxr.resample(samples, 16000, RATE)
        given = found[" ".join(text.split())].samples
        assert given.dtype == np.float32
        if exact:
            np.testing.assert_allclose(given, expected, atol=1e-4)
        else:
            assert abs(len(given) - len(expected)) <= 2


@pytest.fixture(scope="module")
def both():
    return read("embedded")


class TestEmbedded:
    def test_as_many_as_the_page_says(self, both):
        assert sizes(both) == {"train": 416 + 600, "validation": 56 + 100, "test": 76 + 200}
        kinds = {
            split: Counter(one.where.partition(":")[0] for one in some) for split, some in both.items()
        }
        assert kinds["test"] == {"prompts": 76, "digits": 200}

    def test_prompts_share_no_group_and_no_five_words_in_a_row(self, both):
        splits_of = defaultdict(set)
        for split, some in both.items():
            for one in some:
                words = re.findall("[a-z]+", one.text.lower())
                if one.where.startswith("prompts"):
                    runs = [" ".join(words[n : n + 5]) for n in range(max(1, len(words) - 4))]
                    for shared in (f"group {one.group}", *runs):
                        splits_of[shared].add(split)
        assert len(splits_of) > 1000
        assert not [shared for shared, splits in splits_of.items() if len(splits) > 1]
        assert {one.speaker for some in both.values() for one in some} - {"allison"} == {
            *("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
        }

    def test_digits_and_their_speakers(self, both):
        digits = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
        speakers = {}
        for split, some in both.items():
            strings = [one for one in some if one.where.startswith("digits")]
            speakers[split] = Counter(one.speaker for one in strings)
            for one in strings:
                words = one.text.split()
                assert 3 <= len(words) <= 7 and digits.issuperset(words) and one.group == one.speaker
                assert len(words) * 0.2 < len(one.samples) / RATE < len(words) * 2.9
            assert {word for one in strings for word in one.text.split()} == digits
        assert speakers == {
            "train": dict.fromkeys(("george", "jackson", "lucas", "yweweler"), 150),
            "validation": {"theo": 100},
            "test": {"nicolas": 200},
        }

    def test_a_string_is_its_clips_and_no_pause_is_silent(self):
        splits = read("embedded:digits", held_out="yweweler")
        assert {one.speaker for one in splits["test"]} == {"yweweler"}
        assert {one.speaker for one in splits["validation"]} == {"george"}  # the first again
        rows = [row.fields for row in read_table(DATASETS / "digits" / "clips.csv")]
        sound, _ = soundfile.read(DATASETS / "digits" / "george.flac", dtype="float32")
        clips = {}
        for row in rows:
            if row["speaker"] == "george":
                start = int(row["start"])
                samples = sound[start : start + int(row["length"])]
                clips.setdefault(samples[:40].tobytes(), []).append((samples, row["word"]))
        for one in splits["validation"][:5]:
            said, place, pause = [], 0, 0
            while place < len(one.samples):
                some = clips.get(one.samples[place : place + 40].tobytes(), [])
                clip = next(
                    ((c, w) for c, w in some if np.array_equal(c, one.samples[place:][: len(c)])), None
                )
                if clip is None:
                    place, pause = place + 1, pause + 1
                    continue
                assert 0.1 * RATE - 1 <= pause <= 0.5 * RATE + 1
                said.append(clip[1])
                place, pause = place + len(clip[0]), 0
            assert " ".join(said) == one.text and pause == 0.3 * RATE
            assert not (one.samples[1:] == one.samples[:-1]).all()
            ending = one.samples[-int(0.3 * RATE) :]
            assert 0 < ending.std() < 0.2 * one.samples.std()

    def test_it_is_always_the_same(self, both):
        again = read("embedded:digits")
        of = {one.where: one for one in again["test"]}
        for one in both["test"][-3:]:
            assert np.array_equal(of[one.where].samples, one.samples) and of[one.where].text == one.text

    def test_no_such_speaker_and_no_such_data(self):
        with pytest.raises(UserError, match=r"no speaker 'nobody': it has george, .*: choose with"):
            read("embedded:digits", held_out="nobody")
        with pytest.raises(UsageError, match=r"--data must be embedded, embedded:prompts, embedded:di"):
            SpeechSourceConfig("embedded:words")


class TestTables:
    def test_of_deepspeech(self, written, prompts, tmp_path):
        put(written, tmp_path / "clips")
        for name, some in (("train", range(18)), ("dev", range(18, 21)), ("test", range(21, 24))):
            rows = [f"clips/p{number:02}.wav,1,{quoted(prompts[number][0])}" for number in some]
            write(tmp_path / f"{name}.csv", ["wav_filename,wav_filesize,transcript", *rows])
        splits = read(tmp_path)
        assert sizes(splits) == {"train": 18, "validation": 3, "test": 3}
        check(splits, prompts)
        assert splits["test"][0].where == f"{tmp_path / 'test.csv'}:2"
        assert {one.text for one in splits["validation"]} == {text for text, _ in prompts[18:21]}
        check(
            {"train": [one for some in read(tmp_path / "train.csv").values() for one in some]},
            prompts[:18],
        )

    @pytest.mark.parametrize("header", ["name", "file_name", "audio_filepath"])
    def test_of_names_without_suffix_in_a_folder_below(self, written, prompts, tmp_path, header):
        put(written, tmp_path / "audio", ".flac")
        rows = [
            json.dumps({header: name, "text": text, "split": split})
            for name, (text, _), split in zip(
                names(), prompts, ["train"] * 16 + ["valid"] * 4 + ["TEST"] * 4, strict=True
            )
        ]
        write(tmp_path / "all.jsonl", rows)
        splits = read(tmp_path)
        assert sizes(splits) == {"train": 16, "validation": 4, "test": 4}
        check(splits, prompts)

    def test_of_windows_with_speakers(self, written, prompts, tmp_path):
        put(written, tmp_path / "wav")
        rows = [
            f"wav\\{name}.wav;{quoted(text)};{number % 8}"
            for number, (name, (text, _)) in enumerate(zip(names(), prompts, strict=True))
        ]
        write(tmp_path / "own.csv", ["\ufefffile;text;speaker", *rows], end="\r\n")
        splits = read(tmp_path / "own.csv")
        check(splits, prompts)
        groups = [{one.group for one in some} for some in splits.values()]
        assert all(groups) and sum(map(len, groups)) == 8 and set.union(*groups) == set("01234567")

    def test_without_several_speakers_the_text_decides(self, written, prompts, tmp_path):
        put(written, tmp_path)
        texts = [prompts[number // 2][0] for number in range(NUMBER)]
        rows = [
            f"{name}.wav,{quoted(text)},{name[-1] in '13579'}"
            for name, text in zip(names(), texts, strict=True)
        ]
        write(tmp_path / "own.csv", ["file,text,speaker", *rows])
        splits = read(tmp_path)
        sets = [{one.text for one in some} for some in splits.values()]
        assert all(sets) and sum(map(len, sets)) == len(set.union(*sets)) == NUMBER / 2
        assert {one.speaker for one in splits["train"]} == {"True", "False"}

    def test_columns_of_other_names_and_none(self, written, prompts, tmp_path):
        put(written, tmp_path)
        write(
            tmp_path / "own.tsv",
            [f"{n}.wav\t{t}\t7" for n, (t, _) in zip(names(), prompts, strict=True)],
        )
        check(read(tmp_path, header=False), prompts)
        check(read(tmp_path, header=False, file_column="1", text_column="2"), prompts)
        with pytest.raises(
            UserError, match=r"own.tsv: no column 'sound': .* --file-column and --text-col"
        ):
            read(tmp_path, file_column="sound")

    def test_other_splits_are_not_used(self, written, prompts, tmp_path, caplog):
        put(written, tmp_path)
        splits = ["train"] * 20 + ["held back"] * 4
        rows = [f"{n}.wav\t{t}\t{s}" for n, (t, _), s in zip(names(), prompts, splits, strict=True)]
        write(tmp_path / "own.tsv", ["file\ttext\tsplit", *rows])
        check(read(tmp_path), prompts[:20])
        assert "own.tsv: 4 recordings of the split 'held back' are not used" in caplog.text


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


class TestLongRecordings:
    @pytest.fixture
    def long(self, prompts, tmp_path):
        """One recording of all prompts, and rows of its pieces."""
        soundfile.write(tmp_path / "long.flac", np.concatenate([some for _, some in prompts]), 16000)
        ends = np.cumsum([len(samples) for _, samples in prompts]) / 16000
        starts = [0, *ends[:-1]]
        return [
            f"long.flac\t{text}\t{start}\t{end}"
            for (text, _), start, end in zip(prompts, starts, ends, strict=True)
        ]

    def test_it_is_cut_at_the_given_times(self, long, prompts, tmp_path):
        write(tmp_path / "cuts.tsv", ["file\ttext\tstart\tend", *long])
        splits = read(tmp_path, max_seconds=5)
        assert every(splits).keys() == {text for text, _ in prompts}
        check(splits, prompts)

    def test_the_last_end_may_be_missing_or_rounded(self, long, prompts, tmp_path):
        *before, last = long
        start = last.split("\t")[2]
        total = sum(len(samples) for _, samples in prompts) / 16000
        for end in ("", total + 0.05):
            rows = [*before, f"long.flac\t{prompts[-1][0]}\t{start}\t{end}"]
            write(tmp_path / "cuts.tsv", ["file\ttext\tstart\tend", *rows])
            check(read(tmp_path), prompts)

    @pytest.mark.parametrize(
        ("times", "message"),
        [
            ("5\t5", "it ends at 5 s, but starts at 5"),
            ("1\tnan", "a time of 'nan': expected seconds, such as 12.5"),
            ("-1\t2", "a time of '-1'"),
            ("1e999\t", "a time of '1e999'"),
            ("1:20\t", "a time of '1:20'"),
            ("0\t3600", r"long.flac: it ends at \d+\.\d+ s, not after 3600"),
            ("3600\t", r"long.flac: it ends at \d+\.\d+ s, not after 3600"),
            ("0\t30", r"longer than 5 s \(--max-seconds\)"),
            ("1\t1.05", r"shorter than 0.1 s \(--min-seconds\)"),
        ],
    )
    def test_bad_times(self, long, prompts, tmp_path, times, message):
        write(tmp_path / "cuts.tsv", ["file\ttext\tstart\tend", f"long.flac\tno\t{times}", *long])
        with pytest.raises(
            UserError, match=rf"cuts.tsv:2: .*{message}.*: mend it, or leave such clips out"
        ):
            read(tmp_path, max_seconds=5)
        check(read(tmp_path, max_seconds=5, skip_bad=True), prompts)


class TestCorpora:
    def test_common_voice(self, written, prompts, tmp_path):
        put(written, tmp_path / "clips", ".mp3")
        for name, numbers in (("train", range(16)), ("dev", range(16, 20)), ("test", range(20, 24))):
            rows = [f"speaker{n % 5}\tp{n:02}.mp3\t{prompts[n][0]}\t2" for n in numbers]
            write(tmp_path / f"{name}.tsv", ["client_id\tpath\tsentence\tup_votes", *rows])
        splits = read(tmp_path)
        assert sizes(splits) == {"train": 16, "validation": 4, "test": 4}
        check(splits, prompts, exact=False)
        assert splits["test"][0].speaker == "speaker0"

    def test_ljspeech(self, written, prompts, tmp_path):
        put(written, tmp_path / "wavs")
        rows = [f'{n}|"7, {t}|{t}' for n, (t, _) in zip(names(), prompts, strict=True)]
        rows[3] = f"p03|{prompts[3][0]}"  # no normalised text
        rows[4] = f"p04|{prompts[4][0]}|"  # an empty one
        write(tmp_path / "metadata.csv", rows)
        check(read(tmp_path), prompts)
        write(tmp_path / "metadata.csv", [*rows, "p01|a|b|c", "|text"])
        with pytest.raises(UserError, match=r"metadata.csv:25: 4 columns: expected id.text or id.text"):
            read(tmp_path)
        check(read(tmp_path, skip_bad=True), prompts)

    def test_librispeech(self, written, prompts, tmp_path):
        subsets = {"train-clean-100": range(12), "dev-clean": range(12, 18), "test-other": range(18, 24)}
        for subset, numbers in subsets.items():
            for number in numbers:
                speaker = number // 3
                chapter = tmp_path / subset / f"{speaker}" / "7"
                chapter.mkdir(parents=True, exist_ok=True)
                name = f"{speaker}-7-{number:04}"
                soundfile.write(chapter / f"{name}.flac", prompts[number][1], 16000)
                with (chapter / f"{speaker}-7.trans.txt").open("a", encoding="utf-8") as stream:
                    stream.write(f"{name} {prompts[number][0]}\n")
        splits = read(tmp_path)
        assert sizes(splits) == {"train": 12, "validation": 6, "test": 6}
        check(splits, prompts)
        assert {one.speaker for one in splits["test"]} == {"6", "7"}
        alone = read(tmp_path / "train-clean-100")  # is divided by speaker
        check(alone, prompts[:12])
        assert sum(len({one.speaker for one in some}) for some in alone.values()) == 4

    def test_kaldi(self, written, prompts, tmp_path):
        put(written, tmp_path / "sounds")
        for split, numbers in (("train", range(20)), ("test", range(20, 24))):
            folder = tmp_path / "data" / split
            write(folder / "wav.scp", [f"u{n} ../../sounds/p{n:02}.wav" for n in numbers])
            write(folder / "text", [f"u{n} {prompts[n][0]}" for n in numbers])
            write(folder / "utt2spk", [f"u{n} s{n % 6}" for n in numbers])
        splits = read(tmp_path / "data")
        check(splits, prompts)
        assert len(splits["test"]) == 4 and splits["validation"]
        assert {one.speaker for one in splits["test"]} == {"s2", "s3", "s4", "s5"}

    @pytest.fixture
    def kaldi(self, written, prompts, tmp_path):
        put(written, tmp_path)
        write(tmp_path / "wav.scp", [f"{n} {n}.wav" for n in names()])
        write(tmp_path / "text", [f"{n} {t}" for n, (t, _) in zip(names(), prompts, strict=True)])
        return tmp_path

    def test_segments_of_kaldi(self, kaldi, prompts):
        soundfile.write(kaldi / "long.wav", np.concatenate([some for _, some in prompts]), 16000)
        write(kaldi / "wav.scp", [f"long {kaldi / 'long.wav'}"])
        ends = np.cumsum([len(samples) for _, samples in prompts]) / 16000
        segments = [
            f"{name} long {start} {end}"
            for name, start, end in zip(names(), [0, *ends[:-1]], ends, strict=True)
        ]
        write(kaldi / "segments", segments)
        check(read(kaldi), prompts)
        write(kaldi / "segments", ["p00 long 0", *segments[1:-1]])
        with pytest.raises(
            UserError, match=r"segments:1: expected an utterance, a recording, its start"
        ):
            read(kaldi)
        check(read(kaldi, skip_bad=True), prompts[1:-1])

    def test_commands_of_kaldi_are_not_run(self, kaldi, prompts):
        lines = [f"{n} {n}.wav" for n in names()]
        mark = kaldi / "was-run"
        write(kaldi / "wav.scp", [f"p00 touch {mark}; cat p00.wav |", *lines[1:]])
        with pytest.raises(
            UserError, match=r"wav.scp:1: a command \(touch .*which is not run: name a file"
        ):
            read(kaldi)
        check(read(kaldi, skip_bad=True), prompts[1:])
        assert not mark.exists()

    def test_bad_lines_of_kaldi(self, kaldi, prompts, caplog):
        with (kaldi / "text").open("a", encoding="utf-8") as stream:
            stream.write("nobody said this\np02\n")
        with pytest.raises(UserError, match="text:26: 'p02' stands here twice: keep one of them"):
            read(kaldi)
        write(
            kaldi / "text", [f"p00 {prompts[0][0]}", "nobody said this", "p02", f"p03 {prompts[3][0]}"]
        )
        with pytest.raises(UserError, match="text:2: 'nobody' is not in wav.scp"):
            read(kaldi)
        check(read(kaldi, skip_bad=True), [prompts[0], prompts[3]])
        assert "text:3: empty text" in caplog.text
        assert "21 recordings without a text are not used" in caplog.text


class TestMemory:
    def test_columns(self, prompts, written):
        texts = [f" {text} \n" for text, _ in prompts]
        sounds = [soxr.resample(samples, 16000, RATE) for _, samples in prompts]
        sounds[5] = str(written / "p05.wav")
        splits = read("embedded", {"sound": sounds, "text": texts, "speaker": list("abcd" * 6)})
        check(splits, prompts)
        assert all(splits.values())
        assert {one.group for some in splits.values() for one in some} == set("abcd")
        table = {"sound": sounds[:9], "text": texts[:9]}
        given = read("embedded", {"train": table, "test": {"sound": sounds[9:12], "text": texts[9:12]}})
        assert len(given["test"]) == 3 and given["test"][0].where == "examples['test'][0]"

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ({"text": ""}, "empty text"),
            ({"text": 7}, "a int, not a text"),
            ({"text": "\ud800"}, "not a Unicode text"),
            ({"sound": np.zeros(9000, "float32")}, "silence only"),
            ({"sound": np.full(9000, np.nan, "float32")}, "NaN or infinite"),
            ({"sound": np.zeros((9000, 2), "float32")}, "expected samples of one channel"),
            ({"sound": np.full(700, 0.1, "float32")}, r"shorter than 0.1 s \(--min-seconds\)"),
            ({"sound": np.full(8000 * 31, 0.1, "float32")}, r"longer than 30 s \(--max-seconds\)"),
            ({"sound": "no\0file.wav"}, "no such file"),
            ({"sound": ""}, "no sound"),
            ({"speaker": [1]}, "'speaker': a list, not a name"),
        ],
    )
    def test_bad_rows(self, prompts, row, message):
        text, samples = prompts[0]
        bad = {"sound": samples, "text": text, "speaker": "a"} | row
        good = {"sound": samples, "text": "good", "speaker": "b"}
        examples = {name: [bad[name], good[name]] for name in bad}
        with pytest.raises(UserError, match=message) as caught:
            read("embedded", examples)
        assert "\n" not in str(caught.value)
        assert list(every(read("embedded", examples, skip_bad=True))) == ["good"]

    def test_texts_in_another_form_and_problems_of_the_caller(self, prompts):
        config = SpeechSourceConfig("embedded", skip_bad=True, sampling_rate=16000)
        samples = prompts[0][1]
        texts = ["Press 1!", "...", "press one", "It\u2019s too long"]
        examples = {"sound": [samples, samples, 0.5 * samples, samples[:9000]], "text": texts}
        asked = []

        def problem(seconds, text):
            asked.append((seconds, text))
            return "too fast" if seconds < 1 else None

        splits = read_transcribed(config, DATASETS, examples, SpokenForm(SpokenFormConfig()), problem)
        kept = [one for some in splits.values() for one in some]
        assert [one.text for one in kept] == ["press one"] * 2
        assert len({one.group for one in kept}) == 1 and sum(map(bool, splits.values())) == 1
        seconds = len(samples) / 16000
        assert asked == [(seconds, "press one")] * 2 + [(0.5625, "it's too long")]
        with pytest.raises(UserError, match=r"examples\[1\]: empty text"):
            read("embedded", examples, form=SpokenForm(SpokenFormConfig()))

    def test_a_missing_column(self):
        with pytest.raises(UserError, match=r"examples\[0\]: no column 'text': expected sound and text"):
            read("embedded", {"sound": [np.ones(900, "float32")], "word": ["one"]})


def test_what_is_told_in_the_log(written, prompts, tmp_path, caplog):
    loud = np.clip(9 * prompts[0][1], -1, 1)
    soundfile.write(tmp_path / "loud.wav", loud, 16000)
    write(tmp_path / "own.csv", ["file,text", "loud.wav,too loud", "loud.wav,the same again"])
    with caplog.at_level(logging.INFO):
        read(tmp_path)
    assert f"{tmp_path}: 2 clips were recorded too loud (clipped); they are used" in caplog.text


class TestDamage:
    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("gone.wav,text", r"own.csv:2: .*gone.wav: no such file"),
            (",text", "own.csv:2: no file named"),
            (f"{'x' * 5000}.wav,text", r"own.csv:2: .*\.\.\.: no such file"),
            ("\0.wav,text", "no such file"),
            ("empty.wav,text", r"empty.wav: an empty file \(0 bytes\)"),
            ("text.wav,text", "text.wav: not a readable sound file"),
            ("p00.wav,  ", "own.csv:2: empty text"),
            ("p00.wav,text,more", "own.csv:2: 3 columns"),
        ],
    )
    def test_a_bad_row_is_named_in_one_line(self, written, tmp_path, row, message):
        put(written, tmp_path)
        (tmp_path / "empty.wav").write_bytes(b"")
        (tmp_path / "text.wav").write_text("hello")
        write(tmp_path / "own.csv", ["file,text", row, "p01.wav,good"])
        with pytest.raises(UserError, match=message) as caught:
            read(tmp_path)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
        assert list(every(read(tmp_path, skip_bad=True))) == ["good"]

    def test_what_is_no_source(self, written, tmp_path):
        with pytest.raises(
            UserError, match="no recordings with texts: expected a table of files and text"
        ):
            read(written)
        with pytest.raises(UserError, match=r"p00.wav: a recording has no text: give a table of files"):
            read(written / "p00.wav")
        with pytest.raises(UserError, match=r"gone.csv: no such file"):
            read(tmp_path / "gone.csv")
        for name in ("a.csv", "b.csv"):
            write(tmp_path / name, ["file,text"])
        with pytest.raises(UserError, match="2 tables: name one of them"):
            read(tmp_path)
        with pytest.raises(UserError, match="a.csv: the file has no rows"):
            read(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling_rate": 10}, "--sampling-rate must be 1000 to 768000"),
        ({"min_seconds": 0}, "--min-seconds must be a number of seconds above 0"),
        ({"max_seconds": float("nan")}, "--max-seconds must be a number of seconds above 0"),
        ({"min_seconds": 5, "max_seconds": 4}, "--max-seconds must be more than --min-seconds"),
        ({"file_column": " "}, "--file-column must be a name"),
        ({"text_column": "file"}, "--text-column must be another than --file-column"),
    ],
)
def test_options_that_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        SpeechSourceConfig(**options)


@pytest.fixture(scope="module")
def tfds_folder(prompts, tmp_path_factory):
    """A set with the splits and fields of LibriSpeech."""
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    parts = {"train_clean100": range(10), "train_other500": range(10, 16)}
    parts |= {"dev_clean": range(16, 20), "test_clean": range(20, 24)}
    with tfds.core.registered.skip_registration():

        class Speech(tfds.core.GeneratorBasedBuilder):
            VERSION = tfds.core.Version("1.0.0")

            def _info(self):
                features = {
                    "speech": tfds.features.Audio(sample_rate=16000),
                    "text": tfds.features.Text(),
                    "speaker_id": np.int64,
                }
                return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

            def _split_generators(self, dl_manager):
                return {split: self._generate_examples(some) for split, some in parts.items()}

            def _generate_examples(self, numbers):
                for number in numbers:
                    text, samples = prompts[number]
                    speech = np.rint(samples * 32767).astype("int64")
                    yield number, {"speech": speech, "text": text, "speaker_id": number % 7}

    Speech.name = "librispeech_like"
    Speech(data_dir=folder, file_format="array_record").download_and_prepare()
    return str(folder)


def test_splits_of_several_parts(tfds_folder, prompts):
    splits = read("tfds:librispeech_like", tfds_folder=tfds_folder)
    assert sizes(splits) == {"train": 16, "validation": 4, "test": 4}
    check(splits, prompts)
    assert {one.speaker for one in splits["test"]} <= set("0123456")
    assert splits["validation"][0].where == "tfds:librispeech_like/dev_clean[0]"
