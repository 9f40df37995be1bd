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
        lists = []
        for first in range(min(PROCESSES, len(pictures))):
            files = []
            for number in range(first, len(pictures), PROCESSES):
                file = Path(folder) / f"{number}.png"
                # It expects letters of 30 pixels and a margin.
                Image.fromarray(np.pad(pictures[number], 10, constant_values=255)).save(file)
                files.append(str(file))
            lists.append(Path(folder) / f"{first}.txt")
            lists[-1].write_text("\n".join(files), encoding="utf-8")
        how = ("stdout", "--psm", "7", "-l", "+".join(found))
        with ThreadPoolExecutor() as pool:
            outputs = list(pool.map(lambda listed: _run(str(listed), *how), lists))
    texts = [""] * len(pictures)
    for first, output in enumerate(outputs):
        places = range(first, len(pictures), PROCESSES)
        for place, page in zip(places, output.split("\f"), strict=False):
            texts[place] = " ".join(page.split())
    return f"{version} ({', '.join(found)})", texts


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
