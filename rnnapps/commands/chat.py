"""`rnnapps chat`: talk with a bundle, a line each."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from rnnapps import bundle
from rnnapps.applications import class_of
from rnnapps.command_line import parse
from rnnapps.inference.drawing_options import DrawingOptions
from rnnapps.outputs import JSONLines

PROMPT = "> "
REMEMBERED = 40  # turns


@dataclass(frozen=True)
class ChatOptions(DrawingOptions):
    """Talk with a chat, a line each; an empty line or the end of the input ends it."""

    model: str = "chat"
    """path or name of a bundle"""
    temperature: float = 0.7
    """below 1 sharpens, above 1 flattens the probabilities; 0 takes the likeliest token each time"""
    top_p: float = 0.9
    """draw from the fewest tokens whose probability reaches this together; 1: from all"""
    json: str | None = None
    """file for the replies, a JSON object a line; - is standard output, in place of the text"""


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(ChatOptions, arguments, prog="rnnapps chat")
    with JSONLines(options.json) as lines:
        path = bundle.find(options.model)
        predictor = class_of("chat", "Predictor").load(path)
        turns: list[str] = []
        for number, line in enumerate(_lines()):
            turns.append(" ".join(line.split()))
            said = "\n".join(turns[-REMEMBERED:])
            with bundle.applying(path):
                seed = (options.seed + number) % 2**32
                answer = predictor(said, options.temperature, options.top_p, seed)
            turns.append(answer.reply)
            lines.write(answer.to_dict())
            if options.json != "-":
                print(answer.reply, flush=True)


def _lines() -> Iterator[str]:
    """What is typed, a line each, up to an empty one."""
    while True:
        if sys.stdin.isatty():
            print(PROMPT, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line.strip():
            return
        yield line
