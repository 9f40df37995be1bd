"""`rnnapps doctor MODEL`: which kernels run its recurrent layers here."""

from dataclasses import dataclass
from pathlib import Path

from rnnapps import backend, bundle
from rnnapps.command_line import parse
from rnnapps.errors import UsageError


@dataclass(frozen=True)
class DoctorOptions:
    """Say for every recurrent layer of a model which kernel runs it here, and why no faster one."""

    model: str = "sentiment"
    """path or name of a bundle, or a .keras file"""


def main(arguments: list[str]) -> None:
    """The command; its first argument may be the model without a flag."""
    if arguments and not arguments[0].startswith("-"):
        arguments = ["--model", *arguments]
    model = parse(DoctorOptions, arguments, prog="rnnapps doctor").model
    if model.endswith(".keras"):
        folder, file = Path(model).parent, Path(model).name
        if not Path(model).is_file():
            raise UsageError(f"{model}: no such file")
        network = bundle.load_model(folder, file)
    else:
        folder = bundle.find(model)
        bundle.check(folder)
        network = bundle.load_model(folder)
    from rnnapps.layers import explain

    print(f"{model}, {backend.describe()['backend']}, {backend.processor()}")
    explain(network)
