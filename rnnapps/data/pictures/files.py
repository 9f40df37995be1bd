"""Pictures from files: JPEG, PNG, GIF, WebP, AVIF, BMP and TIFF, of any size, mode and orientation."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from rnnapps.errors import UserError

log = logging.getLogger(__name__)

# No others: some of pillow's decoders start programs (EPS), and some are little tried.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".bmp", ".tif", ".tiff")
MAX_PIXELS = 50_000_000  # of one picture: one of more may be made to fill the memory


def read_picture(source: Path | bytes, size: tuple[int, int], where: str | None = None) -> np.ndarray:
    """Read a picture of any size as RGB pixels, uint8 `(height, width, 3)`: `decode`, then `fit`.

    Encoding for training and for inference both begin with this.

    Args:
        source: a file, or its content.
        size: height and width of the result, in pixels.
        where: what errors call it; without it the file.

    Raises:
        UserError: see `decode`.
    """
    return fit(decode(source, where, enough=2 * max(size)), size)


def decode(source: Path | bytes, where: str | None = None, enough: int | None = None) -> Image.Image:
    """Decode a picture to RGB as a viewer shows it: upright, and on a white ground.

    Of several frames or pages it is the first, which is logged. 16 bits are reduced to 8. Colour
    profiles are not applied.

    Args:
        source: a file, or its content.
        where: what errors call it; without it the file.
        enough: pixels of its sides; where a JPEG has more, less work is done and not all are decoded.

    Raises:
        UserError: no such file, not a picture in one of FORMATS, one of more than MAX_PIXELS (refused
            before it is decoded) or of floating-point numbers, or a damaged one; in one line.
    """
    where = where or str(source)
    with _opened(source, where) as picture:
        if _has_frames(picture):
            log.info("%s: several frames: the first is used", where)
        if picture.mode == "F":
            raise UserError(f"{where}: its pixels are floating-point numbers: make them 8 or 16 bits")
        if enough is not None:
            picture.draft(None, (enough, enough))
        return _to_rgb(ImageOps.exif_transpose(picture))


def check_picture(source: Path | bytes, where: str | None = None) -> bool:
    """Look at the header of a picture, without decoding it; whether it has several frames or pages.

    Raises:
        UserError: see `decode`. Damage behind the header is found only when it is decoded.
    """
    with _opened(source, where or str(source)) as picture:
        return _has_frames(picture)


def fit(picture: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """Resize an RGB picture to pixels of a height and width, uint8 `(height, width, 3)`.

    The whole picture is squashed, so that nothing is lost that a caption may tell. The interpolation is
    bicubic; when the picture gets smaller, a pixel is made of all that it covers (antialiasing).
    """
    height, width = size
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def fit_pixels(pixels: np.ndarray, size: tuple[int, int], where: str = "pixels") -> np.ndarray:
    """Resize pixels, uint8 `(height, width, 3)`, as `fit` does it with a picture.

    Raises:
        UserError: see `check_pixels`.
    """
    return fit(Image.fromarray(check_pixels(pixels, where)), size)


def check_pixels(pixels: np.ndarray, where: str) -> np.ndarray:
    """Pixels as they are, uint8 `(height, width, 3)`.

    Raises:
        UserError: another shape or type.
    """
    try:
        pixels = np.asarray(pixels)
    except ValueError:  # lists of unequal length
        raise UserError(f"{where}: no array: pixels are uint8 (height, width, 3)") from None
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise UserError(
            f"{where}: pixels are uint8 (height, width, 3), not {pixels.dtype} {pixels.shape}"
        )
    return pixels


@contextmanager
def _opened(source: Path | bytes, where: str) -> Iterator[Image.Image]:
    """A picture that is open and of an allowed size; what goes wrong with it becomes a UserError."""
    try:
        with (
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream,
            warnings.catch_warnings(),
        ):
            # Of sizes, which are checked here, and of metadata, without which it can be read too.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            if not stream.read(1):
                raise UserError(f"{where}: an empty file (0 bytes)")
            stream.seek(0)
            with Image.open(stream, formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise UserError(_too_large(where, f"{width:,} x {height:,} pixels"))
                yield picture
    except UserError:
        raise
    except UnidentifiedImageError:
        raise UserError(f"{where}: not a readable picture: expected {', '.join(FORMATS)}") from None
    except Image.DecompressionBombError:
        raise UserError(_too_large(where, "far too many pixels")) from None
    except Exception as error:  # decoders answer damaged bytes with errors of many kinds
        if isinstance(error, OSError) and error.strerror:
            raise UserError(f"{where}: {error.strerror.lower()}") from None
        reason = str(error) or type(error).__name__
        raise UserError(f"{where}: damaged or cut off ({reason})") from None


def _too_large(where: str, size: str) -> str:
    return f"{where}: a picture of {size} ({MAX_PIXELS:,} are allowed): make it smaller"


def _has_frames(picture: Image.Image) -> bool:
    return getattr(picture, "is_animated", False)


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits, of which `convert` would cut off all above 255
        grey = np.asarray(picture).clip(0, 65535) // 256
        return Image.fromarray(grey.astype("uint8")).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("RGB")
