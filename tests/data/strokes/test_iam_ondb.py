"""Lines kept as the arrays of IAM-OnDB."""

import io
import logging
import zipfile

import numpy as np
import pytest

from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.strokes.iam_ondb import read_iam_ondb
from rnnapps.errors import UserError

LINES = [
    ("a01-000u-01", "A MOVE to stop Mr . Gaitskell"),
    ("a01-000u-02", 'from "nominating" any'),
    ("a02-000-01", "Sir Roy's"),
    ("z00-001-01", "Sid Woodruff"),
    ("b01-044-03", "Tür zu"),
]
ARRAYS = {
    "dx": np.array([107, -1, 50, 231, -2, 9, 7, 7, 1, 2], "int16"),
    "dy": np.array([271, 27, -300, 153, 4, 9, 8, 8, 3, 4], "int16"),
    "end": np.packbits([0, 1, 1, 0, 1, 1, 0, 1, 1, 1]),
    "lengths": np.array([3, 2, 1, 2, 2], "int32"),
}


def write(folder, lines=LINES, **arrays):
    folder.mkdir(exist_ok=True)
    (folder / "lines.tsv").write_text("".join(f"{name}\t{text}\n" for name, text in lines), "utf-8")
    np.savez_compressed(folder / "strokes.npz", **(ARRAYS | arrays))
    return folder


def lists(folder, **forms):
    (folder / "splits").mkdir()
    for name, some in forms.items():
        (folder / "splits" / f"{name}.txt").write_text("".join(f"{form}\r\n" for form in some))


def read(folder, **options):
    return list(read_iam_ondb(folder, LineSourceConfig(**options)))


def test_lines_without_lists_are_all_to_train_on(tmp_path):
    found = read(write(tmp_path))
    assert [line.text for line in found] == [text for _, text in LINES]
    assert {line.split for line in found} == {"train"}
    assert [line.group for line in found] == ["a01-000u", "a01-000u", "a02-000", "z00-001", "b01-044"]
    assert found[1].where == f"{tmp_path}/lines.tsv:2"
    points = found[0].read()
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points, [[107, 271, 0], [106, 298, 1], [156, -2, 1]])
    np.testing.assert_array_equal(found[1].read(), [[231, 153, 0], [229, 157, 1]])
    np.testing.assert_array_equal(found[4].read(), [[1, 3, 1], [3, 7, 1]])


def test_lists_of_the_benchmark(tmp_path, caplog):
    write(tmp_path)
    lists(
        tmp_path, trainset=["a01-000u"], testset_v=["a02-000"], testset_f=["b01-044"], testset_t=["x00"]
    )
    assert [(line.group, line.split) for line in read(tmp_path)] == [
        ("a01-000u", "train"),
        ("a01-000u", "train"),
        ("a02-000", "validation"),
        ("b01-044", "test"),
    ]
    assert caplog.messages == [f"{tmp_path}: 1 lines of no list are not used"]
    (tmp_path / "splits" / "testset_t.txt").write_text("z00-001\n")
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert len(read(tmp_path)) == 4
    assert caplog.messages == [f"{tmp_path}: 1 lines of testset_t are not used"]
    (tmp_path / "splits" / "testset_f.txt").write_text("b01-044\n\na01-000u\n")
    with pytest.raises(UserError, match="testset_f.txt:3: a01-000u is in the list of another split too"):
        read(tmp_path)
    (tmp_path / "splits" / "trainset.txt").unlink()
    with pytest.raises(UserError, match="trainset.txt: no such file"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"lengths": np.array([3, 2, 1, 2, 3], "int32")}, "its lengths do not add up to its points"),
        ({"lengths": np.array([5, 2, -2, 3, 2], "int32")}, "its lengths do not add up to its points"),
        ({"lengths": np.array([10], "int32")}, "1 lines, but lines.tsv has 5"),
        ({"dy": ARRAYS["dy"][1:]}, "its lengths do not add up to its points"),
        ({"end": ARRAYS["end"][1:]}, "'end' has not a bit for each point"),
        ({"dx": ARRAYS["dx"].astype("float64")}, "'dx' is float64 .10,., not a vector of int16"),
        ({"dx": ARRAYS["dx"][:, None]}, "'dx' is int16 .10, 1., not a vector of int16"),
        ({"dx": np.array([print], object)}, "'dx' is object .1,., not a vector of int16"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, arrays, message):
    with pytest.raises(UserError, match=message):
        read(write(tmp_path, **arrays))


def test_files_that_are_damaged(tmp_path):
    file = write(tmp_path) / "strokes.npz"
    whole = file.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        content = bytearray(whole)
        content[random.integers(len(content))] ^= 1 << random.integers(8)
        file.write_bytes(content)
        try:
            read(tmp_path)
        except UserError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100
    for content in (b"", whole[: len(whole) // 2], b"\x80\x04N."):
        file.write_bytes(content)
        with pytest.raises(UserError, match="strokes.npz: not an npz file of numpy, or damaged"):
            read(tmp_path)
    file.unlink()
    with pytest.raises(UserError, match="strokes.npz: no such file"):
        read(tmp_path)


def test_an_array_that_says_more_than_it_has(tmp_path):
    file = write(tmp_path) / "strokes.npz"
    for kind, shape in (("<i2", (10**12,)), ("|V0", (10,)), ("<i2", (1,))):
        header = io.BytesIO()
        about = {"descr": kind, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, about)
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("dx.npy", header.getvalue() + b"\0\0\0")
        with pytest.raises(UserError, match="'dx' is .* not a vector of int16"):
            read(tmp_path)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dx.npy", bytes(100_000_001))
    with pytest.raises(UserError, match="'dx' has more than 100,000,000 bytes"):
        read(tmp_path)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("other.npy", b"")
    with pytest.raises(UserError, match="no array 'dx' in it"):
        read(tmp_path)


def test_texts_that_do_not_fit(tmp_path):
    write(tmp_path, LINES[:4])
    with pytest.raises(UserError, match="strokes.npz: 5 lines, but lines.tsv has 4"):
        read(tmp_path)
    (tmp_path / "lines.tsv").write_text("".join(f"{name}\n" for name, _ in LINES))
    with pytest.raises(UserError, match="lines.tsv:1: 1 columns: an id and a text were expected"):
        read(tmp_path)
    (tmp_path / "lines.tsv").write_text("a-1\tone\na-2\n")
    with pytest.raises(UserError, match="lines.tsv:2: 1 columns, but the first line has 2"):
        read(tmp_path, skip_bad=True)  # which would move the texts of all lines behind it
