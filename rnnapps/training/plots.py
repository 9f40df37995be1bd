"""Pictures of a training and of its result; `figure.savefig(file)` writes one as PNG."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def plot_learning_curve(history: list[dict[str, float]], metric: str) -> Figure:
    """Draw loss and a metric over the epochs, for training and validation."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    epochs = [logs["epoch"] for logs in history]
    for axes, name in zip(figure.subplots(1, 2), ("loss", metric), strict=True):
        axes.plot(epochs, [logs[name] for logs in history], marker="o", label="training")
        axes.plot(epochs, [logs[f"val_{name}"] for logs in history], marker="o", label="validation")
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def plot_confusion_matrix(matrix: list[list[int]], labels: Sequence[str]) -> Figure:
    """Draw a confusion matrix, rows true and columns predicted; numbers are left out past 20 classes."""
    counts = np.array(matrix)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = max(3.6, 0.45 * len(labels) + 2)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
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
