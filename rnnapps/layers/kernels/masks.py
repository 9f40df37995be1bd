"""Masked time steps: whatever stands in them, nothing of it gets further."""

from keras import ops

from rnnapps.layers.kernels.equations import Tensor


def checked(mask: Tensor | list[Tensor] | None, sequences: Tensor) -> Tensor | None:
    """A layer's mask as bool `(batch, time)`, as its input `(batch, time, ...)` is; None stays None.

    A mask of one row holds for all rows, as with Keras's layers.

    Raises:
        ValueError: the mask has another shape.
    """
    mask = mask[0] if isinstance(mask, (list, tuple)) else mask
    if mask is None:
        return None
    mask = ops.cast(mask, "bool")
    given, expected = tuple(mask.shape), tuple(sequences.shape[:2])
    rows = expected if given[:1] != (1,) else (1, *expected[1:])
    if len(given) != 2 or any(
        None not in pair and pair[0] != pair[1] for pair in zip(given, rows, strict=True)
    ):
        raise ValueError(
            f"mask of shape {given} for an input of shape {tuple(sequences.shape)}: expected {expected}"
        )
    if given == expected and None not in given:
        return mask
    # Sizes that only the running program knows: it fails where they do not fit.
    return ops.broadcast_to(mask, ops.shape(sequences)[:2])


def without_masked(
    sequences: Tensor, mask: Tensor | list[Tensor] | None
) -> tuple[Tensor, Tensor | None]:
    """A layer's input `(batch, time, ...)` with zeros at masked steps, and its mask as `checked`.

    They are selected: NaN and infinity times zero is NaN, in the outputs and in every gradient.
    """
    mask = checked(mask, sequences)
    if mask is None:
        return sequences, None
    real = ops.reshape(mask, (*ops.shape(mask), *[1] * (len(sequences.shape) - 2)))
    return ops.where(real, sequences, ops.zeros((), dtype=sequences.dtype)), mask
