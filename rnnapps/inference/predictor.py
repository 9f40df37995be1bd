"""What every application's predictor is."""

from pathlib import Path
from typing import Any, ClassVar, Protocol, Self


class Predictor(Protocol):
    """A trained network with all that it needs to be called with raw input.

    Called with one input it returns a result, with a list of them a list of results; a result is a
    dataclass with a method `to_dict`, for JSON.
    """

    application: ClassVar[str]
    model: Any
    """the trained network"""
    config: Any
    """the configuration that it was trained with"""

    def __call__(self, inputs: Any, /, *args: Any, **options: Any) -> Any: ...

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        ...

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle.

        Raises:
            UserError: it is no bundle of this application, or damaged, or too new.
        """
        ...
