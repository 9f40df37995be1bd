"""Make `sentences.csv.xz` from the source package of vaderSentiment 0.5.

    pip download --no-deps --no-binary :all: vaderSentiment==0.5
    python -m rnnapps.datasets.sentences.make vaderSentiment-0.5.zip

The package holds `hutto_ICWSM_2014.tar.gz`: sentences with the mean of 15 to 99 human ratings
from -4 to 4, and each rating (Hutto and Gilbert, ICWSM 2014). The same package gives the same
file, byte for byte.
"""

import ast
import csv
import hashlib
import io
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path

PACKAGE_SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
ARCHIVE = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
# The newspaper sentences are left out: their raters judged opinions on events, not sentiment.
PARTS = {"movie": "movieReviewSnippets", "product": "amazonReviewSnippets", "tweet": "tweets"}
NEUTRAL = 0.5  # a sentence with a mean rating nearer to zero than this has no label


def rows(archive: tarfile.TarFile):
    """Yield (text, label, positive, source, id), in the order of the package.

    `positive` is the share of positive ratings among those that are not zero.
    """

    def lines(name):
        file = archive.extractfile(f"hutto_ICWSM_2014/{name}.txt")
        return [line.split("\t") for line in file.read().decode("utf-8-sig").splitlines() if line]

    for source, name in PARTS.items():
        ratings = {
            row[0]: [r for r in ast.literal_eval(row[3]) if r != 0]
            for row in lines(f"{name}_anonDataRatings")
        }
        for identity, mean, text in lines(f"{name}_GroundTruth"):
            mean = float(mean)
            label = "" if abs(mean) < NEUTRAL else "positive" if mean > 0 else "negative"
            signed = ratings[identity]
            positive = sum(r > 0 for r in signed) / len(signed) if signed else 0.5
            yield text.strip(), label, f"{positive:.3f}", source, identity


def main(package: str) -> None:
    data = Path(package).read_bytes()
    if hashlib.sha256(data).hexdigest() != PACKAGE_SHA256:
        sys.exit(f"error: {package} is not the source package of vaderSentiment 0.5")
    with zipfile.ZipFile(package) as outer, tarfile.open(fileobj=outer.open(ARCHIVE)) as archive:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["text", "label", "positive", "source", "id"])
        writer.writerows(rows(archive))
    target = Path(__file__).with_name("sentences.csv.xz")
    target.write_bytes(lzma.compress(text.getvalue().encode("utf-8"), preset=9))
    print(f"{target}: {text.getvalue().count(chr(10)) - 1} lines, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
