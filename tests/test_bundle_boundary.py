"""Bundles from anyone: whatever is in one, the answer is a predictor or one short line, and soon."""

import json
import os
import shutil

import pytest
from check_bundles import alter, problem
from test_bundle import rewrite_sums

import rnnapps
from rnnapps import bundle
from rnnapps.data.text.sentence_encoder import SentenceEncoder
from rnnapps.errors import UserError


def refused(path):
    """The line that a bundle is refused with."""
    with pytest.raises(UserError) as raised:
        rnnapps.load(path)
    line = str(raised.value)
    assert len(line) < 1000
    assert line.isprintable()
    return line


def test_files_of_the_system_do_no_harm(copy):
    for name in (".DS_Store", "._model.keras", "Thumbs.db", "desktop.ini", ".directory"):
        (copy / name).write_bytes(b"x")
    (copy / ".ipynb_checkpoints").mkdir()
    assert rnnapps.load(copy)("fine").label
    with bundle.writing(copy) as folder:
        (folder / "config.json").write_text("{}")
        (folder / ".DS_Store").write_bytes(b"x")  # while it is written
    assert ".DS_Store" not in (copy / "SHA256SUMS").read_text()


def link(path, target):
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize(
    "replace",
    [
        lambda file: (file.unlink(), os.mkfifo(file)),
        lambda file: (file.unlink(), file.mkdir()),
        lambda file: link(file, "/dev/zero"),
        lambda file: link(file, file),
        lambda file: link(file, "card.md"),
    ],
    ids=["pipe", "folder", "device", "loop", "link"],
)
@pytest.mark.parametrize("name", ["tokenizer.json", "SHA256SUMS", "config.json"])
def test_what_is_no_plain_file(copy, name, replace):
    replace(copy / name)
    assert f"damaged bundle: {name} is no plain file" in refused(copy)
    bundle.find(copy)


@pytest.mark.parametrize(
    "name",
    [
        "/dev/zero",
        "../copy/card.md",
        "./card.md",
        "..",
        ".",
        "a/b",
        "a\\b",
        "C:card.md",
        "",
        "SHA256SUMS",
    ],
)
def test_names_that_lead_elsewhere(copy, name):
    with (copy / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  {name}\n")
    assert "damaged bundle: SHA256SUMS lists" in refused(copy)


def test_sizes(copy):
    with (copy / "card.md").open("r+b") as file:
        file.truncate(10**12)  # it takes no room on the disk
    assert "damaged bundle: card.md has 1,000,000,000,000 bytes" in refused(copy)
    (copy / "card.md").write_text("")
    for name in ("model.keras", "other.keras"):
        with (copy / name).open("r+b" if name == "model.keras" else "wb") as file:
            file.truncate(3 * 10**9)
    assert "damaged bundle: its files have 6,000" in refused(copy)
    for name in ("model.keras", "other.keras"):
        (copy / name).write_bytes(b"")
    (copy / "config.json").write_bytes(b"[" * 20_000_000)
    rewrite_sums(copy)
    assert "config.json has 20,000,000 bytes: at most" in refused(copy)
    for number in range(1001):
        (copy / f"{number}.txt").touch()
    assert "more than 1,000 files" in refused(copy)


def test_long_names_are_not_repeated(copy):
    (copy / "SHA256SUMS").write_text(f"{'0' * 64}  {'x' * 1_000_000}\n")
    refused(copy)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "is not JSON"),
        (b'{"a": "\\ud800"}', "is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b"[]", "has no settings"),
        (b"null", "has no settings"),
    ],
    ids=range(8),
)
def test_what_is_no_configuration(copy, content, told):
    (copy / "config.json").write_bytes(content)
    rewrite_sums(copy)
    assert f"damaged bundle: config.json {told}" in refused(copy)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"application": None}, "no valid 'application'"),
        ({"application": ["sentiment"]}, "no valid 'application'"),
        ({"application": "\x1b[2J" * 1000}, "a bundle of the application '?[2J?[2J"),
        ({"application": "dna"}, "config.json: 'text_column' is not known"),
        ({"bundle_version": "2"}, "no valid 'bundle_version'"),
        ({"bundle_version": True}, "no valid 'bundle_version'"),
        ({"bundle_version": 0}, "no valid 'bundle_version'"),
        ({"bundle_version": 10**4000}, "reads up to version"),
        ({"config": []}, "no valid 'config'"),
        ({"config": {"text": {"max_length": "512"}}}, "'max_length' cannot be '512'"),
        ({"config": {"text": {"max_length": 10**30}}}, "'max_length' cannot be 1000"),
        ({"config": {"text": {"max_length": -1}}}, "--max-length must be"),
        ({"config": {"text": {"x" * 10**6: 1}}}, "is not known"),
        ({"config": {"training": {"learning_rate": float("nan")}}}, "'learning_rate' cannot be nan"),
        ({"config": {"text": 5}}, "'text' cannot be 5"),
        ({"labels": None}, "no valid 'labels'"),
        ({"labels": ["negative", 1]}, "no valid 'labels'"),
        ({"labels": ["negative", ""]}, "no valid 'labels'"),
        ({"labels": ["negative", "negative"]}, "one twice"),
        ({"labels": ["negative"]}, "fewer than two labels"),
        ({"labels": ["a", "b", "c"]}, "3 labels, and a network for 2"),
        ({"exported": {"file": "../step.onnx"}}, "no valid 'exported'"),
        ({"exported": "step.onnx"}, "no valid 'exported'"),
    ],
    ids=range(23),
)
def test_configurations(copy, changes, told):
    settings = bundle.read_json(copy / "config.json")
    (copy / "config.json").write_text(json.dumps(settings | changes))
    rewrite_sums(copy)
    assert told in refused(copy)


