"""Pictures of a training and of its result, as PNG."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def plot_learning_curve(history: list[dict[str, float]], file: Path, metric: str) -> Figure:
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
    figure.savefig(file, dpi=110)
    return figure


def plot_confusion_matrix(matrix: list[list[int]], labels: list[str], file: Path) -> Figure:
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
    figure.savefig(file, dpi=110)
    return figure
