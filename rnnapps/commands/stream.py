"""`rnnapps stream APPLICATION`: recognise what is said as it comes, from a file or the microphone."""

import logging
import signal
from importlib import import_module
from pathlib import Path

from rnnapps import bundle
from rnnapps.applications import class_of
from rnnapps.command_line import parse
from rnnapps.errors import UserError
from rnnapps.outputs import JSONLines, check_file

log = logging.getLogger(__name__)


def main(application: str, arguments: list[str]) -> None:
    """The command: a line for each thing that is recognised, as soon as it is."""
    module = import_module(f"rnnapps.{application}.stream")
    options = parse(module.StreamOptions, arguments, prog=f"rnnapps stream {application}")
    options.check()
    if options.plot is not None:
        check_file(Path(options.plot))
    from rnnapps.data.sound.blocks import file_blocks, import_sounddevice, microphone_blocks
    from rnnapps.data.sound.pipe import is_pipe

    if options.microphone:
        import_sounddevice()  # told before any work
    elif not is_pipe(Path(options.input)) and not Path(options.input).exists():
        raise UserError(f"{options.input}: no such file")
    elif Path(options.input).is_dir():
        raise UserError(f"{options.input}: this is a folder, a recording was expected")
    with JSONLines(options.json) as lines:
        path = bundle.find(options.model)
        predictor = class_of(application, "Predictor").load(path)
        with bundle.applying(path):
            listener = module.Listener(predictor, options)
        if options.microphone:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # the usual end of it
        rate = predictor.sampling_rate
        try:
            blocks = (
                microphone_blocks(rate) if options.microphone else file_blocks(Path(options.input), rate)
            )
            for block in blocks:
                with bundle.applying(path):
                    answers = list(listener.hear(block, keep=options.plot is not None))
                for answer in answers:
                    lines.write(answer.to_dict())
                    if options.json != "-":
                        print(answer.describe(), flush=True)
        except KeyboardInterrupt:
            if not options.microphone:  # which has no other end
                raise
    if options.plot is not None:
        from rnnapps.evaluation.plots import save_png

        save_png(listener.plot(), Path(options.plot))
        log.info("%s: written", options.plot)
