"""What is special to reading handwriting; the rest is in tests/test_contract.py.

Quality is that of the bundles that ship.
"""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import with_training
from PIL import Image

import rnnapps
from rnnapps.benchmark.prepared import prepare
from rnnapps.commands.main import dispatch
from rnnapps.config import with_values
from rnnapps.data.pictures.page_xml import read_page
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.errors import UsageError, UserError
from rnnapps.handwriting import data
from rnnapps.handwriting.config import HandwritingConfig, ModelConfig
from rnnapps.handwriting.model import build
from rnnapps.handwriting.predictor import HandwritingPredictor
from rnnapps.handwriting.train import train
from rnnapps.inference.ctc_config import CTCConfig

INK = [{"text": "on", "strokes": [[[0, 0], [5, 9], [9, 1]], [[12, 3], [14, 8], [20, 2], [25, 9]]]}]
PAGE = """<?xml version="1.0"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
  <Page imageFilename="page.png" imageWidth="400" imageHeight="160">
    <TextRegion id="r">
      <TextLine id="first"><Coords points="0,0 400,0 400,70 0,70"/></TextLine>
      <TextLine id="second"><Coords points="0,80 400,80 400,150 0,150"/></TextLine>
    </TextRegion>
  </Page>
</PcGts>
"""


@pytest.fixture(scope="module")
def path(small_bundles):
    return small_bundles("handwriting")


@pytest.fixture(scope="module")
def config(small_configs):
    return small_configs("handwriting")


@pytest.fixture(scope="module")
def read(path):
    return rnnapps.load(path)


@pytest.fixture(scope="module")
def lines(config):
    return data.load(config)["test"].inputs


@pytest.fixture(scope="module")
def sure():
    """A reader whose frames say what they are told: pixels of column t stand for class argmax."""
    alphabet = Alphabet(" abdot")
    config = HandwritingConfig()

    class Says:
        output_shape = (None, None, alphabet.size)

        def predict_on_batch(self, x):
            return np.repeat(logits[None], len(x), axis=0)

    def of(frames):
        nonlocal logits
        logits = np.pad(frames, ((0, 0), (0, 0)))
        return HandwritingPredictor(Says(), alphabet, "paper", config)

    logits = np.zeros((0, 0), "float32")
    return of


def frames(*columns):
    """Logits of frames, each given by the shares of a few characters of ` abdot`; the rest is blank."""
    shares = np.full((16, 7), 1e-6)
    shares[:, 0] = 1
    for row, column in zip(shares, columns, strict=False):
        for character, share in column.items():
            row[" abdot".index(character) + 1] = share
        row[0] = max(1 - sum(column.values()), 1e-6)
    return np.log(shares).astype("float32")


LINE = np.full((48, 64), 255, "uint8")
# The likeliest is "bo", and "do" is close.
UNSURE = frames({"b": 0.5, "d": 0.45}, {}, {"o": 0.9}, {}, {"t": 0.4})


def test_the_best_path_with_places_and_confidence(sure):
    answer = sure(UNSURE)(LINE)
    assert answer.text == "bo"
    first, second = answer.hypotheses[0].characters
    assert first.confidence == pytest.approx(0.5, abs=1e-3) and second.character == "o"
    assert answer.confidence == pytest.approx(0.7, abs=1e-3)
    assert (first.start, first.end) == (0, 1 / 16) and (second.start, second.end) == (2 / 16, 3 / 16)


def test_a_search_gives_other_texts_too(sure):
    answer = sure(UNSURE)(LINE, CTCConfig(beam_width=8, n_best=3))
    assert [one.text for one in answer.hypotheses] == ["bo", "do", "bot"]
    scores = [one.score for one in answer.hypotheses]
    np.testing.assert_allclose(np.exp(scores), [0.27, 0.243, 0.18], atol=2e-3)
    assert [one["text"] for one in answer.to_dict()["hypotheses"]] == ["bo", "do", "bot"]
    assert answer.describe(4).splitlines()[0].startswith("4 ||| bo ||| ")


def test_a_language_model_and_a_lexicon_change_what_is_read(sure, tmp_path):
    texts, words = tmp_path / "texts.txt", tmp_path / "words.txt"
    texts.write_text("do do do\ndo a dot\n" * 20, encoding="utf-8")
    words.write_text("dot\nbat\n", encoding="utf-8")
    reader = sure(UNSURE)
    model = CTCConfig(
        beam_width=8, language_model=str(texts), language_weight=1.0, ngram=3, token_bonus=0
    )
    assert reader(LINE, model).text == "do"
    assert reader(LINE, CTCConfig(beam_width=8, lexicon=str(words))).text == "dot"
    opened = CTCConfig(beam_width=8, lexicon=str(words), open_vocabulary=True, token_bonus=0)
    assert reader(LINE, replace(opened, language_weight=0)).text in ("bo", "do", "dot")
    words.write_text("xyz\n", encoding="utf-8")
    with pytest.raises(UserError, match="words.txt: it has no word that this network can write"):
        reader(LINE, CTCConfig(beam_width=9, lexicon=str(words)))
    texts.write_text("XYZ\n", encoding="utf-8")
    with pytest.raises(UserError, match="texts.txt: it has no character that this network writes"):
        reader(LINE, CTCConfig(beam_width=9, language_model=str(texts)))


