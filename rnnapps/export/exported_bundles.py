"""The bundles of an exported program: in float32 and in 8-bit integers, checked and compared."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, Self

from rnnapps import bundle
from rnnapps.errors import UserError
from rnnapps.evaluation.tables import Column, markdown, score_cells
from rnnapps.export.exported_step import ExportedStep
from rnnapps.export.program import Program
from rnnapps.inference.predictor import Predictor
from rnnapps.outputs import write_json

FILES = {"litert": "step.tflite", "onnx": "step.onnx"}
PRECISIONS = ("float32", "int8")
PARITY = 1e-3  # how far a float32 score may be from the Keras network's: rounding is far below
COLUMNS: dict[str, Column] = {
    "accuracy": ("accuracy", "{:.1%}"),
    "wer": ("WER", "{:.1%}"),
    "bytes": ("bytes", "{:,}"),
    "microseconds": ("microseconds a step", "{:.0f}"),
    "difference": ("largest difference of a probability", "{:.1e}"),
}


class Exportable(Predictor, Protocol):
    """A predictor with a program that can be exported."""

    def programs(self) -> dict[str, Program]:
        """What export converts: one program, "step"."""
        ...

    def exported(self, step: ExportedStep) -> Self:
        """The same predictor over an exported step."""
        ...


def export_bundles(
    predictor: Exportable,
    format: str,
    output: Path,
    measure: Callable[[Any], dict[str, Any]],
    stored: dict[str, Any],
    overwrite: bool = False,
) -> list[dict[str, Any]]:
    """Write the bundles `output/float32` and `output/int8` of a predictor.

    Args:
        predictor: of a Keras network, on the backend TensorFlow.
        format: "litert" or "onnx".
        output: folder.
        measure: gives the scores of a predictor, exported or not, by the names of `COLUMNS`; among them
            the largest "difference" from the Keras network.
        stored: the metrics of the bundle that is exported.
        overwrite: whether bundles that stand there are replaced.

    Returns:
        For the Keras network and both exports: name, bytes of the file, and what `measure` gives.

    Raises:
        UserError: the network cannot be exported, a package is missing, an output exists, another
            backend, or the exported float32 step gives other values than the network.
    """
    for precision in PRECISIONS:
        bundle.check_output(output / precision, overwrite)
    convert = converter(format)
    program = predictor.programs()["step"]
    rows = [{"name": "Keras"} | measure(predictor)]
    for precision in PRECISIONS:
        content = convert(program, int8=precision == "int8")
        with bundle.writing(output / precision) as folder:
            file = folder / FILES[format]
            file.write_bytes(content)
            exported = predictor.exported(ExportedStep(file))
            row = {"name": f"{format} {precision}", "bytes": len(content), **measure(exported)}
            rows.append(row)
            if precision == "float32" and row["difference"] > PARITY:
                raise UserError(
                    f"{output}: not written: a probability differs by {row['difference']:.2g} from the "
                    f"Keras network's"
                )
            exported.save(folder)
            write_json(folder / bundle.METRICS, stored | {"scores": row})
            title = f"# {predictor.application.title()}, {format}, {precision}"
            (folder / bundle.CARD).write_text(f"{title}\n\n{table(rows)}\n", encoding="utf-8")
    return rows


def converter(format: str) -> Callable[..., bytes]:
    """What converts a program to a format.

    Raises:
        UserError: another backend than TensorFlow, or a package is missing.
    """
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


def table(rows: list[dict[str, Any]]) -> str:
    """What each costs, for people, in Markdown: the columns that an application has."""
    columns = {name: column for name, column in COLUMNS.items() if any(name in row for row in rows)}
    titles = ["", *(title for title, _ in columns.values())]
    return markdown(titles, [[row["name"], *score_cells(row, columns)] for row in rows])
