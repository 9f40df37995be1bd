"""The options that the commands `rnnapps export` of all applications share."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.evaluation.options import SourceOptions


@dataclass(frozen=True)
class ExportingOptions(SourceOptions):
    """A bundle, its format, and the examples on which the export is compared with it."""

    json: str | None = None
    """file to write the table to; - is standard output, in place of the table"""
    format: Literal["litert", "onnx"] = "litert"
    """litert: a .tflite file for phones and small devices; onnx: for any runtime of that format"""
    output: str | None = None
    """folder for the bundles float32 and int8 (default: exported/APPLICATION-FORMAT)"""
    overwrite: bool = False
    """replace bundles that stand there"""
