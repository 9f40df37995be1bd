"""The options of streams of sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps.errors import UsageError, UserError
from rnnapps.inference.stream_options import StreamOptions

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class RecordingOptions(StreamOptions):
    """A long recording or the microphone, and where the answers go."""

    input: str | None = None
    """recording of any length (WAV, FLAC, Ogg, MP3), also a pipe; - is standard input, WAV of which is
    heard as it comes"""
    microphone: bool = False
    """listen to the microphone, until Ctrl-C"""

    @property
    def endless(self) -> bool:
        """Whether Ctrl-C is the usual end of it."""
        return self.microphone

    def check(self) -> None:
        """Refuse what does not go together, or cannot be heard.

        Raises:
            UsageError: no source of sound, or two, or a plot of the microphone.
            UserError: there is no such recording, or nothing that reads the microphone.
        """
        from rnnapps.data.sound.blocks import import_sounddevice
        from rnnapps.data.sound.pipe import is_pipe

        if (self.input is None) == (not self.microphone):
            raise UsageError("give either --input FILE or --microphone")
        if self.plot is not None and self.microphone:
            raise UsageError("--plot is for a recording: give --input FILE")
        if self.microphone:
            import_sounddevice()  # told before any work
        elif not is_pipe(Path(str(self.input))) and not Path(str(self.input)).exists():
            raise UserError(f"{self.input}: no such file")
        elif Path(str(self.input)).is_dir():
            raise UserError(f"{self.input}: this is a folder, a recording was expected")

    def blocks(self, predictor: Any) -> "Iterator[np.ndarray]":
        """Samples at the rate of a predictor, as they come."""
        from rnnapps.data.sound.blocks import file_blocks, microphone_blocks

        rate = predictor.sampling_rate
        return microphone_blocks(rate) if self.microphone else file_blocks(Path(str(self.input)), rate)
