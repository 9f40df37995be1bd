"""Any mask as lengths, for kernels that take rows of real steps followed by padding.

The real steps of each row are moved to its beginning, in the order in which they are processed; the
outputs are moved back, and each masked step repeats the output before it. So padding on either side,
holes, and rows without a real step all give what Keras's loop gives, without a branch or a check.
"""

from keras import ops

from rnnapps.layers.kernels.equations import Tensor


def gather(sequences: Tensor, mask: Tensor, reverse: bool) -> tuple[Tensor, Tensor]:
    """The real steps first, `(batch, time, features)`, and their number, int32 `(batch,)`."""
    time = ops.shape(mask)[1]
    step = ops.arange(time, dtype="int32")
    step = time - 1 - step if reverse else step
    order = ops.argsort(ops.where(mask, step, step + time), axis=1)
    return ops.take_along_axis(sequences, order[:, :, None], axis=1), _count(mask)


def scatter(outputs: Tensor, mask: Tensor, reverse: bool, initial: Tensor) -> Tensor:
    """The outputs in order of time; a masked step repeats the last real one, or `initial` before any."""
    real = ops.cast(mask, "int32")
    position = ops.cumsum(real, axis=1)  # real steps processed up to here, this one included
    if reverse:
        position = _count(mask)[:, None] - position + real
    taken = ops.take_along_axis(outputs, ops.maximum(position - 1, 0)[:, :, None], axis=1)
    return ops.where(position[:, :, None] > 0, taken, initial[:, None])


def _count(mask: Tensor) -> Tensor:
    return ops.sum(ops.cast(mask, "int32"), axis=1)
