import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from rnnapps.captioning.page import SIDE, PageEntry, write_page

VOID = {"meta", "img"}


class Page(HTMLParser):
    """The elements of a page, checked to be closed in order, with their texts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(text)
        assert self.open == []

    def handle_decl(self, decl):
        assert decl == "DOCTYPE html"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, _, texts in self.open:
            texts.append(data)

    def texts(self, tag):
        return ["".join(texts).strip() for name, _, texts in self.elements if name == tag]

    def attributes(self, tag):
        return [attributes for name, attributes, _ in self.elements if name == tag]


def picture(caption, score, references=("a reference",), shape=(8, 8), where="x.png"):
    return PageEntry(np.full((*shape, 3), 200, "uint8"), where, caption, references, score)


@pytest.fixture
def write(tmp_path):
    def write(pictures, title="Captions", figures=None, **options):
        file = tmp_path / "page.html"
        write_page(file, pictures, title, figures or {}, **options)
        assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
        return Page(file.read_text(encoding="utf-8"))

    return write


def images(page):
    """The thumbnails of a page."""
    sources = [attributes["src"] for attributes in page.attributes("img")]
    prefix = "data:image/jpeg;base64,"
    assert all(source.startswith(prefix) for source in sources)
    return [Image.open(io.BytesIO(base64.b64decode(source[len(prefix) :]))) for source in sources]


def test_the_worst_come_first_and_those_without_a_score_last(write):
    rows = [("good", 120.0), ("none", None), ("bad", 0.0), ("middle", 58.94)]
    page = write(picture(caption, score) for caption, score in rows)
    assert page.texts("h2") == ["bad", "middle", "good", "none"]
    assert page.texts("b") == ["CIDEr 0.0", "CIDEr 58.9", "CIDEr 120.0", "no CIDEr"]
    scores = [attributes.get("data-score") for attributes in page.attributes("li")]
    assert [score for score in scores if score is not None] == ["0.0", "58.9", "120.0", ""]


def test_title_figures_and_references(write):
    rows = [picture("a dog", 1.0, ("one dog", "two dogs"), where="dog.jpg")]
    page = write(rows, "Test pictures", {"BLEU-4": "20.9"}, score="ROUGE-L", language="pt-BR")
    assert page.texts("title") == page.texts("h1") == ["Test pictures"]
    assert dict(zip(page.texts("dt"), page.texts("dd"), strict=True)) == {
        "pictures": "1",
        "BLEU-4": "20.9",
    }
    assert page.texts("span") == ["dog.jpg"] and page.texts("b") == ["ROUGE-L 1.0"]
    assert page.texts("li")[1:] == ["one dog", "two dogs"]
    assert page.attributes("img")[0]["alt"] == "dog.jpg: one dog"
    assert page.attributes("ol")[0]["lang"] == "pt-BR"


def test_text_is_text(write):
    evil = "</article><script>alert('1')</script> & \" {score} 笑 مبتسم"
    rows = [picture(evil, 1.0, (evil,), where=evil), picture("", 2.0)]
    page = write(rows, evil, {evil: evil}, score=evil)
    assert page.texts("h1") == page.texts("title") == [evil]
    assert page.texts("h2") == [evil, "(no words)"]
    assert page.texts("li")[1] == page.texts("dt")[1] == page.texts("dd")[1] == evil
    assert page.attributes("img")[0]["alt"] == f"{evil}: {evil}"
    assert len(page.texts("script")) == 1


def test_the_page_loads_nothing(write):
    page = write([picture("a", 1.0)])
    for _, attributes, _ in page.elements:
        assert not {"href", "srcset", "data"} & set(attributes)
        assert attributes.get("src", "data:").startswith("data:")
    assert "default-src 'none'" in page.attributes("meta")[2]["content"]
    assert not re.search(r"url\(|@import|https?:", "".join(page.texts("style") + page.texts("script")))


def test_thumbnails_keep_their_shape_and_are_not_enlarged(write):
    shapes = [(64, 32), (300, 900), (500, 250)]
    thumbnails = images(write(picture("a", i, shape=shape) for i, shape in enumerate(shapes)))
    assert [image.size for image in thumbnails] == [(32, 64), (SIDE, round(SIDE / 3)), (SIDE // 2, SIDE)]
    for image in thumbnails:
        assert np.abs(np.asarray(image, int) - 200).max() < 5


def test_a_failure_leaves_what_stood_there(tmp_path):
    file = tmp_path / "page.html"
    file.write_text("before")

    def pictures():
        yield picture("a", 1.0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_page(file, pictures(), "Captions", {})
    assert file.read_text() == "before" and len(list(tmp_path.iterdir())) == 1
