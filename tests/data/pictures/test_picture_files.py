"""With pictures made on the spot: four coloured quarters, in every mode and format."""

import io
import logging
import zlib

import numpy as np
import pytest
from PIL import Image

from rnnapps.data.pictures.files import (
    FORMATS,
    MAX_PIXELS,
    check_picture,
    decode,
    fit_pixels,
    read_picture,
)
from rnnapps.errors import UserError

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
ORIENTATION = 0x0112
LISTED = ", ".join(FORMATS)


def quarters(height=48, width=64):
    """Red, green, blue and white quarters."""
    pixels = np.empty((height, width, 3), "uint8")
    pixels[: height // 2, : width // 2], pixels[: height // 2, width // 2 :] = RED, GREEN
    pixels[height // 2 :, : width // 2], pixels[height // 2 :, width // 2 :] = BLUE, WHITE
    return Image.fromarray(pixels)


def content(picture, kind="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def corners(pixels):
    """The colours in the middle of the quarters, row by row."""
    height, width = pixels.shape[:2]
    return [
        tuple(pixels[y, x].tolist())
        for y in (height // 4, 3 * height // 4)
        for x in (width // 4, 3 * width // 4)
    ]


def near(colours, expected, tolerance=24):
    return np.abs(np.subtract(colours, expected)).max() <= tolerance


def read(data, size=(32, 32), **options):
    return read_picture(data, size, where="picture", **options)


class TestFormatsAndModes:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_formats(self, kind):
        pixels = read(content(quarters(), kind, **({"quality": 95} if kind in ("JPEG", "AVIF") else {})))
        assert pixels.shape == (32, 32, 3) and pixels.dtype == np.uint8
        assert near(corners(pixels), [RED, GREEN, BLUE, WHITE])

    @pytest.mark.parametrize(
        ("mode", "kind"),
        [("P", "PNG"), ("P", "GIF"), ("CMYK", "TIFF"), ("LAB", "TIFF"), ("YCbCr", "JPEG")],
    )
    def test_modes(self, mode, kind):
        picture = quarters().convert(mode)
        assert near(corners(read(content(picture, kind))), [RED, GREEN, BLUE, WHITE])

    def test_cmyk_jpeg(self):
        pixels = read(content(quarters().convert("CMYK"), "JPEG", quality=95))
        assert near(corners(pixels), [RED, GREEN, BLUE, WHITE])

    @pytest.mark.parametrize("mode", ["L", "1"])
    def test_greyscale(self, mode):
        picture = Image.fromarray(np.repeat(np.uint8([[0, 255]]), 4, axis=0).repeat(2, axis=1))
        assert corners(read(content(picture.convert(mode)), (4, 4))) == [BLACK, WHITE, BLACK, WHITE]

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_16_bits_keep_their_greys(self, kind):
        greys = np.repeat(np.uint16([[0, 128 * 257, 255 * 257, 300]]), 4, axis=0)
        pixels = read(content(Image.fromarray(greys), kind), (4, 4))
        assert pixels[0, :, 0].tolist() == [0, 128, 255, 1]

    def test_16_bits_of_three_channels(self):
        row = b"\x00" + np.array([[65535, 0, 32896], [0, 65535, 0]], ">u2").tobytes()
        png = b"\x89PNG\r\n\x1a\n"
        header = np.array([2, 1], ">u4").tobytes() + bytes([16, 2, 0, 0, 0])
        for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(row)), (b"IEND", b"")):
            check = zlib.crc32(name + data)
            png += len(data).to_bytes(4, "big") + name + data + check.to_bytes(4, "big")
        assert read(png, (1, 2)).tolist() == [[[255, 0, 128], [0, 255, 0]]]

    def test_a_transparent_ground_is_white(self):
        picture = quarters().convert("RGBA")
        picture.putalpha(Image.fromarray(np.repeat(np.uint8([[0, 255]]), 48, 0).repeat(32, 1)))
        pixels = read(content(picture))
        assert corners(pixels) == [WHITE, GREEN, WHITE, WHITE]

    def test_half_transparent_is_half_white(self):
        picture = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
        assert read(content(picture), (1, 1)).tolist() == [[[127, 127, 127]]]

    @pytest.mark.parametrize(
        "picture", [Image.new("LA", (4, 4), (0, 0)), Image.new("P", (4, 4)), Image.new("RGB", (4, 4))]
    )
    def test_every_kind_of_transparency(self, picture):
        transparent = {"P": 0, "RGB": (0, 0, 0)}.get(picture.mode)
        options = {} if transparent is None else {"transparency": transparent}
        assert read(content(picture, **options), (1, 1)).tolist() == [[list(WHITE)]]

    @pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF", "MPO"])
    def test_the_first_of_several_frames(self, kind, caplog):
        frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, GREEN, BLUE)]
        animated = content(frames[0], kind, save_all=True, append_images=frames[1:])
        with caplog.at_level(logging.INFO):
            assert near(read(animated)[16, 16], RED)
        assert "picture: several frames: the first is used" in caplog.text
        assert check_picture(animated)
        assert not check_picture(content(frames[0]))


class TestOrientation:
    @pytest.mark.parametrize(
        ("orientation", "turned"),
        [
            (1, [RED, GREEN, BLUE, WHITE]),
            (2, [GREEN, RED, WHITE, BLUE]),
            (3, [WHITE, BLUE, GREEN, RED]),
            (4, [BLUE, WHITE, RED, GREEN]),
            (5, [RED, BLUE, GREEN, WHITE]),
            (6, [BLUE, RED, WHITE, GREEN]),
            (7, [WHITE, GREEN, BLUE, RED]),
            (8, [GREEN, WHITE, RED, BLUE]),
        ],
    )
    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_it_is_turned_upright(self, orientation, turned, kind):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        data = content(quarters(), kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))
        assert near(corners(read(data)), turned)
        assert decode(data).size == ((64, 48) if orientation < 5 else (48, 64))

    @pytest.mark.parametrize("exif", [b"nothing", b"II*\0\x08\0\0\0\xff\xff", b"II*\0\xff\xff\xff\xff"])
    def test_broken_metadata_do_not_matter(self, exif):
        data = content(quarters(), "JPEG", exif=b"Exif\0\0" + exif, quality=95)
        assert near(corners(read(data)), [RED, GREEN, BLUE, WHITE])


