"""How much will shares move? A recurrent network beside GARCH(1,1). `rnnapps benchmark shares`.

Of prices the last value is hardly beaten; how far a day's return will be from nothing can be foretold.
A network that was trained on the log returns of four shares gives a Student's t for the next day of
each. Beside it: a GARCH(1,1) with Student's t for each share (by the library arch), and one distribution
for all days of a share. All know the days before the test part, and foretell each of its days from those
before.

    rnnapps benchmark shares --json shares.json
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

import rnnapps
from rnnapps import backend, datasets
from rnnapps.command_line import parse
from rnnapps.config import command
from rnnapps.data.tables import read_table
from rnnapps.errors import UserError, require
from rnnapps.outputs import check_file, write_json

if TYPE_CHECKING:
    import pandas as pd

    from rnnapps.forecasting.config import ForecastingConfig

PROG = "rnnapps benchmark shares"
VALIDATION, TEST = "2009-07-01", "2010-07-01"  # where the parts begin
SHARES = ("AAPL", "GOOG", "IBM", "MSFT")  # those that were traded for years before


@dataclass(frozen=True)
class SharesOptions:
    """Foretell how much shares will move."""

    units: int = 16
    """units of the network's GRU"""
    context: int = 60
    """days that it reads"""
    epochs: int = 15
    """of its training"""
    learning_rate: float = 3e-3
    """of its training"""
    dropout: float = 0.2
    """of its training"""
    seed: int = 1
    """of its training"""
    json: str | None = None
    """write the figures to this file too"""

    def __post_init__(self):
        for field in ("units", "context", "epochs"):
            require(self, field, getattr(self, field) >= 1, "at least 1")


def returns_of_shares() -> "pd.DataFrame":
    """Log returns in per cent, of each day of trade to the next: columns date, name, value."""
    import pandas as pd

    rows = [row.fields for row in read_table(datasets.path("series/shares.csv.xz"))]
    frame = pd.DataFrame([row for row in rows if row["name"] in SHARES])
    frame["date"] = pd.to_datetime(frame["date"])
    logs = np.log(frame["adjusted_close"].astype(float))
    frame["value"] = 100 * logs.groupby(frame["name"]).diff()
    return frame.loc[frame["value"].notna(), ["date", "name", "value"]]


def training_of(options: SharesOptions, output: str) -> "ForecastingConfig":
    """The training of the network."""
    from rnnapps.data.series.source_config import SeriesSourceConfig
    from rnnapps.forecasting.config import ForecastingConfig, ModelConfig, WindowConfig
    from rnnapps.training.config import TrainingConfig

    return ForecastingConfig(
        SeriesSourceConfig(id_column="name", validation_start=VALIDATION, test_start=TEST),
        WindowConfig(options.context, horizon=1, calendar=False),
        ModelConfig("autoregressive", units=options.units, dropout=options.dropout, normalise="none"),
        TrainingConfig(
            output=output,
            seed=options.seed,
            epochs=options.epochs,
            batch_size=64,
            learning_rate=options.learning_rate,
            weight_decay=0.1,
        ),
        conformal=False,
    )


def of_network(returns: "pd.DataFrame", options: SharesOptions) -> "pd.DataFrame":
    """The days of the test part: date, name, value, and freedom, mean and scale of the network's t."""
    import pandas as pd

    from rnnapps.forecasting import data
    from rnnapps.forecasting.distributions import softplus, student_t
    from rnnapps.forecasting.next_steps import NextSteps
    from rnnapps.forecasting.train import train

    with TemporaryDirectory() as folder:
        config = training_of(options, str(Path(folder) / "shares"))
        predictor = rnnapps.load(train(config, returns))
    test = data.load(config, returns)["test"]
    windows = predictor.windows(test)
    batches = list(NextSteps(windows).in_order_of_length())
    outputs = np.concatenate([predictor.model.predict_on_batch(x)[:, -1, 0] for x, _, _ in batches])
    outputs = outputs.astype("float64")
    location, size, freedom = student_t(outputs, softplus)
    series = test.windows[:, 0]
    mean, scale = (part[series, 0] for part in windows.scaling[:2])
    found = pd.DataFrame(
        {
            "date": [test.series_set.series[a].times[b] for a, b in test.windows],
            "name": [test.series_set.series[a].name for a in series],
            "freedom": freedom,
            "mean": location * scale + mean,
            "scale": size * scale,
        }
    )
    return returns.merge(found, on=["date", "name"], how="inner", validate="one_to_one")


