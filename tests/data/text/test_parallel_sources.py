import logging
from random import Random

import pytest

from rnnapps import datasets
from rnnapps.data.splits import content_key
from rnnapps.data.text.components import component_keys
from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.data.text.parallel_sources import by_source, read_pairs
from rnnapps.data.text.sentence_pair import SentencePair
from rnnapps.errors import UsageError, UserError

EMBEDDED = datasets.path("translation")


def read(data="embedded", source="en", target="fr", **options):
    languages = {"source_language": source, "target_language": target}
    config = ParallelSourceConfig(data=str(data), **languages, **options)
    return read_pairs(config, EMBEDDED)


def write_lines(folder, name, pairs):
    """Write pairs as `name.en` and `name.fr`."""
    for language, number in (("en", 0), ("fr", 1)):
        lines = "".join(f"{pair[number]}\n" for pair in pairs)
        (folder / f"{name}.{language}").write_text(lines, encoding="utf-8", newline="")


def sizes(parts):
    return {part: len(pairs) for part, pairs in parts.items()}


def assert_no_sentence_crosses(parts):
    seen = set()
    for pairs in parts.values():
        keys = {content_key(text) for pair in pairs for text in (pair.source, pair.target)}
        assert not keys & seen
        seen |= keys


@pytest.fixture(scope="module")
def embedded():
    return read()


@pytest.fixture(scope="module")
def shuffled(embedded):
    """All pairs, in an order that has nothing to do with their parts."""
    every = [(pair.source, pair.target) for part in embedded.values() for pair in part]
    Random(0).shuffle(every)
    return every


@pytest.fixture(scope="module")
def pairs(shuffled):
    """125 pairs, of which no two share a sentence."""
    keys = component_keys([(content_key(one), content_key(other)) for one, other in shuffled[:150]])
    return list(dict(zip(keys, shuffled, strict=False)).values())[:125]


@pytest.fixture
def folder(tmp_path, pairs):
    """A folder of line files with the parts train, val and test."""
    write_lines(tmp_path, "train", pairs[:100])
    write_lines(tmp_path, "val", pairs[100:110])
    write_lines(tmp_path, "test_2016_flickr", pairs[110:120])
    return tmp_path


class TestEmbedded:
    def test_english_and_french(self, embedded):
        # Were one of these to move, every figure ever printed would be about other rows.
        assert sizes(embedded) == {"train": 33938, "validation": 1970, "test": 4036}
        assert_no_sentence_crosses(embedded)
        assert embedded["test"][0].where.startswith("en-fr.tsv.xz:")

    def test_english_and_spanish(self):
        parts = read(target="es")
        assert sizes(parts) == {"train": 34092, "validation": 1978, "test": 3904}
        assert_no_sentence_crosses(parts)

    def test_the_other_direction_has_the_same_parts(self, embedded):
        for part, pairs in read(source="fr", target="en").items():
            there = [(pair.target, pair.source, pair.where) for pair in pairs]
            assert there == [(pair.source, pair.target, pair.where) for pair in embedded[part]]

    def test_a_source_is_with_all_its_translations(self, embedded):
        references = by_source(embedded["test"])
        assert len(references) == 2898
        assert sum(map(len, references.values())) == len(embedded["test"])
        assert max(map(len, references.values())) == 15

    def test_other_languages(self):
        with pytest.raises(UserError, match="no pairs in es and fr: it has en-es, en-fr, in both"):
            read(source="es", target="fr")

    def test_a_test_set_is_not_for_it(self):
        with pytest.raises(UserError, match="embedded: --test-set is for a folder of parallel line"):
            read(test_set="test")


