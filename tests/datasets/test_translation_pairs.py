"""The embedded sentence pairs are whole, and each says whose it is."""

import re

import pytest

from rnnapps import datasets
from rnnapps.data.tables import read_table
from rnnapps.datasets.translation.make import LANGUAGES, SHARES, is_kept, rows

ATTRIBUTION = re.compile(r"CC-BY 2.0 \(France\) Attribution: tatoeba.org #\d+ \(.+\) & #\d+ \(.+\)")


@pytest.mark.parametrize(("language", "count"), [("fr", 39944), ("es", 39974)])
def test_every_pair_has_two_sentences_and_their_authors(language, count):
    table = [row.fields for row in read_table(datasets.path(f"translation/en-{language}.tsv.xz"))]
    assert len(table) == count
    assert list(table[0]) == ["en", language, "attribution"]
    assert all(ATTRIBUTION.fullmatch(row["attribution"]) for row in table)
    assert all(
        row[name] and row[name] == row[name].strip() for row in table for name in ("en", language)
    )


def test_they_are_small():
    size = sum(file.stat().st_size for file in datasets.path("translation").glob("*.xz"))
    assert size < 3_000_000


def test_whole_components_are_kept():
    lines = ["Go.\tVa !\tA", "Leave!\tva\tB", "Leave.\tPars.\tC", "Hi.\tSalut.\tD", "Yes.\tOui.\tE"]
    assert list(rows("\n".join(lines) + "\n", 1)) == lines
    kept = {share: set(rows("\n".join(lines) + "\n", share)) for share in (0.2, 0.4, 0.6, 0.8)}
    assert all(len(set(lines[:3]) & some) in (0, 3) for some in kept.values())
    assert kept[0.2] <= kept[0.4] <= kept[0.6] <= kept[0.8]


def test_the_share_that_is_kept():
    for code in LANGUAGES:
        kept = sum(is_kept(f"sentence {number}", SHARES[code]) for number in range(5000))
        assert kept / 5000 == pytest.approx(SHARES[code], abs=0.02)
