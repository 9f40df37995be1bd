"""The picture of a page, and its lines cut from it."""

import os
import unicodedata
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, ImageDraw

from rnnapps.data.pictures.files import SUFFIXES
from rnnapps.errors import UserError, brief

TOLERANCE = 0.02  # by which the shapes of a page and of its picture may differ, as measures are rounded


def find_picture(page: Path, name: str) -> Path:
    """The picture of a page, in the page's folder or in its parent.

    It is looked for by its name, whatever its case; by that without its folders, as it may have been
    moved; and by the name of the page.

    Args:
        page: its XML file.
        name: of the picture, as the page has it; "" if it has none.

    Raises:
        UserError: it is not there, or was only to be found elsewhere, where pages may not lead.
    """
    folder = Path(os.path.abspath(page.parent))
    home = folder.parent
    named = PurePosixPath(name.strip().replace("\\", "/"))
    found = None
    leads_out = False
    for path in (folder / named, home / named) if named.name else ():
        path = Path(os.path.normpath(path))
        is_inside = path.is_relative_to(home)
        leads_out |= not is_inside
        found = found or (_present(path) if is_inside else None)
    names = [named.name] if named.name else []
    for file_name in (*names, *(f"{page.stem}{suffix}" for suffix in SUFFIXES)):
        for place in (folder, home):
            found = found or _present(place / file_name)
    if found is None:
        where = f"is outside of {home}" if leads_out else f"is not in {folder} or {home}"
        raise UserError(f"{page}: its picture '{brief(name, 100)}' {where}: put it beside the page")
    return found


def _present(file: Path) -> Path | None:
    """A file, or the one of its folder whose name is the same but for case and accents' encoding."""
    if os.path.isfile(file):
        return file
    if not os.path.isdir(file.parent):
        return None
    name = _folded(file.name)
    same = (one for one in sorted(file.parent.iterdir()) if _folded(one.name) == name)
    return next((one for one in same if one.is_file()), None)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def scale_of(size: tuple[float, float] | None, pixels: np.ndarray, where: str) -> np.ndarray:
    """Pixels of a picture to a measure of its page, float64 `(2,)`: of x and of y.

    Args:
        size: width and height of the page in its own measures, such as tenths of a millimetre; None if
            they are the picture's pixels.
        pixels: of the picture, `(height, width)`.
        where: what errors call the page.

    Raises:
        UserError: picture and page are of unlike shapes.
    """
    if size is None:
        return np.ones(2)
    scale = np.array(pixels.shape[::-1]) / size
    if abs(scale[0] / scale[1] - 1) > TOLERANCE:
        height, width = pixels.shape
        raise UserError(
            f"{where}: its picture has {width} x {height} pixels, which is not the shape of a page of "
            f"{size[0]:g} x {size[1]:g}: give the picture that the page was made of"
        )
    return scale


def cut(pixels: np.ndarray, polygon: np.ndarray, where: str) -> np.ndarray:
    """What of a picture is within a polygon, uint8 `(height, width)`; the paper is the rest of its box.

    Args:
        pixels: of the picture, uint8 `(height, width)`.
        polygon: `(points, 2)`, x and y in pixels.
        where: what errors call it.

    Raises:
        UserError: there is no polygon, or nothing in it.
    """
    if len(polygon) < 3:
        raise UserError(f"{where}: no polygon and no box: segment the page again")
    polygon = polygon.clip(0, pixels.shape[::-1])
    left, top = np.floor(polygon.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(polygon.max(axis=0)).astype(int).tolist()
    if left == right or top == bottom:
        raise UserError(f"{where}: its polygon is outside of the picture, or empty: mend the page")
    box = pixels[top:bottom, left:right]
    mask = Image.new("1", (right - left, bottom - top))
    ImageDraw.Draw(mask).polygon((polygon - (left, top)).ravel().tolist(), fill=1)
    within = np.asarray(mask)
    return np.where(within, box, np.median(box[within]).astype("uint8"))
