"""Networks as scikit-learn has its estimators. Keras is imported when one is fitted."""

from rnnapps.estimators.recurrent_forecaster import RecurrentForecaster
from rnnapps.estimators.sentiment_classifier import SentimentClassifier

__all__ = ["RecurrentForecaster", "SentimentClassifier"]
