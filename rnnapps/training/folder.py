"""The working folder of a training: OUTPUT.training, beside the bundle it will write."""

import logging
import shutil
from pathlib import Path

from rnnapps import bundle
from rnnapps.errors import UserError
from rnnapps.output_lock import OutputLock
from rnnapps.training.config import TrainingConfig

CHECKPOINT = "checkpoint.npz"
LOGS = "logs"

log = logging.getLogger(__name__)


def open_folder(config: TrainingConfig) -> tuple[Path, OutputLock]:
    """Make or reopen the working folder, before any other work; nothing in it is touched yet.

    Returns:
        The folder, and what keeps other trainings from this output until it is released.

    Raises:
        UserError: the output stands already or cannot be written, another training writes there, there
            is nothing to resume, or there is something to resume that this training would destroy.
    """
    output = Path(config.output)
    bundle.check_place(output)
    lock = OutputLock(output)
    try:
        return _open(config, output), lock
    except BaseException:
        lock.release()
        raise


def _open(config: TrainingConfig, output: Path) -> Path:
    folder = output.with_name(f"{output.name}.training")
    checkpoint = folder / CHECKPOINT
    if config.resume:
        if not folder.is_dir():
            raise UserError(f"{folder}: nothing to resume: start without --resume")
        if not checkpoint.exists() and not output.exists():
            log.info("%s: no checkpoint: starting from the beginning", folder)
    elif checkpoint.exists() and not config.overwrite:
        raise UserError(
            f"{folder}: an unfinished training: continue it with --resume, or drop it with --overwrite"
        )
    # A training that was killed after it wrote its bundle may be resumed, and writes it again.
    bundle.check_output(output, config.overwrite or (config.resume and checkpoint.exists()))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clear_folder(folder: Path) -> None:
    """Drop the checkpoint and the logs of a training before: called when the new one can start."""
    close_folder(folder)
    shutil.rmtree(folder / LOGS, ignore_errors=True)


def close_folder(folder: Path) -> None:
    """Remove the checkpoint of a training that is done; the TensorBoard logs stay."""
    (folder / CHECKPOINT).unlink(missing_ok=True)
