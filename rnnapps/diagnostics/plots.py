"""A picture of the flow of gradients."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure


def plot(flows: Mapping[str, np.ndarray], file: str | Path) -> None:
    """Write the norms `(time,)` of one or more networks, by name, as a PNG; zeros are left out."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots()
    for number, (name, flow) in enumerate(flows.items()):
        # Lines that lie on each other show through; a lone step is a dot.
        style, marker = ("-", "--", ":")[number % 3], "." if len(flow) == 1 else ""
        axes.plot(np.arange(1, len(flow) + 1), flow, style, lw=2, marker=marker, label=name)
    axes.set_yscale("log", nonpositive="mask")
    axes.set(xlabel="time step", ylabel="norm of the gradient of the loss\nwith respect to the state")
    axes.margins(x=0.01)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right center")
    figure.savefig(file, format="png", dpi=120)
