"""How many captions a second? `rnnapps benchmark captioning --model DIR`.

Times apart, of one picture and of 32 at once: reading files and fitting them to the encoder, the
encoder, and greedy and beam search, each compiled before. The pictures are the embedded test pictures.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import rnnapps
from rnnapps import backend
from rnnapps.benchmark.timing import median_seconds
from rnnapps.command_line import parse
from rnnapps.inference.decoding_config import DecodingConfig

SIZES = (1, 32)


@dataclass(frozen=True)
class CaptioningOptions:
    """Time the phases of captioning."""

    model: str = "captioning/flickr8k"
    """path or name of a bundle"""
    repeats: int = 20
    """times that each is measured; the median counts"""
    threads: int = 0
    """processor threads; 0: as many as there are cores"""


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(CaptioningOptions, arguments, prog="rnnapps benchmark captioning")
    backend.prepare(options.threads)
    captioner = rnnapps.load(options.model)
    print("| phase | pictures at once | ms | pictures a second |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        files = _files(Path(folder), max(SIZES))
        for size in SIZES:
            pixels = [captioner.read(file) for file in files[:size]]
            inputs = captioner.inputs(pixels)
            phases = {
                "reading": lambda size=size: [captioner.read(file) for file in files[:size]],
                "encoder": lambda pixels=pixels: captioner.inputs(pixels),
            }
            for name, width in (("greedy", 1), ("beam of 5", 5)):
                decoding = DecodingConfig(beam_width=width)
                phases[name] = lambda inputs=inputs, decoding=decoding: captioner.caption(
                    inputs, decoding
                )
            for name, phase in phases.items():
                seconds = median_seconds(phase, options.repeats)
                print(f"| {name} | {size} | {1000 * seconds:.1f} | {size / seconds:.0f} |")
    print(f"\n({backend.describe()['backend']}, {backend.processor()})")


def _files(folder: Path, number: int) -> list[Path]:
    """So many embedded test pictures as PNG files."""
    from PIL import Image

    from rnnapps.captioning import CaptioningConfig, data

    files = []
    for row, picture in enumerate(data.load(CaptioningConfig())["test"].pictures[:number]):
        files.append(folder / f"{row}.png")
        Image.fromarray(picture.pixels((64, 64))).save(files[-1])
    return files
