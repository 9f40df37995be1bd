"""Export a keyword recogniser for small devices: one hop of 20 ms, in LiteRT or ONNX.

    rnnapps export keywords --model runs/keywords --format litert
    rnnapps stream keywords --model exported/keywords-litert/int8 --input long.flac

It writes two bundles, in float32 and in 8-bit integers, checks them against the Keras network on the
test clips, and prints what each costs. They are served by rnnapps without Keras and TensorFlow, or by
any program that has the runtime of the format: a step takes `x`, the samples of a hop, float32
`(1, hop)`, and `state`, float32 `(1, numbers)`, zeros at first; it gives the logits and the next state.
"""

import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rnnapps import bundle
from rnnapps.command_line import run
from rnnapps.data.sound_source_config import SoundSourceConfig
from rnnapps.errors import UserError
from rnnapps.evaluation import evaluation_options
from rnnapps.keywords.config import KeywordsConfig
from rnnapps.outputs import write_json

if TYPE_CHECKING:
    from rnnapps.keywords.data import Examples
    from rnnapps.keywords.infer import KeywordRecogniser

log = logging.getLogger(__name__)

FILES = {"litert": "step.tflite", "onnx": "step.onnx"}
PARITY = 1e-3  # how far a float32 probability may be from the Keras network's: rounding is far below


def export(
    recogniser: "KeywordRecogniser",
    examples: "Examples",
    format: str,
    output: Path,
    stored: dict[str, Any],
    overwrite: bool = False,
) -> list[dict[str, Any]]:
    """Write the bundles `output/float32` and `output/int8` of a recogniser that can stream.

    Args:
        recogniser: a Keras network, on the backend TensorFlow.
        examples: clips on which to compare.
        format: "litert" or "onnx".
        output: folder.
        stored: the metrics of the bundle that is exported.
        overwrite: whether bundles that stand there are replaced.

    Returns:
        For the Keras network, its stream and both exports: name, accuracy, bytes of the file,
        microseconds of a hop, largest difference of a probability from the Keras network's.

    Raises:
        UserError: the network cannot stream, a package is missing, an output exists, another backend,
            or the exported float32 step gives other probabilities than the network.
    """
    from rnnapps.export.exported_step import ExportedStep
    from rnnapps.keywords.infer import ExportedRecogniser

    for name in ("float32", "int8"):
        bundle.check_output(output / name, overwrite)
    convert = _converter(format)
    stream = recogniser.stream()
    start, step = _stream_step(recogniser)
    expected = recogniser.probabilities(examples.clips)
    rows = [
        {"name": "Keras, whole clips", "accuracy": _accuracy(expected, examples)},
        {"name": "Keras, stream"} | _streamed(stream, recogniser, examples, expected),
    ]
    for name in ("float32", "int8"):
        content = convert(step, stream.hop, start(1).shape[1], int8=name == "int8")
        with bundle.writing(output / name) as folder:
            (folder / FILES[format]).write_bytes(content)
            exported = ExportedRecogniser(
                ExportedStep(folder / FILES[format]), recogniser.config, recogniser.labels
            )
            row = {"name": f"{format} {name}", "bytes": len(content)} | _streamed(
                exported.stream(), recogniser, examples, expected
            )
            rows.append(row)
            if name == "float32" and row["difference"] > PARITY:
                raise UserError(
                    f"{output}: not written: a probability differs by {row['difference']:.2g} from the "
                    f"Keras network's"
                )
            settings = {
                "labels": recogniser.labels,
                "config": asdict(recogniser.config),
                "exported": {"format": format, "precision": name, "file": FILES[format]},
            }
            write_json(folder / bundle.CONFIG, bundle.identity("keywords") | settings)
            metrics = {key: stored[key] for key in ("baseline", "data", "training", "environment")}
            write_json(folder / bundle.METRICS, metrics | {"exported": row})
            card = f"# Keywords: {', '.join(recogniser.labels)}\n\n{table(rows, recogniser, examples)}\n"
            (folder / bundle.CARD).write_text(card, encoding="utf-8")
    return rows


