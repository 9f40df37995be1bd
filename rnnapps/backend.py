"""Keras's backend: what has to be set before it is imported, and what describes it."""

import contextlib
import logging
import os
import platform
import sys
from collections.abc import Iterator
from typing import Any

from rnnapps.errors import UsageError, UserError, brief

BACKENDS = ("tensorflow", "jax", "torch")
# Of Keras: what the networks and their layers are made for, whatever keras.json says.
SETTINGS = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7}

THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
_told: dict[str, str | None] = {}  # these variables before `prepare` changed them

log = logging.getLogger(__name__)


def load_quietly() -> None:
    """Import Keras and its backend.

    Neither the backend nor the numbers follow the user's `keras.json`: a setting there that another
    program needs would change what a bundle predicts.

    Raises:
        UserError: the backend that KERAS_BACKEND names is unknown, not installed, or cannot be loaded.
    """
    given = "keras" in sys.modules  # imported by the user's own program
    if not given:
        os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    if name not in BACKENDS:
        raise UsageError(f"KERAS_BACKEND is '{name}': expected one of {', '.join(BACKENDS)}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of traces for new lengths
    with silence():
        try:
            import keras
        except Exception as error:  # of any kind: a library that is missing, or does not fit another
            raise _not_loaded(name, error) from error
    for setting, value in SETTINGS.items():
        found = getattr(keras.config, setting)()
        if found != value:
            getattr(keras.config, f"set_{setting}")(value)
            if given:
                log.warning("note: keras.config.%s was %s, and is %s now", setting, found, value)


def _not_loaded(name: str, error: Exception) -> UserError:
    choose = f"or choose another of {', '.join(BACKENDS)} by KERAS_BACKEND"
    if isinstance(error, ModuleNotFoundError) and error.name == name:
        return UserError(f"the backend {name} is not installed: pip install {name}, {choose}")
    return UserError(f"the backend {name} cannot be loaded: {brief(error)}: mend it, {choose}")


def prepare(threads: int = 0, precision: str = "float32", seed: int = 0) -> None:
    """Load the backend with a number of threads (0: all), a precision policy of Keras, and a seed."""
    for name in THREADS:
        if threads:
            _told.setdefault(name, os.environ.get(name))
            os.environ[name] = str(threads)
        elif name in _told:  # the number of a training before this one
            if (given := _told.pop(name)) is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = given
    load_quietly()
    import keras

    keras.mixed_precision.set_global_policy(precision)
    with silence():
        keras.utils.set_random_seed(seed)  # it loads TensorFlow, whatever the backend


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing reaches standard error within it.

    TensorFlow writes notices while it is loaded, from below Python and whatever its log level; they
    would bury a command's own lines.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def describe() -> dict[str, Any]:
    """Versions and hardware, for reports; Keras and its backend where they are loaded."""
    from rnnapps import __version__

    about: dict[str, Any] = {"rnnapps": __version__}
    if keras := sys.modules.get("keras"):
        backend = keras.backend.backend()
        about |= {"keras": keras.__version__, "backend": f"{backend} {__import__(backend).__version__}"}
    return about | {
        "python": platform.python_version(),
        "processor": processor(),
        "cores": os.cpu_count(),
    }


def processor() -> str:
    """The processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
