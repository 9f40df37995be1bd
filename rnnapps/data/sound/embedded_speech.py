"""The embedded speech: prompts of one voice, and strings of spoken digits."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from rnnapps.data.sound.found_recording import FoundRecording
from rnnapps.data.sound.reading import Reader, list_pieces
from rnnapps.data.sound.recordings import compose
from rnnapps.data.splits import Shares, split_of
from rnnapps.errors import UserError

SHARES = Shares(test=0.15, validation=0.1)  # of the prompts
STRINGS = {"train": 150, "validation": 100, "test": 200}  # of each speaker of a split
DIGITS = (3, 7)  # of a string
PAUSES = (0.1, 0.5)  # seconds before each
END = 0.3  # seconds behind the last
FRAME = 0.02  # seconds of the frames by which a speaker's background is told
BACKGROUND = 0.05  # of these frames are no louder


def embedded_speech(folder: Path, kind: str, held_out: str) -> Iterator[FoundRecording]:
    """The recordings of the embedded data, always the same.

    - "prompts": what a telephone exchange says. Their groups are prompts that share five words in a row,
      or all words, and are divided by hash: no text is in two splits.
    - "digits": strings of 3 to 7 digits of a speaker, drawn from the clips of the spoken digits and
      joined with pauses of 0.1 to 0.5 s, filled with noise as faint as the speaker's background. All of
      `held_out` are the test split, those of the next speaker by name the validation split.
    - "all": both.

    Args:
        folder: that of all embedded data sets, `rnnapps/datasets`.
        kind: "prompts", "digits" or "all".
        held_out: the speaker of the digits.

    Raises:
        UserError: no such speaker.
    """
    if kind != "digits":
        yield from _prompts(folder / "prompts" / "prompts.csv")
    if kind != "prompts":
        yield from _strings(folder / "digits" / "clips.csv", held_out)


def _prompts(table: Path) -> Iterator[FoundRecording]:
    for row, read in list_pieces(table):
        group = row.fields["group"]
        split = split_of(group, SHARES)
        where = f"{table.stem}: {row.fields['name']}"
        yield FoundRecording(where, row.fields["text"], "allison", split, read, group)


def _strings(table: Path, held_out: str) -> Iterator[FoundRecording]:
    clips: dict[str, list[tuple[str, Reader]]] = {}
    for row, read in list_pieces(table):
        clips.setdefault(row.fields["speaker"], []).append((row.fields["word"], read))
    speakers = sorted(clips)
    if held_out not in speakers:
        raise UserError(
            f"embedded: no speaker '{held_out}': it has {', '.join(speakers)}: choose with --held-out"
        )
    validation = speakers[(speakers.index(held_out) + 1) % len(speakers)]
    for speaker in speakers:
        split = {held_out: "test", validation: "validation"}.get(speaker, "train")
        words = [word for word, _ in clips[speaker]]
        sounds = [read()[0][:, 0] for _, read in clips[speaker]]
        rate = clips[speaker][0][1]()[1]
        noise = _background(sounds, rate)
        for number in range(STRINGS[split]):
            where = f"digits: {speaker} {number}"
            random = np.random.default_rng(list(where.encode()))
            takes = random.integers(len(sounds), size=random.integers(DIGITS[0], DIGITS[1] + 1)).tolist()
            samples, spoken = compose(
                [sounds[take] for take in takes],
                [words[take] for take in takes],
                [noise],
                rate,
                int(random.integers(2**32)),
                PAUSES,
                END,
            )
            text = " ".join(word.word for word in spoken)
            yield FoundRecording(where, text, speaker, split, partial(_made, samples, rate), speaker)


def _made(samples: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    return samples, rate


def _background(clips: list[np.ndarray], rate: int) -> np.ndarray:
    """A second of noise of the level at which a speaker's clips are quietest, float32 `(time,)`."""
    sound = np.concatenate(clips)
    size = round(FRAME * rate)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    level = np.quantile(frames.std(axis=1), BACKGROUND)
    return np.random.default_rng(0).normal(scale=level, size=rate).astype("float32")
