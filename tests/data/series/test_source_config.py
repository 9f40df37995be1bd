import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from rnnapps.config import command, with_values
from rnnapps.data.series.presets import with_preset
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.errors import UsageError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "embedded:moon"}, "--data must be embedded, embedded:weather, .* got embedded:moon"),
        ({"data": "tfds:electricity"}, "--data must be embedded"),
        ({"targets": ["x"], "past_covariates": "x"}, "--past-covariates: 'x' is named by --targets too"),
        ({"targets": ["x", "x"]}, "--targets: 'x' is named by --targets too"),
        ({"id_column": "x", "targets": "x"}, "--targets: 'x' is named by --id-column too"),
        ({"time_zone": "Berlin"}, "--time-zone must be one such as Europe/Berlin or UTC, got Berlin"),
        ({"time_zone": "Europe"}, "--time-zone must be"),
        ({"time_zone": "../../etc/passwd"}, "--time-zone must be"),
        ({"test_share": 0.0}, "--test-share must be between 0 and 1, got 0.0"),
        (
            {"validation_share": 0.8},
            "--validation-share must be less than 1 - 0.2 .--test-share., got 0.8",
        ),
        ({"test_start": "soon"}, "--test-start must be a time such as 2013-09-01"),
        (
            {"validation_start": "2013-09-01", "test_start": "2013-08-01"},
            "--test-start must be after --validation-start 2013-09-01, got 2013-08-01",
        ),
    ],
)
def test_refusals(options, message):
    with pytest.raises(UsageError, match=message):
        SeriesSourceConfig(**options)


def test_names_of_columns_are_tuples_in_json_and_as_flags():
    config = SeriesSourceConfig(targets=["x", "wind speed"], id_column="s", static_covariates="s")
    assert (config.targets, config.static_covariates) == (("x", "wind speed"), ("s",))
    assert with_values(SeriesSourceConfig(), json.loads(json.dumps(asdict(config)))) == config
    assert command(config, "rnnapps") == (
        "rnnapps --id-column s --targets x 'wind speed' --static-covariates s"
    )


def test_presets():
    assert with_preset(SeriesSourceConfig(data="a.csv")) == SeriesSourceConfig(data="a.csv")
    weather = with_preset(SeriesSourceConfig(future_covariates="precip"))
    assert weather.past_covariates == ("dewp", "humid", "pressure", "wind_speed")
    assert (weather.targets, weather.id_column) == (("temp",), "station")


def test_flags_are_there_without_pandas():
    program = "import sys, rnnapps.data.series.source_config; assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
