"""What the columns of the embedded series are."""

from dataclasses import replace
from typing import Any

from rnnapps.data.series.source_config import ROLES, SeriesSourceConfig

PRESETS: dict[str, dict[str, Any]] = {
    "weather": {
        "id_column": "station",
        "targets": ("temp",),
        "past_covariates": ("dewp", "humid", "pressure", "wind_speed", "precip"),
    },
    "glucose": {"targets": ("glucose",)},
    "sea": {"targets": ("temperature",)},
    "shares": {"id_column": "name", "targets": ("adjusted_close",), "past_covariates": ("volume",)},
}


def with_preset(config: SeriesSourceConfig) -> SeriesSourceConfig:
    """A config of an embedded table with what it leaves open; a column that it names keeps its role."""
    if config.embedded is None:
        return config
    named = {name for role in ROLES for name in getattr(config, role)}
    chosen: dict[str, Any] = {}
    for field, value in PRESETS[config.embedded].items():
        if getattr(config, field):
            continue
        if isinstance(value, tuple):
            value = tuple(name for name in value if name not in named)
        chosen[field] = value
    return replace(config, **chosen)
