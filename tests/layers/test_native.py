"""The kernel in C++ as a library: its own test program, instruction sets, and processes around it."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest

from rnnapps import layers
from rnnapps.layers.kernels import choice
from rnnapps.layers.kernels.native import library

ROOT = Path(__file__).parent.parent.parent
SOURCES = (ROOT / "tests/native/kernel_test.cc", ROOT / "rnnapps/layers/kernels/native/kernel.cc")
X = np.random.default_rng(0).normal(size=(5, 7, 3)).astype("float32")


# Products in half precision are made step by step, or by the processor that has instructions for them.
BFLOAT16 = ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512bf16")
PROGRAMS = [("address,undefined", 16, ()), ("thread", 8, ())]
if library.NEEDS["avx512_bf16"] <= library._flags():
    PROGRAMS.append(("address,undefined", 16, BFLOAT16))


@pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler")
@pytest.mark.parametrize(("sanitizers", "lanes", "instructions"), PROGRAMS)
def test_its_own_program_under_the_sanitizers(sanitizers, lanes, instructions, tmp_path):
    """With wide vectors, which the compiler makes of those that the processor has."""
    flags = ("-std=c++17", "-O0", "-Wno-psabi", "-pthread", f"-DRNNAPPS_LANES={lanes}", *instructions)
    flags += (f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all")
    flags += ("-DRNNAPPS_TEST_HALVES=1",) * (lanes == 16)
    command = ("g++", *flags, *SOURCES, "-o", tmp_path / "test")
    subprocess.run(command, check=True, timeout=600)
    result = subprocess.run([tmp_path / "test"], capture_output=True, text=True, timeout=300)
    assert (result.returncode, result.stdout) == (0, "all right\n"), result.stderr


def test_it_is_compiled_where_there_is_a_compiler():
    assert (library.obstacle() == "") == bool(shutil.which("g++"))


PROGRAM = """
import os, sys
import numpy as np
from keras import ops
from rnnapps import layers
from rnnapps.layers.kernels.choice import choose
x = np.random.default_rng(0).normal(size=(9, 7, 3)).astype("float32")
outputs = []
for name in sys.argv[2:]:
    os.environ["RNNAPPS_NATIVE"] = name
    layer, decoder = layers.GRU(40, return_sequences=True), layers.AttentionRecurrence(21)
    layer.build(x.shape)
    decoder.build(x.shape, x.shape)
    for one in (layer, decoder):
        random = np.random.default_rng(1)
        one.set_weights([random.normal(scale=0.2, size=w.shape) for w in one.weights])
    print(choose(layer).kernel, choose(layer).instructions, choose(layer).obstacles.get("native"))
    arrays = map(ops.convert_to_numpy, (layer(x), *decoder(x, x)))
    outputs.append(np.concatenate([array.ravel() for array in arrays]))
np.save(sys.argv[1], outputs)
"""


def outputs_of(backend, *names, file):
    """What a layer gives with each of these instruction sets, in a process of a backend."""
    environment = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, "-c", PROGRAM, file, *names]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert printed.stdout.splitlines() == [
        "fused  RNNAPPS_NATIVE=off" if name == "off" else f"native {name} None" for name in names
    ]
    return np.load(file)


def test_every_instruction_set_and_none_give_the_same(tmp_path):
    """A process of PyTorch calls any number of libraries; one of TensorFlow has the operations of one,
    here of another than the other tests.
    """
    flags = library._flags()
    sets = [name for name, needs in library.NEEDS.items() if needs <= flags]
    *outputs, without = outputs_of("torch", *sets, "off", file=tmp_path / "torch.npy")
    outputs += list(outputs_of("tensorflow", "plain", file=tmp_path / "tensorflow.npy"))
    for output in outputs:
        np.testing.assert_allclose(output, without, atol=2e-6)


def test_without_its_library_another_kernel_runs_and_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "FOLDER", tmp_path)
    found = choice.choose(layers.LSTM(3))
    assert found.kernel == "fused" and "apt install g++" in found.obstacles["native"]
    with pytest.raises(ValueError, match="kernel='native' cannot run: it was not compiled"):
        layers.LSTM(3, kernel="native")(X)


def test_the_fastest_library_that_there_is(monkeypatch, tmp_path):
    """An older compiler knows fewer instructions than the processor."""
    monkeypatch.setattr(library, "FOLDER", tmp_path)
    monkeypatch.setattr(
        library, "_flags", lambda: frozenset.union(*map(frozenset, library.NEEDS.values()))
    )
    assert library.instructions() == "amx" and "apt install g++" in library.obstacle()
    for name in ("plain", "avx2", "avx512"):
        (tmp_path / f"{name}.so").touch()
        assert library.instructions() == name and not library.obstacle()


def test_what_keeps_a_layer_from_it(monkeypatch):
    for options, obstacle in (
        ({"zoneout": 0.1}, r"zoneout=\(0.1, 0.0\)"),
        ({"dtype": "float64"}, "float64"),
        ({"recurrent_dropout": 0.1}, "recurrent_dropout=0.1"),
    ):
        with pytest.raises(ValueError, match=f"kernel='native' cannot run: {obstacle}"):
            layers.LSTM(3, kernel="native", **options)(X)
    monkeypatch.setenv("RNNAPPS_NATIVE", "fast")
    with pytest.raises(ValueError, match="RNNAPPS_NATIVE=fast: expected off, amx, avx512_bf16, avx"):
        layers.LSTM(3, kernel="native")(X)


def test_the_threads_of_python_share_it():
    layer = layers.LSTM(33)
    expected = keras.ops.convert_to_numpy(layer(X))
    with ThreadPoolExecutor(4) as pool:
        for output in pool.map(lambda _: keras.ops.convert_to_numpy(layer(X)), range(40)):
            np.testing.assert_array_equal(output, expected)


def test_a_saved_model_does_not_need_it(tmp_path):
    inputs = keras.Input((None, 3))
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(inputs)
    model = keras.Model(inputs, layers.AttentionRecurrence(4)(x, x)[0])
    expected = model.predict_on_batch(X)
    model.export(tmp_path / "model", verbose=False)
    assert b"Rnnapps" not in (tmp_path / "model" / "saved_model.pb").read_bytes()
    served = keras.layers.TFSMLayer(tmp_path / "model", call_endpoint="serve")(X)
    np.testing.assert_allclose(served, expected, atol=1e-6)
