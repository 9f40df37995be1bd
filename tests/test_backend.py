"""Keras as rnnapps loads it, whatever the user has."""

import os
import subprocess
import sys

import keras
import pytest

from rnnapps import backend
from rnnapps.errors import UserError
from rnnapps.layers.kernels.native import layer

SETTINGS = """
from rnnapps import backend
backend.load_quietly()
import keras
print(keras.config.backend(), *(getattr(keras.config, name)() for name in backend.SETTINGS))
print(keras.layers.Dense(1).dtype_policy.name)
"""


def test_the_users_settings_of_keras_change_nothing(tmp_path):
    (tmp_path / "keras.json").write_text(
        '{"image_data_format": "channels_first", "backend": "theano", "floatx": "float16", '
        '"epsilon": 0.001}'
    )
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    result = subprocess.run(
        [sys.executable, "-c", SETTINGS],
        env=environment | {"KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.stdout == "tensorflow channels_last float32 1e-07\nfloat32\n", result.stderr
    assert result.stderr == ""


def test_settings_of_the_users_own_program_are_changed_and_told(caplog):
    keras.config.set_image_data_format("channels_first")
    backend.load_quietly()
    assert keras.config.image_data_format() == "channels_last"
    assert "image_data_format was channels_first, and is channels_last now" in caplog.text
    caplog.clear()
    backend.load_quietly()
    assert not caplog.text


def test_a_backend_that_cannot_be_loaded_has_its_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(UserError, match="cannot be loaded: .*import of keras halted") as raised:
        backend.load_quietly()
    assert isinstance(raised.value.__cause__, ImportError)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ModuleNotFoundError("No module named 'jax'", name="jax"),
            "jax is not installed: pip install jax",
        ),
        (
            ModuleNotFoundError("No module named 'ml_dtypes'", name="ml_dtypes"),
            "No module named 'ml_dtypes'",
        ),
        (
            ImportError("DLL load failed\nwhile importing"),
            "cannot be loaded: DLL load failed while import",
        ),
        (AttributeError("module 'numpy' has no attribute 'bool'"), "no attribute 'bool'"),
    ],
)
def test_not_installed_is_said_of_what_is_not_there(error, told):
    message = str(backend._not_loaded("jax", error))
    assert told in message
    assert ("not installed" in message) == (told.startswith("jax is not"))


def test_no_standard_error(monkeypatch):
    """As of a program without a console."""
    monkeypatch.setattr(sys, "stderr", None)
    with backend.silence():
        pass


def test_the_threads_of_one_training_are_not_those_of_the_next(monkeypatch):
    """Sums in another order are other weights, in the last digits."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setattr(backend, "_told", {})
    backend.prepare(threads=1)
    assert layer.threads() == 1
    backend.prepare()
    assert layer.threads() == 3 and "TF_NUM_INTRAOP_THREADS" not in os.environ
