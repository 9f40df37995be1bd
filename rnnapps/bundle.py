"""The saved-model bundle: a folder that serves without any training code.

It holds:

    model.keras      the network, in Keras's own format (loaded in safe mode: no pickle, no lambda)
    config.json      application, bundle version, the configuration it was trained with, labels
    metrics.json     its scores, with their signatures, origin of the data, seed, versions, hardware
    card.md          what it is, for people
    SHA256SUMS       checksums of all other files, as `sha256sum` writes and checks them
    ...              what the application needs to encode its input, and plots

An exported one (`rnnapps export`) has a `step.tflite` or `step.onnx` instead of the network, which
config.json names under "exported", and serves without Keras.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from rnnapps import APPLICATIONS, __version__, backend
from rnnapps.errors import UserError
from rnnapps.outputs import check_folder

STEPS = ("step.tflite", "step.onnx")  # of what was exported
VERSION = 1  # of the format: raise it when an older rnnapps could not read what this one writes
MODEL, CONFIG, METRICS, CARD, SUMS = (
    "model.keras",
    "config.json",
    "metrics.json",
    "card.md",
    "SHA256SUMS",
)


def shipped() -> Iterator[Path]:
    """The bundles in `saved_models/` of the current folder and of the project's checkout."""
    roots = dict.fromkeys((Path.cwd(), Path(__file__).resolve().parent.parent))
    for root in roots:
        yield from (config.parent for config in sorted(root.glob(f"saved_models/*/*/{CONFIG}")))


def find(model: str | Path) -> Path:
    """The folder of a bundle given by its path, or by a name such as "sentiment" (see rnnapps.load)."""
    path = Path(model)
    if (path / SUMS).exists():
        return path
    name = str(model)
    matches = [found for found in shipped() if name in (found.parent.name, _name(found))]
    if matches:
        return max(matches, key=_created)
    if path.is_dir():
        raise UserError(f"{path}: not a bundle (it has no {SUMS})")
    names = ", ".join(sorted({_name(found) for found in shipped()})) or "none"
    raise UserError(f"{model}: no such bundle: give the path of one, or a name (here are: {names})")


def _name(path: Path) -> str:
    return "/".join(path.parts[-2:])


def _created(path: Path) -> str:
    try:
        return read_json(path / CONFIG)["created"]
    except (ValueError, KeyError):
        return ""  # damaged: `check` will tell


def check(path: Path, application: str | None = None) -> dict[str, Any]:
    """Verify a bundle and return its `config.json`.

    Raises:
        UserError: it is no bundle, a file is missing or altered, it was written by a later version,
            or it belongs to another application than the one given.
    """
    if not (path / SUMS).is_file():
        raise UserError(f"{path}: not a bundle (it has no {SUMS})")
    for name, expected in _sums(path).items():
        try:
            digest = _digest(path / name)
        except FileNotFoundError:
            raise UserError(f"{path}: damaged bundle: {name} is missing") from None
        if digest != expected:
            raise UserError(
                f"{path}: damaged bundle: {name} is not the file that was written (its SHA-256 "
                f"differs): copy or train it again"
            )
    config = read_json(path / CONFIG)
    if config["bundle_version"] > VERSION:
        raise UserError(
            f"{path}: written by rnnapps {config['rnnapps']} in bundle version "
            f"{config['bundle_version']}; this is rnnapps {__version__}, which reads up to version "
            f"{VERSION}: pip install --upgrade rnnapps"
        )
    if config["application"] not in APPLICATIONS or application not in (None, config["application"]):
        raise UserError(
            f"{path}: a bundle of the application '{config['application']}', expected "
            f"{application or ' or '.join(APPLICATIONS)}"
        )
    return config


def _sums(path: Path) -> dict[str, str]:
    try:
        lines = (path / SUMS).read_text(encoding="ascii").splitlines()
        sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    except ValueError:  # UnicodeDecodeError is one
        raise UserError(f"{path}: damaged bundle: {SUMS} is not a list of checksums") from None
    present = {file.name for file in path.iterdir()} - {SUMS}
    if extra := sorted(present - set(sums)):
        raise UserError(f"{path}: damaged bundle: {extra[0]} is not listed in {SUMS}")
    if CONFIG not in sums or not {MODEL, *STEPS} & set(sums):
        raise UserError(f"{path}: damaged bundle: {SUMS} lists no {MODEL} or no {CONFIG}")
    return sums


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def read_json(file: Path) -> Any:
    """Read a JSON file of a bundle."""
    return json.loads(file.read_text(encoding="utf-8"))


def config_of(default: Any, settings: dict[str, Any]) -> Any:
    """The config that a bundle was trained with, from its `config.json`.

    Args:
        default: a config of the same class, of nested dataclasses.
        settings: what `check` returned.
    """
    parts = {}
    for field in fields(default):
        value = settings["config"][field.name]
        kind = type(getattr(default, field.name))
        parts[field.name] = kind(**value) if isinstance(value, dict) else value
    return type(default)(**parts)


def save_model(model, folder: Path) -> None:
    """Write a network into a bundle, without what only its training needs."""
    import keras

    # A model of the same layers that was never compiled: Keras writes the optimizer of one that was.
    keras.Model(model.inputs, model.outputs, name=model.name).save(folder / MODEL)


def load_model(path: Path, file: str = MODEL):
    """Load the network of a checked bundle, or another file of a folder, as `keras.Model`."""
    backend.load_quietly()
    import keras

    import rnnapps.layers  # noqa: F401  registers the layers that the file names

    try:
        return keras.saving.load_model(path / file, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise UserError(f"{path / file}: Keras {keras.__version__} cannot read it: {error}") from None


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse, before any work, an output that stands already or cannot be written.

    Raises:
        UserError: the path exists and `overwrite` is false, or is something else than a bundle.
    """
    if path.exists():
        if not (path / SUMS).exists():
            raise UserError(f"{path}: exists and is no bundle: give another --output")
        if not overwrite:
            raise UserError(f"{path}: exists: give another --output, or replace it with --overwrite")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path.parent}: cannot write there: {error.strerror}") from None
    check_folder(path.parent)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill; it becomes the bundle `path` at the end, or nothing does.

    A bundle that stands at `path` is replaced. Whatever interrupts the writing, what stands at
    `path` is a whole bundle; only a kill between two renames leaves the old one at `.NAME.old`.
    """
    for left_by_a_kill in path.parent.glob(f".{path.name}.*.tmp"):
        shutil.rmtree(left_by_a_kill, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
    try:
        yield temporary
        files = sorted(temporary.iterdir())
        lines = [f"{_digest(file)}  {file.name}\n" for file in files]
        (temporary / SUMS).write_text("".join(lines), encoding="ascii")
        for file in (*files, temporary / SUMS):
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
        temporary.chmod(0o755)  # mkdtemp's folders are private
        _move_into_place(temporary, path)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError) and error.filename is None:
            raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error
        raise


def _move_into_place(temporary: Path, path: Path) -> None:
    old = path.with_name(f".{path.name}.old")
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
        path.rename(old)
    try:
        temporary.rename(path)
    except BaseException:
        if old.exists():
            old.rename(path)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)  # else a power cut may undo the renames
    os.close(folder)
    shutil.rmtree(old, ignore_errors=True)


def identity(application: str) -> dict[str, Any]:
    """The entries of `config.json` that say what the bundle is."""
    from datetime import UTC, datetime

    return {
        "application": application,
        "bundle_version": VERSION,
        "rnnapps": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
