"""An LSTM that slides a soft window over a text as it writes it."""

import math
from typing import Any

import keras
from keras import ops

from rnnapps.layers.kernels.cell_loop import cell_loop
from rnnapps.layers.kernels.choice import Choice, check_kernel
from rnnapps.layers.kernels.exporting import check_length
from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.kernels.plain_cell import PlainCell
from rnnapps.layers.kernels.products import product

Tensor = Any


@keras.saving.register_keras_serializable(package="rnnapps")
class SoftWindow(keras.layers.Layer):
    """An LSTM that reads, beside the vectors, the part of a text that lies in its window.

    The window is a mixture of Gaussians over the positions u = 1, 2, ... of the text, which only move
    forward (Graves 2013, section 5.1, equations 46 to 51). The LSTM reads the vector of the step and the
    window of the step before; from its output h_t follow

        (a, b, k) = W h_t + bias,   alpha_t = exp(a),   beta_t = exp(b),   kappa_t = kappa_{t-1} + exp(k)
        phi(t, u) = sum over the components of alpha_t exp(-beta_t (kappa_t - u)^2)
        window_t = sum over u of phi(t, u) text_u

    A call, `layer(vectors, text)`, takes vectors `(batch, time, features)` and a text
    `(batch, positions, size)`, one-hot vectors or embeddings. It returns h, `(batch, time, units)`, and
    the windows, `(batch, time, size)`. One step after the other is `state, context = layer.start(text)`
    and `layer.step(vectors, state, context)`.

    Positions that `text_mask`, `(batch, positions)`, masks are not seen. Steps that `vectors_mask`,
    `(batch, time)`, masks leave the states and the window as they are; it goes on with both outputs.
    Padding on the right needs neither, if that of the text is zeros.

    Args:
        units: size of the states.
        components: Gaussians of the window.
        steps: in how many steps the window moves on by a position before the layer has learnt anything.
        kernel: "auto": a loop that XLA compiles (on PyTorch step by step), or "keras" for one that is
            not compiled and has second derivatives.

    Raises:
        ValueError: `units` or `components` is below 1, `steps` not above 0, `kernel` is unknown.
    """

    def __init__(
        self, units: int, components: int = 10, steps: float = 20.0, kernel: str = "auto", **kwargs
    ):
        super().__init__(**kwargs)
        check_kernel(kernel, ("auto", "keras"))
        for name, value in (("units", units), ("components", components)):
            if value < 1:
                raise ValueError(f"{name}={value!r}: expected at least 1")
        if not steps > 0:
            raise ValueError(f"steps={steps!r}: expected more than 0")
        self.units = units
        self.components = components
        self.steps = steps
        self.kernel = kernel
        self.supports_masking = True
        self.cell = PlainCell(
            "lstm", units, name="cell", dtype=self.dtype_policy, trainable=self.trainable
        )

    def choice(self) -> Choice:
        """The kernel that runs a call, for `rnnapps.layers.explain`."""
        if self.kernel == "keras":
            return Choice("keras", {"compiled": "kernel='keras'"})
        if keras.backend.backend() == "torch":
            return Choice("steps", {"compiled": "PyTorch runs a cell step by step"})
        return Choice("compiled", {})

    def build(self, vectors_shape, text_shape):
        self.size = text_shape[-1]
        self.cell.build((None, vectors_shape[-1]))
        self.cell.built = True
        self.text_kernel = self.add_weight(
            shape=(self.size, 4 * self.units), initializer="glorot_uniform", name="text_kernel"
        )
        self.window_kernel = self.add_weight(
            shape=(self.units, 3 * self.components), initializer="glorot_uniform", name="window_kernel"
        )
        self.window_bias = self.add_weight(
            shape=(3 * self.components,), initializer=self._initial_bias, name="window_bias"
        )
        own = (self.text_kernel, self.window_kernel, self.window_bias)
        self.loop = cell_loop(self._loop_step, [*self.cell.variables, *own], self.kernel)

    def _initial_bias(self, shape, dtype=None):
        """The components together are as high as one, and move on by a position in `steps` steps."""
        heights, widths, moves = -math.log(self.components), 0.0, -math.log(self.steps)
        parts = [ops.full((self.components,), value, dtype) for value in (heights, widths, moves)]
        return ops.concatenate(parts)

    def call(self, vectors, text, vectors_mask=None, text_mask=None):
        check_length(vectors)
        vectors, mask = without_masked(vectors, vectors_mask)
        state, context = self.start(text, text_mask)
        of_input = ops.transpose(ops.matmul(vectors, self.cell.kernel), (1, 0, 2))
        real = None if mask is None else ops.cast(ops.transpose(mask)[:, :, None], state[0].dtype)
        h, _, _, window = self.loop((of_input,), state, context, real)
        return tuple(
            ops.cast(ops.transpose(part[1:], (1, 0, 2)), self.compute_dtype) for part in (h, window)
        )

    def start(
        self, text: Tensor, text_mask: Tensor | None = None
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """The state before the first step, h, c, kappa and the window, and the context: the text.

        Raises:
            ValueError: the layer has not been built.
        """
        if not self.built:
            raise ValueError(f"{self.name}: not built yet: call it on vectors and a text")
        text, _ = without_masked(ops.cast(text, self.cell.precision), text_mask)
        sizes = (self.units, self.units, self.components, self.size)
        batch = ops.shape(text)[0]
        return tuple(ops.zeros((batch, size), dtype=text.dtype) for size in sizes), (text,)

    def step(
        self, vectors: Tensor, state: tuple[Tensor, ...], context: tuple[Tensor, ...]
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, ...], Tensor]:
        """One step.

        Args:
            vectors: `(batch, features)`.
            state: of `start` or the step before.
            context: of `start`.

        Returns:
            h `(batch, units)` and the window `(batch, size)`, the new state, and phi
            `(batch, positions)`, float32.
        """
        of_input = ops.matmul(ops.cast(vectors, self.compute_dtype), self.cell.kernel)
        state, phi = self._advance((of_input,), state, context)
        outputs = tuple(ops.cast(part, self.compute_dtype) for part in (state[0], state[-1]))
        return outputs, state, ops.cast(phi[:, 0], "float32")

    def _loop_step(self, inputs, state, context):
        return self._advance(inputs, state, context)[0]

    def _advance(self, inputs, state, context):
        """The states after a step, and phi `(batch, rows // batch, positions)`."""
        (of_input,), (h, c, kappa, window), (text,) = inputs, state, context
        of_input = of_input + product(ops.cast(window, of_input.dtype), self.text_kernel)
        h, c = self.cell.step(self.cell.project(of_input), (h, c), h)
        sizes = product(ops.cast(h, self.compute_dtype), self.window_kernel)
        sizes = ops.cast(sizes, kappa.dtype) + ops.cast(self.window_bias, kappa.dtype)
        alpha, beta, move = ops.split(ops.exp(sizes), 3, axis=-1)
        kappa = kappa + move
        batch, positions = ops.shape(text)[:2]
        alpha, beta, centre = (
            ops.reshape(part, (batch, -1, self.components, 1)) for part in (alpha, beta, kappa)
        )
        u = ops.arange(1, positions + 1, dtype=kappa.dtype)
        phi = ops.sum(alpha * ops.exp(-beta * ops.square(centre - u)), axis=2)
        new = ops.reshape(ops.matmul(phi, text), ops.shape(window))
        return (h, c, kappa, new), phi

    def compute_mask(self, vectors, previous_mask=None):
        return previous_mask, previous_mask

    def compute_output_spec(self, vectors, text, *arguments, **options):
        time = tuple(vectors.shape[:2])
        return tuple(
            keras.KerasTensor((*time, size), dtype=self.compute_dtype)
            for size in (self.units, text.shape[-1])
        )

    def get_config(self):
        names = ("units", "components", "steps", "kernel")
        return super().get_config() | {name: getattr(self, name) for name in names}
