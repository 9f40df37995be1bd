"""Sentence pairs in the forms in which people have them."""

import json

import pytest

from rnnapps import datasets
from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.data.text.parallel_sources import read_pairs
from rnnapps.errors import UserError

PAIRS = [(f"House {number} is big.", f"La maison {number} est grande.") for number in range(60)]


def read(data, source="en", target="fr", examples=None, **options):
    languages = {"source_language": source, "target_language": target}
    config = ParallelSourceConfig(data=str(data), **languages, **options)
    splits = read_pairs(config, datasets.path("translation"), examples)
    assert all(splits.values())
    return {(pair.source, pair.target) for pairs in splits.values() for pair in pairs}


def lines(template):
    return "".join(template.format(*pair) + "\n" for pair in PAIRS)


REVERSE = {(target, source) for source, target in PAIRS}


def test_manythings(tmp_path, caplog):
    file = tmp_path / "fra.txt"
    file.write_text(lines("{}\t{}\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (CK)"))
    assert read(file) == set(PAIRS)
    assert read(file, "fr", "en") == REVERSE
    with caplog.at_level("INFO"):
        read(file, target="de")
    assert "the second language is taken for 'de'" in caplog.text
    with pytest.raises(UserError, match="--source-language and --target-language must be en"):
        read(file, "de", "fr")


def test_tables_without_a_header(tmp_path):
    file = tmp_path / "pairs.txt"
    file.write_text(lines("{}\t{}"))
    with pytest.raises(UserError, match="no column 'en': .* or add --no-header if its first"):
        read(file)
    assert read(file, header=False) == set(PAIRS)
    assert read(file, "2", "1", header=False) == REVERSE
    file.write_text(lines("7\t{}\t{}"))
    assert read(file, "2", "3", header=False) == set(PAIRS)


def test_a_header_of_a_text_file(tmp_path):
    (tmp_path / "pairs.txt").write_text("fr\ten\n" + lines("{1}\t{0}"))
    assert read(tmp_path / "pairs.txt") == set(PAIRS)


def test_pairs_of_hugging_face(tmp_path):
    objects = [{"id": "1", "translation": {"en": source, "fr": target}} for source, target in PAIRS]
    (tmp_path / "train.json").write_text("".join(json.dumps(one) + "\n" for one in objects))
    (tmp_path / "all.json").write_text(json.dumps(objects))
    column = [one["translation"] for one in objects]
    assert read(tmp_path) == read(tmp_path / "all.json") == set(PAIRS)
    assert read("memory", examples={"translation": column}) == set(PAIRS)
    for bad in (None, {"en": "x"}, {"en": "x", "fr": ["y"]}, "x"):
        with pytest.raises(UserError, match=r"examples\[60\]: '(en|fr)': "):
            read("memory", examples={"translation": [*column, bad]})
        kept = read("memory", examples={"translation": [*column, bad]}, skip_bad=True)
        assert kept == set(PAIRS)


def test_line_files_of_opus(tmp_path):
    for language, template in (("en", "{0}"), ("fr", "{1}")):
        (tmp_path / f"Tatoeba.en-fr.{language}").write_text(lines(template))
    (tmp_path / "README").write_text("about")
    for data in (tmp_path, tmp_path / "Tatoeba.en-fr.en", tmp_path / "Tatoeba.en-fr.fr"):
        assert read(data) == set(PAIRS)
    (tmp_path / "other.en").write_text(lines("{0}"))
    (tmp_path / "other.fr").write_text(lines("{1}"))
    with pytest.raises(UserError, match="no train.en here"):
        read(tmp_path)


def test_line_files_with_line_ends_of_macintosh(tmp_path):
    for language, template in (("en", "{0}"), ("fr", "{1}")):
        (tmp_path / f"train.{language}").write_text(lines(template).replace("\n", "\r"))
    assert read(tmp_path) == set(PAIRS)


def unit(*variants):
    texts = "".join(f'<tuv xml:lang="{name}"><seg>{text}</seg></tuv>' for name, text in variants)
    return f"<tu>{texts}</tu>"


def memory(*units):
    units = [*(unit(("en-US", source), ("FR", target)) for source, target in PAIRS), *units]
    return f'<tmx version="1.4"><header/><body>{"".join(units)}</body></tmx>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_tmx(tmp_path, encoding):
    file = tmp_path / "memory.tmx"
    codes = "<ph>{1}</ph>A <hi>big</hi> <bpt>&lt;b&gt;</bpt>house<ept>&lt;/b&gt;</ept>."
    content = memory(unit(("en-US", codes), ("fr", "Une grande maison.")))
    file.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>{content}'.encode(encoding))
    assert read(file) == {*PAIRS, ("A big house.", "Une grande maison.")}
    assert ("Une grande maison.", "A big house.") in read(file, "fr", "en-us")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (memory(unit(("en", "x"))), r"a.tmx\[61\]: 'fr': empty text: mend it"),
        (memory(unit(("en", "x"), ("fr", "y"), ("fr", "z"))), r"a.tmx\[61\]: 'fr': empty text"),
        (memory()[:-20], "a.tmx:1: not TMX"),
        ("<tmx><body/></tmx>", "no language 'en': it has no sentences: choose with --source-language"),
        (memory().replace("FR", "de"), "no language 'fr': it has en-us, de: choose with"),
    ],
)
def test_tmx_that_is_bad(tmp_path, content, message):
    (tmp_path / "a.tmx").write_text(content)
    with pytest.raises(UserError, match=message):
        read(tmp_path / "a.tmx")


def test_tmx_that_explodes_is_refused(tmp_path):
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE tmx [<!ENTITY l0 "lol">{entities}]>'
    (tmp_path / "a.tmx").write_text(head + memory(unit(("en", "&l9;"), ("fr", "x"))))
    with pytest.raises(UserError, match="a.tmx:1: not TMX"):
        read(tmp_path / "a.tmx")
