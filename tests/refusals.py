"""What a command answers to wrong use, without a process for each."""

import pytest

from rnnapps import command_line
from rnnapps.commands.main import dispatch


def refusal(capsys, *words: str) -> tuple[int, str]:
    """The exit status of `rnnapps ...` and what it prints as an error; nothing else may be printed.

    It is what the command calls; that a process exits so is tested in `tests/commands`.
    """
    with pytest.raises(SystemExit) as ended:
        command_line.run(dispatch, list(map(str, words)))
    printed = capsys.readouterr()
    assert printed.out == ""
    return ended.value.code, printed.err
