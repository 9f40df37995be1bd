"""What all estimators that hold a bundle can do."""

from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from rnnapps.estimators.fitted_bundle import FittedBundle


class BundleEstimator(BaseEstimator):
    """An estimator whose `fit` trains a bundle.

    Attributes:
        bundle_: the trained bundle.
    """

    bundle_: FittedBundle

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the trained bundle, for `rnnapps.load` and the commands.

        Args:
            path: of its folder.
            overwrite: replace a bundle that stands there.

        Raises:
            ValueError: something else stands there, or it cannot be written.
            sklearn.exceptions.NotFittedError: there was no `fit`.
        """
        check_is_fitted(self)
        self.bundle_.save(path, overwrite)

    def _some(self, *names: str) -> dict[str, Any]:
        """Parameters by name."""
        return {name: getattr(self, name) for name in names}
