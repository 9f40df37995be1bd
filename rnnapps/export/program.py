"""What export converts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A function of tensors, with its weights as constants.

    Attributes:
        function: takes float32 tensors by position, in the order of `inputs`, and returns tensors.
        inputs: the shape of each input by its name; every size is known.
    """

    function: Callable
    inputs: Mapping[str, tuple[int, ...]]
