"""What the READMEs show works."""

import json
import re
import shlex
import shutil
import statistics
from importlib import import_module
from pathlib import Path

import pytest
import sklearn.datasets

import rnnapps
from rnnapps.applications import APPLICATIONS, class_of, with_module
from rnnapps.benchmark.captioning import CaptioningOptions
from rnnapps.benchmark.chat import ChatOptions as ChatBenchmarkOptions
from rnnapps.benchmark.decoder import DecoderOptions
from rnnapps.benchmark.gpu import GPUOptions
from rnnapps.benchmark.language_model import LanguageModelOptions
from rnnapps.benchmark.layers import LayersOptions, ratios
from rnnapps.benchmark.parallel import ParallelOptions
from rnnapps.benchmark.shares import SharesOptions
from rnnapps.benchmark.translation import TranslationOptions
from rnnapps.command_line import parse
from rnnapps.commands.chat import ChatOptions
from rnnapps.commands.main import COMMANDS, dispatch
from rnnapps.commands.results import ResultsOptions
from rnnapps.config import flags
from rnnapps.diagnostics.__main__ import DiagnosticsConfig

ROOT = Path(rnnapps.__file__).parent.parent
READMES = [ROOT / "README.md", *sorted((ROOT / "rnnapps").glob("*/README.md"))]
BENCHMARKS = {
    "gpu": GPUOptions,
    "layers": LayersOptions,
    "parallel": ParallelOptions,
    "decoder": DecoderOptions,
    "language_model": LanguageModelOptions,
    "chat": ChatBenchmarkOptions,
    "translation": TranslationOptions,
    "captioning": CaptioningOptions,
    "shares": SharesOptions,
}
OPTIONS_OF = {  # command: the module and the class that have its options
    "evaluate": ("evaluate", "EvaluateOptions"),
    "predict": ("predictor", "PredictOptions"),
    "stream": ("stream", "StreamOptions"),
    "export": ("export", "ExportOptions"),
}
OPTIONS = {("train", name): class_of(name, "Config") for name in APPLICATIONS}
OPTIONS |= {("results", name): ResultsOptions for name in APPLICATIONS}
OPTIONS |= {
    (command, name): getattr(import_module(f"rnnapps.{name}.{module}"), options)
    for command, (module, options) in OPTIONS_OF.items()
    for name in with_module(module)
}


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
    command, name, *given = (*words, "")
    given = [word for word in given if word]
    assert command in COMMANDS
    if command == "benchmark":
        parse(BENCHMARKS[name], given, prog="rnnapps")
    elif command == "chat":
        parse(ChatOptions, words[1:], prog="rnnapps")
    elif command != "doctor":
        parse(OPTIONS[command, name], given, prog="rnnapps")


def test_python_of_the_front_page_runs(capsys, monkeypatch, tmp_path):
    photograph = Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"
    shutil.copy(photograph, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    for readme, block in blocks("python"):
        if readme == Path("README.md"):
            exec(block, {})
    printed = capsys.readouterr().out
    assert "positive" in printed
    assert re.search(r"^Où .*livre", printed, re.MULTILINE)
    assert re.search(r"^an? \w+", printed, re.MULTILINE)
    # Keras numbers the layers of a process.
    assert re.search(r"^lstm(_\d+)?: native \(\w+\)$", printed, re.MULTILINE)


def test_python_of_the_page_of_the_layers_runs(capsys):
    page = [block for readme, block in blocks("python") if readme.parent.name == "layers"]
    variables = {}
    for block in page:
        exec(block, variables)
    assert "dropped: keras" in capsys.readouterr().out
    assert variables["output"].shape == (1, 256)
    assert variables["outputs"].shape == (8, 20, 512)
    assert variables["logits"].shape == (2, 5, 1000) and variables["best"].tokens.shape == (2, 1, 10)


@pytest.mark.parametrize("application", APPLICATIONS)
def test_results_are_those_of_the_bundles(application, tmp_path):
    page = ROOT / "rnnapps" / application / "README.md"
    copy = Path(shutil.copy(page, tmp_path / "page.md"))
    dispatch(["results", application, "--page", str(copy)])
    assert copy.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    assert f"`{application}/" in page.read_text(encoding="utf-8").split("<!-- results -->")[1]


def test_every_link_leads_somewhere():
    for readme in [
        *READMES,
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "rnnapps" / "datasets").glob("*/README.md"),
    ]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", readme.read_text(encoding="utf-8")):
            assert (readme.parent / target).exists(), f"{readme}: {target}"


