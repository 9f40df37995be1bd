"""The training loop: Keras's `train_on_batch`, early stopping, and exact resume.

Keras's own `fit` cannot start in the middle of an epoch, its BackupAndRestore overwrites the weights
in place, and no state of a dropout's seed is saved. Here one atomic file every N steps holds
all that a step depends on, so that a training killed at any moment ends in the same weights as one
that ran through (same machine, backend, threads and versions).
"""

import contextlib
import logging
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rnnapps.data.batches import Batches
from rnnapps.errors import Interrupted, UserError
from rnnapps.training import checkpoint
from rnnapps.training.config import TrainingConfig
from rnnapps.training.event_file import EventFile
from rnnapps.training.folder import CHECKPOINT, LOGS, clear_folder

log = logging.getLogger("rnnapps.training")


def fit(
    model: keras.Model,
    batches: Batches,
    validation: Batches,
    config: TrainingConfig,
    folder: Path,
    identity: dict,
) -> list[dict[str, float]]:
    """Train a compiled model and leave the best weights in it.

    Args:
        model: compiled.
        batches: the training rows.
        validation: the rows whose loss chooses the best epoch.
        config: epochs, patience, checkpoints; `resume` continues from the checkpoint in `folder`.
        folder: of the checkpoint and the TensorBoard logs; it exists.
        identity: what a checkpoint must share with this training to be continued (config, data).

    Returns:
        A dict for each epoch: loss, metrics, `val_` loss and metrics, seconds.

    Raises:
        UserError: nothing to resume, another training's checkpoint, or interrupted (`Interrupted`).
    """
    file = folder / CHECKPOINT
    first_steps: dict[tuple, float] = {}  # seconds that the first of each shape took
    _compile_step(model, batches, first_steps)
    state = State()
    if not config.resume:
        clear_folder(folder)
    elif file.exists():
        state = _restore(model, file, identity)
    with (
        _interruption() as interrupted,
        _progress(len(batches), config.quiet) as progress,
        EventFile(folder / LOGS) as board,
    ):
        while state.epoch < config.epochs and state.waited < config.patience:
            task = progress.start(state.epoch, config.epochs, state.step)
            began = time.monotonic() - state.seconds
            for batch in batches.epoch(state.epoch, start=state.step):
                logs = _train_step(model, batch, first_steps)
                _check_finite(logs["loss"], state)
                state.add(logs, _size(batch))
                state.seconds = time.monotonic() - began
                progress.advance(task, state.means())
                if interrupted.is_set() or state.step % config.checkpoint_every == 0:
                    _save(model, file, state, identity)
                _stop_if(interrupted, state)
            with _averaged(model):
                logs = state.means() | {
                    f"val_{name}": value for name, value in _test(model, validation).items()
                }
                _check_finite(logs["val_loss"], state)
                state.end_epoch(logs, model.get_weights(), config.average_checkpoints)
            state.seconds = 0.0
            progress.finish(task, state.epoch, config.epochs, state.history[-1])
            board.add(logs, state.epoch)
            _save(model, file, state, identity)
            _stop_if(interrupted, state)
    shapes, seconds = len(first_steps), sum(first_steps.values())
    log.info(
        "%d shapes of batches: %.1f seconds for their first steps, compilation included", shapes, seconds
    )
    _choose_weights(model, validation, state)
    return state.history


class State:
    """Where a training stands, apart from the variables of its model and optimizer."""

    def __init__(self):
        self.epoch = 0
        self.step = 0  # of this epoch
        self.seen = 0.0  # in this epoch: rows, or tokens if they have weights
        self.sums: dict[str, float] = {}  # of loss and metrics over what was seen
        self.seconds = 0.0  # spent on this epoch
        self.waited = 0  # epochs since the best
        self.losses: list[float] = []  # the lowest validation losses, in order
        self.weights: list[list[np.ndarray]] = []  # of these epochs
        self.history: list[dict[str, float]] = []

    def add(self, logs: dict[str, float], size: float) -> None:
        """Count a step, whose means are over so many rows or tokens."""
        self.step += 1
        self.seen += size
        for name, value in logs.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value) * size

    def means(self) -> dict[str, float]:
        """Loss and metrics over the rows or tokens of this epoch."""
        return {name: value / self.seen for name, value in self.sums.items()}

    def end_epoch(self, logs: dict[str, float], weights: list[np.ndarray], keep: int) -> None:
        """Go on to the next epoch; the weights are kept if they are among the so many best so far."""
        self.history.append({"epoch": self.epoch + 1, **logs, "seconds": round(self.seconds, 1)})
        self.epoch, self.step, self.seen, self.sums = self.epoch + 1, 0, 0.0, {}
        place = sum(loss <= logs["val_loss"] for loss in self.losses)
        self.waited = 0 if place == 0 else self.waited + 1
        self.losses.insert(place, logs["val_loss"])
        self.weights.insert(place, weights)
        del self.losses[keep:], self.weights[keep:]


def _choose_weights(model: keras.Model, validation: Batches, state: State) -> None:
    """Give the model the weights of the best epoch, or the average of the best ones if it is better."""
    model.set_weights(state.weights[0])
    if len(state.weights) == 1:
        return
    averages = [
        np.mean(arrays, axis=0, dtype=arrays[0].dtype) for arrays in zip(*state.weights, strict=True)
    ]
    model.set_weights(averages)
    loss = _test(model, validation)["loss"]
    log.info(
        "validation loss of the average of %d epochs %.4g, of the best of them %.4g: the lower is kept",
        *(len(state.weights), loss, state.losses[0]),
    )
    if not loss < state.losses[0]:
        model.set_weights(state.weights[0])


