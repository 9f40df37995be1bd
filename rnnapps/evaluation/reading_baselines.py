"""What reads lines without a network of ours: Tesseract."""

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

log = logging.getLogger(__name__)

SECONDS = 600  # that Tesseract may take
TESSERACT = "tesseract"
PROCESSES = 2  # that read at once


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
            files.append(Path(folder) / f"{number}.png")
            # It expects letters of 30 pixels and a margin.
            Image.fromarray(np.pad(pixels, 10, constant_values=255)).save(files[-1])
        parts = [files[first::PROCESSES] for first in range(min(PROCESSES, len(files)))]
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda part: _texts(part, "+".join(found)), parts))
    texts = [""] * len(pictures)
    for first, some in enumerate(answers):
        texts[first::PROCESSES] = some
    return f"{version} ({', '.join(found)})", texts


def _texts(files: list[Path], languages: str) -> list[str]:
    """What one process reads in pictures."""
    listed = files[0].with_suffix(".txt")
    listed.write_text("\n".join(map(str, files)), encoding="utf-8")
    output = _run(str(listed), "stdout", "--psm", "7", "-l", languages)
    texts = [" ".join(page.split()) for page in output.split("\f")[: len(files)]]
    return texts + [""] * (len(files) - len(texts))


def _run(*arguments: str) -> str:
    return subprocess.run(
        [TESSERACT, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS,
        encoding="utf-8",
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},  # its threads on one line wait for each other
    ).stdout
