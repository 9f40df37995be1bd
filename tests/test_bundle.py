import errno
import fcntl
import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import rnnapps
from rnnapps import bundle, bundle_files, bundle_versions
from rnnapps.errors import UserError
from rnnapps.outputs import write_json


@pytest.fixture
def copy(small_bundle, tmp_path):
    """A bundle to damage."""
    return Path(shutil.copytree(small_bundle, tmp_path / "copy"))


def rewrite_sums(path):
    """Make an altered bundle consistent, as a later version would have written it."""
    names = sorted(file.name for file in path.iterdir() if file.name != bundle.SUMS)
    lines = [f"{bundle_files.digest(path / name)}  {name}\n" for name in names]
    (path / bundle.SUMS).write_text("".join(lines))


def test_a_bundle_written_before_the_layers_of_rnnapps_keeps_loading():
    """Version 1, with Keras's layers; as converted, it gives the same."""
    import keras

    from rnnapps.layers import LSTM, from_keras

    path = Path(__file__).parent / "fixtures" / "version-1" / "sentiment-keras-layers"
    classify = rnnapps.load(path)
    written = {"A fine film.": 0.512033, "Not good.": 0.502944}  # by what trained it
    for text, positive in written.items():
        assert classify(text).probabilities["positive"] == pytest.approx(positive, abs=2e-6)
    model = bundle.load_model(path)
    assert isinstance(model.get_layer("recurrent_1").forward_layer, keras.layers.LSTM)
    assert not isinstance(model.get_layer("recurrent_1").forward_layer, LSTM)
    converted = from_keras(model)
    assert isinstance(converted.get_layer("recurrent_1").forward_layer, LSTM)
    tokens = np.array([[5, 17, 200, 3, 0, 0], [9, 0, 0, 0, 0, 0]], "int32")
    np.testing.assert_allclose(
        converted.predict_on_batch(tokens), model.predict_on_batch(tokens), atol=1e-6
    )


FILES = (
    "model.keras",
    "config.json",
    "metrics.json",
    "card.md",
    "tokenizer.json",
    "SHA256SUMS",
    "learning_curve.png",
    "confusion_matrix.png",
)


def test_files(small_bundle):
    assert {file.name for file in small_bundle.iterdir()} == set(FILES)
    assert not list(small_bundle.parent.glob(".*.tmp"))


def test_sums_are_those_of_sha256sum(small_bundle):
    check = ["sha256sum", "--quiet", "--check", "SHA256SUMS"]
    assert subprocess.run(check, cwd=small_bundle).returncode == 0


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_anywhere_in_any_file_is_found(copy, name):
    file = copy / name
    content = file.read_bytes()
    for position in sorted({0, 1, 63, 64, 65, 66, len(content) // 2, len(content) - 1}):
        damaged = bytearray(content)
        damaged[position] ^= 0x20
        file.write_bytes(damaged)
        with pytest.raises(UserError, match="damaged bundle"):
            bundle.check(copy)
    file.write_bytes(content)
    bundle.check(copy)


def test_a_missing_and_an_added_file(copy):
    (copy / "extra.py").write_text("")
    with pytest.raises(UserError, match="damaged bundle: extra.py is not listed in SHA256SUMS"):
        bundle.check(copy)
    (copy / "extra.py").unlink()
    (copy / "tokenizer.json").unlink()
    with pytest.raises(UserError, match="damaged bundle: tokenizer.json is missing"):
        bundle.check(copy)


def test_a_future_version_and_another_application(copy):
    config = bundle.read_json(copy / "config.json")
    write_json(copy / "config.json", config | {"bundle_version": 99, "rnnapps": "7.0"})
    rewrite_sums(copy)
    with pytest.raises(UserError, match="written by rnnapps 7.0 in bundle version 99; this is rnnapps"):
        rnnapps.load(copy)
    write_json(copy / "config.json", config | {"application": "astrology"})
    rewrite_sums(copy)
    with pytest.raises(UserError, match="a bundle of the application 'astrology', expected sentiment"):
        rnnapps.load(copy)


def test_code_in_a_model_is_not_run(copy):
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)])
    model.save(copy / "model.keras")
    rewrite_sums(copy)
    with pytest.raises(UserError, match="model.keras: Keras .* cannot read it"):
        rnnapps.load(copy)


