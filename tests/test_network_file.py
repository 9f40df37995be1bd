"""Networks from anyone: what is wrong in a `.keras` file is told in one short line, and does no harm."""

import io
import json
import zipfile

import numpy as np
import pytest
from test_bundle import rewrite_sums
from test_bundle_boundary import refused

from rnnapps import bundle


def altered_network(copy, change, compression=zipfile.ZIP_STORED):
    """The line for a bundle in whose network `change` has altered the entries."""
    with zipfile.ZipFile(copy / "model.keras") as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(copy / "model.keras", "w", compression) as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    rewrite_sums(copy)
    line = refused(copy)
    assert "model.keras: Keras " in line
    return line


def replaced(old, new):
    """What replaces a text in the description of a network."""

    def change(entries):
        assert old.encode() in entries["config.json"]
        entries["config.json"] = entries["config.json"].replace(old.encode(), new.encode())

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (replaced('"units": 8', '"units": 2000000'), "more weights than the file"),
        (replaced('"units": 8', '"units": 2000000000000'), "2e+12 for 'units'"),
        (replaced('"depth": 1', '"depth": 1000000'), "1e+06 for 'depth'"),
        (replaced('"units": 8', '"units": 9'), "cannot read it"),
        (replaced('"units": 8', '"units": -8'), "cannot read it"),
        (replaced('"module": "keras.layers"', '"module": [1]'), "cannot read it"),
        (replaced('"depth": 1', f'"depth": {"[" * 300}1{"]" * 300}'), "nested too deep"),
        (lambda entries: entries.update({"config.json": b'{"a": "' + b"0" * 10**5 + b'"}'}), ""),
        (lambda entries: entries.update({"config.json": b"[1]"}), "describes no network"),
        (lambda entries: entries.update({"config.json": b"{" * 1000}), "is not JSON"),
        (lambda entries: entries.pop("config.json"), "has no config.json"),
        (lambda entries: entries.pop("model.weights.h5"), "no model.weights.h5"),
        (lambda entries: entries.update({"model.weights.h5": b"x" * 1000}), "cannot read it"),
    ],
    ids=range(13),
)
def test_networks(copy, change, told):
    assert told in altered_network(copy, change)


def test_a_refused_network_leaves_nothing_to_make_later(copy):
    from keras.src.backend.common import global_state

    altered_network(copy, replaced('"units": 8', '"units": 2000000'))
    assert not global_state.get_global_attribute("uninitialized_variables")


def test_an_archive_that_unpacks_to_more(copy):
    def fill(entries):
        entries["assets/zeros"] = bytes(50_000_000)

    assert "unpacks to more" in altered_network(copy, fill, zipfile.ZIP_DEFLATED)


def test_weights_that_unpack_to_more(copy):
    import h5py

    def fill(entries):
        content = io.BytesIO(entries["model.weights.h5"])
        with h5py.File(content, "r+") as weights:
            weights.create_dataset("zeros", (10**6, 10**6), compression="gzip")
        entries["model.weights.h5"] = content.getvalue()

    assert "unpack to more" in altered_network(copy, fill)


def test_weights_that_are_no_numbers(copy):
    import h5py

    def damage(entries):
        content = io.BytesIO(entries["model.weights.h5"])
        with h5py.File(content, "r+") as weights:
            datasets = []
            weights.visititems(
                lambda _, node: datasets.append(node) if isinstance(node, h5py.Dataset) else None
            )
            datasets[-1][...] = np.inf
        entries["model.weights.h5"] = content.getvalue()

    assert "weights are not all numbers" in altered_network(copy, damage)


def test_a_wrong_check_within_an_archive(copy):
    content = bytearray((copy / "model.keras").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "model.keras").write_bytes(content)
    rewrite_sums(copy)
    assert "its entry model.weights.h5 is damaged" in refused(copy)


def test_code_in_a_network_is_not_run_whatever_it_is_called(copy, tmp_path):
    marker = tmp_path / "ran"
    lambda_layer = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {
            "function": {"class_name": "__lambda__", "config": {"code": f"open('{marker}', 'w')"}}
        },
    }

    def change(entries):
        entries["config.json"] = json.dumps(lambda_layer).encode()

    altered_network(copy, change)
    assert not marker.exists()


def test_the_weights_are_those_that_keras_reads(small_bundle):
    import keras

    theirs = keras.saving.load_model(small_bundle / "model.keras", compile=False)
    ours = bundle.load_model(small_bundle)
    for weight, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)
