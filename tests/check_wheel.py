"""The wheel by itself: built, small enough, installed where there is no clone, and used.

    pip wheel --no-deps --wheel-dir dist .; pip install dist/rnnapps-*.whl; python tests/check_wheel.py

It is no test of pytest's, because it runs before the clone and the extras are installed.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 95  # MB, of the whole wheel, with all twelve applications

# MB in the wheel: data sets and bundles of each application, and what all share. Those of twelve
# applications fit within the limit; captioning/emoji leaves the wheel when its room is needed.
BUDGET = {
    "shared": 11,  # code, image encoder, word vectors
    "sentiment": 5.2,
    "translation": 8.5,
    "captioning": 30.5,
    "keywords": 12.7,
    "dna": 0.4,
    "language_model": 6.5,
    "chat": 11.2,
    "forecasting": 1.6,
    "handwriting": 5.8,
    "speech": 4.5,
}
LATER = {
    "speech": 2,  # a larger bundle
    "video": 1.5,
    "music": 0.5,
    "speech_synthesis": 0.3,
}
NOT_IN_THE_WHEEL = {"translation/fr-en"}  # as setup.py has it
LEAVES = 10  # MB of captioning/emoji
DATA = {
    "sentences": "sentiment",
    "translation": "translation",
    "emoji": "captioning",
    "digits": "keywords",
    "splice": "dna",
    "speeches": "language_model",
    "conversations": "chat",
    "series": "forecasting",
    "handwriting": "handwriting",
    "prompts": "speech",
}

PROGRAM = """
import rnnapps, sys
assert "site-packages" in rnnapps.__file__, rnnapps.__file__
assert rnnapps.load("translation/en-fr")("Where did you buy this book?").text.startswith("Où ")
from rnnapps.layers.kernels.native import library
print(library.obstacle())
assert not {"pytest", "jax", "torch"} & set(sys.modules)
"""


def main() -> None:
    """Raise an AssertionError where something is wrong."""
    (wheel,) = (ROOT / "dist").glob("rnnapps-*.whl")
    sizes: Counter[str] = Counter()
    native = False
    with zipfile.ZipFile(wheel) as archive:
        for file in (one for one in archive.infolist() if not one.is_dir()):
            assert not file.filename.endswith(".pyc"), file.filename
            native |= file.filename.endswith(".so")
            _, kind, name = (*Path(file.filename).parts, "", "")[:3]
            room = {"saved_models": name, "datasets": DATA.get(name, "shared")}.get(kind, "shared")
            sizes[room] += file.compress_size / 1e6
    for room, megabytes in sizes.items():
        assert megabytes <= BUDGET[room], f"{room}: {megabytes:.1f} MB, of {BUDGET[room]} in the wheel"
    assert sum([*BUDGET.values(), *LATER.values()]) - LEAVES <= LIMIT
    assert wheel.stat().st_size < LIMIT * 1e6
    bundles = {f"{path.parent.name}/{path.name}" for path in ROOT.glob("saved_models/*/*")}
    bundles -= NOT_IN_THE_WHEEL
    command = [sys.executable, "-m", "rnnapps"]
    with tempfile.TemporaryDirectory() as folder:

        def run(*words: str) -> str:
            result = subprocess.run(words, cwd=folder, capture_output=True, text=True)
            assert result.returncode == 0, f"{words}: {result.stderr}"
            return result.stdout

        listed = run(*command, "list")
        assert all(f"  {name}  " in listed for name in bundles), listed
        answer = run(*command, "predict", "sentiment", "A charming film, if a little slow.")
        assert answer.startswith("positive  0.8"), answer
        obstacle = run(sys.executable, "-c", PROGRAM).strip()
    assert native or not shutil.which("g++"), "there is a compiler, and no kernel in the wheel"
    assert (obstacle == "") == native, obstacle
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB:", end=" ")
    print(", ".join(f"{room} {size:.1f}" for room, size in sorted(sizes.items())))


if __name__ == "__main__":
    main()
