"""The figures of decoder and parallel layers, on small shapes."""

import json

import pytest
from refusals import refusal

from rnnapps.commands.main import dispatch


def test_decoder(tmp_path, capsys):
    sizes = ("--batch", 2, "--source", 3, "--steps", 4, "--units", 8, "--vocabulary", 20)
    file = tmp_path / "decoder.json"
    words = ("benchmark", "decoder", *sizes, "--beam-width", 2, "--rounds", 2, "--json", file)
    dispatch([str(word) for word in words])
    report = json.loads(file.read_text(encoding="utf-8"))
    steps, search = report["median_ms"]["training step"], report["median_ms"]["beam search"]
    assert list(steps) == ["rnnapps", "compiled", "keras"]
    assert list(search) == ["program", "Python loop"]
    assert all(time > 0 for time in (*steps.values(), *search.values()))
    ratio = search["Python loop"] / search["program"]
    printed = capsys.readouterr().out
    assert f"beam search: Python loop takes {ratio:.2f} times as long as program" in printed
    assert report["command"].startswith("rnnapps benchmark decoder --batch 2")


def test_decoder_and_loop_find_the_same():
    from rnnapps.benchmark.decoder import DecoderOptions, searches

    sizes = {"batch": 3, "source": 4, "steps": 5, "units": 6, "vocabulary": 11, "beam_width": 2}
    found = {name: search() for name, search in searches(DecoderOptions(**sizes)).items()}
    for beam, best in zip(found["Python loop"], found["program"].tokens[:, 0], strict=True):
        assert (beam == best).all(axis=1).any()  # the loop leaves its beam in no order


def test_parallel(tmp_path, capsys):
    flags = ("--lengths", "4,8", "--batch", 2, "--features", 3, "--units", 5, "--rounds", 1)
    files = {"--json": tmp_path / "parallel.json", "--plot": tmp_path / "parallel.png"}
    given = [word for pair in files.items() for word in pair]
    dispatch([str(word) for word in ("benchmark", "parallel", *flags, *given)])
    rows = json.loads(files["--json"].read_text(encoding="utf-8"))["rows"]
    layers = ("GRU", "MinGRU", "MinLSTM")
    expected = [(layer, length) for length in (4, 8) for layer in layers]
    assert [(row["layer"], row["length"]) for row in rows] == expected
    times = {(row["layer"], row["length"]): row["median_ms"] for row in rows}
    row = capsys.readouterr().out.splitlines()[-2].split()
    assert f"{times['GRU', 8] / times['MinLSTM', 8]:.2f}" in row
    assert files["--plot"].read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["decoder", "--rounds", "0"], "--rounds must be at least 1"),
        (["parallel", "--layers", "QRNN"], "--layers must be some of GRU,LSTM,MinGRU,MinLSTM"),
        (["parallel", "--lengths", "4,x"], "--lengths must be like 125,250"),
    ],
)
def test_wrong_use_is_one_line(words, message, capsys):
    status, error = refusal(capsys, "benchmark", *words)
    assert status == 2
    assert error.startswith(f"error: {message}") and error.count("\n") == 1
