"""The rows of a table of series, from a file or from memory."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnapps.data.columns import rows_in_memory
from rnnapps.data.row import Row
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.data.tables import read_table
from rnnapps.data.text_files import first_line, kind_of, read_text
from rnnapps.errors import UserError, brief

PARQUET = (".parquet", ".pq")


def series_rows(config: SeriesSourceConfig, embedded: Path, examples: Any = None) -> list[Row]:
    """The rows of a source, in its order.

    Args:
        config: what to read.
        embedded: folder of the embedded tables.
        examples: instead of a source, a pandas DataFrame, whose index may be the times, or columns by
            name.

    Raises:
        UserError: see `read_table` and `rows_in_memory`; also a damaged Parquet file, and examples that
            are divided into splits.
    """
    if examples is not None:
        splits = rows_in_memory(_with_index(examples))
        if set(splits) != {"train"}:
            raise UserError("examples: a table for each split: give one, series are divided by time")
        return splits["train"]
    if config.embedded is not None:
        return read_table(embedded / f"{config.embedded}.csv.xz")
    path = Path(config.data)
    return _parquet(path) if path.suffix.lower() in PARQUET else read_table(path, config)


def has_semicolons(config: SeriesSourceConfig, examples: Any = None) -> bool:
    """Whether semicolons divide the columns of a source, so that commas are free for numbers."""
    if examples is not None or config.embedded is not None:
        return False
    path = Path(config.data)
    if kind_of(path) not in (".csv", ".txt"):
        return False
    line = first_line(read_text(path, config))
    return line.startswith("sep=;") or (";" in line and "," not in line)


def _parquet(path: Path) -> list[Row]:
    import pandas as pd

    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        frame = pd.read_parquet(path)
    except (ImportError, OSError, ValueError) as error:  # pyarrow's are of these
        raise UserError(f"{path}: not a Parquet file that can be read: {brief(error)}") from None
    if not len(frame):
        raise UserError(f"{path}: the file has no rows")
    rows = rows_in_memory({"train": _with_index(frame)})["train"]
    return [replace(row, where=f"{path.name}[{number}]") for number, row in enumerate(rows)]


def _with_index(examples: Any) -> Any:
    """A DataFrame with the times, or the several levels, of its index as columns."""
    import pandas as pd

    if not isinstance(examples, (pd.DataFrame, pd.Series)):
        return examples
    frame = examples.to_frame(examples.name or "value") if isinstance(examples, pd.Series) else examples
    index = frame.index
    if isinstance(index, pd.PeriodIndex):
        frame = frame.set_axis(index.to_timestamp(), axis=0)
    elif not isinstance(index, (pd.DatetimeIndex, pd.MultiIndex)):
        return frame
    names = [name or "time" for name in frame.index.names]
    return frame if set(names) & set(frame.columns) else frame.reset_index(names=names)
