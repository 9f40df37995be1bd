"""What is special to DNA; the rest is in tests/test_contract.py.

Quality is that of the bundle that ships.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

import rnnapps
from rnnapps.commands.main import dispatch
from rnnapps.config import with_values
from rnnapps.data.symbols.bases import both_strands, kmers
from rnnapps.data.symbols.sequence_variants import SequenceVariants
from rnnapps.dna import data
from rnnapps.dna.config import DnaConfig, SequenceConfig
from rnnapps.dna.model import build
from rnnapps.dna.predictor import DnaPredictor
from rnnapps.errors import UsageError, UserError
from rnnapps.evaluation.dna_baselines import kmer_baseline, position_baseline

DONOR = "CCAGCTGCATCACAGGAGGCCAGCGAGCAGGTCTGTTCCAAGGGCCTTCGAGCCAGTCTG"


@pytest.fixture(scope="module")
def classify():
    return rnnapps.load("dna")


@pytest.fixture(scope="module")
def splits():
    return data.load(DnaConfig())


def both(config):
    return replace(config, sequences=SequenceConfig(aligned=False, both_strands=True, mutations=0.0))


def test_the_shipped_bundle_knows_junctions(classify, splits):
    test = splits["test"]
    predicted = classify.probabilities(test.inputs[::4]).argmax(axis=1)
    assert (predicted == test.classes[::4]).mean() > 0.9
    assert classify(DONOR.lower()).label == "donor"


def test_no_sequence_and_no_other_strand_stands_in_two_splits(tmp_path, splits):
    keys = [{min(both_strands(one)) for one in some.inputs} for some in splits.values()]
    assert not (keys[0] & keys[1] or keys[0] & keys[2] or keys[1] & keys[2])
    forward, reverse = both_strands(DONOR)
    table = {"sequence": [DONOR, "A" * 60, "C" * 60], "label": ["a", "b", "a"]}
    found = data.load(
        DnaConfig(), {"train": table, "test": {"sequence": [reverse], "label": ["a"]}}, ("a", "b")
    )
    assert forward not in found["train"].inputs and len(found["test"]) == 1


def test_bad_labels_are_counted_split_by_split(caplog):
    table = {"sequence": [DONOR, "A" * 60, "C" * 60], "label": ["a", "b", ""]}
    held_out = {"sequence": ["G" * 50, "T" * 55], "label": ["a", "c"]}
    config = with_values(DnaConfig(), {"source": {"skip_bad": True, "data": "memory"}})
    validation = {"sequence": ["AC" * 20], "label": ["b"]}
    found = data.load(config, {"train": table, "validation": validation, "test": held_out})
    assert [len(some) for some in found.values()] == [2, 1, 1]
    assert "memory: 1 of 2 rows left out (--skip-bad)" in caplog.text
    assert "memory: 1 of 3 rows left out (--skip-bad)" in caplog.text


def test_the_bases_of_the_junction_decide(classify):
    saliency = np.array(classify(DONOR, saliency=True).saliency)
    assert saliency.shape == (60,)
    assert set(np.argsort(-saliency)[:2]) <= set(range(27, 36))  # ...CAG|GTCTGT...
    whole = classify.probabilities([DONOR])[0].max()
    hidden = classify.probabilities([DONOR[:30] + "N" + DONOR[31:]])[0, classify.labels.index("donor")]
    assert saliency[30] == pytest.approx(whole - hidden, abs=1e-6)


def test_padding_changes_nothing():
    config = DnaConfig()
    model = build(config.model, 66, 3)
    ids = np.random.default_rng(0).integers(2, 66, (2, 20), dtype="int32")
    short = np.zeros((2, 24), "int32")
    long = np.zeros((2, 48), "int32")
    short[:, :20] = long[:, :20] = ids
    np.testing.assert_allclose(
        model.predict_on_batch(short), model.predict_on_batch(long), rtol=0, atol=1e-6
    )


def test_both_strands_give_the_same_answer():
    config = both(DnaConfig())
    model = build(config.model, 4**config.sequences.kmer + 2, 2)
    predictor = DnaPredictor(model, ("a", "b"), config)
    forward, reverse = (predictor.probabilities([strand]) for strand in both_strands(DONOR))
    np.testing.assert_allclose(forward, reverse, atol=1e-6)
    one = replace(config, sequences=replace(config.sequences, both_strands=False))
    alone = DnaPredictor(model, ("a", "b"), one).probabilities([DONOR])
    assert np.abs(alone - forward).max() > 1e-5
    assert len(predictor("ACGT" * 500, saliency=False).sequence) == 2000  # of any length


def test_variants_depend_on_the_epoch_alone():
    bases = [np.random.default_rng(row).integers(1, 5, 40, dtype="uint8") for row in range(30)]
    variants = SequenceVariants(bases, 3, both_strands=True, mutations=0.0, seed=1)
    first, again, second = variants(0), variants(0), variants(1)
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    kept = [(kmers(one, 3) == other).all() for one, other in zip(bases, first, strict=True)]
    assert 5 < sum(kept) < 25
    assert any((one != other).any() for one, other in zip(first, second, strict=True))
    mutated = SequenceVariants(bases, 1, both_strands=False, mutations=0.2, seed=1)(0)
    changed = np.mean([one + 1 != other for one, other in zip(bases, mutated, strict=True)])
    assert 0.1 < changed < 0.2  # a quarter of those drawn are the same base again


def test_the_baselines_are_counts_and_places():
    random = np.random.default_rng(0)
    rows = ["".join(random.choice(list("ACGT"), 30)) for _ in range(120)]
    classes = np.array([int(row[10] == "A") for row in rows])
    parts = (rows[:80], classes[:80]), (rows[80:100], classes[80:100]), rows[100:]
    name, probabilities = position_baseline(*parts)
    assert "the base at each position" in name
    assert (probabilities.argmax(axis=1) == classes[100:]).mean() >= 0.9
    rich = np.array([int(row.count("G") + row.count("C") > 15) for row in rows])
    parts = (rows[:80], rich[:80]), (rows[80:100], rich[80:100]), rows[100:]
    name, probabilities = kmer_baseline(*parts, both=True)
    assert "mers" in name and (probabilities.argmax(axis=1) == rich[100:]).mean() > 0.7


def test_what_is_refused(classify, tmp_path):
    with pytest.raises(UserError, match="sequence 2: 'X' at position 2 is no base"):
        classify([DONOR, "AXG"])
    with pytest.raises(UserError, match="sequence 1: 61 bases: this network reads at most 60"):
        classify(DONOR + "A")
    with pytest.raises(UsageError, match="--both-strands is for sequences without a fixed place"):
        with_values(DnaConfig(), {"sequences": {"both_strands": True}})
    with pytest.raises(UserError, match="only the class 'a' in the training rows: two or more"):
        data.load(DnaConfig(), {"sequence": ["ACGT" + "A" * n for n in range(20)], "label": ["a"] * 20})
    with pytest.raises(UserError, match=r"examples\[1\]: 'Q' at position 1 is no base"):
        data.load(DnaConfig(), {"sequence": ["ACGT", "QQ"], "label": ["a", "b"]})
    bad = tmp_path / "bad.fa"
    bad.write_text(">one\nACGT\n>two\nAC-T\n")
    with pytest.raises(UserError, match="bad.fa:3: '-' at position 3 is no base"):
        dispatch(["predict", "dna", "--file", str(bad)])


def test_records_of_files(tmp_path, capsys):
    fasta, table = tmp_path / "two.fa", tmp_path / "two.csv"
    fasta.write_text(f">junction A\n{DONOR[:30]}\n{DONOR[30:]}\n>other\n{'A' * 60}\n")
    table.write_text(f"name,sequence\njunction A,{DONOR}\nother,{'A' * 60}\n")
    answers = []
    for file in (fasta, table):
        dispatch(["predict", "dna", "--file", str(file), "--json", "-"])
        answers.append([json.loads(line) for line in capsys.readouterr().out.splitlines()])
    assert answers[0] == answers[1]
    assert [(one["name"], one["label"]) for one in answers[0]] == [
        ("junction A", "donor"),
        ("other", "neither"),
    ]
    picture = tmp_path / "saliency.png"
    with pytest.raises(UsageError, match=r"--plot draws one answer, and .*two.fa has 2 sequences"):
        dispatch(["predict", "dna", "--file", str(fasta), "--plot", str(picture)])
    dispatch(["predict", "dna", DONOR, "--plot", str(picture)])
    assert " at 31" in capsys.readouterr().out and picture.read_bytes().startswith(b"\x89PNG")
