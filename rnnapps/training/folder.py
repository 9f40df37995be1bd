"""The working folder of a training: OUTPUT.training, beside the bundle it will write."""

import logging
import shutil
from pathlib import Path

from rnnapps import bundle
from rnnapps.errors import UserError
from rnnapps.training.config import TrainingConfig

CHECKPOINT = "checkpoint.npz"

log = logging.getLogger(__name__)


def open_folder(config: TrainingConfig) -> Path:
    """Make or reopen the working folder, before any other work.

    Raises:
        UserError: the output stands already or cannot be written, there is nothing to resume, or
            there is something to resume that this training would destroy.
    """
    output = Path(config.output)
    bundle.check_output(output, config.overwrite)
    folder = output.with_name(f"{output.name}.training")
    if config.resume:
        if not folder.is_dir():
            raise UserError(f"{folder}: nothing to resume: start without --resume")
        if not (folder / CHECKPOINT).exists():
            log.info("%s: interrupted before its first checkpoint: starting from the beginning", folder)
    elif (folder / CHECKPOINT).exists() and not config.overwrite:
        raise UserError(
            f"{folder}: an unfinished training: continue it with --resume, or drop it with --overwrite"
        )
    else:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def close_folder(folder: Path) -> None:
    """Remove the checkpoint of a training that is done; the TensorBoard logs stay."""
    (folder / CHECKPOINT).unlink(missing_ok=True)