def test_a_line_that_no_word_fits_is_read_without_the_lexicon(sure, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("taboo\nbat\n", encoding="utf-8")
    cut = frames({"t": 0.6, "b": 0.4})
    assert sure(cut)(LINE, CTCConfig(beam_width=2, lexicon=str(words))).text == "t"


def test_the_width_of_a_batch_changes_nothing(read, lines):
    narrow = min(lines, key=lambda one: one.shape[1])
    alone = read(narrow).hypotheses[0]
    beside = read([*lines[:6], narrow])[-1].hypotheses[0]
    assert alone.text == beside.text and alone.score == pytest.approx(beside.score, abs=1e-3)


def test_right_to_left_mirrors_the_line_and_its_places(config):
    pixels = np.full((32, 50), 255, "uint8")
    pixels[:, :5] = 0  # ink at the left end
    turned = replace(config.lines, right_to_left=True)
    columns = data.featurise(turned, "paper")(pixels)
    np.testing.assert_array_equal(columns, data.featurise(config.lines, "paper")(pixels)[::-1])
    assert data.places(turned, pixels)[:2].tolist() == [49, 48]
    with pytest.raises(UsageError, match="--right-to-left is for pictures"):
        data.featurise(turned, "ink")


def test_a_text_too_long_for_its_line_is_named(tmp_path, config):
    Image.new("L", (40, 48), 255).save(tmp_path / "a.png")
    (tmp_path / "a.gt.txt").write_text("much more than there is room for", encoding="utf-8")
    given = replace(config, source=replace(config.source, data=str(tmp_path)))
    with pytest.raises(UserError, match=r"a.png: a text of 32 characters, and the line has room for 7"):
        data.load(given)


def test_ink_and_paper_are_kept_apart(read, tmp_path):
    ink = tmp_path / "ink.json"
    ink.write_text(json.dumps(INK), encoding="utf-8")
    points = np.array([[0, 0, 0], [5, 5, 1]], "float32")
    with pytest.raises(UserError, match="line 1: ink, but this network reads paper"):
        read(points)
    with pytest.raises(UserError, match=r"ink.json.*: ink, but this network reads paper"):
        read.read_file(ink)
    mixed = {"line": [points, LINE], "text": ["a", "b"]}
    with pytest.raises(UserError, match="ink and paper in one source: train a reader for each"):
        data.load(HandwritingConfig(), mixed)


def test_a_network_of_ink_learns_and_answers(tmp_path):
    ink = tmp_path / "ink.jsonl"
    rows = [
        INK[0] | {"strokes": [[[x + n, y] for x, y in one] for one in INK[0]["strokes"]], "split": split}
        for n, split in enumerate(["train", "train", "validation", "test"])
    ]
    for number, row in enumerate(rows):
        row["strokes"][0][1][1] += number
    ink.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = with_values(
        HandwritingConfig(),
        {
            "source": {"data": str(ink)},
            "model": {"units": 8, "filters": 8},
            "training": {"batch_size": 2},
        },
    )
    model, batches, _ = prepare("handwriting", config)
    batch = next(batches.epoch(0))
    losses = [float(model.train_on_batch(*batch)) for _ in range(8)]
    assert losses[-1] < losses[0]
    reader = HandwritingPredictor(model, Alphabet("no"), "ink", config)
    ((name, points),) = reader.read_file(tmp_path / "ink.jsonl")[:1]
    assert name.startswith(str(tmp_path / "ink.jsonl")) and reader(points).plot().axes


def test_a_reader_is_adapted_to_new_characters(path, config):
    """What it knows of the old ones it keeps."""
    some = data.load(config)["train"].inputs
    new = {
        split: {"line": some[4 * number : 4 * number + 4], "text": ["12 é"] * 4}
        for number, split in enumerate(("train", "validation", "test"))
    }
    model = prepare("handwriting", with_training(config, init_from=str(path)), new).model
    before = rnnapps.load(path)
    alphabet = Alphabet.learn(["12 é", "".join(before.alphabet.characters)])
    assert model.output_shape[-1] == alphabet.size == before.alphabet.size + 2
    kernel, old = (one.get_layer("characters").get_weights()[0] for one in (model, before.model))
    for character in before.alphabet.characters:
        theirs, ours = before.alphabet.encode(character)[0], alphabet.encode(character)[0]
        np.testing.assert_array_equal(kernel[:, ours], old[:, theirs])
    np.testing.assert_array_equal(kernel[:, 0], old[:, 0])


def test_a_start_that_reads_lines_otherwise_is_refused(path, config, tmp_path):
    config = with_training(config, init_from=str(path), output=str(tmp_path / "reader"))
    with pytest.raises(UsageError, match="was trained with --straighten: give it here too"):
        train(with_values(config, {"lines": {"straighten": False}}))


def test_a_page_is_read_and_filled_in(path, lines, tmp_path, capsys):
    picture = np.full((160, 400), 255, "uint8")
    for top, line in ((0, lines[0]), (80, lines[1])):
        picture[top : top + line.shape[0], : line.shape[1]] = line[:, :400]
    Image.fromarray(picture).save(tmp_path / "page.png")
    (tmp_path / "page.xml").write_text(PAGE, encoding="utf-8")
    answers = tmp_path / "answers.jsonl"
    command = ["predict", "handwriting", str(tmp_path / "page.xml"), "--model", str(path)]
    dispatch([*command, "--pages", str(tmp_path / "read"), "--json", str(answers)])
    found = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert [one["line"].rpartition("#")[2] for one in found] == ["first", "second"]
    (tmp_path / "read" / "page.png").symlink_to(tmp_path / "page.png")
    page = read_page(tmp_path / "read" / "page.xml")
    assert [line.text for line in page.lines] == [one["text"] for one in found]
    assert len(capsys.readouterr().out.splitlines()) == 2
    with pytest.raises(UsageError, match="the folder of what is read: give another"):
        dispatch([*command, "--pages", str(tmp_path)])


def test_a_line_is_drawn(path, lines, tmp_path):
    Image.fromarray(lines[0]).save(tmp_path / "line.png")
    command = ["predict", "handwriting", str(tmp_path / "line.png"), "--model", str(path)]
    dispatch([*command, "--plot", str(tmp_path / "read.png")])
    assert (tmp_path / "read.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"n_best": 3}, r"--n-best must be from 1 to --beam-width \(1\)"),
        ({"lexicon": "words.txt"}, "needs a search: add --beam-width 16"),
        ({"beam_width": 4, "open_vocabulary": True}, "is for a lexicon: give one with --lexicon FILE"),
    ],
)
def test_options_that_do_not_go_together(options, problem):
    with pytest.raises(UsageError, match=problem):
        CTCConfig(**options)


