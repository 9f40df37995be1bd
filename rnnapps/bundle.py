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
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from rnnapps import __version__, backend
from rnnapps.applications import APPLICATIONS
from rnnapps.bundle_files import CONFIG, MODEL, STEPS, SUMS, check_files, seal
from rnnapps.bundle_versions import VERSION, upgrade_config, upgrade_metrics
from rnnapps.config import with_values
from rnnapps.errors import UsageError, UserError, brief
from rnnapps.json_files import read_json
from rnnapps.output_lock import OutputLock
from rnnapps.outputs import write_json

Config = TypeVar("Config")

METRICS, CARD = "metrics.json", "card.md"


def shipped() -> Iterator[Path]:
    """The bundles in `saved_models/` of the current folder, of the project's clone, or of the wheel."""
    package = Path(__file__).resolve().parent
    for root in dict.fromkeys((Path.cwd(), package.parent, package)):
        yield from (config.parent for config in sorted(root.glob(f"saved_models/*/*/{CONFIG}")))


def find(model: str | Path) -> Path:
    """The folder of a bundle given by its path, or by a name such as "sentiment" (see rnnapps.load)."""
    path = Path(model)
    if os.path.lexists(path / SUMS):
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
        return str(read_json(path / CONFIG)["created"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # damaged: `check` will tell


def check(path: Path, *applications: str) -> dict[str, Any]:
    """Verify a bundle, whoever made it, and return its `config.json`.

    Time and memory are bounded, and nothing outside of the bundle is read.

    Raises:
        UserError: it is no bundle, a file is missing, altered, too large or no plain file, its
            `config.json` is not what bundles have, it was written by a later version, or it belongs to
            another application than those given.
    """
    if not os.path.lexists(path / SUMS):
        raise UserError(f"{path}: not a bundle (it has no {SUMS})")
    with damage(path):
        check_files(path)
        settings = read_json(path / CONFIG)
        _check_settings(settings)
    if settings["bundle_version"] > VERSION:
        raise UserError(
            f"{path}: written by rnnapps {brief(settings.get('rnnapps'), 20)} in bundle version "
            f"{brief(settings['bundle_version'], 20)}; this is rnnapps {__version__}, which reads up to "
            f"version {VERSION}: pip install --upgrade rnnapps"
        )
    expected = applications or tuple(APPLICATIONS)
    if settings["application"] not in expected:
        raise UserError(
            f"{path}: a bundle of the application '{brief(settings['application'], 40)}', expected "
            f"{' or '.join(expected)}"
        )
    return settings


@contextlib.contextmanager
def opening(path: Path, application: str) -> Iterator[dict[str, Any]]:
    """Verify a bundle and yield its `config.json`: within it, whatever goes wrong is told in one line.

    Raises:
        UserError: as `check`, or the bundle's files do not make a predictor.
    """
    settings = check(path, application)
    with damage(path):
        yield settings


@contextlib.contextmanager
def damage(path: Path) -> Iterator[None]:
    """Within it, an error of any kind says in one short line that the bundle `path` is damaged."""
    try:
        yield
    except (UserError, KeyboardInterrupt, SystemExit):
        raise
    except PermissionError as error:
        raise UserError(f"{error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path}: damaged bundle: {brief(error)}") from error
    except BaseException as error:  # a library in Rust raises what is no Exception
        raise UserError(f"{path}: damaged bundle: {type(error).__name__}: {brief(error)}") from error


@contextlib.contextmanager
def applying(path: Path) -> Iterator[None]:
    """Within it, an error that no input explains says in a short line that `path` cannot be applied."""
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        raise UserError(
            f"{path}: cannot be applied: {type(error).__name__}: {brief(error)} (--debug shows where)"
        ) from error


def check_size(what: str, found: int, of_network: Any) -> None:
    """Refuse files of a bundle that do not belong together, such as labels of another network.

    Raises:
        ValueError: the numbers differ.
    """
    if found != of_network:
        raise ValueError(f"{found:,} {what}, and a network for {brief(of_network, 40)}")


def _check_settings(settings: Any) -> None:
    def valid(name: str, kind: type) -> bool:
        return type(settings.get(name)) is kind  # a bool is an int

    if not isinstance(settings, dict):
        raise ValueError(f"{CONFIG} has no settings")
    needed = {"application": str, "bundle_version": int, "config": dict}
    for name, kind in needed.items():
        if not valid(name, kind):
            raise ValueError(f"{CONFIG} has no valid '{name}'")
    if settings["bundle_version"] < 1:
        raise ValueError(f"{CONFIG} has no valid 'bundle_version'")
    if "labels" in settings:
        labels = settings["labels"]
        if not valid("labels", list) or not all(isinstance(one, str) and one for one in labels):
            raise ValueError(f"{CONFIG} has no valid 'labels'")
        if len(set(labels)) < max(2, len(labels)):
            raise ValueError(f"{CONFIG} has fewer than two labels, or one twice")
    if "exported" in settings:
        exported = settings["exported"]
        if not valid("exported", dict) or exported.get("file") not in STEPS:
            raise ValueError(f"{CONFIG} has no valid 'exported'")


def read_config(path: Path, kind: type[Config]) -> Config:
    """The configuration that a checked bundle was trained with, whatever version wrote it.

    Args:
        path: of the bundle.
        kind: the class of the application's config.

    Raises:
        UserError: it names a field that this rnnapps does not know, or has a value that is not allowed.
    """
    with damage(path):
        try:
            return with_values(kind(), upgrade_config(read_json(path / CONFIG)))
        except UserError as error:
            raise UserError(
                f"{path}: {CONFIG}: {brief(error)}: train it again, or upgrade rnnapps"
            ) from None


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

    Raises:
        UserError: it has another.
    """
    with damage(path):
        metrics = read_json(path / METRICS)
        if not isinstance(metrics, dict):
            raise ValueError(f"{METRICS} has no scores")
        metrics = upgrade_metrics(metrics, read_json(path / CONFIG))
        parts = {
            name: metrics.get(name)
            for name in ("scores", "baselines", "data", "training", "environment")
        }
        parts |= {f"baselines: {name}": scores for name, scores in metrics["baselines"].items()}
        for name, part in parts.items():
            if not isinstance(part, dict):
                raise ValueError(f"{METRICS} has no valid '{brief(name, 60)}'")
        if not isinstance(metrics.get("signature"), str):
            raise ValueError(f"{METRICS} has no valid 'signature'")
        return metrics


def save_model(model, folder: Path) -> None:
    """Write a network into a bundle, without what only its training needs.

    Weights that were rounded to float16 (`--stored-weights`) take half the space.
    """
    import keras

    from rnnapps.half_weights import store_in_half

    # A model of the same layers that was never compiled: Keras writes the optimizer of one that was.
    keras.Model(model.inputs, model.outputs, name=model.name).save(folder / MODEL)
    store_in_half(folder / MODEL)


def load_model(path: Path, file: str = MODEL):
    """Load the network of a checked bundle, or another file of a folder, as `keras.Model`.

    Raises:
        UserError: it is damaged, or no network that can be read within its size (`network_file`).
    """
    backend.load_quietly()
    import keras

    import rnnapps.layers  # noqa: F401  registers the layers that the file names
    from rnnapps.network_file import read_network

    try:
        return read_network(path / file)
    except (UserError, MemoryError):
        raise
    except Exception as error:
        raise UserError(
            f"{path / file}: Keras {keras.__version__} cannot read it: {brief(error)}"
        ) from error


def check_place(path: Path) -> None:
    """Refuse an output that has no name, or whose folder cannot be made or written to.

    Raises:
        UsageError: the path is empty, `.`, `..` or `/`, as where a variable of the shell was not set.
        UserError: nothing can be written there.
    """
    if path.name in ("", "..") or "\0" in str(path):
        nothing = " or nothing" if path == Path() else ""
        raise UsageError(f"--output must name a new folder, got {str(path)!r}{nothing}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(**_hidden(path)):
            pass
    except OSError as error:
        raise UserError(f"{path.parent}: cannot write there: {error.strerror}") from None


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse, before any work, an output that stands already or cannot be written.

    Raises:
        UserError: the path exists and `overwrite` is false, or is something else than a bundle; or as
            `check_place`.
    """
    check_place(path)
    if os.path.lexists(path):
        if not (path / SUMS).exists():
            raise UserError(f"{path}: exists and is no bundle: give another --output")
        if not overwrite:
            raise UserError(f"{path}: exists: give another --output, or replace it with --overwrite")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill; it becomes the bundle `path` at the end, or nothing does.

    A bundle that stands at `path` is replaced. Whatever interrupts the writing, what stands at
    `path` is a whole bundle; only a kill between two renames leaves the old one at `.NAME.old`.

    Raises:
        UserError: another process or thread writes there, or it cannot be written.
    """
    with OutputLock(path):
        for left_by_a_kill in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
            shutil.rmtree(left_by_a_kill, ignore_errors=True)
        temporary = Path(tempfile.mkdtemp(**_hidden(path)))
        try:
            yield temporary
            seal(temporary)
            temporary.chmod(0o755)  # mkdtemp's folders are private
            _move_into_place(temporary, path)
        except BaseException as error:
            shutil.rmtree(temporary, ignore_errors=True)
            if isinstance(error, OSError) and str(temporary) in str(error.filename or temporary):
                raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error
            raise


def _hidden(path: Path) -> dict[str, Any]:
    """The name and place of a temporary folder beside an output."""
    return {"prefix": f".{path.name}.", "suffix": ".tmp", "dir": path.parent}


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
    with contextlib.suppress(OSError):  # where a folder can be synced; Windows opens none
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # else a power cut may undo the renames
        finally:
            os.close(folder)
    shutil.rmtree(old, ignore_errors=True)