def of_garch(returns: "pd.DataFrame") -> "pd.DataFrame":
    """The same of a GARCH(1,1) of each share, fitted to the days before the test part.

    Raises:
        UserError: the library arch is not installed.
    """
    import pandas as pd

    try:
        from arch import arch_model
    except ImportError:
        raise UserError(
            'the library arch is not installed: pip install "rnnapps[shares]", which has it'
        ) from None
    parts = []
    for name, one in returns.groupby("name"):
        values = one.set_index("date")["value"]
        fitted = arch_model(values[values.index < TEST], dist="t").fit(disp="off").params
        volatility = arch_model(values, dist="t").fix(fitted).conditional_volatility
        freedom = fitted["nu"]
        scale = volatility * np.sqrt((freedom - 2) / freedom)
        about = {"name": name, "freedom": freedom, "mean": fitted["mu"], "scale": scale}
        parts.append(pd.DataFrame(about).reset_index())
    return returns.merge(pd.concat(parts), on=["date", "name"], how="inner")


def of_all_days(returns: "pd.DataFrame") -> "pd.DataFrame":
    """The same of one Student's t of each share, fitted to the days before the test part."""
    import pandas as pd
    from scipy.stats import t

    fitted = {name: t.fit(one.loc[one["date"] < TEST, "value"]) for name, one in returns.groupby("name")}
    rows = pd.DataFrame.from_dict(fitted, orient="index", columns=["freedom", "mean", "scale"])
    return returns.merge(rows, left_on="name", right_index=True)


def scores_of(days: "pd.DataFrame") -> "pd.DataFrame":
    """For each day its negative log likelihood, its QLIKE (Patton 2011), which compares the foretold
    variance with the squared return, and whether the return lies in the intervals of 80 and 95 %.
    """
    from scipy.stats import t

    expected = t(days["freedom"], days["mean"], days["scale"])
    variance = expected.var()
    shares = expected.cdf(days["value"])
    return days[["date", "name"]].assign(
        likelihood=-expected.logpdf(days["value"]),
        qlike=np.log(variance) + np.square(days["value"] - days["mean"]) / variance,
        coverage_80=np.abs(shares - 0.5) <= 0.4,
        coverage_95=np.abs(shares - 0.5) <= 0.475,
    )


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(SharesOptions, arguments, prog=PROG)
    if options.json is not None:
        check_file(Path(options.json))
    training_of(options, "shares")  # a wrong flag is told before any work
    returns = returns_of_shares()
    garch = of_garch(returns)
    network = of_network(returns, options)
    days = {"GRU": network, "GARCH(1,1)": garch, "one for all days": of_all_days(returns)}
    scored = {
        name: scores_of(some).merge(network[["date", "name"]], on=["date", "name"])
        for name, some in days.items()
    }
    figures = {name: _means(some) for name, some in scored.items()}
    print("| Student's t from | days | nats a day | QLIKE | in the 80 % | 95 % |")
    print("|---|---|---|---|---|---|")
    for name, means in figures.items():
        print(
            f"| {name} | {means['days']:,} | {means['likelihood']:.4f} | {means['qlike']:.4f} | "
            f"{means['coverage_80']:.1%} | {means['coverage_95']:.1%} |"
        )
    ours, theirs = scored["GRU"], scored["GARCH(1,1)"]
    gain, error = _paired(ours, theirs)
    print(
        f"the GRU needs {gain:.4f} nats a day fewer than GARCH(1,1); 95 % interval "
        f"{gain - 1.96 * error:.4f} to {gain + 1.96 * error:.4f}"
    )
    about = {"command": command(options, PROG), "date": datetime.now(UTC).isoformat(timespec="seconds")}
    about |= backend.describe() | {"scores": figures, "gain": gain, "gain_error": error}
    if options.json is not None:
        write_json(Path(options.json), about)


def _means(scored: "pd.DataFrame") -> dict[str, Any]:
    numbers = scored.drop(columns=["date", "name"]).mean()
    return {"days": len(scored), **{name: float(value) for name, value in numbers.items()}}


def _paired(ours: "pd.DataFrame", theirs: "pd.DataFrame") -> tuple[float, float]:
    """How many nats a day fewer ours needs, and the standard error: of the days' means, as all shares
    move alike.
    """
    both = ours.merge(theirs, on=["date", "name"], suffixes=("", "_theirs"))
    daily = (both["likelihood_theirs"] - both["likelihood"]).groupby(both["date"]).mean()
    return float(daily.mean()), float(daily.std() / np.sqrt(len(daily)))
