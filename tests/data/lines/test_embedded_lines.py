"""The embedded lines: what is in which split, and that each picture shows its text."""

import shutil
from collections import Counter, defaultdict
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import ImageFont

from rnnapps import datasets
from rnnapps.data.lines import embedded
from rnnapps.data.lines.drawing import draw_digits, draw_text
from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.splits import content_key
from rnnapps.data.tables import read_table
from rnnapps.errors import UsageError, UserError

FOLDER = datasets.path("handwriting").parent
FONTS = sorted((FOLDER / "handwriting").glob("*.woff2"))


@pytest.fixture(scope="module")
def lines():
    return list(embedded.embedded_lines(FOLDER, "lines"))


@pytest.fixture(scope="module")
def strings():
    return list(embedded.embedded_lines(FOLDER, "digits"))


def by_split(found, what):
    of_split = defaultdict(set)
    for line in found:
        of_split[line.split].add(what(line))
    return [of_split[split] for split in ("train", "validation", "test")]


def share_nothing(sets):
    return len(set.union(*sets)) == sum(map(len, sets))


def chance(seed=0):
    return np.random.default_rng(seed)


def test_there_are_as_many_as_the_page_of_the_data_says(lines, strings):
    assert Counter(line.split for line in lines) == {"train": 3000, "validation": 300, "test": 500}
    assert Counter(line.split for line in strings) == {"train": 1500, "validation": 150, "test": 300}
    for found, characters in ((lines, (75_760, 7_159, 12_518)), (strings, (8_288, 835, 1_654))):
        for split, number in zip(("train", "validation", "test"), characters, strict=True):
            assert sum(len(line.text) for line in found if line.split == split) == number


def test_splits_share_no_font_and_no_text(lines):
    fonts = by_split(lines, lambda line: line.group)
    assert share_nothing(fonts) and [len(some) for some in fonts] == [20, 3, 5]
    assert set.union(*fonts) == {font.stem for font in FONTS}
    texts = by_split(lines, lambda line: content_key(line.text))
    assert share_nothing(texts) and [len(some) for some in texts] == [3000, 300, 500]


def test_texts_are_pieces_of_english_and_french_sentences(lines):
    rows = {}
    for table, column in (("sentences/sentences.csv.xz", "text"), ("translation/en-fr.tsv.xz", "fr")):
        rows |= {row.where: " ".join(row.fields[column].split()) for row in read_table(FOLDER / table)}
    rows = {where: sentence.replace("''", '"') for where, sentence in rows.items()}
    for line in lines:
        assert 10 <= len(line.text) <= 45
        row, font = line.where.split(" in ")
        assert f" {line.text} " in f" {rows[row]} " and font == line.group
    for split in ("train", "validation", "test"):
        tables = Counter(line.where.split(":")[0] for line in lines if line.split == split)
        assert tables["sentences.csv.xz"] == tables["en-fr.tsv.xz"] > 0


def test_training_has_every_character(lines):
    train, validation, test = (set("".join(texts)) for texts in by_split(lines, lambda line: line.text))
    assert validation <= train and test <= train and train <= embedded.CHARACTERS
    assert set("0123456789éàçêœÉÀ?!") <= train
    assert not any("''" in line.text for line in lines)  # which would look like a quotation mark


@pytest.mark.parametrize("file", FONTS, ids=lambda file: file.stem)
def test_each_font_has_every_character(file):
    """One that a font lacks is drawn as U+FFFF, which none has: a box, or nothing."""
    font = ImageFont.truetype(file, 40, layout_engine=ImageFont.Layout.BASIC)

    def drawn(character):
        mask = font.getmask(character)
        return mask.size, bytes(mask)

    characters = sorted(embedded.CHARACTERS - {" "})
    masks = {character: drawn(character) for character in characters}
    assert all(any(pixels) for _, pixels in masks.values())
    assert drawn("\uffff") not in masks.values()
    assert len(set(masks.values())) == len(characters)
    assert font.getlength(" ") > 3


@pytest.mark.parametrize("kind", ["lines", "strings"])
def test_pictures_are_dark_on_light_and_whole(kind, request):
    for line in request.getfixturevalue(kind)[::25]:
        pixels = line.read()
        assert pixels.dtype == np.uint8 and 50 <= len(pixels) <= 72 <= 2 * pixels.shape[1], line
        assert np.median(pixels) > 180 and pixels.min() < 130, line
        edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert edges.min() > 170, line  # nothing is cut off


