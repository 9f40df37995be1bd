"""With lines drawn on the spot: words on paper of several greys."""

import io
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rnnapps.data.pictures.line_pixels import FAINTEST, read_line, to_height
from rnnapps.errors import UserError


def line(paper=255, ink=0, size=(300, 40), mode="L", text="a line of writing"):
    picture = Image.new(mode, size, paper)
    ImageDraw.Draw(picture).text((10, 8), text, fill=ink, font_size=20)
    return picture


def content(picture, kind="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


class TestReadLine:
    @pytest.mark.parametrize(
        "picture",
        [
            line(),
            line().convert("1"),
            line().convert("P"),
            line((255, 255, 255), (0, 0, 0), mode="RGB"),
            line((0, 0, 0, 0), (0, 0, 0, 255), mode="RGBA"),
            Image.fromarray(np.asarray(line()).astype("uint16") * 257),
            line(0, 255),
        ],
        ids=["grey", "bits", "palette", "colour", "transparent", "16-bits", "white-on-black"],
    )
    def test_every_kind_is_dark_on_light(self, picture):
        pixels = read_line(content(picture), "line")
        assert pixels.dtype == np.uint8 and pixels.shape == (40, 300)
        hard = np.asarray(line()) < 128
        assert ((pixels < 128) == hard).mean() > 0.98  # letters without smooth edges differ a little
        assert pixels[0, 0] == 255

    def test_exif(self):
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned by 90 degrees to the right
        data = content(line().transpose(Image.Transpose.ROTATE_90), exif=exif)
        np.testing.assert_array_equal(read_line(data, "line"), np.asarray(line()))

    @pytest.mark.parametrize(("paper", "ink"), [(110, 30), (60, 20), (250, 200)])
    def test_dark_paper_and_faint_ink_are_not_turned_round(self, paper, ink):
        picture = line(paper, ink)
        np.testing.assert_array_equal(read_line(content(picture), "line"), np.asarray(picture))

    @pytest.mark.parametrize("grey", [0, 255])
    def test_a_blank_line_stays(self, grey):
        assert read_line(np.full((20, 90), grey, "uint8")).tolist() == [[grey] * 90] * 20

    def test_pixels(self, tmp_path):
        pixels = np.asarray(line())
        np.testing.assert_array_equal(read_line(pixels), pixels)
        np.testing.assert_array_equal(read_line(np.stack([pixels] * 3, axis=2)), pixels)
        (tmp_path / "line.png").write_bytes(content(line()))
        np.testing.assert_array_equal(read_line(tmp_path / "line.png"), pixels)

    @pytest.mark.parametrize(
        "pixels",
        [
            np.zeros((8, 8)),
            np.zeros((8, 8, 4), "uint8"),
            np.zeros(8, "uint8"),
            np.zeros((0, 8), "uint8"),
        ],
    )
    def test_other_arrays(self, pixels):
        message = r"^mine: pixels are uint8 \(height, width\) or \(height, width, 3\), not "
        with pytest.raises(UserError, match=message):
            read_line(pixels, "mine")

    def test_what_is_no_line(self, tmp_path):
        with pytest.raises(UserError, match="^picture: 10 pixels wide and 81 high: turn it"):
            read_line(np.zeros((81, 10), "uint8"))
        with pytest.raises(UserError, match="^picture: 2001 pixels wide, but 10 high: divide it"):
            read_line(np.zeros((10, 2001), "uint8"))
        assert read_line(np.zeros((80, 10), "uint8")).shape == (80, 10)  # a single letter
        with pytest.raises(UserError, match="none.png: no such file or directory"):
            read_line(tmp_path / "none.png")
        with pytest.raises(UserError, match=r"^cut.png: damaged or cut off \("):
            read_line(content(line())[:300], "cut.png")


class TestToHeight:
    @pytest.mark.parametrize(("size", "width"), [((300, 40), 360), ((600, 160), 180), ((1, 90), 1)])
    def test_shape_is_kept(self, size, width):
        assert to_height(np.asarray(line(size=size)), 48, 2000).shape == (48, width)

    def test_widest(self):
        assert to_height(np.asarray(line(size=(3000, 40))), 48, 2000).shape == (48, 2000)

    @pytest.mark.parametrize(("paper", "ink"), [(255, 0), (200, 120), (90, 10)])
    def test_ink_is_black_and_paper_white(self, paper, ink):
        pixels = to_height(np.asarray(line(paper, ink)), 48, 2000)
        assert pixels.dtype == np.uint8
        assert np.median(pixels) == 255 and pixels.min() == 0
        best = to_height(np.asarray(line()), 48, 2000)
        assert np.abs(pixels.astype(int) - best).mean() < 4

    def test_one_spot_does_not_make_the_ink_pale(self):
        pixels = np.asarray(line(220, 100)).copy()
        black = (to_height(pixels, 40, 300) < 32).mean()
        pixels[:2, :2] = 0
        pixels[5, 5] = 255
        assert (to_height(pixels, 40, 300) < 32).mean() > 0.95 * black > 0.02

    def test_noise_of_blank_paper_stays_faint(self):
        noise = np.random.default_rng(0).normal(230, 2, (48, 600)).astype("uint8")
        pixels = to_height(noise, 48, 2000)
        assert pixels.min() > 255 - 255 * 12 / FAINTEST
        assert to_height(np.full((48, 600), 230, "uint8"), 48, 2000).min() == 255

    def test_500_lines_take_little_time(self):
        pixels = np.asarray(line(size=(800, 64)))
        start = time.process_time()
        for _ in range(500):
            to_height(pixels, 48, 2000)
        assert time.process_time() - start < 1.5  # 0.2 s where nothing else runs
