"""Make `prompts.ogg` and `prompts.csv` from two packages of Debian.

    apt-get download asterisk-core-sounds-en=1.6.1-1 asterisk-core-sounds-en-g722=1.6.1-1
    for package in *.deb; do dpkg-deb -x $package packages; done
    pip install av
    python -m rnnapps.datasets.prompts.make packages

The prompts are G.722, which PyAV reads. With the same libsndfile (1.2.2 in soundfile 0.14.0) and libopus
the same packages give the same sound; the Ogg file differs in the random number of its stream. It takes
a minute.
"""

import csv
import gzip
import hashlib
import re
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile

from rnnapps.data.splits import content_key
from rnnapps.data.text.english_numbers import spell_numbers

TEXTS = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
SOUNDS = "usr/share/asterisk/sounds/en_US_f_Allison"
SHA256 = "c1dcde24bbaf9c8dc4e11c7b09c4e57952a4d8023effe06ed4a8199f44334161"  # of all texts and sounds
SAMPLING_RATE = 16000  # Hz
LONGEST = 30  # seconds
RUN = 5  # words in a row that two prompts share if they must not be in two splits
COMPRESSION = 0.955  # libsndfile's level of Opus: 6 + (1 - level) * 250 kbit/s, so 17
BLOCK = 16000  # samples that are written at once: libsndfile fails on very long ones

NOTES = re.compile(r"\[.*?\]|<.*?>|\(.*?\)")  # about sounds that are no words
CORRECTIONS = {  # what is written, and what is said
    "*": "star",
    "#": "pound",
    "3D": "three D",
    "H.323": "H three two three",
    "www.asterisk.org": "W W W dot asterisk dot org",
    "umute": "unmute",
    "represenatives": "representatives",
    "fourtieth": "fortieth",
    "Un-indentified or witheld": "Unidentified or withheld",
    "exclaimation-point": "exclamation point",
    "xray": "x-ray",
    "thru": "through",
}


def texts_of(lines: str) -> dict[str, str]:
    """What is said in each prompt that has words, by name."""
    texts = {}
    for line in lines.splitlines():
        name, colon, text = line.partition(":")
        text = NOTES.sub("", text)
        for written, said in CORRECTIONS.items():
            text = text.replace(written, said)
        if colon and not name.startswith(";") and content_key(text):
            texts[name] = " ".join(spell_numbers(text).split())
    return texts


def groups_of(texts: dict[str, str]) -> dict[str, str]:
    """The group of each prompt: the first name of those that share runs of five words, or all words."""
    group_of = {name: name for name in texts}
    sharing: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in sorted(texts):
        words = content_key(texts[name]).split()
        for start in range(max(len(words) - RUN, 0) + 1):
            sharing[tuple(words[start : start + RUN])].append(name)
    for names in (some for some in sharing.values() if len({*some}) > 1):
        joined = {group_of[name] for name in names}
        group_of.update((name, min(joined)) for name, group in group_of.items() if group in joined)
    return group_of


def decode(file: Path) -> np.ndarray:
    """The samples of a file of G.722, int16 `(time,)`."""
    import av  # which nothing else here needs

    with av.open(str(file), format="g722") as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def write(prompts: list[tuple[str, str, str, np.ndarray]], folder: Path) -> None:
    """Write names, texts, groups and samples, int16 `(time,)`: one file of sound, and its table."""
    start = 0
    with (folder / "prompts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "text", "group", "file", "start", "length"])
        for name, text, group, samples in prompts:
            writer.writerow([name, text, group, "prompts.ogg", start, len(samples)])
            start += len(samples)
    with soundfile.SoundFile(
        folder / "prompts.ogg",
        "w",
        SAMPLING_RATE,
        channels=1,
        format="OGG",
        subtype="OPUS",
        compression_level=COMPRESSION,
    ) as sound:
        samples = np.concatenate([samples for *_, samples in prompts])
        for place in range(0, len(samples), BLOCK):
            sound.write(samples[place : place + BLOCK])


def main(packages: str) -> None:
    folder = Path(packages)
    lines = gzip.decompress((folder / TEXTS).read_bytes()).decode()
    texts = texts_of(lines)
    files = {name: file for name in sorted(texts) if (file := folder / SOUNDS / f"{name}.g722").exists()}
    digest = hashlib.sha256(lines.encode())
    for file in files.values():
        digest.update(file.read_bytes())
    if digest.hexdigest() != SHA256:
        sys.exit(f"error: {packages} does not have the files of 1.6.1-1: {digest.hexdigest()}")
    sounds = {name: decode(file) for name, file in files.items()}
    kept = {name: text for name, text in texts.items() if name in sounds}
    kept = {name: text for name, text in kept.items() if len(sounds[name]) <= LONGEST * SAMPLING_RATE}
    group_of = groups_of(kept)
    target = Path(__file__).parent
    write([(name, kept[name], group_of[name], sounds[name]) for name in sorted(kept)], target)
    left_out = sorted(set(files) - set(kept))
    print(f"{target}: {len(kept)} prompts, {len({*group_of.values()})} groups, without {left_out}")


if __name__ == "__main__":
    main(*sys.argv[1:])