def test_a_line_is_always_drawn_alike_and_no_other_is(lines, strings):
    for some in (lines, strings):
        again = next(embedded.embedded_lines(FOLDER, "lines" if some is lines else "digits"))
        assert np.array_equal(some[0].read(), again.read()) and some[0].text == again.text
    one, other = lines[0], lines[len(lines) // 2]
    assert not np.array_equal(one.read()[:, :60], other.read()[:, :60])


@pytest.fixture
def fonts(tmp_path):
    (tmp_path / "mine.woff2").write_bytes((FOLDER / "handwriting" / "caveat.woff2").read_bytes())
    (tmp_path / "kalam.woff2").write_bytes((FOLDER / "handwriting" / "kalam.woff2").read_bytes())
    shutil.copy(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", tmp_path)
    (tmp_path / "LICENSE.txt").write_text("of the fonts")
    return tmp_path


def test_more_training_lines_are_drawn_in_fonts_that_are_given(lines, fonts):
    found = list(embedded.embedded_lines(FOLDER, "lines", str(fonts)))
    kept = [(line.text, line.group) for line in found if line.split != "train"]
    assert kept == [(line.text, line.group) for line in lines if line.split != "train"]
    of_font = Counter(line.group for line in found if line.split == "train")
    assert sum(of_font.values()) == 3000 + 2 * 2 * embedded.MORE_LINES
    # That of the test lines is in no other split, whoever gives it.
    assert len(of_font) == 22 and {"mine", "DejaVuSans"} < set(of_font)
    assert share_nothing(by_split(found, lambda line: content_key(line.text)))
    drawn = next(line for line in found if line.group == "DejaVuSans")
    assert drawn.read().min() < 130


def test_fonts_that_lack_characters_are_left_out(fonts, caplog):
    shutil.copy(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "cmsy10.ttf", fonts)
    with caplog.at_level("INFO"):
        found = list(embedded.embedded_lines(FOLDER, "lines", str(fonts)))
    assert "cmsy10" not in {line.group for line in found}
    assert f"left out: {fonts / 'cmsy10.ttf'}: it lacks " in caplog.text
    for file in (*fonts.glob("*.woff2"), fonts / "DejaVuSans.ttf"):
        file.unlink()
    with pytest.raises(UserError, match=f"^--fonts {fonts}: no fonts "):
        list(embedded.embedded_lines(FOLDER, "lines", str(fonts)))


def test_fonts_that_cannot_be_read(fonts):
    with pytest.raises(UserError, match=f"^--fonts {fonts}/none: no such folder"):
        list(embedded.embedded_lines(FOLDER, "lines", f"{fonts}/none"))
    (fonts / "cut.ttf").write_bytes((fonts / "DejaVuSans.ttf").read_bytes()[:100])
    with pytest.raises(UserError, match=f"^{fonts / 'cut.ttf'}: no font that can be read "):
        list(embedded.embedded_lines(FOLDER, "lines", str(fonts)))
    for data in ("embedded:digits", "lines_of_my_own"):
        with pytest.raises(UsageError, match="--fonts must be of --data embedded alone"):
            LineSourceConfig(data=data, fonts=str(fonts))


def test_chance_draws_the_same_text_in_different_ways():
    pictures = [draw_text("où l'été", FONTS[0], chance(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(pictures[0], pictures[1])
    assert pictures[0].shape != pictures[2].shape


def test_what_is_drawn_is_the_text():
    """Drawn with one chance, texts share the place of what they share."""
    font = FOLDER / "handwriting" / "kalam.woff2"
    short, long = (draw_text(text, font, chance()) < 170 for text in ("mm", "mmmm"))
    assert np.ptp(np.flatnonzero(long.any(axis=0))) == pytest.approx(
        2 * np.ptp(np.flatnonzero(short.any(axis=0))), rel=0.1
    )
    plain, accented = (draw_text(text, font, chance()) < 170 for text in ("mem", "mém"))
    above, new = (np.flatnonzero(some.any(axis=1))[0] for some in (plain, accented))
    assert new < above - 3


def test_digits_stand_side_by_side():
    bars = [np.zeros((20, 20), "uint8") for _ in range(5)]
    for bar in bars:
        bar[:, 8:12] = 255
    dark = draw_digits(bars, chance()) < 150
    middle = np.diff(dark[len(dark) // 2].astype(int))
    assert (middle == 1).sum() == (middle == -1).sum() == 5


def test_strings_and_their_digits(strings, monkeypatch):
    """Nobody's digit is in two splits, and a string shows the digits that its text says."""
    shown = {}
    monkeypatch.setattr(embedded, "draw_digits", lambda digits, generator: digits)
    tiles = embedded._tiles(FOLDER / "handwriting" / "digits.webp")
    label = {tile.tobytes(): digit for digit, some in enumerate(tiles) for tile in some}
    for line in strings:
        assert line.group is None and 3 <= len(line.text) <= 8
        digits = [digit.tobytes() for digit in line.read()]
        assert "".join(str(label[digit]) for digit in digits) == line.text
        shown.setdefault(line.split, set()).update(digits)
    assert len(label) == 8000 and share_nothing(list(shown.values()))
    assert Counter(len(line.text) for line in strings).keys() == {3, 4, 5, 6, 7, 8}
