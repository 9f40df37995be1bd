"""Who may import whom."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import rnnapps
from rnnapps.applications import APPLICATIONS

ROOT = Path(rnnapps.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def imports(file: Path) -> set[str]:
    """The modules that a file imports anywhere in it, but for type checkers; `a.b` counts as a too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import by the full name"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


IMPORTS = {file: imports(file) for file in FILES}


def part_of(module: str) -> str:
    """The part of rnnapps that a module belongs to; that of `rnnapps` itself is ""."""
    part = (*module.split("."), "")[1]
    return "" if part.startswith("__") else part


def parts(file: Path) -> set[str]:
    return {part_of(name) for name in IMPORTS[file] if name.startswith("rnnapps.")}


def module_of(file: Path) -> str:
    names = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


# What each part may import of the others; those that are not named are applications or above them.
BASE = {"", "applications", "backend", "bundle", "bundle_versions", "config", "errors"}
BASE |= {"bundle_files", "half_weights", "json_files", "network_file", "output_lock", "outputs"}
MAY = {
    "errors": set(),
    "applications": set(),
    "bundle_files": {"errors"},
    "json_files": set(),
    "network_file": {"errors", "json_files"},
    "half_weights": {"network_file"},
    "output_lock": {"errors"},
    "outputs": {"errors"},
    "config": {"errors"},
    "backend": {"", "errors"},
    "command_line": {"errors"},
    "bundle_versions": set(),
    "bundle": BASE | {"layers"},  # which registers the layers that a file names
    "card": BASE,
    "layers": set(),
    "decoding": set(),
    "encoders": {"errors", "outputs"},
    "datasets": {"data"},
    "data": {"errors", "json_files", "outputs"},
    "metrics": {"data", "errors"},
    "networks": {"errors", "layers"},
    "inference": BASE | {"data", "decoding"},
    "evaluation": BASE | {"command_line", "data", "metrics"},
    "export": BASE | {"evaluation", "inference"},
    "training": BASE | {"card", "data", "evaluation", "layers"},  # whose programs the optimizer shares
}


@pytest.mark.parametrize("part", MAY)
def test_parts_import_what_lies_below_them(part):
    files = [file for file in FILES if part_of(module_of(file)) == part]
    assert files, part
    for file in files:
        assert parts(file) <= MAY[part] | {part}, file


def test_applications_are_imported_by_nobody_but_themselves():
    for file in FILES:
        package = file.relative_to(ROOT).parts[0]
        if package not in ("benchmark", "estimators"):
            assert parts(file) & set(APPLICATIONS) <= {package}, file


def test_nothing_below_imports_the_commands():
    for file in FILES:
        if "commands" in parts(file):
            assert file.parent.name == "commands" or file == ROOT / "__main__.py", file


def test_there_are_no_circles():
    """Neither between files nor between parts, wherever in a file an import stands."""
    modules = {module_of(file): file for file in FILES}
    graph = {
        module: (IMPORTS[file] & modules.keys()) - {module, "rnnapps"}
        for module, file in modules.items()
        if module != "rnnapps"
    }
    TopologicalSorter(graph).prepare()  # raises CycleError
    of_parts = {}
    for module, file in modules.items():
        part = part_of(module)
        if part:
            of_parts.setdefault(part, set()).update(parts(file) - {part, ""})
    TopologicalSorter(of_parts).prepare()


TENSORFLOW = {  # what runs on TensorFlow only, or asks it for a GPU
    "data/tfds.py": {"tensorflow_datasets"},
    "export/litert.py": {"tensorflow"},
    "export/onnx_format.py": {"tensorflow"},
    "decoding/compiled.py": {"tensorflow"},
    "layers/kernels/cell_loop.py": {"tensorflow"},
    "layers/kernels/choice.py": {"tensorflow"},
    "layers/kernels/derivative.py": {"tensorflow"},
    "layers/kernels/loops.py": {"tensorflow"},
    "layers/kernels/native/layer.py": {"tensorflow"},
    "layers/kernels/native/tensorflow_call.py": {"tensorflow"},
    "layers/kernels/tensorflow_cudnn.py": {"tensorflow"},
}


def test_tensorflow_is_named_by_few_files():
    for file in FILES:
        tensorflow = {name for name in IMPORTS[file] if name.split(".")[0].startswith("tensorflow")}
        assert tensorflow <= TENSORFLOW.get(file.relative_to(ROOT).as_posix(), set()), file


def test_each_application_has_the_same_files():
    needed = {"README.md", "__init__.py", "config.py", "data.py", "model.py"}
    needed |= {"train.py", "evaluate.py", "predictor.py"}
    for application in APPLICATIONS:
        assert needed <= {file.name for file in (ROOT / application).iterdir()}, application


def test_one_public_class_a_file_in_the_layer_library():
    for file in (ROOT / "layers").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        public = [n.name for n in tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]
        assert len(public) <= 1, file
