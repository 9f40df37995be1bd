"""What pyproject.toml cannot say: the kernel in C++ is compiled where there is a compiler, and the
shipped bundles, which stand beside the package, go into it.
"""

import copy
import platform
import shutil
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

NOT_IN_THE_WHEEL = ["fr-en"]  # bundles that a clone has: the wheel stays below 95 MB
NATIVE = "rnnapps/layers/kernels/native"
# For each instruction set the floats in a vector, and the compiler's flags.
SETS = {"plain": (4, [])}
if platform.machine() in ("x86_64", "AMD64"):
    SETS["avx2"] = 8, ["-mavx2", "-mfma"]
    avx512 = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"]
    SETS["avx512"] = 16, ["-mavx2", "-mfma", *avx512]
    SETS["avx512_bf16"] = 16, ["-mavx2", "-mfma", *avx512, "-mavx512bf16"]
    SETS["amx"] = 16, ["-mavx2", "-mfma", *avx512, "-mamx-tile", "-mamx-bf16"]


def extension(name: str) -> Extension:
    lanes, flags = SETS[name]
    return Extension(
        f"{NATIVE}/{name}".replace("/", "."),
        sources=[f"{NATIVE}/{source}.cc" for source in ("kernel", "tensorflow", "xla")],
        depends=[*(f"{NATIVE}/{header}.h" for header in ("interface", "attention")), "setup.py"],
        define_macros=[("RNNAPPS_LANES", str(lanes))],
        extra_compile_args=["-std=c++17", "-O3", "-g0", "-pthread", *flags],
        extra_link_args=["-pthread"],
        language="c++",
        optional=True,
    )


class BuildNative(build_ext):
    """Compiles the kernel for all instruction sets at a time; without a compiler there is none."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = len(SETS)

    def run(self):
        super().run()
        if not any(Path(self.get_ext_fullpath(one.name)).exists() for one in self.extensions):
            print(
                "rnnapps: the native kernel is not compiled, all else works. For it install a C++ "
                "compiler (Debian, Ubuntu: apt install g++), then rnnapps again",
                file=sys.stderr,
            )

    def build_extension(self, ext):
        """Into `build/native`, so that a wheel and an installation of the clone share it."""
        one = copy.copy(self)
        one.build_lib, one.inplace = "build/native", False
        one.build_temp = f"build/native/{ext.name}"  # of its own, as all have the same sources
        build_ext.build_extension(one, ext)  # nothing is compiled that is newer than its sources
        target = Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one.get_ext_fullpath(ext.name), target)

    def get_ext_filename(self, fullname):
        return f"{fullname.replace('.', '/')}.so"  # no module of Python's


class BuildWithBundles(build_py):
    """Copies `saved_models` into the package that is built; a clone has them where they stand."""

    def run(self):
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "rnnapps" / "saved_models"
            unfinished = shutil.ignore_patterns("*.training", *NOT_IN_THE_WHEEL)
            shutil.copytree("saved_models", target, ignore=unfinished, dirs_exist_ok=True)


class PlatformWheel(bdist_wheel):
    """A wheel for the platform and any version of Python."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(
    ext_modules=[extension(name) for name in SETS],
    cmdclass={"build_ext": BuildNative, "build_py": BuildWithBundles, "bdist_wheel": PlatformWheel},
)
