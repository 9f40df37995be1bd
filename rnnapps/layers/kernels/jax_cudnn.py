"""cuDNN by JAX's experimental layer, which has the LSTM only."""

from jax import numpy as jnp
from jax.experimental import rnn

from rnnapps.layers.kernels.weights import flat


def call(cell, x, lengths, states, weights):
    """Run cuDNN; see `rnnapps.layers.kernels.library` for the arguments."""
    if lengths is None:
        lengths = jnp.full(x.shape[:1], x.shape[1], dtype="int32")
    dtype = x.dtype
    parameters = flat([direction for layer in weights for direction in layer])
    # JAX's layer refuses float16 and bfloat16.
    x, h, c, parameters = (part.astype("float32") for part in (x, *states, parameters))
    outputs, *last = rnn.lstm(
        x,
        h,
        c,
        parameters,
        lengths,
        input_size=x.shape[-1],
        hidden_size=h.shape[-1],
        num_layers=len(weights),
        dropout=0.0,
        bidirectional=len(weights[0]) == 2,
    )
    return outputs.astype(dtype), [state.astype(dtype) for state in last]
