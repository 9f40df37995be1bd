"""What reads lines without a network of ours: Tesseract."""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

log = logging.getLogger(__name__)

SECONDS = 600  # that Tesseract may take
TESSERACT = "tesseract"


def tesseract_lines(pictures: Sequence[np.ndarray]) -> tuple[str, list[str]] | None:
    """The texts of pictures of lines as Tesseract reads them, with its name, or None where it is not
    installed or fails.

    All the languages that are installed are tried at once, as it has no model of handwriting.
    """
    if shutil.which(TESSERACT) is None:
        return None
    try:
        return _read(pictures)
    except (subprocess.SubprocessError, OSError) as error:
        log.warning("%s: left out of the baselines: %.200s", TESSERACT, error)
        return None


def _read(pictures: Sequence[np.ndarray]) -> tuple[str, list[str]]:
    version = _run("--version").split("\n")[0]
    found = sorted(set(_run("--list-langs").split("\n")[1:]) - {"", "osd"})
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, pixels in enumerate(pictures):
            file = Path(folder) / f"{number}.png"
            # It expects letters of 30 pixels and a margin.
            Image.fromarray(np.pad(pixels, 10, constant_values=255)).save(file)
            files.append(str(file))
        listed = Path(folder) / "files.txt"
        listed.write_text("\n".join(files), encoding="utf-8")
        output = _run(str(listed), "stdout", "--psm", "7", "-l", "+".join(found))
    texts = [" ".join(page.split()) for page in output.split("\f")[: len(pictures)]]
    return f"{version} ({', '.join(found)})", texts + [""] * (len(pictures) - len(texts))


def _run(*arguments: str) -> str:
    return subprocess.run(
        [TESSERACT, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS,
        encoding="utf-8",
    ).stdout
