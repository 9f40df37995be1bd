"""What reads lines without a network of ours: the nearest training line, and Tesseract."""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

log = logging.getLogger(__name__)

PLACES = 64  # that a line is scaled to
SECONDS = 600  # that Tesseract may take
TESSERACT = "tesseract"


def nearest_lines(
    known: Sequence[np.ndarray], texts: Sequence[str], lines: Sequence[np.ndarray]
) -> dict[str, list[str]]:
    """The text of the training line that looks most alike, and of the one whose length is nearest.

    Args:
        known: features of the training lines, float32 `(time, features)`.
        texts: of these.
        lines: features of the lines to be read.

    Returns:
        A text for each line, by the name of the baseline.
    """
    shapes, wanted = (np.stack([_scaled(one) for one in some]) for some in (known, lines))
    norms = (shapes**2).sum(axis=1)
    alike = [int((norms - 2 * shapes @ one).argmin()) for one in wanted]
    lengths = np.array([len(one) for one in known])
    as_long = [int(np.abs(lengths - len(one)).argmin()) for one in lines]
    return {
        f"the text of the nearest training line (scaled to {PLACES} places)": [texts[i] for i in alike],
        "the text of the training line whose length is nearest": [texts[i] for i in as_long],
    }


def _scaled(features: np.ndarray) -> np.ndarray:
    """The means of so many equal parts, one after the other."""
    edges = np.linspace(0, len(features), PLACES + 1)
    starts = np.minimum(edges[:-1].astype(int), len(features) - 1)
    ends = np.maximum(edges[1:].astype(int), starts + 1)
    sums = np.concatenate([np.zeros((1, features.shape[1])), features.cumsum(axis=0, dtype="float64")])
    return ((sums[ends] - sums[starts]) / (ends - starts)[:, None]).ravel().astype("float32")


def tesseract_lines(pictures: Sequence[np.ndarray]) -> tuple[str, list[str]] | None:
    """The texts of pictures of lines as Tesseract reads them, with its name, or None where it is not
    installed or does not end.

    All the languages that are installed are tried at once, as it has no model of handwriting.
    """
    if shutil.which(TESSERACT) is None:
        return None
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
        try:
            output = _run(str(listed), "stdout", "--psm", "7", "-l", "+".join(found))
        except (subprocess.SubprocessError, OSError) as error:
            log.warning("%s: left out of the baselines: %.200s", version, error)
            return None
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
