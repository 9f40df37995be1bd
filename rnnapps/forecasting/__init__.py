"""What comes next in a series, and how sure that is."""

from rnnapps.forecasting.config import ForecastingConfig

__all__ = ["ForecastingConfig"]
