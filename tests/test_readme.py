"""What the READMEs show works."""

import re
import shlex
from pathlib import Path

import pytest

import rnnapps
from rnnapps.cli import COMMANDS
from rnnapps.command_line import parse
from rnnapps.sentiment import SentimentConfig
from rnnapps.sentiment.evaluate import EvaluateOptions
from rnnapps.sentiment.infer import PredictOptions

ROOT = Path(rnnapps.__file__).parent.parent
READMES = [ROOT / "README.md", *sorted((ROOT / "rnnapps").glob("*/README.md"))]
OPTIONS = {"train": SentimentConfig, "evaluate": EvaluateOptions, "predict": PredictOptions}


def blocks(language):
    """Every block of code of a language, with the README it is from."""
    for readme in READMES:
        for block in re.findall(
            rf"```{language}\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL
        ):
            yield readme.relative_to(ROOT), block


def commands():
    for readme, block in blocks("bash"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0].endswith("rnnapps"):
                yield pytest.param(words[1:], id=f"{readme}: {line.strip()[:60]}")


@pytest.mark.parametrize("words", list(commands()))
def test_commands_have_these_flags(words):
    command, application, *flags = words
    assert command in COMMANDS
    assert application in rnnapps.APPLICATIONS
    parse(OPTIONS[command], flags, prog="rnnapps")


def test_python_of_the_front_page_runs(capsys):
    (block,) = (block for readme, block in blocks("python") if readme == Path("README.md"))
    exec(block, {})
    assert "positive" in capsys.readouterr().out


def test_every_link_leads_somewhere():
    for readme in [
        *READMES,
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "rnnapps" / "datasets").glob("*/README.md"),
    ]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", readme.read_text(encoding="utf-8")):
            assert (readme.parent / target).exists(), f"{readme}: {target}"


def test_every_flag_that_a_readme_names_exists():
    from rnnapps.command_line import flags

    known = set(flags(SentimentConfig())) | {f"--no-{flag[2:]}" for flag in flags(SentimentConfig())}
    known |= {
        "--help",
        "--config",
        "--debug",
        "--model",
        "--file",
        "--json",
        "--explain",
        "--part",
        "--logdir",
    }
    for readme in READMES:
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", readme.read_text(encoding="utf-8")):
            assert flag in known | {"--quiet", "--check"}, f"{readme}: {flag}"
