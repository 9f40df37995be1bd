"""The small real data sets that come with rnnapps, each in a folder with its licence and origin."""

from pathlib import Path


def path(name: str) -> Path:
    """The path of an embedded file, such as `sentences/sentences.csv.xz`."""
    return Path(__file__).parent / name
