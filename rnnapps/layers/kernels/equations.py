"""One time step of each recurrent layer, and its derivative by hand.

Everything is written with Keras's operations on arrays of shape `(batch, size)`, so that TensorFlow
and JAX share it. A step takes `x`, the input's product with its weights and the input bias, and `r`,
the state's product with the recurrent weights and the recurrent bias. What the derivative needs of a
step is kept as one array, `saved`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

Tensor = Any
States = tuple[Tensor, ...]

# The derivative of an activation, as a function of the activation's value.
DERIVATIVES = {
    keras.activations.tanh: lambda y: 1 - y * y,
    keras.activations.sigmoid: lambda y: y * (1 - y),
    keras.activations.relu: lambda y: ops.cast(y > 0, y.dtype),
    keras.activations.linear: ops.ones_like,
}


class Equations(NamedTuple):
    """A layer's step.

    `forward(x, r, states, activation, recurrent_activation)` returns `saved` and the new states, of
    which the first is the output. `backward(saved, previous, new, gradients, activation,
    recurrent_activation)` takes the states before and after the step and the loss's derivatives with
    respect to the latter; it returns those with respect to `x`, and to the former as far as they do not
    pass through `r`. `recurrent(dx, saved)` is the derivative with respect to `r`; None if that is `dx`.
    Arrays `x` and `r` are `gates` times as wide as the units, `saved` is `saved` times as wide.
    """

    gates: int
    saved: int
    forward: Callable
    backward: Callable
    recurrent: Callable | None


def _lstm_forward(x, r, states, act, gate):
    i, f, g, o = ops.split(x + r, 4, axis=-1)
    i, f, g, o = gate(i), gate(f), act(g), gate(o)
    c = f * states[1] + i * g
    return ops.concatenate([i, f, g, o], axis=-1), (o * act(c), c)


def _lstm_backward(saved, previous, new, gradients, act, gate):
    i, f, g, o = ops.split(saved, 4, axis=-1)
    dh, dc = gradients
    y = act(new[1])
    dc = dc + dh * o * DERIVATIVES[act](y)
    slope = DERIVATIVES[gate]
    dx = [
        dc * g * slope(i),
        dc * previous[1] * slope(f),
        dc * i * DERIVATIVES[act](g),
        dh * y * slope(o),
    ]
    return ops.concatenate(dx, axis=-1), (ops.zeros_like(dh), dc * f)


def _gru_forward(x, r, states, act, gate):
    (h,) = states
    x_z, x_r, x_h = ops.split(x, 3, axis=-1)
    r_z, r_r, r_h = ops.split(r, 3, axis=-1)
    z, reset = gate(x_z + r_z), gate(x_r + r_r)
    candidate = act(x_h + reset * r_h)
    saved = ops.concatenate([z, reset, candidate, r_h], axis=-1)
    return saved, (z * h + (1 - z) * candidate,)


def _gru_backward(saved, previous, new, gradients, act, gate):
    z, reset, candidate, r_h = ops.split(saved, 4, axis=-1)
    (dh,) = gradients
    slope = DERIVATIVES[gate]
    d_candidate = dh * (1 - z) * DERIVATIVES[act](candidate)
    dx = [dh * (previous[0] - candidate) * slope(z), d_candidate * r_h * slope(reset), d_candidate]
    return ops.concatenate(dx, axis=-1), (dh * z,)


def _gru_recurrent(dx, saved):
    dz, d_reset, d_candidate = ops.split(dx, 3, axis=-1)
    _, reset, _, _ = ops.split(saved, 4, axis=-1)
    return ops.concatenate([dz, d_reset, d_candidate * reset], axis=-1)


def _rnn_forward(x, r, states, act, gate):
    h = act(x + r)
    return h[:, :0], (h,)


def _rnn_backward(saved, previous, new, gradients, act, gate):
    (dh,) = gradients
    return dh * DERIVATIVES[act](new[0]), (ops.zeros_like(dh),)


# Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000; Cho et al. 2014, in the
# variant that resets after the product, which is cuDNN's; Elman 1990.
LSTM = Equations(4, 4, _lstm_forward, _lstm_backward, None)
GRU = Equations(3, 4, _gru_forward, _gru_backward, _gru_recurrent)
SIMPLE_RNN = Equations(1, 0, _rnn_forward, _rnn_backward, None)
