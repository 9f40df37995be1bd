"""A trained bundle as the state of an estimator."""

import contextlib
import random
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state

import rnnapps
from rnnapps import bundle
from rnnapps.applications import class_of
from rnnapps.bundle_files import SUMS
from rnnapps.config import with_values
from rnnapps.errors import Interrupted, UserError, require


class FittedBundle:
    """The files of a bundle in memory. It can be pickled, and loads its predictor when first asked for.

    Args:
        files: their content by name, without the checksums, which are written anew.
    """

    def __init__(self, files: dict[str, bytes]):
        self._files = files

    @classmethod
    def trained(cls, application: str, values: Mapping[str, Mapping[str, Any]], examples: Any) -> Self:
        """Train an application in a temporary folder.

        The random numbers of Python and NumPy go on as if there had been no training.

        Args:
            application: its name.
            values: of the flags that are not at their default, by the part of the config.
            examples: in memory, as `train` of the application takes them.

        Raises:
            ValueError: what rnnapps says of a wrong value, or of the examples.
            KeyboardInterrupt: the training was interrupted.
        """
        train = import_module(f"rnnapps.{application}.train").train
        plain = {part: _plain(some) for part, some in values.items()}
        with value_errors(), _random_numbers_kept(), tempfile.TemporaryDirectory() as folder:
            config = with_values(class_of(application, "Config")(), plain)
            training = replace(config.training, output=str(Path(folder) / application))
            path = train(replace(config, training=training), examples)
            return cls({file.name: file.read_bytes() for file in path.iterdir() if file.name != SUMS})

    @cached_property
    def predictor(self) -> Any:
        """That of the application."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bundle"
            self.save(path)
            return rnnapps.load(path)

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the bundle.

        Args:
            path: of its folder.
            overwrite: replace a bundle that stands there.

        Raises:
            ValueError: something else stands there, or it cannot be written.
        """
        path = Path(path)
        with value_errors():
            bundle.check_output(path, overwrite)
            with bundle.writing(path) as folder:
                for name, content in self._files.items():
                    (folder / name).write_bytes(content)

    def __getstate__(self) -> dict[str, Any]:
        return {"_files": self._files}


@contextlib.contextmanager
def value_errors() -> Iterator[None]:
    """Within it an error that the user can mend is a ValueError, as scikit-learn has them."""
    try:
        yield
    except Interrupted as error:  # else a grid search would go on with its next training
        raise KeyboardInterrupt(str(error)) from error
    except UserError as error:
        raise ValueError(str(error)) from error


def check_share(estimator: Any) -> None:
    """Refuse a `validation_share` that leaves nothing, with a ValueError."""
    with value_errors():
        allowed = "above 0 and below 1"
        require(estimator, "validation_share", 0 < estimator.validation_share < 1, allowed)


def seed_of(random_state: Any) -> int:
    """The `--seed` that a `random_state` of scikit-learn means: an integer is one."""
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """NumPy's numbers, such as the points of a grid search, as those of Python."""
    return {
        name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()
    }


@contextlib.contextmanager
def _random_numbers_kept() -> Iterator[None]:
    """After it the generators that `train` seeds are where they were."""
    states = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
