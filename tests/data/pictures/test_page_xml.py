"""With a page drawn on the spot: two lines of writing, and the XML of both forms."""

import logging
import re
import time
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rnnapps.data.pictures.page_elements import DEEPEST, LARGEST, MOST
from rnnapps.data.pictures.page_xml import is_page, lines_of, read_page, write_page
from rnnapps.errors import UserError

ALTO = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" xmlns:xlink="http://www.w3.org/1999/xlink">
  <Description>
    <MeasurementUnit>pixel</MeasurementUnit>
    <sourceImageInformation><fileName>page.png</fileName></sourceImageInformation>
  </Description>
  <Layout>
    <Page WIDTH="400" HEIGHT="200" PHYSICAL_IMG_NR="1" ID="p">
      <PrintSpace HPOS="0" VPOS="0" WIDTH="400" HEIGHT="200">
        <TextBlock ID="b">
          <TextLine ID="l1" BASELINE="20,52 380,52" HPOS="20" VPOS="20" WIDTH="360" HEIGHT="40">
            <Shape><Polygon POINTS="20,20 380,20 380,60 200,60 200,40 20,40"/></Shape>
            <String CONTENT="one" WC="0.5"/><SP/>
            <String CONTENT="Fish &amp; chip"><Glyph CONTENT="F"/></String><HYP CONTENT="-"/>
          </TextLine>
          <TextLine ID="l2" BASELINE="130" HPOS="20" VPOS="100" WIDTH="360" HEIGHT="40"/>
        </TextBlock>
      </PrintSpace>
    </Page>
  </Layout>
</alto>
"""
PAGE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
  <Metadata><Creator>hand</Creator></Metadata>
  <Page imageFilename="page.png" imageWidth="400" imageHeight="200">
    <TextRegion id="r">
      <Coords points="0,0 400,0 400,200 0,200"/>
      <TextLine id="l1" custom="readingOrder {index:0;}">
        <Coords points="20,20 380,20 380,60 200,60 200,40 20,40"/>
        <Baseline points="20,52 380,52"/>
        <Word id="w"><Coords points="1,1 2,2 3,3"/><TextEquiv><Unicode>one</Unicode></TextEquiv></Word>
        <TextEquiv index="2"><Unicode>two</Unicode></TextEquiv>
        <TextEquiv index="1" conf="0.5"><Unicode>one Fish &amp; chip-</Unicode></TextEquiv>
        <TextStyle fontSize="12"/>
      </TextLine>
      <TextLine id="l2">
        <Coords points="20,100 380,100 380,140 20,140"/>
      </TextLine>
      <TextEquiv><Unicode>one Fish &amp; chip-</Unicode></TextEquiv>
    </TextRegion>
  </Page>
</PcGts>
"""


@pytest.fixture
def picture(tmp_path):
    """Grey paper with a stroke in each of two lines, and one under the left half of the first."""
    page = Image.new("L", (400, 200), 200)
    draw = ImageDraw.Draw(page)
    draw.rectangle((30, 25, 370, 30), fill=20)
    draw.rectangle((30, 48, 150, 54), fill=0)
    draw.rectangle((30, 115, 370, 120), fill=20)
    page.save(tmp_path / "page.png")
    return page


