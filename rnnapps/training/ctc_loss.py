"""The loss of connectionist temporal classification."""

import keras
from keras import ops

from rnnapps.layers.kernels.derivative import with_derivative
from rnnapps.layers.kernels.loops import compiled, scan

NEVER = -1e30  # a log-probability: finite, as the difference of two infinite ones is no number


class CTCLoss(keras.losses.Loss):
    """The CTC loss (Graves et al. 2006), in nats, float32 whatever the precision of the network.

    `y_true` is int `(batch, length)`, padded with 0, which is the blank; `y_pred` are logits
    `(batch, time, classes)`, whose padding is blank for certain (`rnnapps.layers.BlankPadding`), so that
    no lengths are needed. A target that does not fit into the time of its row has a loss of thousands.

    It is Keras's on JAX and PyTorch. On TensorFlow the time of Keras's grows with the square of the
    length, to more than the rest of a training step takes: there the recurrences of the paper are one
    compiled program, which gives the gradient too.
    """

    def __init__(self):
        super().__init__(name="ctc_loss")
        self._losses = keras.losses.ctc
        if keras.backend.backend() == "tensorflow":
            program = compiled(_losses_and_gradients)

            def forward(operands, constants):
                losses, gradients = program(*constants, *operands)
                return (losses,), (gradients,)

            def backward(operands, constants, kept, upstream):
                return (upstream[0][:, None, None] * kept[0],)

            run = with_derivative(forward, backward)
            self._losses = lambda targets, logits: run((logits,), (targets,))[0]

    def call(self, y_true, y_pred):
        if y_true.shape[1] == 0:  # no text of the batch has a character that is known
            y_true = ops.zeros((ops.shape(y_true)[0], 1), "int32")
        return self._losses(ops.cast(y_true, "int32"), ops.cast(y_pred, "float32"))


def _losses_and_gradients(targets, logits):
    """The losses `(batch,)`, and their gradients by the logits: equations 6 to 16 of the paper, by
    logarithms.

    The states of a path are a blank, the first character, a blank, the second, and so on to the last
    blank.
    """
    batch, length = ops.shape(targets)
    time, classes = ops.shape(logits)[1:]
    blank = ops.zeros_like(targets)
    states = ops.reshape(ops.stack([blank, targets], axis=-1), (batch, 2 * length))
    states = ops.concatenate([states, blank[:, :1]], axis=1)
    of_states = ops.one_hot(states, classes)  # products with it are quicker than gathers
    log_probabilities = ops.log_softmax(logits)
    emitted = ops.transpose(
        ops.matmul(log_probabilities, ops.transpose(of_states, (0, 2, 1))), (1, 0, 2)
    )
    # From a character to the next without the blank between them, unless they are equal.
    skips = (states[:, 2:] != 0) & (states[:, 2:] != states[:, :-2])
    skips = ops.where(skips, 0.0, NEVER)
    into, out = ops.pad(skips, ((0, 0), (2, 0))), ops.pad(skips, ((0, 0), (0, 2)))

    place = ops.arange(2 * length + 1)
    last = 2 * ops.sum(ops.cast(targets != 0, "int32"), axis=1, keepdims=True)
    start = ops.where(place < 2, 0.0, NEVER)
    end = ops.where((place == last) | (place == last - 1), 0.0, NEVER)

    def forward(before, t):
        padded = ops.pad(before[0], ((0, 0), (2, 0)), constant_values=NEVER)
        ways = _log_sum(before[0], padded[:, 1:-1], padded[:, :-2] + into)
        here = ops.where(t == 0, start, ways) + ops.take(emitted, t, axis=0)
        return (here,), (here,)

    def backward(behind, t):
        # What follows a frame, without the frame itself.
        padded = ops.pad(behind[0], ((0, 0), (0, 2)), constant_values=NEVER)
        ways = _log_sum(behind[0], padded[:, 1:-1], padded[:, 2:] + out)
        here = ops.where(t == time - 1, end, ways)
        return (here + ops.take(emitted, t, axis=0),), (here,)

    nothing = (ops.full_like(emitted[0], NEVER),)
    _, (alpha,) = scan(forward, nothing, time, reverse=False)
    _, (beta,) = scan(backward, nothing, time, reverse=True)
    total = ops.logsumexp(alpha[-1] + end, axis=1)
    shares = ops.exp(ops.transpose(alpha + beta, (1, 0, 2)) - total[:, None, None])
    gradients = ops.exp(log_probabilities) - ops.matmul(shares, of_states)
    return -total, gradients


def _log_sum(a, b, c):
    most = ops.maximum(ops.maximum(a, b), c)
    return most + ops.log(ops.exp(a - most) + ops.exp(b - most) + ops.exp(c - most))
