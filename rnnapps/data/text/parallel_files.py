"""Sentence pairs from parallel line files: `train.en` and `train.de`, `val.en` and `val.de`, ..."""

from pathlib import Path

from rnnapps.data.row import Row
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.data.text_files import lines_of, read_text
from rnnapps.errors import UserError

VALIDATION_NAMES = [name for name, split in SPLIT_NAMES.items() if split == "validation"]


def read_parallel_files(folder: Path, config: ParallelSourceConfig) -> dict[str, list[Row]]:
    """Read the splits "train" and, where the folder has them, "validation" and "test".

    The training set is `train.en` and `train.fr`, or the only other pair of files. Line n of the one
    language is a translation of line n of the other. A test set is one with "test" in its name; of
    several, `test_set` names one.

    Returns:
        Rows with a field for each of the two languages.

    Raises:
        UserError: no training files, a language that it lacks, a file without its counterpart, files
            that differ in their number of lines or are not UTF-8, several validation sets, or
            several test sets of which none is chosen.
    """
    names = {
        file.name.removesuffix(f".{language}")
        for language in (config.source_language, config.target_language)
        for file in folder.glob("*.*")
        if file.name.endswith(f".{language}")
    }
    train = _training_set(folder, names, config)
    if missing := [file for file in _files(folder, train, config) if not file.exists()]:
        languages = sorted(file.name.removeprefix("train.") for file in folder.glob("train.*"))
        has = f"but train.{', train.'.join(languages)}" if languages else "and no train.csv"
        raise UserError(
            f"{folder}: no {missing[0].name} here, {has}: choose with --source-language and "
            f"--target-language, or another folder with --data"
        )
    splits = {"train": _read(folder, train, config)}
    validation = [name for name in VALIDATION_NAMES if name in names]
    if len(validation) > 1:
        raise UserError(f"{folder}: several validation sets, {', '.join(validation)}: keep one of them")
    if validation:
        splits["validation"] = _read(folder, validation[0], config)
    if test := _test_set(folder, names, config):
        splits["test"] = _read(folder, test, config)
    return splits


def read_parallel_pair(file: Path, config: ParallelSourceConfig) -> list[Row]:
    """The pairs of a file such as `corpus.en` and of its counterpart `corpus.fr`.

    Raises:
        UserError: see `read_parallel_files`.
    """
    return _read(file.parent, file.stem, config)


def _training_set(folder: Path, names: set[str], config: ParallelSourceConfig) -> str:
    """The name of the training set: "train", or that of the only other pair, as OPUS calls it."""
    whole = {name for name in names if all(file.exists() for file in _files(folder, name, config))}
    others = [name for name in whole if name not in SPLIT_NAMES and "test" not in name]
    return others[0] if "train" not in names and len(others) == 1 else "train"


def _test_set(folder: Path, names: set[str], config: ParallelSourceConfig) -> str | None:
    """The name of the test set, if there is one."""
    if config.test_set in names:
        return config.test_set
    found = sorted(name for name in names if "test" in name)
    if config.test_set is not None:
        raise UserError(
            f"{folder}: no test set '{config.test_set}' in {config.source_language} and "
            f"{config.target_language}: it has {', '.join(found) or 'none'}"
        )
    # Of an official test set some languages may be missing; it is no choice for them.
    whole = [name for name in found if all(file.exists() for file in _files(folder, name, config))]
    if len(whole) > 1:
        raise UserError(f"{folder}: several test sets, {', '.join(whole)}: choose one with --test-set")
    return next(iter(whole or found), None)


def _files(folder: Path, name: str, config: ParallelSourceConfig) -> tuple[Path, Path]:
    return folder / f"{name}.{config.source_language}", folder / f"{name}.{config.target_language}"


def _read(folder: Path, name: str, config: ParallelSourceConfig) -> list[Row]:
    files = _files(folder, name, config)
    for file, other in (files, reversed(files)):
        if not file.exists():
            raise UserError(
                f"{file}: no such file, but there is {other.name}: a split needs both languages"
            )
    sources, targets = (_lines(file, config) for file in files)
    if len(sources) != len(targets):
        raise UserError(
            f"{files[0]} has {len(sources):,} lines, {files[1].name} has {len(targets):,}: "
            f"each line needs its translation"
        )
    if not sources:
        raise UserError(f"{files[0]}: the file has no lines")
    return [
        Row(
            f"{files[0].name}:{number}",
            {config.source_language: source, config.target_language: target},
        )
        for number, (source, target) in enumerate(zip(sources, targets, strict=True), start=1)
    ]


def _lines(file: Path, config: ParallelSourceConfig) -> list[str]:
    """The lines of a file."""
    lines = lines_of(read_text(file, config))
    if not lines[-1]:
        lines.pop()  # nothing follows the last line's end
    return lines