@pytest.fixture
def page(tmp_path, picture):
    """Writes the XML and reads it."""

    def read(text, name="page.xml", encoding="utf-8"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return read_page(file)

    return read


def written(page, texts, confidences=None):
    output = page.file.with_name("out.xml")
    write_page(page.file, texts, output, confidences)
    return output.read_text(encoding="utf-8")


class TestReadPage:
    @pytest.mark.parametrize("text", [ALTO, PAGE], ids=["alto", "page"])
    def test_lines(self, page, tmp_path, text):
        read = page(text)
        assert read.picture == tmp_path / "page.png" and read.size == (400, 200)
        first, second = read.lines
        assert (first.id, first.text) == ("l1", "one Fish & chip-")
        assert (second.id, second.text) == ("l2", "")
        assert first.polygon.tolist()[:2] == [[20, 20], [380, 20]] and len(first.polygon) == 6
        assert second.polygon.tolist() == [[20, 100], [380, 100], [380, 140], [20, 140]]
        assert is_page(read.file)

    @pytest.mark.parametrize(
        ("words", "text"),
        [
            ('<String CONTENT="a"/><String CONTENT="b"/>', "a b"),
            ('<String CONTENT="你"/><String CONTENT="好"/><SP/><String CONTENT="a"/>', "你好 a"),
            ('<String CONTENT="sou"/><HYP CONTENT="&#xAD;"/>', "sou\xad"),
            ('<String CONTENT=""/>', ""),
        ],
    )
    def test_words_of_alto(self, page, words, text):
        assert (
            page(ALTO.replace('HEIGHT="40"/>', f'HEIGHT="40">{words}</TextLine>')).lines[1].text == text
        )

    def test_words_of_page(self, page):
        start, end = PAGE.index('        <TextEquiv index="2"'), PAGE.index("        <TextStyle")
        assert page(PAGE[:start] + PAGE[end:]).lines[0].text == "one"

    @pytest.mark.parametrize("version", ["v2", "v3"])
    def test_points_without_commas_and_prefixes(self, page, version):
        text = ALTO.replace("ns-v4", f"ns-{version}").replace("20,20 380,20", "20 20 380.0 20")
        for tag in ("alto", "Page", "TextLine", "Polygon", "String", "Shape", "fileName", "SP", "HYP"):
            text = text.replace(f"<{tag}", f"<a:{tag}").replace(f"</{tag}", f"</a:{tag}")
        first = page(text.replace("xmlns=", "xmlns:a=")).lines[0]
        assert first.polygon.tolist()[:2] == [[20, 20], [380, 20]] and first.text == "one Fish & chip-"

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
    def test_encodings(self, page, encoding):
        text = PAGE.replace("UTF-8", encoding.removesuffix("-sig")).replace("two", "zw\xf6lf")
        text = text.replace('index="2"', 'index="0"').replace("\n", "\r\n")
        read = page(text, encoding=encoding)
        assert read.lines[0].text == "zw\xf6lf" and is_page(read.file)
        write_page(read.file, {"l2": "\xe4 \u20ac"}, read.file)
        assert "zw\xf6lf".encode(encoding)[-4:] in read.file.read_bytes()
        assert [line.text for line in read_page(read.file).lines] == ["zw\xf6lf", "\xe4 \u20ac"]

    def test_lines_without_ids_are_counted(self, page):
        assert [line.id for line in page(ALTO.replace('ID="l2"', "")).lines] == ["l1", "line 2"]

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("</Layout>", "", "page.xml:[0-9]+: not XML that can be read: mismatched tag"),
            (
                "<alto",
                "<!DOCTYPE alto>\n<alto",
                "page.xml:3: a document type (<!DOCTYPE ...>): remove it",
            ),
            ("<alto", '<!DOCTYPE a [<!ENTITY x "y">]><alto', "page.xml:3: a document type"),
            ("one", "&nbsp;", "page.xml:14: not XML that can be read: undefined entity"),
            ("one", "\x01", "page.xml:14: not XML that can be read: not well-formed"),
            ("alto", "mets", "page.xml: <mets>: expected ALTO (<alto>) or PAGE XML (<PcGts>)"),
            ('"l2"', '"l1"', "page.xml: two lines have the id 'l1': rename one of them"),
            (
                "</Layout>",
                "<Page/></Layout>",
                "page.xml: several pages: write each to a file of its own",
            ),
            ("UTF-8", "cp9", "page.xml: not in the encoding cp9: save it as UTF-8"),
            (">page.png", ">none.png", "none.png' is not in "),
        ],
    )
    def test_what_is_no_page(self, page, tmp_path, old, new, message):
        if new == ">none.png":
            (tmp_path / "page.png").rename(tmp_path / "other.png")
        with pytest.raises(UserError) as error:
            page(ALTO.replace(old, new))
        assert "\n" not in str(error.value)
        pattern = message.replace("(", r"\(").replace(")", r"\)").replace("...", r"\.\.\.")
        assert error.match(pattern)

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\x89PNG\r\n\x1a\n", b"<alto", b"\x00" * 99])
    def test_other_bytes(self, page, content):
        with pytest.raises(UserError, match=r"^[^\n]*page.xml"):
            page(content)

    def test_no_file(self, tmp_path):
        with pytest.raises(UserError, match="none.xml: no such file"):
            read_page(tmp_path / "none.xml")
        with pytest.raises(UserError, match="not a file"):
            read_page(tmp_path)
        assert not is_page(tmp_path) and not is_page(tmp_path / "none.xml")

    def test_too_much(self, page, tmp_path):
        start = time.process_time()
        with pytest.raises(UserError, match=f"more than {DEEPEST} deep: not a page of text"):
            page("<a>" * 100_000)
        with pytest.raises(UserError, match=f"more than {MOST:,} elements: not a page of text"):
            page("<alto>" + "<a/>\n" * (MOST + 1) + "</alto>")
        with (tmp_path / "large.xml").open("wb") as stream:
            stream.truncate(LARGEST + 1)
        with pytest.raises(UserError, match="bytes of XML"):
            read_page(tmp_path / "large.xml")
        assert time.process_time() - start < 10  # 1 s where nothing else runs


