"""A folder of sound files in the layout of Speech Commands: `word/*.wav` and lists of the splits."""

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rnnapps.data.sound.files import SUFFIXES
from rnnapps.data.text_files import lines_of, read_text
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}
NOISE = "_background_noise_"
SILENCE = "_silence_"
UNKNOWN = "_unknown_"
SPEAKER_ENDS = "_nohash_"


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A file, the word (of Common Voice, the sentence) in it, its split, and its speaker if known."""

    file: Path
    word: str
    speaker: str | None
    split: str


def list_words(folder: Path, skip_bad: bool = False) -> list[SoundFile]:
    """The files of all words of a folder, by word and name.

    A word is the name of a folder, the words `_silence_` and `_unknown_` of the twelve-word task
    included; other folders whose names begin with `_` hold no word: `_background_noise_`, see
    `rnnapps.data.sound.sources.read_noise`, and what the user put aside. The speaker is the file's name
    up to `_nohash_`. A split is given by `validation_list.txt` and `testing_list.txt`, with lines such
    as `yes/0a7c2a8d_nohash_0.wav`.

    Raises:
        UserError: no such folder, no words in it, a file that stands in both lists, a list that names
            none of the files, or one that is not here though its word is (with `skip_bad` it is
            only counted).
    """
    if not folder.is_dir():
        found = "this is a file" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {found}: expected a folder with word/*.wav")
    files = []
    for word in sorted(path for path in folder.iterdir() if path.is_dir()):
        if _is_word(word.name):
            files += _sounds(word)
        elif word.name != NOISE and word.name[0] == "_":
            log.warning("%s: not a word, as its name begins with '_': it is not read", word)
    if not files:
        raise UserError(f"{folder}: no word/*{', word/*'.join(SUFFIXES)} here: one folder for each word")
    split_of = _read_lists(folder, {_name(file) for file in files}, skip_bad)
    return [
        SoundFile(file, file.parent.name, speaker_of(file), split_of.get(_name(file), "train"))
        for file in files
    ]


def list_noise(folder: Path) -> list[Path]:
    """The recordings in the `_background_noise_` of a folder, by name; none if it has no such folder."""
    return _sounds(folder / NOISE) if (folder / NOISE).is_dir() else []


def speaker_of(file: Path) -> str | None:
    """The speaker of a file named as in Speech Commands, `SPEAKER_nohash_3.wav`."""
    speaker, ends, _ = file.name.partition(SPEAKER_ENDS)
    return speaker if ends and speaker else None


def _is_word(name: str) -> bool:
    return name in (SILENCE, UNKNOWN) or name[0] not in "_."


def _name(file: Path) -> str:
    """What a list calls a file."""
    return f"{file.parent.name}/{file.name}"


def _sounds(folder: Path) -> list[Path]:
    """The sound files of a folder, by name; what else it has is told, but for hidden files."""
    visible = sorted(path for path in folder.iterdir() if path.name[0] != ".")
    sounds = [path for path in visible if path.suffix.lower() in SUFFIXES and not path.is_dir()]
    if others := [path.name for path in visible if path not in set(sounds)]:
        log.warning(
            "%s: %d that are not %s are not read, such as %s",
            folder,
            len(others),
            ", ".join(SUFFIXES),
            others[0],
        )
    if not sounds:
        log.warning("%s: a folder without sound files", folder)
    return sounds


def _read_lists(folder: Path, names: set[str], skip_bad: bool) -> dict[str, str]:
    """The split of each file that a list names."""
    words = {name.partition("/")[0] for name in names}
    split_of: dict[str, str] = {}
    for split, list_name in LISTS.items():
        file = folder / list_name
        if not file.exists():
            continue
        lines = [line.strip().replace("\\", "/") for line in lines_of(read_text(file))]
        here = 0
        absent: Counter[str] = Counter()
        for number, line in enumerate(lines, start=1):
            name = str(PurePosixPath(line))  # without a "./" before it
            if not line:
                continue
            if name in names:
                if split_of.setdefault(name, split) != split:
                    raise UserError(
                        f"{file}:{number}: {name} stands in {LISTS['validation']} too: keep it in one "
                        f"of them"
                    )
                here += 1
            elif name.partition("/")[0] in words and not skip_bad:
                # Were it only renamed, a clip of the test split would become one of training.
                raise UserError(
                    f"{file}:{number}: no such file, {name}: mend the list, or pass over such lines "
                    f"with --skip-bad"
                )
            else:
                absent[name] += 1
        if not here:
            raise UserError(f"{file}: none of the files that it names is here: mend or remove it")
        if absent:
            log.warning("%s: %d files that it names are not here", file, absent.total())
    return split_of
