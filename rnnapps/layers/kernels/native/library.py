"""The compiled kernel: the library for the instructions that this processor has."""

import ctypes
import functools
import os
from pathlib import Path

# What a processor needs for a library, by the names of /proc/cpuinfo, the fastest first.
AVX2 = {"avx2", "fma"}
AVX512 = AVX2 | {"avx512f", "avx512bw", "avx512dq", "avx512vl"}
NEEDS = {
    "amx": AVX512 | {"amx_tile", "amx_bf16"},
    "avx512_bf16": AVX512 | {"avx512_bf16"},
    "avx512": AVX512,
    "avx2": AVX2,
    "plain": set(),
}
HIDE = "RNNAPPS_NATIVE"  # a name of these to use no faster one, or "off"
FOLDER = Path(__file__).parent


def instructions() -> str:
    """The instruction set whose library runs here: "amx", "avx512_bf16", "avx512", "avx2" or "plain".

    An older compiler may have made only some of the libraries.
    """
    sets = list(NEEDS)
    wanted = os.environ.get(HIDE, "")
    if wanted in sets:
        sets = sets[sets.index(wanted) :]
    fitting = [name for name in sets if NEEDS[name] <= _flags()]
    return next((name for name in fitting if (FOLDER / f"{name}.so").exists()), fitting[0])


def obstacle() -> str:
    """What keeps the kernel from running here; empty if nothing does."""
    wanted = os.environ.get(HIDE, "")
    if wanted == "off":
        return f"{HIDE}=off"
    if wanted and wanted not in NEEDS:
        return f"{HIDE}={wanted}: expected off, {', '.join(NEEDS)}"
    if not library().exists():
        return (
            "it was not compiled when rnnapps was installed: install a C++ compiler (Debian and Ubuntu: "
            "apt install g++), then rnnapps again"
        )
    return ""


def library() -> Path:
    """The file of the library for this processor."""
    return FOLDER / f"{instructions()}.so"


@functools.cache
def loaded(file: Path) -> ctypes.CDLL:
    """The library, for calls from Python."""
    functions = ctypes.CDLL(str(file))
    functions.rnnapps_run.restype = ctypes.c_char_p
    functions.rnnapps_saved.argtypes = [ctypes.c_int64, ctypes.c_int64]
    functions.rnnapps_saved.restype = ctypes.c_int64
    return functions


@functools.cache
def _flags() -> frozenset[str]:
    """What the processor can do; nothing where it is not told, as on other systems than Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), ":")
    return frozenset(flags.partition(":")[2].split())
