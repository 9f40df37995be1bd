"""`python -m rnnapps.diagnostics`: how far the gradient travels, in a table and a picture."""

import logging
from dataclasses import dataclass

from rnnapps import backend
from rnnapps.command_line import parse, run
from rnnapps.errors import require

log = logging.getLogger("rnnapps.diagnostics")

STEPS = (200, 150, 100, 50, 1)


@dataclass(frozen=True)
class DiagnosticsConfig:
    """The networks and the text they read."""

    output: str = "gradient_flow.png"
    """file of the picture"""
    units: int = 64
    """units of each layer"""
    rows: int = 32
    """pieces of text, of 200 bytes each"""
    seed: int = 1
    """seed of the weights"""

    def __post_init__(self):
        require(self, "units", self.units >= 1, "at least 1")
        require(self, "rows", 1 <= self.rows <= 1000, "from 1 to 1000")
        require(self, "seed", 0 <= self.seed < 2**32, "at least 0 and below 2**32")


def main(arguments: list[str]) -> None:
    """The command."""
    config = parse(DiagnosticsConfig, arguments, prog="python -m rnnapps.diagnostics")
    backend.prepare(seed=config.seed)
    from rnnapps.diagnostics import experiment  # these two import Keras
    from rnnapps.diagnostics.plots import plot

    x, following = experiment.text_rows(config.rows)
    print(f"{'norm of the gradient at step':<30}", *(f"{step:>8}" for step in STEPS), "    1/200")
    networks = experiment.networks(config.units, config.seed)
    flows = {}
    for name, network in networks.items():
        flows[name] = flow = experiment.flow(network, x, following)
        norms = [*(flow[step - 1] for step in STEPS), flow[0] / flow[-1]]
        print(f"{name:<30}", *(f"{norm:8.1e}" for norm in norms), flush=True)
    print(f"\n{experiment.LARGE}, norm of the gradient of all weights:")
    for clip, name in ((None, "as it is"), (1.0, "clipped to norm 1")):
        norm = experiment.weight_update(networks[experiment.LARGE], x, following, clip)
        print(f"{name:<30} {norm:8.1e}")
    plot(flows, config.output)
    log.info("%s written (%s)", config.output, backend.describe()["backend"])


if __name__ == "__main__":
    run(main)
