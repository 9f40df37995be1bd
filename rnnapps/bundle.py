"""The saved-model bundle: a folder that serves without any training code.

It holds:

    model.keras      the network, in Keras's own format (loaded in safe mode: no pickle, no lambda)
    config.json      application, bundle version, the configuration it was trained with, labels
    metrics.json     its scores and those of its baselines, origin of the data, seed, versions, hardware
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
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from rnnapps import __version__, backend
from rnnapps.applications import APPLICATIONS
from rnnapps.bundle_versions import VERSION, upgrade_config, upgrade_metrics
from rnnapps.config import with_values
from rnnapps.errors import UserError
from rnnapps.outputs import check_folder, write_json

Config = TypeVar("Config")

STEPS = ("step.tflite", "step.onnx")  # of what was exported
MODEL, CONFIG, METRICS, CARD, SUMS = (
    "model.keras",
    "config.json",
    "metrics.json",
    "card.md",
    "SHA256SUMS",
)


def shipped() -> Iterator[Path]:
    """The bundles in `saved_models/` of the current folder, of the project's clone, or of the wheel."""
    package = Path(__file__).resolve().parent
    for root in dict.fromkeys((Path.cwd(), package.parent, package)):
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
    settings = _settings(path)
    if settings["bundle_version"] > VERSION:
        raise UserError(
            f"{path}: written by rnnapps {settings.get('rnnapps')} in bundle version "
            f"{settings['bundle_version']}; this is rnnapps {__version__}, which reads up to version "
            f"{VERSION}: pip install --upgrade rnnapps"
        )
    if settings["application"] not in APPLICATIONS or application not in (None, settings["application"]):
        raise UserError(
            f"{path}: a bundle of the application '{settings['application']}', expected "
            f"{application or ' or '.join(APPLICATIONS)}"
        )
    return settings


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = read_json(path / CONFIG)
    except ValueError:
        raise UserError(f"{path}: damaged bundle: {CONFIG} is not JSON") from None
    kinds = {"application": str, "bundle_version": int, "config": dict}
    for name, kind in kinds.items():
        if not isinstance(settings, dict) or not isinstance(settings.get(name), kind):
            raise UserError(f"{path}: damaged bundle: {CONFIG} has no valid '{name}'")
    return settings


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


def read_config(path: Path, kind: type[Config]) -> Config:
    """The configuration that a checked bundle was trained with, whatever version wrote it.

    Args:
        path: of the bundle.
        kind: the class of the application's config.

    Raises:
        UserError: it names a field that this rnnapps does not know, or has a value that is not allowed.
    """
    try:
        return with_values(kind(), upgrade_config(_settings(path)))
    except UserError as error:
        raise UserError(f"{path}: {CONFIG}: {error}: train it again, or upgrade rnnapps") from None


def write_config(folder: Path, application: str, config: Any, **more: Any) -> None:
    """Write the `config.json` of a bundle; `more` is what else its predictor needs, such as labels."""
    from datetime import UTC, datetime

    about = {
        "application": application,
        "bundle_version": VERSION,
        "rnnapps": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(folder / CONFIG, about | more | {"config": asdict(config)})


def read_metrics(path: Path) -> dict[str, Any]:
    """The `metrics.json` of a checked bundle, in the schema of this version:

    `scores`, `baselines` (scores by name), `signature`, `data`, `training`, `environment`.
    """
    return upgrade_metrics(read_json(path / METRICS), _settings(path))


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
