"""The applications: what each does, and what it reads. It imports nothing else of rnnapps.

An application is the package `rnnapps.NAME`. Its classes are named after it (`SentimentConfig`,
`SentimentPredictor`), and its modules are its commands: one that has a `stream.py` has `rnnapps stream`.
"""

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple


class Application(NamedTuple):
    """A line of the table."""

    summary: str
    """what it does, in one line"""
    examples: str
    """what its examples are called, in the plural"""


APPLICATIONS = {
    "sentiment": Application("which of a few classes a text belongs to", "texts"),
    "translation": Application("a sentence of one language into another", "sentence pairs"),
    "captioning": Application("a sentence for a picture", "pictures"),
    "keywords": Application("which word is said, in a clip or in a stream", "clips"),
    "dna": Application("which of a few classes a DNA sequence belongs to", "sequences"),
    "language_model": Application("how a text goes on, and how likely it is", "documents"),
    "forecasting": Application("what comes next in a series, and how sure that is", "forecasts"),
    "handwriting": Application("what is written in a line, in ink or on paper", "lines"),
    "speech": Application("what is said in a recording, or as it is spoken", "recordings"),
    "chat": Application("a reply to what was said", "conversations"),
}


def class_of(application: str, kind: str) -> Any:
    """A class of an application by its kind: `class_of("sentiment", "Config")` is `SentimentConfig`.

    `kind` is "Config" or "Predictor", the class of `config.py` or `predictor.py`.
    """
    module = import_module(f"rnnapps.{application}.{kind.lower()}")
    return getattr(module, application.title().replace("_", "") + kind)


def with_module(module: str) -> list[str]:
    """The applications that have a module of this name."""
    folder = Path(__file__).parent
    return [name for name in APPLICATIONS if (folder / name / f"{module}.py").is_file()]