def _check_finite(loss: float, state: State) -> None:
    if not np.isfinite(loss):
        raise UserError(
            f"the loss is {loss} in epoch {state.epoch + 1} after step {state.step}: lower "
            f"--learning-rate, or use --precision float32"
        )


def _stop_if(interrupted: threading.Event, state: State) -> None:
    if interrupted.is_set():
        raise Interrupted(
            f"interrupted in epoch {state.epoch + 1} after step {state.step}: continue with the same "
            f"command and --resume"
        )


def _size(batch: tuple) -> float:
    """What the means of a batch are over: its tokens, if they have weights, else its rows."""
    _, targets, *weights = batch
    return float(weights[0].sum()) if weights and weights[0].ndim > 1 else len(targets)


def _train_step(model: keras.Model, batch: tuple, first_steps: dict[tuple, float]) -> dict[str, float]:
    """A step; the time that it took is kept if its batch is the first of its shape."""
    began = time.monotonic()
    logs = model.train_on_batch(*batch, return_dict=True)
    shapes = tuple(array.shape for array in keras.tree.flatten(batch[0]))
    first_steps.setdefault(shapes, time.monotonic() - began)
    return logs


def _compile_step(model: keras.Model, batches: Batches, first_steps: dict[tuple, float]) -> None:
    """Trace the training step on two lengths, and leave every variable as it was.

    TensorFlow fixes the lengths at the first trace and frees them at the second. Doing both here, in
    the same order in every run, makes a resumed training execute the very same program.
    """
    variables = model.variables
    before = [variable.numpy() for variable in variables]
    model.optimizer.build(model.trainable_variables)
    variables = variables + model.optimizer.variables
    before += [variable.numpy() for variable in model.optimizer.variables]
    for batch in batches.extremes():
        _train_step(model, batch, first_steps)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)


def _test(model: keras.Model, batches: Batches) -> dict[str, float]:
    """Loss and metrics over all rows."""
    sums = State()
    for batch in batches.in_order_of_length():
        sums.add(model.test_on_batch(*batch, return_dict=True), _size(batch))
    return sums.means()


@contextlib.contextmanager
def _averaged(model: keras.Model) -> Iterator[None]:
    """Within it the model has the moving average of its weights, if its optimizer keeps one."""
    weights = [variable.numpy() for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy())  # a copy: on JAX both would share memory that a step gives up
    yield
    for variable, value in zip(model.trainable_variables, weights, strict=True):
        variable.assign(value)


def _save(model: keras.Model, file: Path, state: State, identity: dict) -> None:
    facts = {name: value for name, value in vars(state).items() if name != "weights"}
    parts = {
        "model": [variable.numpy() for variable in model.variables],
        "optimizer": [variable.numpy() for variable in model.optimizer.variables],
    }
    parts |= {f"best {place}": weights for place, weights in enumerate(state.weights)}
    arrays = {f"{name}/{i}": array for name, part in parts.items() for i, array in enumerate(part)}
    checkpoint.write(file, arrays, facts | {"identity": identity})


def _restore(model: keras.Model, file: Path, identity: dict) -> State:
    arrays, facts = checkpoint.read(file)
    theirs = facts.pop("identity")
    if theirs != identity:
        name = next(key for key in identity | theirs if identity.get(key) != theirs.get(key))
        raise UserError(
            f"{file}: written by a training with another {name} ({theirs.get(name)}, now "
            f"{identity.get(name)}): give the same flags and data, or start again with --overwrite"
        )
    try:
        for kind, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
            for number, variable in enumerate(variables):
                variable.assign(arrays[f"{kind}/{number}"])
    except (KeyError, ValueError) as error:
        raise UserError(
            f"{file}: does not fit this network ({error}): start again with --overwrite"
        ) from None
    state = State()
    vars(state).update(facts)
    state.weights = [
        [arrays[f"best {place}/{number}"] for number in range(len(model.weights))]
        for place in range(len(state.losses))
    ]
    return state


@contextlib.contextmanager
def _interruption() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, so that a step is never cut in two; again ends at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event  # only the main thread may handle signals
        return

    def handle(number, frame):
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _progress(steps: int, quiet: bool) -> Iterator["_Bar"]:
    console = Console(stderr=True, quiet=quiet)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[logs]}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
        refresh_per_second=4,
    )
    with bar:
        yield _Bar(bar, steps)


class _Bar:
    """A bar for the epoch under way, and a line for each that is done."""

    def __init__(self, progress: Progress, steps: int):
        self._progress = progress
        self._steps = steps

    def start(self, epoch: int, epochs: int, step: int):
        return self._progress.add_task(
            f"epoch {epoch + 1}/{epochs}", total=self._steps, completed=step, logs=""
        )

    def advance(self, task, logs: dict[str, float]) -> None:
        self._progress.update(task, advance=1, logs=_line(logs))

    def finish(self, task, epoch: int, epochs: int, logs: dict[str, float]) -> None:
        self._progress.remove_task(task)
        self._progress.console.print(
            f"epoch {epoch}/{epochs}  {_line(logs)}", highlight=False, soft_wrap=True
        )


def _line(logs: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in logs.items() if name != "epoch")
