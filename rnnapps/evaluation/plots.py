"""Pictures of a training and of its result; `figure.savefig(file)` writes one as PNG."""

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from rnnapps.outputs import write

log = logging.getLogger(__name__)


def save_plot(figure: Figure, file: Path) -> None:
    """Write a picture whole, as SVG if its name ends so and else as PNG, or leave what stood there."""
    content = io.BytesIO()
    figure.savefig(content, format="svg" if file.suffix.lower() == ".svg" else "png")
    write(file, content.getvalue())


def plot_learning_curve(history: Sequence[dict[str, float]]) -> Figure:
    """Draw loss and metrics over the epochs, for training and validation."""
    names = [name for name in history[0] if f"val_{name}" in history[0]]
    names.sort(key=lambda name: name != "loss")
    figure = Figure(figsize=(4.5 * len(names), 3.5), layout="constrained")
    epochs = [logs["epoch"] for logs in history]
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        axes.plot(epochs, [logs[name] for logs in history], marker="o", label="training")
        axes.plot(epochs, [logs[f"val_{name}"] for logs in history], marker="o", label="validation")
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def plot_confusion_matrix(
    matrix: Sequence[Sequence[int]], labels: Sequence[str], figure: Figure | SubFigure | None = None
) -> Any:
    """Draw a confusion matrix, rows true and columns predicted; numbers are left out past 20 classes.

    It is drawn in `figure`, or in one of its own.
    """
    counts = np.array(matrix)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = max(3.6, 0.45 * len(labels) + 2)
    figure = figure or Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    ticks = range(len(labels))
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_xticks(ticks, labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, labels)
    if len(labels) <= 20:
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.6 else "black"
            axes.text(column, row, f"{count:,}", ha="center", va="center", color=colour)
    return figure


def plot_det_curve(
    true: np.ndarray,
    scores: np.ndarray,
    labels: Sequence[str],
    figure: Figure | SubFigure | None = None,
) -> Any:
    """Draw false alarms against misses of each class, one against all (Martin et al. 1997).

    Args:
        true: int class numbers `(rows,)`.
        scores: the higher, the more of a class, floats `(rows, classes)`.
        labels: the names of the classes; one without a row, or with all of them, has no curve.
        figure: to draw in; by default one of its own.
    """
    from scipy.stats import norm
    from sklearn.metrics import det_curve

    figure = figure or Figure(figsize=(7.5, 5), layout="constrained")
    axes = figure.subplots()
    least, most = 0.5 / len(true), 0.5  # half a row stands for none, which the scale cannot show
    for number, label in enumerate(labels):
        if 0 < np.count_nonzero(true == number) < len(true):
            alarms, misses, _ = det_curve(true == number, scores[:, number])
            lines = [norm.ppf(np.clip(rates, least, 0.999)) for rates in (alarms, misses)]
            axes.plot(*lines, label=label, linewidth=1.2)
    shares = [share for share in (1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5) if share >= least]
    axes.set_xticks(norm.ppf(shares), [f"{share:.4g}" for share in shares])
    axes.set_yticks(norm.ppf(shares), [f"{share:.4g}" for share in shares])
    limits = norm.ppf((least * 0.8, most))
    axes.set(xlabel="false alarms (share of the other clips)", ylabel="misses (share of the word's)")
    axes.set(xlim=limits, ylim=limits)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_timeline(
    times: np.ndarray,
    probabilities: np.ndarray,
    labels: Sequence[str],
    detections: Sequence[tuple[float, str]],
    threshold: float,
) -> Figure:
    """Draw a stream's probabilities `(time, classes)` over seconds `(time,)`, and its detections."""
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    axes = figure.subplots()
    for label, row in zip(labels, probabilities.T, strict=True):
        axes.plot(times, row, label=label, linewidth=1)
    axes.axhline(threshold, color="grey", linestyle=":", linewidth=1)
    for time, word in detections:
        axes.axvline(time, color="black", alpha=0.4, linewidth=1)
        axes.text(time, 1.02, word, rotation=60, fontsize="small", ha="left", va="bottom")
    axes.set(xlabel="seconds", ylabel="probability", ylim=(0, 1))
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_stream(
    panels: Mapping[str, Sequence[tuple[Any, float | None, float | None, float | None, bool]]],
    interval: str,
) -> Figure:
    """Draw the values of streams, and the interval that was foretold for each.

    Args:
        panels: by their title the times, the values and the bounds that were foretold for them, None
            where there is none, and whether the value lies outside.
        interval: what it is called.
    """
    figure = Figure(figsize=(11, 2.6 * len(panels)), layout="constrained")
    for axes, (title, rows) in zip(
        figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels.items(), strict=True
    ):
        times, *numbers, outside = (list(column) for column in zip(*rows, strict=True))
        values, low, high = (np.array(some, "float64") for some in numbers)
        axes.fill_between(times, low, high, color="C0", alpha=0.25, linewidth=0, label=interval)
        axes.plot(times, values, color="black", linewidth=1)
        places = np.flatnonzero(outside)
        axes.plot([times[at] for at in places], values[places], "o", color="C3", label="outside")
        axes.set_title(title, fontsize="medium", family=fonts_for(title), parse_math=False)
        axes.grid(alpha=0.3)
        axes.tick_params(axis="x", rotation=20)
    axes.legend(loc="upper left", fontsize=8)
    return figure


