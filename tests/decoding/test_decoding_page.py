"""The example of the page runs."""

import re
from pathlib import Path

import rnnapps.decoding


def test_the_example_runs(capsys):
    page = Path(rnnapps.decoding.__file__).with_name("README.md").read_text(encoding="utf-8")
    variables = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, variables)
    assert capsys.readouterr().out
    assert variables["best"].tokens.shape == (2, 3, 12)
