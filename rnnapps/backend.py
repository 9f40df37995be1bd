"""Keras's backend: what has to be set before it is imported, and what describes it."""

import os
import platform
import sys

from rnnapps.errors import UsageError, UserError
from rnnapps.training.config import TrainingConfig

BACKENDS = ("tensorflow", "jax", "torch")


def load_quietly() -> None:
    """Import Keras and its backend without the notices that TensorFlow writes while it is loaded.

    They come from below Python and cannot be configured; they would bury a command's own lines.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    name = os.environ.get("KERAS_BACKEND")
    if name is not None and name not in BACKENDS:
        raise UsageError(f"KERAS_BACKEND is '{name}': expected one of {', '.join(BACKENDS)}")
    sys.stderr.flush()
    with open(os.devnull, "wb") as nothing:
        stderr = os.dup(2)
        os.dup2(nothing.fileno(), 2)
        try:
            import keras  # noqa: F401
        except ImportError as error:
            raise UserError(
                f"the backend {name or 'tensorflow'} is not installed ({error.name}): pip install "
                f"{name or 'tensorflow'}, or choose another of {', '.join(BACKENDS)} by KERAS_BACKEND"
            ) from None
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def prepare(config: TrainingConfig) -> None:
    """Load the backend with the threads, precision and seed of a training."""
    if config.threads:
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = str(config.threads)
    load_quietly()
    import keras

    keras.mixed_precision.set_global_policy(config.precision)
    keras.utils.set_random_seed(config.seed)


def describe() -> dict[str, str | int]:
    """Versions and hardware, for reports."""
    import keras

    from rnnapps import __version__

    backend = keras.backend.backend()
    return {
        "rnnapps": __version__,
        "keras": keras.__version__,
        "backend": f"{backend} {__import__(backend).__version__}",
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