def _converter(format: str):
    import keras

    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"export is by the backend TensorFlow, this is {keras.backend.backend()}: set "
            f"KERAS_BACKEND=tensorflow (bundles of any backend can be exported there)"
        )
    try:
        if format == "litert":
            import ai_edge_litert.interpreter  # noqa: F401

            from rnnapps.export.litert import to_litert as convert
        else:
            import onnxruntime  # noqa: F401
            import tf2onnx  # noqa: F401

            from rnnapps.export.onnx_format import to_onnx as convert
    except ImportError as error:
        raise UserError(f"{error.name} is not installed: pip install rnnapps[export]") from None
    return convert


def _stream_step(recogniser: "KeywordRecogniser"):
    from rnnapps.layers.compiled_stream import stream_step, with_constants

    start, step = stream_step(recogniser.model)
    return start, with_constants(step, recogniser.model.variables)


def _accuracy(probabilities, examples: "Examples") -> float:
    return float((probabilities.argmax(axis=1) == examples.classes).mean())


def _streamed(stream, recogniser: "KeywordRecogniser", examples: "Examples", expected) -> dict[str, Any]:
    """The scores of a stream that hears each clip from its beginning."""
    import numpy as np

    from rnnapps.data.sound_window import sound_window
    from rnnapps.keywords.stream import softmax

    logits, seconds = [], []
    for clip in examples.clips:
        samples = sound_window(clip, recogniser.length)
        stream.reset()
        start = time.perf_counter()
        hops = len(stream.push(samples))
        seconds.append((time.perf_counter() - start) / hops)
        logits.append(stream.logits)
    probabilities = softmax(np.stack(logits))
    return {
        "accuracy": _accuracy(probabilities, examples),
        "microseconds": round(1e6 * float(np.median(seconds)), 1),
        "difference": float(np.abs(probabilities - expected).max()),
    }


def table(rows: list[dict[str, Any]], recogniser: "KeywordRecogniser", examples: "Examples") -> str:
    """The costs for people, in Markdown."""
    lines = [
        f"{recogniser.model.count_params():,} parameters; {len(examples.clips):,} clips; medians on one "
        f"thread, Python included",
        "",
        "| | accuracy | bytes | microseconds a hop of 20 ms | largest difference of a probability |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            row["name"],
            f"{row['accuracy']:.1%}",
            f"{row['bytes']:,}" if "bytes" in row else "",
            f"{row['microseconds']:.0f}" if "microseconds" in row else "",
            f"{row['difference']:.1e}" if "difference" in row else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


@dataclass(frozen=True)
class ExportOptions:
    """Export a bundle as one step of 20 ms, in float32 and in 8-bit integers."""

    model: str = "keywords/digits"
    """path or name of a bundle, of a network that can stream"""
    format: Literal["litert", "onnx"] = "litert"
    """litert: a .tflite file for phones and small devices; onnx: for any runtime of that format"""
    output: str | None = None
    """folder for the bundles float32 and int8 (default: exported/keywords-FORMAT)"""
    overwrite: bool = False
    """replace bundles that stand there"""
    json: str | None = None
    """file to write the table to"""
    source: SoundSourceConfig = SoundSourceConfig()


def main(arguments: list[str] | None = None) -> None:
    """The command: a flag of the source that is not given is as in the training of the bundle."""
    options, _, path, settings = evaluation_options(ExportOptions, arguments, "keywords", "export")
    if "exported" in settings:
        raise UserError(f"{path}: it is exported already: give the bundle that it was made of")
    output = Path(options.output or f"exported/keywords-{options.format}")

    from rnnapps import backend
    from rnnapps.keywords import data
    from rnnapps.keywords.infer import load

    trained = bundle.config_of(KeywordsConfig(), settings)
    source = data.load(replace(trained, source=options.source), tuple(settings["labels"]))
    backend.prepare(threads=1)
    recogniser, examples = load(path), source.examples["test"]
    stored = bundle.read_json(path / bundle.METRICS)
    rows = export(recogniser, examples, options.format, output, stored, options.overwrite)
    print(table(rows, recogniser, examples))
    if options.json:
        report = {
            "parameters": recogniser.model.count_params(),
            "clips": len(examples.clips),
            "rows": rows,
        }
        write_json(Path(options.json), report | {"environment": backend.describe()})
    log.info("%s: float32 and int8 written", output)
    log.info("try it: rnnapps stream keywords --model %s/int8 --input FILE.wav", output)


if __name__ == "__main__":
    run(main)