def plot_word_weights(words: Sequence[tuple[str, float]], title: str) -> Figure:
    """Draw the words of a text with the share of attention that each got."""
    figure = Figure(figsize=(7, 0.28 * len(words) + 0.9), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(words)), [share for _, share in words], color="tab:blue")
    axes.set_yticks(range(len(words)), [word for word, _ in words])
    axes.invert_yaxis()
    axes.set(xlabel="share of attention", title=title)
    axes.grid(axis="x", alpha=0.3)
    return figure


def plot_positions(letters: str, values: Sequence[float], quantity: str, title: str) -> Figure:
    """Draw a value of each letter of a sequence, above and below a line."""
    figure = Figure(figsize=(max(6, min(0.16 * len(letters), 40)), 2.5), layout="constrained")
    axes = figure.subplots()
    axes.bar(range(len(letters)), values, color="tab:blue", width=0.9)
    if len(letters) <= 250:  # more would not be legible
        axes.set_xticks(range(len(letters)), letters, fontsize=7, family="monospace")
    axes.set(ylabel=quantity, title=title, xlim=(-0.7, len(letters) - 0.3))
    axes.grid(axis="y", alpha=0.3)
    return figure


def plot_surprise(tokens: Sequence[str], bits: Sequence[float], title: str) -> Figure:
    """Draw a text token by token, each on a ground that is darker the more bits it surprises by."""
    rows: list[list[tuple[int, str, float]]] = [[]]
    width, column = 90, 0
    for token, value in zip(tokens, bits, strict=True):
        shown = token.replace("\n", "↵").replace("\t", " ")
        if column + len(shown) > width and rows[-1]:
            rows.append([])
            column = 0
        rows[-1].append((column, shown, value))
        column += len(shown)
        if "\n" in token:
            rows.append([])
            column = 0
    most = max(8.0, *bits) if bits else 8.0
    figure = Figure(figsize=(10, 0.26 * len(rows) + 1.1), layout="constrained")
    axes = figure.subplots()
    colours = matplotlib.colormaps["Oranges"]
    for line, row in enumerate(rows):
        for start, shown, value in row:
            box = Rectangle(
                (start, line), len(shown), 1, color=colours(0.85 * value / most), linewidth=0
            )
            axes.add_patch(box)
            for place, character in enumerate(shown):
                axes.text(
                    start + place + 0.5,
                    line + 0.5,
                    character,
                    ha="center",
                    va="center",
                    fontsize=8,
                    family=["DejaVu Sans Mono", *fonts_for(shown)],
                    parse_math=False,
                )
    used = max((start + len(shown) for row in rows for start, shown, _ in row), default=1)
    axes.set(xlim=(0, max(used, 50)), ylim=(len(rows), 0), title=title)
    axes.set_axis_off()
    scale = matplotlib.cm.ScalarMappable(Normalize(0, most), colours)
    figure.colorbar(scale, ax=axes, label="bits", orientation="horizontal", fraction=0.06, aspect=60)
    return figure


def plot_probabilities(probabilities: Mapping[str, float], title: str) -> Figure:
    """Draw the probability of each label."""
    figure = Figure(figsize=(6, 0.3 * len(probabilities) + 1), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(probabilities)), list(probabilities.values()), color="tab:blue")
    axes.set_yticks(range(len(probabilities)), list(probabilities))
    axes.invert_yaxis()
    axes.set(xlabel="probability", xlim=(0, 1), title=title)
    axes.grid(axis="x", alpha=0.3)
    return figure


