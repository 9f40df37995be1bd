"""Read handwriting with a trained bundle.

From the shell and from Python:

    rnnapps predict handwriting line.png folder_of_lines --json texts.jsonl
    rnnapps predict handwriting page.xml --beam-width 16 --language-model letters.txt --pages read
    read = rnnapps.load("handwriting"); read("line.png").text; read([pixels, points])
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, overload

import numpy as np

from rnnapps import backend, bundle
from rnnapps.data.given_files import given_files, read_in_groups
from rnnapps.data.lines.sources import kind_of, normalised, read_content
from rnnapps.data.pictures.files import SUFFIXES
from rnnapps.data.pictures.line_pixels import read_line
from rnnapps.data.pictures.page_xml import is_page, lines_of, read_page, write_page
from rnnapps.data.strokes.ink_files import SUFFIXES as INK
from rnnapps.data.strokes.ink_files import is_ink, read_ink, sample_of
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.errors import UsageError, UserError
from rnnapps.handwriting.config import HandwritingConfig
from rnnapps.handwriting.data import featurise, places, width
from rnnapps.handwriting.prediction import Reading
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.inference.inputs import dimensions, several
from rnnapps.inference.predict_options import GROUP, FileOptions, Groups
from rnnapps.inference.transcriber import Transcriber
from rnnapps.inference.transcript import Transcript

PAGE = ".xml"
OF_PAGE = re.compile(rf"(.+?\{PAGE})#(.*)", re.IGNORECASE | re.DOTALL)  # ids may have a # too

Line: TypeAlias = "str | Path | np.ndarray"


class HandwritingPredictor:
    """A network with its alphabet; call it with a line or a list of lines."""

    application: ClassVar[str] = "handwriting"

    def __init__(self, model: Any, alphabet: Alphabet, kind: str, config: HandwritingConfig):
        self.model, self.alphabet, self.kind, self.config = model, alphabet, kind, config
        self.features = featurise(config.lines, kind)
        normalise = partial(normalised, form=config.source.normalisation)
        self._transcribe = Transcriber(model, alphabet, normalise)

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        bundle.save_model(self.model, folder)
        more = {"kind": self.kind} | self.alphabet.to_dict()
        bundle.write_config(folder, self.application, self.config, **more)

    @classmethod
    def load(cls, path: Path) -> Any:
        """Load a bundle, of a network that reads or of one that writes: see
        `rnnapps.inference.predictor.Predictor`.
        """
        with bundle.opening(path, cls.application) as settings:
            config = bundle.read_config(path, HandwritingConfig)
            if config.task == "write":
                backend.load_quietly()
                from rnnapps.handwriting.writing.predictor import HandwritingWriter

                return HandwritingWriter.load(path)
            kind = settings["kind"]
            if kind not in ("ink", "paper"):
                raise ValueError("it reads neither ink nor paper")
            alphabet = Alphabet(settings["characters"], config.lines.right_to_left)
            model = bundle.load_model(path)
            bundle.check_size("characters", alphabet.size, model.output_shape[-1])
            bundle.check_size("features", width(config.lines, kind), model.input_shape[-1])
            return cls(model, alphabet, kind, config)

    @overload
    def __call__(self, lines: Line, decoding: CTCConfig = ...) -> Reading: ...
    @overload
    def __call__(self, lines: "Sequence[Line]", decoding: CTCConfig = ...) -> list[Reading]: ...
    def __call__(self, lines, decoding=CTCConfig()):  # noqa: B008  it is frozen
        """Read a line, or each of several.

        Args:
            lines: files, pixels (uint8 `(height, width)` or `(height, width, 3)`), or points of a pen
                (`(points, 3)`: x, y, and 1 where it is lifted behind the point), of any size.
            decoding: beam width, language model and lexicon, and how many texts to give.

        Raises:
            UserError: a file cannot be read, an array has another shape or type, or it is ink and this
                network reads paper, or the other way round.
        """
        sides = dimensions(lines)
        coloured = sides == 3 and np.shape(lines)[2] == 3 and np.asarray(lines).dtype == np.uint8
        if isinstance(lines, (str, Path)) or sides in (0, 1, 2) or coloured:
            return self([lines], decoding)[0]
        lines = several(lines, "lines")
        names = [str(line) if isinstance(line, (str, Path)) else "" for line in lines]
        contents = [self.read(line, f"line {number}") for number, line in enumerate(lines, start=1)]
        found = self.read_lines(contents, decoding)
        return [
            Reading(name, some, content, places(self.config.lines, content))
            for name, some, content in zip(names, found, contents, strict=True)
        ]

    def read(self, line: Line, name: str = "line") -> np.ndarray:
        """The content of a line (see `WrittenLine`); `name` is what errors call an array."""
        if isinstance(line, (str, Path)):
            name = str(line)
        return self._of_kind(read_content(line, name), name)

    def read_file(self, file: Path) -> list[tuple[str, np.ndarray]]:
        """The lines of a file, each with its name: of a page those of it, of ink those of its file.

        Raises:
            UserError: the file cannot be read, has no lines, or not those that this network reads.
        """
        if file.suffix.lower() == PAGE:
            lines = [(f"{file}#{line.id}", pixels) for line, pixels in lines_of(read_page(file))]
        elif file.suffix.lower() in INK:
            lines = [(str(file.parent / name), points) for name, points in read_ink(file)]
        else:
            lines = [(str(file), read_line(file))]
        if not lines:
            raise UserError(f"{file}: no lines in it")
        return [(name, self._of_kind(content, name)) for name, content in lines]

    def read_lines(
        self, contents: Sequence[np.ndarray], decoding: CTCConfig
    ) -> list[tuple[Transcript, ...]]:
        """The texts of lines, of each the likeliest first."""
        return self._transcribe([self.features(content) for content in contents], decoding)

    def _of_kind(self, content: np.ndarray, where: str) -> np.ndarray:
        if kind_of(content) != self.kind:
            raise UserError(f"{where}: {kind_of(content)}, but this network reads {self.kind}")
        return content


@dataclass(frozen=True)
class PredictOptions(FileOptions):
    """Read lines: pictures of them, pages in ALTO or PAGE XML, files of ink, or folders of these. Or
    write a text, with a bundle of --task write.
    """

    model: str = "handwriting"
    """path or name of a bundle"""
    pages: str | None = None
    """folder for the pages that are given as ALTO or PAGE XML, with the texts filled in"""
    write: str | None = None
    """a text to write by hand; --plot FILE.svg draws it, and --json has its strokes"""
    bias: float = 0.75
    """of what is written, towards what is likely: 0 is lively, 1 neat"""
    seed: int = 1
    """of what is written: with another one, another hand writes"""
    hand: str | None = None
    """file with a line of ink and its text, in whose hand to write"""
    decoding: CTCConfig = CTCConfig()

    kind = "lines"
    suffixes = (*SUFFIXES, PAGE, *INK)

    def open(self) -> Callable[[HandwritingPredictor], Groups]:
        """What reads the lines for a predictor; a file that cannot be read is named, and its error comes
        last.

        Raises:
            UserError: no files are given, or a folder has none.
        """
        if self.write is not None:
            if self.files:
                raise UsageError("--write TEXT writes, and files are read: give one of them")
            if self.pages is not None:
                raise UsageError("--pages is for pages that are read, not for --write")
            return self._write
        if self.hand is not None:
            raise UsageError("--hand is for --write TEXT")
        if not self.files:
            raise UsageError("give pictures of lines, pages or files of ink, or folders of them")
        files = [file for name in self.files for file in self._given(name)]
        if self.plot is not None and (len(files) != 1 or files[0].suffix.lower() == PAGE):
            raise UsageError(
                "--plot draws one answer: give one picture of a line, or a file of one in ink"
            )
        if self.pages is not None:
            Path(self.pages).mkdir(parents=True, exist_ok=True)
            names = Counter(file.name for file in files if file.suffix.lower() == PAGE)
            if twice := [name for name, count in names.items() if count > 1]:
                raise UsageError(
                    f"--pages: several pages are called {twice[0]}: read one folder at a time"
                )
            if any(file.parent.samefile(self.pages) for file in files):
                raise UsageError(f"--pages {self.pages}: the folder of what is read: give another")

        def read(predictor: HandwritingPredictor) -> Groups:
            self._check_task(predictor, "read")
            for some in read_in_groups(files, predictor.read_file, GROUP):
                found: list[tuple[str | None, Any]] = [line for _, lines in some for line in lines]
                if self.plot is not None and len(found) > 1:
                    raise UsageError(f"--plot draws one answer, and {files[0]} has {len(found)} lines")
                yield found

        return read

    def _given(self, name: str) -> list[Path]:
        """A file; or those of a folder, as training reads it: of one with pages only these."""
        files = list(given_files([name], self.suffixes, self.kind))
        if not Path(name).is_dir():
            return files
        files = [
            file
            for file in files
            if (file.suffix.lower() != PAGE or is_page(file))
            and (file.suffix.lower() not in INK or is_ink(file))
        ]
        if not files:
            raise UserError(f"{name}: no {self.kind} in it ({', '.join(self.suffixes)})")
        return [file for file in files if file.suffix.lower() == PAGE] or files

    def _write(self, predictor: Any) -> Groups:
        self._check_task(predictor, "write")
        yield [(None, self.write)]

    def _check_task(self, predictor: Any, task: str) -> None:
        if predictor.config.task != task:
            other = f"this bundle is of --task {predictor.config.task}"
            raise UserError(f"{self.model}: {other}: give --model with one of --task {task}")

    def call_options(self) -> dict[str, Any]:
        if self.write is None:
            return {"decoding": self.decoding}
        sample = None if self.hand is None else sample_of(Path(self.hand))
        return {"bias": self.bias, "seed": self.seed, "sample": sample}

    @property
    def output(self) -> str | None:
        return self.pages

    def write_output(self, answers: Sequence[Reading]) -> None:
        """Write each page with the texts of its lines, under its name."""
        pages: dict[str, list[tuple[str, Reading]]] = {}
        for answer in answers:
            if found := OF_PAGE.fullmatch(answer.line):
                pages.setdefault(found[1], []).append((found[2], answer))
        for page, lines in pages.items():
            write_page(
                Path(page),
                {line: answer.text for line, answer in lines},
                Path(str(self.pages)) / Path(page).name,
                {line: answer.confidence for line, answer in lines},
            )
