"""A folder of Common Voice, of real clips."""

import numpy as np
import pytest
import soundfile

from rnnapps import datasets
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.errors import UserError


def read(data, to_score=False, **options):
    config = SoundSourceConfig(str(data), **options)
    return read_clips(config, datasets.path("digits"), to_score=to_score)


@pytest.fixture
def folder(tmp_path):
    """Clips of 0.1 s as MP3, 36 of them."""
    (tmp_path / "clips").mkdir()
    sound, _ = soundfile.read(datasets.path("digits/theo.flac"), frames=36 * 800)
    for number, samples in enumerate(np.split(sound, 36)):
        soundfile.write(tmp_path / "clips" / f"common_voice_en_{number}.mp3", samples + 0.001, 8000)
    return tmp_path


def write(folder, name, numbers, words=("yes", "no")):
    rows = [
        f"speaker{number % 9}\tcommon_voice_en_{number}.mp3\t{words[number % len(words)]} \t2\n"
        for number in numbers
    ]
    text = "client_id\tpath\tsentence\tup_votes\n" + "".join(rows)
    (folder / name).write_text(text, encoding="utf-8")


def test_all_is_divided_by_speaker(folder):
    write(folder, "validated.tsv", range(36))
    splits = read(folder)
    assert all(splits.values()) and sum(map(len, splits.values())) == 36
    speakers = [{clip.speaker for clip in clips} for clips in splits.values()]
    assert sum(map(len, speakers)) == 9
    assert {clip.word for clips in splits.values() for clip in clips} == {"yes", "no"}


def test_splits_are_kept(folder):
    write(folder, "validated.tsv", range(36))
    for name, numbers in (("train", range(20)), ("dev", range(20, 28)), ("test", range(28, 36))):
        write(folder, f"{name}.tsv", numbers)
    assert {split: len(clips) for split, clips in read(folder).items()} == {
        "train": 20,
        "validation": 8,
        "test": 8,
    }


def test_sentences_are_no_words(folder):
    write(folder, "validated.tsv", range(36), ("yes", "no", 'He said "no" to us.'))
    message = "validated.tsv:4: 'He said \"no\" to us.' is not one word .Common Voice has sets of single"
    with pytest.raises(UserError, match=message):
        read(folder)
    assert sum(map(len, read(folder, skip_bad=True).values())) == 24


def test_one_word(folder):
    write(folder, "validated.tsv", range(36), ("yes",))
    with pytest.raises(UserError, match="only the word 'yes': two or more are needed"):
        read(folder)
    assert sum(map(len, read(folder, to_score=True).values())) == 36


def test_a_clip_that_is_not_there(folder):
    write(folder, "validated.tsv", range(37))
    with pytest.raises(UserError, match="clips/common_voice_en_36.mp3: no such file"):
        read(folder)


def test_a_table_with_other_columns(folder):
    (folder / "validated.tsv").write_text("path\ttext\nx.mp3\tyes\n")
    with pytest.raises(UserError, match="validated.tsv: no column 'sentence': it has path, text"):
        read(folder)
