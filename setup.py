"""What pyproject.toml cannot say: the shipped bundles, which stand beside the package, go into it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithBundles(build_py):
    """Copies `saved_models` into the package that is built; a clone has them where they stand."""

    def run(self):
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "rnnapps" / "saved_models"
            unfinished = shutil.ignore_patterns("*.training")
            shutil.copytree("saved_models", target, ignore=unfinished, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithBundles})