def test_frames_of_ink_are_half_and_of_paper_a_quarter():
    for kind, features in (("ink", 9), ("paper", 48)):
        model = build(ModelConfig(units=4, filters=4), kind, features, 5)
        logits = model.predict_on_batch(np.full((1, 64, features), 0.5, "float32"))
        assert logits.shape == (1, 64 // data.SHRINK[kind], 5)


def test_what_predict_refuses(path, lines, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.fromarray(lines[0]).save(tmp_path / folder / "page.png")
        (tmp_path / folder / "page.xml").write_text(PAGE, encoding="utf-8")
    pages = [str(tmp_path / folder / "page.xml") for folder in ("a", "b")]
    command = ["predict", "handwriting", "--model", str(path), *pages]
    with pytest.raises(UsageError, match="several pages are called page.xml: read one folder at a time"):
        dispatch([*command, "--pages", str(tmp_path / "out")])
    with pytest.raises(UsageError, match="--hand is for --write TEXT"):
        dispatch([*command, "--hand", "ink.json"])
    with pytest.raises(UsageError, match="--pages is for pages that are read, not for --write"):
        dispatch([*command[:4], "--write", "a", "--pages", str(tmp_path / "out")])
    several = tmp_path / "ink.jsonl"
    several.write_text(2 * (json.dumps(INK[0]) + "\n"), encoding="utf-8")
    with pytest.raises(UserError, match="could not be read"):  # it is ink, and the reader reads paper
        dispatch(["predict", "handwriting", "--model", str(path), str(several), "--plot", "x.png"])


def test_a_folder_with_pages_gives_their_lines_and_one_bad_page_loses_no_other(
    path, lines, tmp_path, capsys
):
    Image.fromarray(np.full((160, 400), 255, "uint8")).save(tmp_path / "page.png")
    ids = PAGE.replace('"first"', '"r1#l1"').replace('"second"', '"r1#l2"')
    (tmp_path / "good.xml").write_text(ids, encoding="utf-8")
    (tmp_path / "lost.xml").write_text(PAGE.replace("page.png", "lost.png"), encoding="utf-8")
    (tmp_path / "METS.xml").write_text("<mets/>", encoding="utf-8")
    command = ["predict", "handwriting", "--model", str(path), str(tmp_path)]
    with pytest.raises(UserError, match="1 of 2 files could not be read"):
        dispatch([*command, "--pages", str(tmp_path / "read")])
    assert len(capsys.readouterr().out.splitlines()) == 2
    (tmp_path / "read" / "page.png").symlink_to(tmp_path / "page.png")
    page = read_page(tmp_path / "read" / "good.xml")
    assert [line.id for line in page.lines] == ["r1#l1", "r1#l2"]
    assert not (tmp_path / "read" / "lost.xml").exists()


def test_colours_are_a_line_too(read, lines):
    grey = read(lines[0])
    assert read(np.repeat(lines[0][:, :, None], 3, axis=2)).text == grey.text
