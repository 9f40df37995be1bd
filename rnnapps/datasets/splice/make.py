"""Make `splice.csv.xz` from `DNA.rda` of the R package mlbench 2.1.

    apt-get download r-cran-mlbench=2.1-3-1 && dpkg-deb -x r-cran-mlbench_2.1-3-1_amd64.deb mlbench
    pip install pyreadr
    python -m rnnapps.datasets.splice.make mlbench/usr/lib/R/site-library/mlbench/data/DNA.rda

The table there has three 0-1 variables for each of 60 bases, as the StatLog project coded them. The same
file gives the same file, byte for byte.
"""

import csv
import hashlib
import io
import lzma
import sys
from pathlib import Path

SHA256 = "df941ad89a49f705a29bf38e52c91dc34029539cedb13fa24f803f1224278c9e"
BASES = {"100": "A", "010": "C", "001": "G", "000": "T"}
LABELS = {"ei": "donor", "ie": "acceptor", "n": "neither"}


def main(file: str) -> None:
    if hashlib.sha256(Path(file).read_bytes()).hexdigest() != SHA256:
        sys.exit(f"error: {file} is not the DNA.rda of mlbench 2.1")
    import pyreadr

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["sequence", "label"])
    for *bits, label in pyreadr.read_r(file)["DNA"].itertuples(index=False):
        joined = "".join(str(int(bit)) for bit in bits)
        bases = (BASES[joined[start : start + 3]] for start in range(0, len(joined), 3))
        writer.writerow(["".join(bases), LABELS[label]])
    target = Path(__file__).with_name("splice.csv.xz")
    target.write_bytes(lzma.compress(text.getvalue().encode("utf-8"), preset=9))
    print(f"{target}: {text.getvalue().count(chr(10)) - 1} lines, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