class TestSize:
    def test_the_whole_picture_is_squashed(self):
        assert corners(read(content(quarters(20, 200)), (16, 8))) == [RED, GREEN, BLUE, WHITE]

    def test_height_comes_first(self):
        assert read(content(quarters()), (8, 24)).shape == (8, 24, 3)
        assert fit_pixels(np.asarray(quarters()), (8, 24)).shape == (8, 24, 3)

    def test_fine_lines_become_grey(self):
        lines = np.zeros((64, 64, 3), "uint8")
        lines[:, ::2] = 255
        inner = fit_pixels(lines, (8, 8))[:, 1:-1].astype(int)
        assert np.abs(inner - 127).max() <= 2

    def test_a_large_jpeg_is_the_same_whether_all_is_decoded_or_not(self):
        ramp = np.linspace(0, 255, 1600).astype("uint8")
        picture = Image.fromarray(
            np.stack(np.broadcast_arrays(ramp, ramp[:1200, None], np.uint8(80)), axis=-1)
        )
        data = content(picture, "JPEG", quality=95)
        assert decode(data, enough=64).size < decode(data).size == (1600, 1200)
        whole = fit_pixels(np.asarray(decode(data)), (32, 32))
        assert np.abs(read(data).astype(int) - whole).max() <= 4

    @pytest.mark.parametrize(
        "pixels", [np.zeros((4, 4), "uint8"), np.zeros((4, 4, 3)), np.zeros((0, 4, 3))]
    )
    def test_other_arrays_are_refused(self, pixels):
        with pytest.raises(UserError, match=r"pixels are uint8 \(height, width, 3\), not"):
            fit_pixels(pixels, (8, 8))


def black(side):
    """A PNG file of some kilobytes and of as many black pixels as one likes."""
    return content(Image.new("1", (side, side)))


BOMBS = {side: black(side) for side in (7072, 10_000, 14_000)}


class TestBad:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", r"an empty file \(0 bytes\)"),
            (b"no picture\n", f"not a readable picture: expected {LISTED}"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", f"not a readable picture: expected {LISTED}"),
            (content(quarters(), "EPS"), f"not a readable picture: expected {LISTED}"),
            (content(quarters(), "JPEG")[:100], r"damaged or cut off \(.*\)"),
            (
                content(Image.fromarray(np.zeros((9, 9), "float32")), "TIFF"),
                "its pixels are floating-point numbers: make them 8 or 16 bits",
            ),
            (BOMBS[7072], "a picture of 7,072 x 7,072 pixels .50,000,000 are allowed.: make it smaller"),
            (
                BOMBS[10_000],
                "a picture of 10,000 x 10,000 pixels .50,000,000 are allowed.: make it smaller",
            ),
            (
                BOMBS[14_000],
                "a picture of far too many pixels .50,000,000 are allowed.: make it smaller",
            ),
        ],
    )
    def test_one_line_says_what_is_wrong(self, data, reason, tmp_path):
        file = tmp_path / "bad.jpg"
        file.write_bytes(data)
        with pytest.raises(UserError, match=rf"\A{file}: {reason}\Z"):
            read_picture(file, (8, 8))
        with pytest.raises(UserError, match=rf"\Apicture: {reason}\Z"):
            read(data)

    @pytest.mark.parametrize("kind", FORMATS)
    def test_cut_off(self, kind):
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype="uint8"))
        whole = content(noise, kind)
        with pytest.raises(
            UserError, match=r"\Apicture: (damaged or cut off \(.+\)|not a readable .+)\Z"
        ):
            read(whole[: len(whole) // 2])

    @pytest.mark.parametrize("kind", FORMATS)
    def test_damaged_bytes_are_never_another_error(self, kind):
        random = np.random.default_rng(0)
        for _ in range(20):
            data = np.frombuffer(content(quarters(), kind), "uint8").copy()
            data[random.integers(len(data), size=5)] = random.integers(256, size=5)
            try:
                assert read(data.tobytes()).shape == (32, 32, 3)
            except UserError as error:
                assert "\n" not in str(error) and str(error).startswith("picture: ")

    def test_no_file(self, tmp_path):
        with pytest.raises(UserError, match="a.jpg: no such file or directory"):
            read_picture(tmp_path / "a.jpg", (8, 8))
        with pytest.raises(UserError, match="is a directory"):
            check_picture(tmp_path)

    def test_the_largest_that_is_allowed(self):
        assert not check_picture(black(7071))
        assert 7071**2 <= MAX_PIXELS < 7072**2

    def test_too_large_is_refused_before_it_is_decoded(self, monkeypatch):
        monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
        for bomb in BOMBS.values():
            with pytest.raises(UserError, match="are allowed"):
                read(bomb)

    def test_a_header_says_nothing_of_damage_behind_it(self, tmp_path):
        file = tmp_path / "cut.jpg"
        data = content(quarters(480, 640), "JPEG")
        file.write_bytes(data[: len(data) // 2])
        assert not check_picture(file)
        with pytest.raises(UserError, match=f"{file}: damaged or cut off"):
            read_picture(file, (8, 8))