class TestPicture:
    @pytest.mark.parametrize(
        "name",
        [
            "PAGE.PNG",
            "images/page.png",
            "C:\\scans\\page.png",
            "file:///home/me/page.png",
            "",
            "page.jpg",
        ],
    )
    def test_it_was_moved_or_renamed(self, page, tmp_path, name):
        assert page(ALTO.replace("page.png", name)).picture == tmp_path / "page.png"

    @pytest.mark.parametrize("name", ["page.png", "../page.png", "{}/page.png"])
    def test_it_is_in_the_parent_of_the_pages_folder(self, page, tmp_path, name):
        text = PAGE.replace("page.png", name.format(tmp_path))
        assert page(text, "inner/1.xml").picture == tmp_path / "page.png"

    @pytest.mark.parametrize("name", ["../../secret.png", "/etc/secret.png", "a/../../../secret.png"])
    def test_it_is_elsewhere(self, page, tmp_path, name):
        (tmp_path.parent / "secret.png").write_bytes((tmp_path / "page.png").read_bytes())
        message = rf"secret.png' is outside of {tmp_path}: put it beside the page"
        with pytest.raises(UserError, match=message):
            page(ALTO.replace("page.png", name), "inner/1.xml")

    @pytest.mark.parametrize("name", ["&#10;\u2028", "a" * 5000, "/", "..", "."])
    def test_names_that_are_none(self, page, name):
        with pytest.raises(UserError, match=r"^[^\n]*1.xml: its picture '[^\n]*put it beside the page$"):
            page(ALTO.replace("page.png", name), "1.xml")


class TestLinesOf:
    @pytest.mark.parametrize("text", [ALTO, PAGE], ids=["alto", "page"])
    def test_outside_of_the_polygon_is_paper(self, page, picture, text):
        (first, one), (second, two) = lines_of(page(text))
        assert (first.id, one.shape, one.dtype) == ("l1", (40, 360), np.uint8)
        assert (one[5:11, 10:351] == 20).all()
        assert (one[24:, :178] == 200).all()  # where the next line's stroke is
        assert (second.id, two.shape) == ("l2", (40, 360))
        np.testing.assert_array_equal(two, np.asarray(picture)[100:140, 20:380])

    def test_measures_of_paper(self, page):
        text = ALTO.replace(">pixel<", ">mm10<")
        text = re.sub('"(\\d+)"', lambda number: f'"{int(number[1]) / 2:g}"', text)
        text = text.replace("20,20 380,20 380,60 200,60 200,40 20,40", "")
        assert [line.shape for _, line in lines_of(page(text))] == [(40, 360), (40, 360)]
        with pytest.raises(UserError, match="measured in mm10, but its Page has no WIDTH and HEIGHT"):
            page(text.replace('Page WIDTH="200"', "Page"))

    def test_a_smaller_picture(self, page, picture, tmp_path):
        picture.resize((200, 100)).save(tmp_path / "page.png")
        assert [line.shape for _, line in lines_of(page(PAGE))] == [(20, 180), (20, 180)]

    def test_another_picture(self, page, picture, tmp_path):
        picture.rotate(90, expand=True).save(tmp_path / "page.png")
        message = "200 x 400 pixels, which is not the shape of a page of 400 x 200"
        with pytest.raises(UserError, match=message):
            next(lines_of(page(PAGE)))

    @pytest.mark.parametrize(
        ("points", "message"),
        [
            ("500,500 600,500 600,540", "outside of the picture, or empty: mend the page"),
            ("20,20 20,20 20,20", "outside of the picture, or empty: mend the page"),
            ("", "no polygon and no box: segment the page again"),
            ("1,2 3", "no polygon and no box: segment the page again"),
            ("10.5,10.5", "no polygon and no box: segment the page again"),
            ("10,10 90,40", "no polygon and no box: segment the page again"),
            ("nan,inf x", "no polygon and no box: segment the page again"),
            ("20,0 40,0 40,190 20,190", "20 pixels wide and 190 high: turn it"),
        ],
    )
    def test_lines_that_cannot_be_cut_are_named(self, page, caplog, points, message):
        text = PAGE.replace("20,20 380,20 380,60 200,60 200,40 20,40", points)
        with caplog.at_level(logging.WARNING):
            assert [line.id for line, _ in lines_of(page(text))] == ["l2"]
        assert "page.xml: line 'l1': " in caplog.text and message in caplog.text

    def test_polygons_of_any_size_and_length(self, page):
        huge = f"-1,20 {'9' * 400},20 {'9' * 400},60 -{'9' * 400},60"
        text = PAGE.replace("20,20 380,20 380,60 200,60 200,40 20,40", huge)
        assert next(lines_of(page(text)))[1].shape == (40, 400)
        random = np.random.default_rng(0)
        many = " ".join(f"{x},{y}" for x, y in random.integers(0, 200, (100_000, 2)).tolist())
        start = time.process_time()
        next(lines_of(page(PAGE.replace("20,20 380,20 380,60 200,60 200,40 20,40", many))))
        assert time.process_time() - start < 3  # 0.3 s where nothing else runs