class TestLineFiles:
    def test_parts_are_kept(self, folder, pairs):
        parts = read(folder)
        assert sizes(parts) == {"train": 100, "validation": 10, "test": 10}
        assert parts["test"][2] == SentencePair(*pairs[112], "test_2016_flickr.en:3")
        assert read(folder, "fr", "en")["test"][2].target == pairs[112][0]

    def test_missing_parts_are_lent_by_component(self, tmp_path, shuffled, caplog):
        write_lines(tmp_path, "train", shuffled[:3000])
        with caplog.at_level(logging.INFO):
            parts = read(tmp_path)
        shares = {part: count / 3000 for part, count in sizes(parts).items()}
        assert shares == pytest.approx({"train": 0.85, "validation": 0.05, "test": 0.1}, abs=0.03)
        assert sum(sizes(parts).values()) == 3000  # whole components: nothing is left out
        assert_no_sentence_crosses(parts)
        assert "left out" not in caplog.text

    def test_only_valid_is_lent(self, folder):
        for language in ("en", "fr"):
            (folder / f"val.{language}").unlink()
        parts = read(folder)
        assert len(parts["test"]) == 10
        assert len(parts["train"]) + len(parts["validation"]) == 100
        assert 0 < len(parts["validation"]) < 20

    def test_pairs_with_a_held_out_sentence_leave_train_and_it_is_said(self, folder, pairs, caplog):
        same_source, same_target = (pairs[110][0].upper(), "Ah."), ("Oh.", pairs[101][1])
        write_lines(folder, "train", [*pairs[:100], same_source, same_target])
        with caplog.at_level(logging.INFO):
            parts = read(folder)
        assert sizes(parts) == {"train": 100, "validation": 10, "test": 10}
        assert "2 train pairs left out: the same content stands in a held-out split" in caplog.text

    def test_one_of_several_test_sets(self, folder, pairs):
        write_lines(folder, "test_2017_flickr", pairs[120:125])
        with pytest.raises(
            UserError, match="several test sets, test_2016_flickr, test_2017_flickr: .* --test-set"
        ):
            read(folder)
        assert len(read(folder, test_set="test_2017_flickr")["test"]) == 5

    def test_a_test_set_without_a_language_is_no_choice(self, folder):
        (folder / "test_2018_flickr.en").write_text("A dog.\n")
        assert len(read(folder)["test"]) == 10
        with pytest.raises(UserError, match="test_2018_flickr.fr: no such file, but there is .*.en"):
            read(folder, test_set="test_2018_flickr")

    def test_unknown_test_set(self, folder):
        with pytest.raises(
            UserError, match="no test set 'flickr' in en and fr: it has test_2016_flickr"
        ):
            read(folder, test_set="flickr")

    def test_several_validation_sets(self, folder, pairs):
        write_lines(folder, "dev", pairs[120:])
        with pytest.raises(UserError, match="several validation sets, val, dev: keep one of them"):
            read(folder)

    def test_lines_that_differ_in_number(self, folder):
        with (folder / "train.fr").open("a", encoding="utf-8") as file:
            file.write("Une ligne de plus.\n")
        with pytest.raises(UserError, match=r"train.en has 100 lines, train.fr has 101: each line"):
            read(folder)

    def test_a_missing_counterpart(self, folder):
        (folder / "val.fr").unlink()
        with pytest.raises(UserError, match="val.fr: no such file, but there is val.en: a split needs"):
            read(folder)

    def test_a_language_that_is_not_there(self, folder):
        with pytest.raises(
            UserError, match="no train.de here, but train.en, train.fr: choose with --source-language"
        ):
            read(folder, target="de")

    def test_a_folder_without_training_files(self, tmp_path):
        with pytest.raises(UserError, match="no train.en here, and no train.csv: choose with"):
            read(tmp_path)

    def test_empty_files(self, folder):
        write_lines(folder, "train", [])
        with pytest.raises(UserError, match="train.en: the file has no lines"):
            read(folder)

    def test_not_utf8(self, folder):
        (folder / "val.fr").write_bytes("d'accord\nça va\n".encode("latin1"))
        with pytest.raises(UserError, match="val.fr:2: not UTF-8 .byte 0xe7.: convert the file"):
            read(folder)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (" ", "'fr': empty text"),
            ("mot " * 5000, r"'fr': a sentence of 5,000 words \(1,000 are allowed\)"),
        ],
    )
    def test_bad_lines_stop_or_are_counted(self, folder, pairs, line, reason, caplog):
        write_lines(folder, "train", [*pairs[:100], ("A word.", line)])
        with pytest.raises(UserError, match=f"train.en:101: {reason}: mend it, or .*--skip-bad"):
            read(folder)
        assert len(read(folder, skip_bad=True)["train"]) == 100
        assert "train.en: 1 of 101 pairs left out" in caplog.text

    def test_lines_end_at_line_feeds_only(self, folder):
        sentence = "one\u2028two\x85three\x0cfour\rfive"
        (folder / "val.en").write_bytes(f"\ufeff{sentence}\r\nSecond.\r\n".encode())
        (folder / "val.fr").write_bytes(b"un\r\ndeux")
        valid = read(folder)["validation"]
        assert [(pair.source, pair.target) for pair in valid] == [(sentence, "un"), ("Second.", "deux")]


