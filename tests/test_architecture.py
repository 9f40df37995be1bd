"""Who may import whom."""

import ast
from pathlib import Path

import pytest

import rnnapps
from rnnapps.commands.main import FIRST_WORDS

ROOT = Path(rnnapps.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def imported(file: Path) -> set[str]:
    """The modules that a file imports anywhere in it; `from a import b` counts as a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import by the full name"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def parts(names: set[str]) -> set[str]:
    """The first-level parts of rnnapps among module names."""
    return {name.split(".")[1] for name in names if name.startswith("rnnapps.")}


@pytest.mark.parametrize("package", ["layers", "decoding"])
def test_layers_and_decoding_import_nothing_else_of_rnnapps(package):
    for file in (ROOT / package).rglob("*.py"):
        assert parts(imported(file)) <= {package}, file


def test_encoders_import_nothing_else_of_rnnapps():
    for file in (ROOT / "encoders").rglob("*.py"):
        assert parts(imported(file)) <= {"encoders", "errors"}, file


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_applications_are_imported_by_nobody_but_themselves(file):
    package = file.relative_to(ROOT).parts[0]
    if package != "benchmark":
        assert parts(imported(file)) & set(rnnapps.APPLICATIONS) <= {package}


TENSORFLOW = {  # what runs on TensorFlow only, or asks it for a GPU
    "data/tfds_source.py": {"tensorflow_datasets"},
    "export/litert.py": {"tensorflow"},
    "export/onnx_format.py": {"tensorflow"},
    "decoding/compiled.py": {"tensorflow"},
    "layers/kernels/cell_loop.py": {"tensorflow"},
    "layers/kernels/choice.py": {"tensorflow"},
    "layers/kernels/loops.py": {"tensorflow"},
    "layers/kernels/tensorflow_cudnn.py": {"tensorflow"},
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_tensorflow_is_named_by_few_files(file):
    tensorflow = {name for name in imported(file) if name.split(".")[0].startswith("tensorflow")}
    assert tensorflow <= TENSORFLOW.get(file.relative_to(ROOT).as_posix(), set())


def test_each_application_has_the_same_files():
    """And one more for each of the commands that it alone has."""
    for application in rnnapps.APPLICATIONS:
        more = {f"{name}.py" for name in ("stream", "export") if application in FIRST_WORDS[name]}
        files = {file.name for file in (ROOT / application).iterdir()} - {"__pycache__"}
        assert (
            files
            == {
                "README.md",
                "__init__.py",
                "config.py",
                "data.py",
                "model.py",
                "train.py",
                "evaluate.py",
                "infer.py",
            }
            | more
        )


def test_one_public_class_a_file_in_the_layer_library():
    for file in (ROOT / "layers").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        public = [n.name for n in tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]
        assert len(public) <= 1, file