def plot_alignment(source: Sequence[str], target: Sequence[str], weights: np.ndarray) -> Figure:
    """Draw where a decoder looked: `weights` `(target words, source words)`, words on both axes."""
    width, height = (max(3, 0.4 * len(words) + 1.5) for words in (source, target))
    figure = Figure(figsize=(width + 1, height), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="share of attention", shrink=0.8)
    fonts = fonts_for("".join([*source, *target]))
    # A dollar sign is a dollar sign, not mathematics.
    text: dict[str, Any] = {"family": fonts, "parse_math": False}
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(source)), source, rotation=45, ha="left", rotation_mode="anchor", **text)
    axes.set_yticks(range(len(target)), target, **text)
    return figure


def plot_attention_map(pixels: np.ndarray, words: Sequence[str], weights: np.ndarray) -> Figure:
    """Draw where a decoder looked in a picture, a panel for each word behind one for the picture.

    `pixels` are uint8 `(height, width, 3)`, `weights` `(words, rows, columns)`. A panel is bright where
    the word got most of its attention; each has a scale of its own, and says the largest share.
    """
    height, width, _ = pixels.shape
    columns = min(5, len(words) + 1)
    rows = -(-(len(words) + 1) // columns)
    figure = Figure(figsize=(2.2 * columns, 2.4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    fonts = fonts_for("".join(words))
    grey = np.asarray(pixels, "float32").mean(axis=2) / 255
    for axis in axes:
        axis.axis("off")
    axes[0].imshow(pixels)
    for axis, word, places in zip(axes[1:], words, weights, strict=False):
        axis.imshow(grey, cmap="gray", vmin=0, vmax=1, extent=(0, width, height, 0))
        axis.imshow(
            places, cmap="inferno", alpha=0.6, extent=(0, width, height, 0), interpolation="bicubic"
        )
        title = f"{word}  ({places.max():.0%})"
        axis.set_title(title, fontsize="medium", family=fonts, parse_math=False)
    return figure


def fonts_for(text: str) -> list[str]:
    """Families of fonts on this machine that have the characters of a text: Matplotlib's own first."""
    families = ["DejaVu Sans"]
    missing = {ord(character) for character in text if not character.isspace()}
    missing -= _characters(font_manager.findfont(families[0]))
    for entry in sorted(font_manager.fontManager.ttflist, key=lambda entry: entry.name):
        if not missing:
            break
        regular = entry.style == "normal" and entry.weight in range(300, 501)
        if regular and not entry.name.startswith("Last Resort"):  # which has a box for everything
            try:
                found = missing & _characters(entry.fname)
            except OSError:
                continue
            if found:
                families.append(entry.name)
                missing -= found
    if missing:
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # Matplotlib's, of each
        log.warning(
            "no font on this machine has %s: boxes stand for them in the picture (install one, such as "
            "fonts-noto-cjk)",
            " ".join(map(chr, sorted(missing)[:10])),
        )
    return families


def _characters(font: str) -> set[int]:
    return set(font_manager.get_font(font).get_charmap())


def plot_forecast(
    panels: Sequence[tuple[str, Any, np.ndarray, Any, np.ndarray]], levels: Sequence[float]
) -> Figure:
    """Draw the end of series and the fan of what may come.

    Args:
        panels: for each its title, the times and the values `(time,)` of the past, and the times and the
            quantiles `(horizon, levels)` of the steps to come.
        levels: of the quantiles, symmetrical around the median.
    """
    figure = Figure(figsize=(9, 2.6 * len(panels)), layout="constrained")
    for axes, (title, past, values, ahead, quantiles) in zip(
        figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True
    ):
        axes.plot(past, values, color="black", linewidth=1)
        for low, level in enumerate(levels):
            if level < 0.5:
                label = f"{100 * (1 - 2 * level):.0f} %"
                bounds = quantiles[:, low], quantiles[:, -1 - low]
                color = matplotlib.colormaps["Blues"](0.15 + 0.2 * low)
                axes.fill_between(ahead, *bounds, color=color, linewidth=0, label=label)
        axes.plot(ahead, quantiles[:, list(levels).index(0.5)], color="C0", label="median")
        axes.set_title(title, fontsize="medium", family=fonts_for(title), parse_math=False)
        axes.grid(alpha=0.3)
        axes.tick_params(axis="x", rotation=20)
    axes.legend(loc="upper left", fontsize=8)
    return figure