class TestTables:
    @pytest.mark.parametrize("kind", ["tsv", "csv", "jsonl"])
    def test_columns_named_by_language(self, tmp_path, pairs, kind):
        lines = {
            "tsv": ["en\tfr", *(f"{one}\t{other}" for one, other in pairs)],
            "csv": ["en,fr", *(f'"{one}","{other}"' for one, other in pairs)],
            "jsonl": [f'{{"fr": "{other}", "en": "{one}"}}' for one, other in pairs],
        }[kind]
        assert not any('"' in sentence for pair in pairs for sentence in pair)
        file = tmp_path / f"pairs.{kind}"
        file.write_text("\n".join(lines), encoding="utf-8")
        parts = read(file)
        found = {(pair.source, pair.target) for part in parts.values() for pair in part}
        assert found == set(pairs)

    def test_folder_of_tables(self, tmp_path, pairs):
        for part, rows in (("train", pairs[:90]), ("test", pairs[90:100])):
            text = "\n".join(["en\tfr", *map("\t".join, rows)])
            (tmp_path / f"{part}.tsv").write_text(text, encoding="utf-8")
        assert len(read(tmp_path)["test"]) == 10

    def test_no_such_column(self, tmp_path):
        (tmp_path / "a.tsv").write_text("english\tfr\nhi\tsalut\n")
        with pytest.raises(
            UserError, match="a.tsv: no column 'en': it has english, fr: .* --source-language"
        ):
            read(tmp_path / "a.tsv")

    def test_no_such_file(self, tmp_path):
        with pytest.raises(UserError, match="a.tsv: no such file"):
            read(tmp_path / "a.tsv")


@pytest.fixture(scope="module")
def tfds_folder(embedded, tmp_path_factory):
    """The folder of a set named `phrases` with a `Translation` feature and three splits."""
    import tensorflow_datasets as tfds

    pairs = embedded["train"][::170]

    with tfds.core.registered.skip_registration():

        class Phrases(tfds.core.GeneratorBasedBuilder):
            VERSION = tfds.core.Version("1.0.0")

            def _info(self):
                features = tfds.features.Translation(languages=["en", "fr"])
                return tfds.core.DatasetInfo(builder=self, features=features)

            def _split_generators(self, dl_manager):
                parts = {"train": pairs[:150], "validation": pairs[150:175], "test": pairs[175:]}
                return {name: self._generate_examples(part) for name, part in parts.items()}

            def _generate_examples(self, part):
                for number, pair in enumerate(part):
                    yield number, {"en": pair.source, "fr": pair.target}

    folder = tmp_path_factory.mktemp("tfds")
    Phrases(data_dir=folder, file_format="array_record").download_and_prepare()
    return str(folder)


class TestTensorFlowDatasets:
    def test_translation_features(self, tfds_folder):
        parts = read("tfds:phrases", "fr", "en", tfds_folder=tfds_folder)
        assert sizes(parts) == {"train": 150, "validation": 25, "test": 25}
        assert parts["validation"][3].where == "tfds:phrases/validation[3]"
        assert_no_sentence_crosses(parts)

    def test_a_language_that_is_not_there(self, tfds_folder):
        with pytest.raises(
            UserError, match="no field 'pt': it has en, fr: choose with --source-language"
        ):
            read("tfds:phrases", "pt", "en", tfds_folder=tfds_folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source_language": "fr"}, "--target-language must be another than --source-language"),
        ({"source_language": " "}, "--source-language must be a name, not a path, got  "),
        ({"target_language": "../fr"}, "--target-language must be a name, not a path"),
        ({"test_set": "data/test"}, "--test-set must be a name, not a path"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(UsageError, match=message):
        ParallelSourceConfig(**options)
