"""Written lines of any source."""

import json

import numpy as np
import pytest

from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.lines.sources import read_lines
from rnnapps.errors import UsageError, UserError

LINES = [{"text": "a", "strokes": [[[0, 0], [1, n]]]} for n in range(30)]


@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_wrong_flag_is_no_bad_line(tmp_path, skip_bad):
    (tmp_path / "ink.jsonl").write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    config = LineSourceConfig(data=str(tmp_path / "ink.jsonl"), skip_bad=skip_bad)

    def wrong(content, text):
        raise UsageError("--flag is for pictures")

    with pytest.raises(UsageError, match="^--flag is for pictures$"):
        read_lines(config, tmp_path, problem=wrong)
    with pytest.raises(UserError, match=r"ink.jsonl:1: too short|none of its 30 lines is good"):
        read_lines(config, tmp_path, problem=lambda content, text: "too short")


def test_the_document_counts_where_no_writer_is_known(tmp_path):
    columns = {"writer": [None] * 30, "document": [n // 3 for n in range(30)]}
    rows = [{**line, "document": n // 3} for n, line in enumerate(LINES)]
    (tmp_path / "ink.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    lines = [np.array([[0, 0, 0], [1, n, 1]], "float32") for n in range(30)]
    memory = {"line": lines, "text": ["a"] * 30, **columns}
    for config, examples in (
        (LineSourceConfig(data=str(tmp_path / "ink.jsonl")), None),
        (LineSourceConfig(), memory),
    ):
        splits = read_lines(config, tmp_path, examples)
        groups = [{line.group for line in some} for some in splits.values()]
        assert set.union(*groups) == {str(n) for n in range(10)}
        assert sum(map(len, groups)) == 10