class TestWritePage:
    def test_alto(self, page):
        read = page(ALTO)
        found = written(read, {"l1": 'a <b> & "c"', "l2": "d"}, {"l1": 0.98765})
        start, end = (
            ALTO.index('            <String CONTENT="one"'),
            ALTO.index("\n          </TextLine>"),
        )
        box = 'HPOS="20" VPOS="{}" WIDTH="360" HEIGHT="40"'
        first = f'            <String {box.format(20)} CONTENT=\'a &lt;b&gt; &amp; "c"\' WC="0.9877"/>'
        expected = (ALTO[:start] + first + ALTO[end:]).replace(
            f"{box.format(100)}/>",
            f'{box.format(100)}><String {box.format(100)} CONTENT="d"/></TextLine>',
        )
        assert found == expected
        assert [line.text for line in read_page(read.file.with_name("out.xml")).lines] == [
            'a <b> & "c"',
            "d",
        ]

    def test_page(self, page):
        read = page(PAGE)
        found = written(read, {"l1": "a <b>", "l2": "d"}, {"l2": 1})
        start, end = PAGE.index('        <Word id="w"'), PAGE.index("        <TextStyle")
        expected = (
            f"{PAGE[:start]}        <TextEquiv><Unicode>a &lt;b&gt;</Unicode></TextEquiv>\n{PAGE[end:]}"
        )
        region = "\n      <TextEquiv><Unicode>one Fish &amp; chip-</Unicode></TextEquiv>"
        expected = expected.replace(region, "")
        coords = '        <Coords points="20,100 380,100 380,140 20,140"/>\n'
        new = '        <TextEquiv conf="1.0000"><Unicode>d</Unicode></TextEquiv>\n'
        assert found == expected.replace(coords, coords + new)

    @pytest.mark.parametrize("text", [ALTO, PAGE], ids=["alto", "page"])
    def test_no_text_changes_no_byte(self, page, text):
        assert written(page(text), {}) == text
        assert written(page(text.replace("\n", "\r\n")), {"other": "a"}) == text

    @pytest.mark.parametrize("text", [ALTO, PAGE], ids=["alto", "page"])
    @pytest.mark.parametrize(
        "line", ["", "\u05e9\u05dc\u05d5\u05dd", "e\u0301 \U0001f600", "a'b\"c]]>d", "&amp;"]
    )
    def test_any_text_is_read_again(self, page, text, line):
        read = page(text)
        ElementTree.fromstring(written(read, {"l1": line, "l2": line}))
        assert [one.text for one in read_page(read.file.with_name("out.xml")).lines] == [line, line]

    @pytest.mark.parametrize("text", [ALTO, PAGE], ids=["alto", "page"])
    def test_what_xml_cannot_hold(self, page, text):
        read = page(text)
        written(read, {"l1": "a\x00\ud800\x0bb"})
        assert read_page(read.file.with_name("out.xml")).lines[0].text == "a\ufffd\ufffd\ufffdb"

    def test_prefixes(self, page):
        text = PAGE.replace("xmlns=", "xmlns:p=").replace("</", "</p:").replace("<", "<p:")
        text = text.replace("<p:/p:", "</p:").replace("<p:?", "<?")
        found = written(page(text), {"l2": "d"})
        assert "<p:TextEquiv><p:Unicode>d</p:Unicode></p:TextEquiv>" in found

    @pytest.mark.parametrize("inner", ["<TextLine id='n'/>", "<TextLine id='n'></TextLine>"])
    def test_a_line_of_nothing(self, page, inner):
        found = written(
            page(PAGE.replace('<TextLine id="l2">', inner + '<TextLine id="l2">')), {"n": "d"}
        )
        assert "<TextLine id='n'><TextEquiv><Unicode>d</Unicode></TextEquiv></TextLine>" in found

    def test_in_place_and_many_lines(self, page):
        line = '<TextLine id="m{}"><Coords points="0,0 9,0 9,9"/></TextLine>\n'
        lines = "".join(line.format(number) for number in range(3000))
        read = page(PAGE.replace('<TextLine id="l2">', lines + '<TextLine id="l2">'))
        start = time.process_time()
        write_page(read.file, {f"m{number}": str(number) for number in range(3000)}, read.file)
        assert time.process_time() - start < 2  # 0.1 s where nothing else runs
        assert [one.text for one in read_page(read.file).lines[1:-1]] == [*map(str, range(3000))]
