"""From `--data` to written lines in train, validation and test splits."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.columns import rows_in_memory
from rnnapps.data.lines.embedded import embedded_lines
from rnnapps.data.lines.found_line import FoundLine, group_of
from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.lines.written_line import WrittenLine
from rnnapps.data.pictures.line_files import list_line_pictures
from rnnapps.data.pictures.line_pixels import read_line
from rnnapps.data.splits import Shares, divide
from rnnapps.data.strokes.ink_files import is_ink, list_ink
from rnnapps.data.strokes.points import to_points, to_strokes
from rnnapps.data.text.sources import text_problem
from rnnapps.errors import UsageError, UserError

SHARES = Shares(test=0.1, validation=0.1)


def read_lines(
    config: LineSourceConfig,
    embedded: Path,
    examples: Any = None,
    problem: Callable[[np.ndarray, str], str | None] = lambda content, text: None,
) -> dict[str, list[WrittenLine]]:
    """Read a source of written lines and divide it into "train", "validation" and "test".

    A source keeps the splits that it has; one that is missing is a tenth of the training lines, by the
    fixed hash of the writer or document, or of the line's content where the source names none. A line
    that stands in several splits stays in the last one only. All lines are held in memory.

    Texts are brought to a form of Unicode, and white space in them to single spaces.

    Args:
        config: what to read.
        embedded: the folder of all embedded data sets.
        examples: instead of a source, columns in memory: `line` (files, grey or RGB pixels, or points of
            a pen), `text`, and optionally `writer` or `document`.
        problem: what else is wrong with a line, called with its content and its text.

    Raises:
        UserError: see `list_ink`, `list_line_pictures` and `rows_in_memory`; also a line with an empty
            text or one that cannot be read (left out with `--skip-bad`), or ink among paper.
    """
    given: dict[str, list[WrittenLine]] = {}
    bad = BadRows(config.data, "lines", config.skip_bad)
    good = 0
    for found in _found(config, embedded, examples):
        some = given.setdefault(found.split, [])  # for a bad one too: no other may stand in for it
        try:
            line = _read(found, config.normalisation)
            if reason := problem(line.content, line.text):
                raise UserError(f"{found.where}: {reason}")
        except UsageError:  # of no line, but of all
            raise
        except UserError as error:
            bad.add(str(error))
            continue
        good += 1
        some.append(line)
    bad.report(good)
    lines = [line for some in given.values() for line in some]
    if len({kind_of(line.content) for line in lines}) > 1:
        other = next(one for one in lines if kind_of(one.content) != kind_of(lines[0].content))
        raise UserError(f"{other.where}: ink and paper in one source: train a reader for each")
    return divide(
        given,
        lambda line: [_key(line.content)],
        "lines",
        SHARES,
        lambda some: [line.group for line in some],
    )


def kind_of(content: np.ndarray) -> str:
    """ "paper" of pixels, "ink" of points."""
    return "paper" if content.dtype == np.uint8 else "ink"


def normalised(text: str, form: str) -> str:
    """A text in a form of Unicode (or "none"), with single spaces."""
    if form != "none":
        text = unicodedata.normalize(form, text)  # type: ignore[arg-type]
    return " ".join(text.split())


def read_content(line: Any, where: str) -> np.ndarray:
    """The content of a line that is given: a file of one, pixels, or points; see `WrittenLine`.

    Raises:
        UserError: it is none of these, or a file cannot be read.
    """
    if isinstance(line, (str, Path)):
        if not str(line).strip():
            raise UserError(f"{where}: no line")
        return read_line(Path(line), str(line))
    try:
        array = np.asarray(line)
    except ValueError:  # lists of unequal length
        array = np.zeros(0, object)
    if array.dtype.kind in "iuf" and array.ndim == 2 and array.shape[1] == 3 and array.dtype != np.uint8:
        return to_points(to_strokes(array.astype("float32")), where)
    return read_line(array, where)


def _found(config: LineSourceConfig, embedded: Path, examples: Any) -> Iterator[FoundLine]:
    path = Path(config.data)
    if examples is not None:
        return _memory(examples)
    if config.embedded is not None:
        return embedded_lines(embedded, config.embedded, config.fonts)
    return (list_ink if is_ink(path) else list_line_pictures)(path, config)


def _memory(examples: Any) -> Iterator[FoundLine]:
    for split, rows in rows_in_memory(examples).items():
        if missing := [name for name in ("line", "text") if name not in rows[0].fields]:
            raise UserError(f"{rows[0].where}: no column '{missing[0]}': expected line and text")
        for row in rows:
            read = partial(read_content, row.fields["line"], row.where)
            yield FoundLine(row.where, row.fields["text"], split, group_of(row.fields), read)


def _read(found: FoundLine, form: str) -> WrittenLine:
    content = found.read()  # before the text, which a damaged file has not
    if reason := text_problem(found.text):
        raise UserError(f"{found.where}: {reason}")
    text = normalised(found.text, form)
    return WrittenLine(content, text, found.group or _key(content), found.where)


def _key(content: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(content).data).hexdigest()
