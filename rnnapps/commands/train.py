"""`rnnapps train APPLICATION`: train a model and write it as a bundle."""

from importlib import import_module

from rnnapps.applications import class_of
from rnnapps.command_line import parse


def main(application: str, arguments: list[str]) -> None:
    """The command."""
    config = parse(class_of(application, "Config"), arguments, prog=f"rnnapps train {application}")
    import_module(f"rnnapps.{application}.train").train(config)
