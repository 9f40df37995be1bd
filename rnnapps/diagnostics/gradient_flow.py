"""How much of the gradient of a loss arrives at each time step."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, tree

Tensor = Any


def gradient_flow(
    layer: keras.layers.RNN | Sequence[keras.layers.RNN],
    sequences: np.ndarray,
    loss: Callable[[Tensor], Tensor],
    residual: bool = False,
) -> np.ndarray:
    """The norm of the gradient of a loss with respect to the recurrent state, at each time step.

    The state is all that the layer carries from step to step (of an LSTM h and c), and the state of
    step t the one that enters step t; that of step 0 is the initial state, zero here also for a
    stateful layer. The gradient is total: through all later steps, along every path.

    The gradient with respect to a state is that with respect to a perturbation added to it. Here one
    is added before every step, a zero, and the step is the layer's own cell, without dropout. The
    weights of the layer stay as they are.

    Args:
        layer: a layer that has its weights already, or a list of such layers, from input to output.
        sequences: `(batch, time, features)`, without padding.
        loss: the loss of each row `(batch,)`, made with `keras.ops` of what the (last) layer returns:
            `(batch, units)`, or `(batch, time, units)` with `return_sequences=True`. The gradient of a
            row's state is that of the row's own loss. Layers that the loss uses need their weights.
        residual: in a list, add its input to the output of each layer where the two are of a size.

    Returns:
        The norms, mean over rows of the norm of each row's gradient: float64 `(time,)`, or
        `(layers, time)` for a list. They are computed in the dtype of the layer, so that below 1e-38
        a float32 layer has zeros.

    Raises:
        ValueError: a layer that is not recurrent itself (as `Bidirectional`), has no weights yet, or has
            `go_backwards=True`.
    """
    layers = list(layer) if isinstance(layer, Sequence) else [layer]
    for each in layers:
        if not isinstance(each, keras.layers.RNN):
            raise ValueError(f"{each!r} is not a recurrent layer")
        if not each.built:
            raise ValueError(f"{each.name} has no weights yet: call it once before")
        if each.go_backwards:
            raise ValueError(
                f"{each.name} runs backwards: give the reversed sequences to one that does not"
            )
    dtype = layers[0].compute_dtype
    steps = ops.swapaxes(ops.convert_to_tensor(sequences, dtype), 0, 1)  # (time, batch, features)
    time, rows = steps.shape[:2]
    states = [each.get_initial_state(rows) for each in layers]

    def total_loss(perturbations: list[Tensor]) -> Tensor:
        def step(carry, inputs):
            x, perturbation = inputs
            after = []
            for each, state, nudge in zip(layers, carry[0], perturbation, strict=True):
                state = tree.map_structure(ops.add, state, nudge)
                output, state = each.cell(x, state, training=False)
                x = x + output if residual and x.shape == output.shape else output
                after.append(list(state))
            return (after, x), (after, x)  # TensorFlow's scan wants both to be alike

        start = states, ops.zeros((rows, layers[-1].cell.output_size), dtype)
        nested = tree.pack_sequence_as(states, perturbations)
        (_, last), (_, outputs) = ops.scan(step, start, (steps, nested))
        return ops.sum(loss(ops.swapaxes(outputs, 0, 1) if layers[-1].return_sequences else last))

    flat = tree.flatten(states)
    gradients = _gradients_at_zero(total_loss, [(time, *state.shape) for state in flat], dtype)
    squares = [np.sum(np.square(gradient, dtype="float64"), axis=-1) for gradient in gradients]
    of_layers = [sum(tree.flatten(part)) for part in tree.pack_sequence_as(states, squares)]
    flow = np.sqrt(of_layers).mean(axis=-1)  # (layers, time, batch) -> (layers, time)
    return flow if isinstance(layer, Sequence) else flow[0]


def _gradients_at_zero(
    function: Callable[[list[Tensor]], Tensor], shapes: list[tuple[int, ...]], dtype: str
) -> list[np.ndarray]:
    """The gradients of a function of several arrays, where all of these are zero.

    Keras has no gradient that is the same on all backends, but training is: one step of gradient
    descent with learning rate 1 leads from zero to exactly minus the gradient.
    """
    model = _Function(function, shapes, dtype)
    model.compile(keras.optimizers.SGD(learning_rate=1.0), run_eagerly=True)
    model.train_on_batch(np.zeros((1, 1)))
    return [-ops.convert_to_numpy(point) for point in model.points]


class _Function(keras.Model):
    """A function to be minimised; its arguments, at first zero, are the weights. It has no input."""

    def __init__(self, function: Callable, shapes: list[tuple[int, ...]], dtype: str):
        super().__init__(name="function", dtype=dtype)
        self.function = function
        self.points = [self.add_weight(shape=shape, initializer="zeros") for shape in shapes]

    def call(self, nothing):
        self.add_loss(self.function([ops.convert_to_tensor(point) for point in self.points]))
        return nothing