def test_every_file_of_rnnapps_that_a_page_names_exists():
    for page in ROOT.glob("**/*.md"):
        if page.is_relative_to(ROOT / "saved_models") or ".venv" in str(page.relative_to(ROOT)):
            continue
        for name in re.findall(r"`(rnnapps/[\w/]+\.\w+)`", page.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{page}: {name}"


def test_every_flag_that_a_readme_names_exists():
    given = [
        flag
        for options in (*OPTIONS.values(), *BENCHMARKS.values(), DiagnosticsConfig)
        for flag in flags(options())
    ]
    known = {*given, *(f"--no-{flag[2:]}" for flag in given)}
    known |= {
        "--help",
        "--config",
        "--debug",
        "--logdir",
        "--quiet",
        "--check",
        "--no-deps",
        "--no-compile",
        "--wheel-dir",
    }
    for readme in READMES:
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", readme.read_text(encoding="utf-8")):
            assert flag in known, f"{readme}: {flag}"


def test_figures_of_the_layers_are_those_of_the_results():
    """Each ratio in the table on the layers' page is one of the results file, which a command wrote."""
    page = ROOT / "rnnapps" / "layers"
    report = json.loads((page / "results" / "tensorflow.json").read_text(encoding="utf-8"))
    text = (page / "README.md").read_text(encoding="utf-8")
    assert report["command"] in text and report["processor"] in text
    names = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn", "Bidirectional LSTM": "bilstm"}
    others = [("rnnapps", "xla"), ("keras", "auto"), ("keras", "xla"), ("pytorch", "eager")]
    fields = ("layer", "shape", "mask", "pass", "library", "compiled")
    measured = {tuple(row[field] for field in fields): row["ratio"] for row in ratios(report["rows"])}
    cells = re.findall(r"^\| ([\w ]+) \| (\d+x\d+x\d+x\d+) \| (\w+) \| (.+) \|$", text, re.MULTILINE)
    assert cells
    for layer, shape, mask, figures in cells:
        for other, figure in zip(others, figures.split(" | "), strict=True):
            assert figure == f"{measured.pop((names[layer], shape, mask, 'training', *other)):.2f}"
    assert {key[3] for key in measured} <= {"step"}  # no other row was left out


def test_figures_of_avx512_are_those_of_the_results():
    page = ROOT / "rnnapps" / "layers"
    file = "results/tensorflow-avx512.json"
    text = " ".join((page / "README.md").read_text(encoding="utf-8").split())
    told = text.partition(f"[{file}]({file})): ")[2].partition("- With")[0]
    rows = ratios(json.loads((page / file).read_text(encoding="utf-8"))["rows"])
    expected, least = [], []
    for library, compiled in (
        ("keras", "auto"),
        ("keras", "xla"),
        ("rnnapps", "xla"),
        ("pytorch", "eager"),
    ):
        about = {"library": library, "compiled": compiled, "pass": "training"}
        some = [row for row in rows if about.items() <= row.items()]
        for mask in ("none", "padded"):
            expected.append(statistics.median(row["ratio"] for row in some if row["mask"] == mask))
        least.append(min(row["ratio"] for row in some))
    del least[1]  # is not told
    figures = [float(figure) for figure in re.findall(r"never less than (\d\.\d\d)", told)]
    assert figures == [round(value, 2) for value in least]
    medians = re.findall(
        r"(\d\.\d\d) (?:times as fast without padding, (\d\.\d\d) with|and (\d\.\d\d))", told
    )
    assert [float(one) for some in medians for one in some if one] == [round(one, 2) for one in expected]


def test_costs_of_the_layers_are_those_of_the_results():
    """The costs and ratios on the layers' page are those of the files that commands wrote."""
    page = ROOT / "rnnapps" / "layers"
    text = (page / "README.md").read_text(encoding="utf-8")
    results = {
        name: json.loads((page / "results" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("costs", "parallel", "decoder")
    }
    costs = {
        (row["layer"], row["mask"]): row["cost"]
        for row in results["costs"]["rows"]
        if row["pass"] == "training"
    }
    report = json.loads((page / "results" / "tensorflow.json").read_text(encoding="utf-8"))
    about = {"library": "rnnapps", "compiled": "auto", "pass": "training", "shape": "64x100x128x256"}
    ours = {
        (row["layer"], row["mask"]): row["median_ms"]
        for row in report["rows"]
        if about.items() <= row.items()
    }
    for (layer, mask), milliseconds in ours.items():
        costs[layer, mask] = milliseconds / ours["lstm", mask]
    rows = {"gru": "GRU", "rnn": "SimpleRNN", "bilstm": "Bidirectional"}
    rows |= {"weight_drop": "LSTM(weight_drop=)", "zoneout": "LSTM(zoneout=, zoneout_cell=)"}
    rows |= {"layer_norm_lstm": "LayerNormLSTM", "layer_norm_gru": "LayerNormGRU"}
    rows |= {"min_lstm": "MinLSTM", "min_gru": "MinGRU"}
    for layer, name in rows.items():
        (line,) = re.findall(rf"^\| `{re.escape(name)}`.*$", text, re.MULTILINE)
        assert f" {costs[layer, 'none']:.2f} / {costs[layer, 'padded']:.2f} |" in line
    times = {
        row["layer"]: row["median_ms"] for row in results["parallel"]["rows"] if row["length"] == 1000
    }
    for layer in ("MinGRU", "MinLSTM"):
        assert f"{times['GRU'] / times[layer]:.1f} times as long as {layer}" in " ".join(text.split())
    steps, search = (results["decoder"]["median_ms"][name] for name in ("training step", "beam search"))
    text = " ".join(text.split())
    assert f"{steps['keras'] / steps['rnnapps']:.2f} times as long" in text
    assert f"{search['Python loop'] / search['program']:.2f} times as long" in text
