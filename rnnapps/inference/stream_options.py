"""The options that the commands `rnnapps stream` of all applications share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StreamOptions:
    """What a stream is read from, by which bundle, and where the answers go.

    The options of an application add `check()`, which refuses what cannot be read before any work, and
    `blocks(predictor)`, what its `Listener` hears, block by block.
    """

    model: str = ""
    """path or name of a bundle"""
    input: str | None = None
    """file, a pipe too; - is standard input, of which each answer comes at once"""
    json: str | None = None
    """file for the answers, a JSON object a line; - is standard output, in place of the text"""
    plot: str | None = None
    """PNG file to draw the answers to"""

    @property
    def endless(self) -> bool:
        """Whether Ctrl-C is the usual end of it."""
        return False
