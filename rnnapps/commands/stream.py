"""`rnnapps stream APPLICATION`: answer as the data come, from a file, a pipe or the microphone."""

import logging
import signal
from importlib import import_module
from pathlib import Path

from rnnapps import bundle
from rnnapps.applications import class_of
from rnnapps.command_line import parse
from rnnapps.outputs import JSONLines, check_file

log = logging.getLogger(__name__)


def main(application: str, arguments: list[str]) -> None:
    """The command: a line for each answer, as soon as there is one."""
    module = import_module(f"rnnapps.{application}.stream")
    options = parse(module.StreamOptions, arguments, prog=f"rnnapps stream {application}")
    options.check()
    if options.plot is not None:
        check_file(Path(options.plot))
    with JSONLines(options.json) as lines:
        path = bundle.find(options.model)
        predictor = class_of(application, "Predictor").load(path)
        with bundle.applying(path):
            listener = module.Listener(predictor, options)
        if options.endless:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # the usual end of it

        def tell(answers):
            for answer in answers:
                lines.write(answer.to_dict())
                if options.json != "-":
                    print(answer.describe(), flush=True)

        try:
            for block in options.blocks(predictor):
                with bundle.applying(path):
                    answers = list(listener.hear(block, keep=options.plot is not None))
                tell(answers)
        except KeyboardInterrupt:
            if not options.endless:
                raise
        with bundle.applying(path):
            answers = listener.end()
        tell(answers)
    if options.plot is not None:
        from rnnapps.evaluation.plots import save_plot

        save_plot(listener.plot(), Path(options.plot))
        log.info("%s: written", options.plot)