def test_names(small_bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "saved_models" / "sentiment" / "mine"
    shutil.copytree(small_bundle, place)
    assert bundle.find("sentiment/mine") == place
    assert bundle.find("sentiment") == place  # the newest
    with pytest.raises(UserError, match="sentiment/yours: no such bundle: .*here are: .*sentiment/mine"):
        bundle.find("sentiment/yours")


def test_a_damaged_bundle_found_by_name(small_bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "saved_models" / "sentiment" / "mine"
    shutil.copytree(small_bundle, place)
    (place / "config.json").write_text("{")
    with pytest.raises(UserError, match="damaged bundle: config.json"):
        rnnapps.load("sentiment/mine")


def test_a_bundle_that_cannot_be_replaced_stays(copy, monkeypatch):
    rename = Path.rename

    def fail_at_the_new_one(self, target):
        if self.name.endswith(".tmp"):
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_at_the_new_one)
    with (
        pytest.raises(UserError, match="cannot be written: Input/output error"),
        bundle.writing(copy) as new,
    ):
        (new / "config.json").write_text("{}")
    monkeypatch.undo()
    bundle.check(copy)
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_a_folder_that_is_no_bundle(tmp_path):
    with pytest.raises(UserError, match=r"not a bundle \(it has no SHA256SUMS\)"):
        rnnapps.load(tmp_path)


def test_a_disk_that_fills_up_leaves_nothing_or_the_old_bundle(copy, tmp_path, monkeypatch):
    def write_half(path):
        with bundle.writing(path) as folder:
            (folder / "model.keras").write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    for path in (tmp_path / "new", copy):
        with pytest.raises(UserError, match=f"{path.name}: cannot be written: No space left on device"):
            write_half(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy"]
    bundle.check(copy)


def test_a_file_that_does_not_fit_on_the_disk_is_told_of_the_bundle(tmp_path, monkeypatch):
    def full(self, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with (
        pytest.raises(UserError, match="new: cannot be written: No space left on device"),
        bundle.writing(tmp_path / "new") as folder,
    ):
        write_json(folder / "config.json", {})
    with pytest.raises(OSError, match="scores.json") as raised:
        write_json(tmp_path / "scores.json", {})
    assert raised.value.filename == str(tmp_path / "scores.json")
    assert not list(tmp_path.iterdir())


def test_a_bundle_is_replaced_whole(copy):
    (copy.parent / ".copy.abc.tmp").mkdir()  # what a kill in the middle of writing leaves
    with bundle.writing(copy) as folder:
        (folder / "model.keras").write_bytes(b"new")
        (folder / "config.json").write_text(
            json.dumps({"application": "sentiment", "bundle_version": 2, "config": {}})
        )
    assert sorted(file.name for file in copy.iterdir()) == ["SHA256SUMS", "config.json", "model.keras"]
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_the_folder_that_another_one_writes_is_left_alone(tmp_path):
    with bundle.writing(tmp_path / "out") as folder:
        (folder / "config.json").write_text("{}")
        with (
            ThreadPoolExecutor(1) as thread,
            pytest.raises(UserError, match="out: another training is writing there"),
        ):
            thread.submit(bundle.writing(tmp_path / "out").__enter__).result()
        assert (folder / "config.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("refused", ["open", "fsync"])
def test_a_bundle_is_written_as_on_windows(tmp_path, monkeypatch, refused):
    """It opens no folder, and syncs no file that was opened for reading only."""
    real_open, real_fsync = os.open, os.fsync

    def windows_open(path, flags, *more, **options):
        if Path(path).is_dir() and not flags & getattr(os, "O_DIRECTORY", 0):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real_open(path, flags, *more, **options)

    def windows_fsync(descriptor):
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        real_fsync(descriptor)

    monkeypatch.setattr(os, refused, {"open": windows_open, "fsync": windows_fsync}[refused])
    with bundle.writing(tmp_path / "out") as folder:
        (folder / "config.json").write_text("{}")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"config.json", "SHA256SUMS"}


def test_check_output(copy, tmp_path):
    with pytest.raises(
        UserError, match="copy: exists: give another --output, or replace it with --overw"
    ):
        bundle.check_output(copy, overwrite=False)
    bundle.check_output(copy, overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="exists and is no bundle"):
        bundle.check_output(tmp_path / "file", overwrite=True)
    with pytest.raises(UserError, match="cannot write there: "):
        bundle.check_output(Path("/proc/nowhere/model"), overwrite=False)
    with pytest.raises(UserError, match="cannot write there: File name too long"):
        bundle.check_output(tmp_path / ("x" * 250), overwrite=False)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="link: exists and is no bundle"):
        bundle.check_output(tmp_path / "link", overwrite=True)


SHIPPED = sorted((Path(rnnapps.__file__).parent.parent / "saved_models").glob("*/*"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: "/".join(path.parts[-2:]))
def test_every_shipped_bundle_is_whole(path):
    assert bundle.check(path, path.parent.name)["bundle_version"] == bundle_versions.VERSION
    assert path in list(bundle.shipped())