@pytest.mark.parametrize("missing", ["application", "bundle_version", "config", "labels"])
def test_missing_settings(copy, missing):
    settings = bundle.read_json(copy / "config.json")
    del settings[missing]
    (copy / "config.json").write_text(json.dumps(settings))
    rewrite_sums(copy)
    assert missing in refused(copy)


@pytest.mark.parametrize("created", [None, 5, ["x"], "y"])
def test_a_date_of_any_kind_is_found_by_name(copy, created, tmp_path, monkeypatch):
    for name, date in (("one", created), ("two", "2026-01-01")):
        place = tmp_path / "saved_models" / "sentiment" / name
        shutil.copytree(copy, place)
        (place / "config.json").write_text(json.dumps({"created": date}))
    monkeypatch.chdir(tmp_path)
    bundle.find("sentiment")


def altered_tokenizer(copy, change):
    file = copy / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    change(tokenizer)
    file.write_text(json.dumps(tokenizer))
    rewrite_sums(copy)
    return refused(copy)


REPLACE = {"type": "Replace", "pattern": {"Regex": "(a|a)*$"}, "content": "x" * 10**5}


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(normalizer=REPLACE),
        lambda one: one.update(normalizer={"type": "Sequence", "normalizers": [REPLACE] * 9}),
        lambda one: one.update(pre_tokenizer={"type": "Split", "pattern": {"Regex": "(.*)*x"}}),
        lambda one: one.update(padding={"strategy": {"Fixed": 10**12}}),
        lambda one: one.update(truncation={"max_length": 0}),
        lambda one: one.update(post_processor={"type": "TemplateProcessing"}),
        lambda one: one["added_tokens"][0].update(id=2**31),
        lambda one: one["added_tokens"].append(one["added_tokens"][0]),
        lambda one: one["model"].update(type="Unigram"),
        lambda one: one["model"].update(dropout=0.5),
        lambda one: one["model"].update(continuing_subword_prefix="x" * 10**5),
        lambda one: one["model"]["vocab"].update(x=2**32 - 1),
        lambda one: one["model"]["vocab"].update(new=5),
        lambda one: one["model"]["vocab"].update(new=-1),
        lambda one: one["model"]["vocab"].pop("a"),
        lambda one: one["model"]["merges"].append(["a", "nowhere"]),
        lambda one: one["model"]["merges"].append([1, 2]),
        lambda one: one["model"].update(merges={}),
        lambda one: one["model"].update(vocab=[]),
        lambda one: one.pop("model"),
        lambda one: one.update(x=1),
    ],
    ids=range(21),
)
def test_tokenizers(copy, change):
    assert "damaged bundle: tokenizer.json" in altered_tokenizer(copy, change)


def test_more_tokens_than_embeddings(copy):
    def add(tokenizer):
        vocabulary = tokenizer["model"]["vocab"]
        vocabulary["one more"] = len(vocabulary)

    assert "tokens, and a network for" in altered_tokenizer(copy, add)


def test_a_tokenizer_of_an_older_library_is_read(tmp_path):
    """Which wrote merges as texts, and fewer fields."""
    encoder = SentenceEncoder.learn(["a cat", "a cat and a dog"] * 5, 300)
    encoder.save(tmp_path / "tokenizer.json")
    older = json.loads((tmp_path / "tokenizer.json").read_text())
    older["model"]["merges"] = [" ".join(merge) for merge in older["model"]["merges"]]
    del older["model"]["ignore_merges"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(older))
    assert SentenceEncoder.load(tmp_path / "tokenizer.json").encode(["a cat"])[0].tolist() == (
        encoder.encode(["a cat"])[0].tolist()
    )


@pytest.mark.parametrize(
    "change",
    [
        {"scores": None},
        {"baselines": []},
        {"baselines": {"one": None}},
        {"signature": 1},
        {"data": {}},
        {"training": {"parameters": "many", "seconds": 1}},
        {"scores": {"rows": "x", "accuracy": "y"}},
    ],
    ids=range(7),
)
def test_metrics(copy, change, capsys):
    from rnnapps.evaluation.results import results_table
    from rnnapps.sentiment.evaluate import COLUMNS

    metrics = bundle.read_json(copy / "metrics.json")
    (copy / "metrics.json").write_text(json.dumps(metrics | change))
    rewrite_sums(copy)
    with pytest.raises(UserError, match="copy: damaged bundle: "):
        results_table("sentiment", [copy], COLUMNS)


@pytest.mark.parametrize(
    ("name", "times"),
    [("config.json", 8), ("metrics.json", 20), ("tokenizer.json", 8), ("model.keras", 4)],
)
def test_a_few_of_the_alterations_of_check_bundles(small_bundle, tmp_path, monkeypatch, name, times):
    if name != "model.keras":
        model = bundle.load_model(small_bundle)
        monkeypatch.setattr(bundle, "load_model", lambda path, file=None: model)
    for number in range(times):
        alter(small_bundle, name, tmp_path / "altered", number)
        assert problem(tmp_path / "altered", "sentiment", name) is None, number
