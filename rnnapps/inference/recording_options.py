"""The options that the commands `rnnapps stream` of all applications share."""

from dataclasses import dataclass

from rnnapps.errors import UsageError


@dataclass(frozen=True)
class RecordingOptions:
    """A long recording or the microphone, and where the answers go."""

    model: str = ""
    """path or name of a bundle"""
    input: str | None = None
    """recording of any length (WAV, FLAC, Ogg, MP3), also a pipe; - is standard input, WAV of which is
    heard as it comes"""
    microphone: bool = False
    """listen to the microphone, until Ctrl-C"""
    json: str | None = None
    """file for the answers, a JSON object a line; - is standard output, in place of the text"""
    plot: str | None = None
    """PNG file to draw the recording's answers to"""

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            UsageError: no source of sound, or two, or a plot of the microphone.
        """
        if (self.input is None) == (not self.microphone):
            raise UsageError("give either --input FILE or --microphone")
        if self.plot is not None and self.microphone:
            raise UsageError("--plot is for a recording: give --input FILE")
