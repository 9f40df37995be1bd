"""The options that the commands `rnnapps predict` of all applications share."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from tyro.conf import Positional

from rnnapps.data.given_files import given_files, read_in_groups
from rnnapps.data.given_lines import given_lines
from rnnapps.errors import UsageError

GROUP = 64  # files that are read and answered together

Groups = Iterator[list[tuple[str | None, Any]]]
"""Inputs, a group at a time, each with its name, or None where the input is its own name."""


@dataclass(frozen=True)
class PredictionOptions:
    """What is given, and where the answers go. The fields of a subclass are options of the predictor."""

    model: str = ""
    """path or name of a bundle"""
    json: str | None = None
    """file for the answers, a JSON object a line; - is standard output, in place of the text"""
    plot: str | None = None
    """PNG or SVG file to draw the answer to a single input to"""

    @property
    def listed(self) -> bool:
        """Whether several texts of each input are asked for."""
        decoding = getattr(self, "decoding", None)
        return decoding is not None and decoding.n_best > 1

    @property
    def output(self) -> str | None:
        """The file or folder of what is made of all answers together, or None."""
        return None

    def write_output(self, answers: Sequence[Any]) -> None:
        """Write it."""
        raise NotImplementedError  # one that has an output can

    def call_options(self) -> dict[str, Any]:
        """The options that the predictor is called with."""
        shared = {field.name for kind in (TextOptions, FileOptions) for field in fields(kind)}
        return {
            field.name: getattr(self, field.name) for field in fields(self) if field.name not in shared
        }


@dataclass(frozen=True)
class TextOptions(PredictionOptions):
    """Texts as words of the command, or as the lines of a file."""

    texts: Positional[tuple[str, ...]] = ()
    """texts; a single - reads standard input and answers line by line"""
    file: str | None = None
    """file with a text a line; - is standard input"""

    @staticmethod
    def problem(text: str, /) -> str | None:
        """What is wrong with a text, or None."""
        raise NotImplementedError  # a subclass knows

    def open(self) -> Callable[[Any], Groups]:
        """What reads the inputs for a predictor; what is wrong with the first one is told here.

        Raises:
            UserError: see `given_lines`; also `plot` with several texts.
        """
        if self.plot is not None and (len(self.texts) != 1 or not self.texts[0].strip(" -")):
            raise UsageError('--plot draws one answer: give one text, as "..."')
        groups = given_lines(self.texts, self.file, self.problem)
        return lambda predictor: ([(None, text) for text in some] for some in groups)


@dataclass(frozen=True)
class FileOptions(PredictionOptions):
    """Files, or all files of a kind in folders."""

    files: Positional[tuple[str, ...]] = ()
    """files, or folders of them"""

    kind: ClassVar[str]
    """what the files are, in the plural"""
    suffixes: ClassVar[Sequence[str]]
    """of these files"""

    def open(self) -> Callable[[Any], Groups]:
        """What reads the inputs for a predictor; a file that cannot be read is named, and its error
        comes last.

        Raises:
            UserError: no files are given, a folder has none, or `plot` with several files.
        """
        if not self.files:
            raise UsageError(f"give {self.kind}, or folders of them")
        files = list(given_files(self.files, self.suffixes, self.kind))
        if self.plot is not None and len(files) != 1:
            raise UsageError(f"--plot draws one answer, and these are {len(files)} {self.kind}")
        return lambda predictor: (
            [(str(file), content) for file, content in some]
            for some in read_in_groups(files, predictor.read, GROUP)
        )
