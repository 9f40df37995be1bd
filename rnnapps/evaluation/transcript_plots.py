"""Pictures of what was read or heard, character by character."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from rnnapps.data.strokes.points import to_strokes
from rnnapps.evaluation.plots import fonts_for

if TYPE_CHECKING:
    from rnnapps.inference.timed_word import TimedWord
    from rnnapps.inference.transcript import TimedCharacter

SPECTROGRAM_SECONDS = 0.032  # of a frame


def plot_transcript(
    line: np.ndarray, places: np.ndarray, characters: Sequence["TimedCharacter"]
) -> Figure:
    """Draw a line of writing, each character that was read over its place, and how sure it is.

    Args:
        line: its content (`rnnapps.data.lines.written_line.WrittenLine`).
        places: x of each step of the network's input, float `(time,)`, in order of reading.
        characters: that were read, in order.
    """
    figure = Figure(figsize=(max(5, min(0.22 * len(characters) + 2, 24)), 3), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    if line.dtype == np.uint8:
        above.imshow(line, cmap="gray", aspect="auto", vmin=0, vmax=255)
    else:
        for stroke in to_strokes(line):
            above.plot(*stroke.T, color="black", linewidth=1)
        above.invert_yaxis()
    above.set_yticks([])
    fonts = fonts_for("".join(one.character for one in characters))
    for one in characters:
        first = min(int(one.start * len(places)), len(places) - 1)
        middle = float(places[first : max(int(one.end * len(places)), first + 1)].mean())
        above.annotate(
            one.character,
            (middle, 1.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            family=fonts,
            parse_math=False,
        )
        above.axvline(middle, color="tab:red", alpha=0.25, linewidth=1)
        below.plot([middle], [one.confidence], "o", color="tab:blue", markersize=3)
    below.set(ylabel="confidence", ylim=(0, 1.05))
    below.grid(axis="y", alpha=0.3)
    return figure


def plot_speech(
    samples: np.ndarray,
    sampling_rate: int,
    words: Sequence["TimedWord"],
    characters: Sequence["TimedCharacter"],
    seconds: float,
) -> Figure:
    """Draw the spectrogram of a recording with its words, and the peak of each character over time.

    Args:
        samples: floats `(time,)`.
        sampling_rate: of these, in Hz.
        words: with seconds.
        characters: with shares of `seconds`.
        seconds: that the network heard.
    """
    figure = Figure(figsize=(max(6, min(3 * seconds, 45)), 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    size = max(2, round(SPECTROGRAM_SECONDS * sampling_rate))
    padded = np.pad(samples, (0, max(0, size - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: max(1, size // 4)]
    power = np.abs(np.fft.rfft(frames * np.hanning(size))) ** 2
    decibels = 10 * np.log10(power.T + 1e-6)
    extent = (0, len(padded) / sampling_rate, 0, sampling_rate / 2000)
    above.imshow(decibels, cmap="magma", aspect="auto", origin="lower", extent=extent)
    above.set(ylabel="kHz")
    fonts = fonts_for("".join(one.character for one in characters))
    text: dict[str, Any] = {"ha": "center", "family": fonts, "parse_math": False}
    for word in words:
        above.axvspan(word.start, word.end, color="white", alpha=0.15, linewidth=0)
        above.annotate(
            word.word,
            (word.start, 1.02),
            xycoords=("data", "axes fraction"),
            rotation=45,
            rotation_mode="anchor",
            **text | {"ha": "left"},
        )
    for one in characters:
        place = one.start * seconds
        below.vlines(place, 0, one.confidence, color="tab:blue")
        below.text(place, one.confidence + 0.03, one.character, fontsize="small", **text)
    below.set(xlabel="seconds", ylabel="confidence", ylim=(0, 1.2), xlim=(0, seconds))
    return figure
