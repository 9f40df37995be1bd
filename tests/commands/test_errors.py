"""Everything a user can get wrong at the shell: one clear line, status 1 or 2, nothing half-written."""

import gzip
import resource
import shutil

import pytest
from conftest import run, write_csv
from refusals import refusal

from rnnapps.data.given_lines import read_lines
from rnnapps.data.text.sources import text_problem
from rnnapps.errors import UserError

FLAGS = ("--vocabulary", 600, "--units", 4, "--embedding-size", 8, "--epochs", 1)


def error_line(stderr):
    """The one line of a command that failed."""
    errors = [line for line in stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, stderr
    assert "Traceback" not in stderr
    return errors[0]


@pytest.fixture
def fails(capsys):
    """Runs a command that must fail, in this process, and returns its one line."""

    def of(*command, status=1):
        found, error = refusal(capsys, *command)
        assert found == status
        return error_line(error)

    return of


@pytest.fixture
def train(fails):
    def of(data, output, *flags):
        return fails("train", "sentiment", "--data", data, "--output", output, *FLAGS, *flags)

    return of


def test_no_such_data(tmp_path, train):
    assert "nothing.csv: no such file" in train(tmp_path / "nothing.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_wrong_column(tmp_path, sentences_csv, train):
    line = train(sentences_csv, tmp_path / "out", "--text-column", "review")
    assert "no column 'review': it has text, label, positive" in line


def test_empty_and_wrongly_encoded_files(tmp_path, train):
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "empty.csv: the file has no rows" in train(tmp_path / "empty.csv", tmp_path / "out")
    (tmp_path / "latin.csv").write_bytes("text,label\ncafé,x\n".encode("latin-1"))
    assert "latin.csv:2: not UTF-8" in train(tmp_path / "latin.csv", tmp_path / "out")


def test_one_class_only(tmp_path, sentences, train):
    write_csv(tmp_path / "a.csv", [row | {"label": "fine"} for row in sentences[:50]])
    assert "only the class 'fine'" in train(tmp_path / "a.csv", tmp_path / "out")


def test_unwritable_output(tmp_path, sentences_csv, train):
    assert "cannot write there" in train(sentences_csv, "/proc/nowhere/model")


def test_a_disk_that_fills_up_while_training(tmp_path, sentences_csv):
    """With a limit on the size of a file; tests/test_bundle.py has the same for the bundle."""
    result = run(
        *("train", "sentiment", "--data", sentences_csv, "--output", tmp_path / "out", *FLAGS),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert result.returncode == 1
    line = error_line(result.stderr)
    assert line.endswith("out.training/checkpoint.npz: cannot be written: File too large")
    assert [path.name for path in (tmp_path / "out.training").iterdir()] == ["logs"]
    assert not (tmp_path / "out").exists()


def test_damaged_bundle(small_bundle, tmp_path, fails):
    path = shutil.copytree(small_bundle, tmp_path / "copy")
    content = bytearray((path / "model.keras").read_bytes())
    content[len(content) // 2] ^= 1
    (path / "model.keras").write_bytes(content)
    for command in (("predict", "sentiment", "text"), ("evaluate", "sentiment")):
        assert "damaged bundle: model.keras" in fails(*command, "--model", path)


def test_no_such_bundle(fails):
    assert "nowhere: no such bundle" in fails("predict", "sentiment", "text", "--model", "nowhere")


def test_texts_that_cannot_be_classified(small_bundle, tmp_path, fails):
    command = ("predict", "sentiment", "--model", small_bundle)
    assert "text 1: empty text" in fails(*command, "")
    assert "nowhere.txt: no such file" in fails(*command, "--file", tmp_path / "nowhere.txt")
    (tmp_path / "empty.txt").write_bytes(b"")
    assert "empty.txt: no lines" in fails(*command, "--file", tmp_path / "empty.txt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"fine\n" + b"word " * 100_000, "2: a text of 500,000 characters"),
        (b"fine\n\nfine\n", "2: empty text"),
        (b"fine\ncaf\xe9\n", "2: not UTF-8"),
        (b"fine\r\rfine\r", "2: empty text"),
    ],
)
def test_lines_that_cannot_be_classified(tmp_path, content, message):
    (tmp_path / "lines.txt").write_bytes(content)
    lines = read_lines(str(tmp_path / "lines.txt"), text_problem)
    assert next(lines) == "fine"
    with pytest.raises(UserError, match=f"lines.txt:{message}"):
        next(lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("fine\n".encode("utf-16"), "this is in UTF-16: convert it"),
        (gzip.compress(b"fine\n", mtime=0), "this is compressed .gz.: decompress it"),
    ],
)
def test_files_that_are_no_lines(tmp_path, content, message):
    (tmp_path / "lines.txt").write_bytes(content)
    with pytest.raises(UserError, match=f"lines.txt: {message}"):
        next(read_lines(str(tmp_path / "lines.txt"), text_problem))


def test_unreadable_config_file(tmp_path, fails):
    command = ("train", "sentiment", "--config")
    assert "nowhere.toml: no such file" in fails(*command, tmp_path / "nowhere.toml")
    (tmp_path / "bad.toml").write_text("units: 3")
    assert "bad.toml: not a TOML file" in fails(*command, tmp_path / "bad.toml")


def test_scores_that_cannot_be_written(small_bundle, tmp_path, fails):
    line = fails(
        "evaluate", "sentiment", "--model", small_bundle, "--json", tmp_path / "no" / "scores.json"
    )
    assert "cannot write there: No such file or directory" in line


def test_an_output_without_a_name(sentences_csv, fails):
    assert "--output must name a new folder, got '.' or nothing" in fails(
        *("train", "sentiment", "--data", sentences_csv, "--output", ""), status=2
    )
    assert "--output must name a folder, got ''" in fails(
        *("export", "keywords", "--model", "keywords/digits", "--output", ""), status=2
    )


def test_unknown_backend(small_bundle):
    command = ("predict", "sentiment", "--model", small_bundle, "text")
    result = run(*command, backend="caffe")
    assert result.returncode == 2
    assert (
        error_line(result.stderr)
        == "error: KERAS_BACKEND is 'caffe': expected one of tensorflow, jax, torch"
    )
