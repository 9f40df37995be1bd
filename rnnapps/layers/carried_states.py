"""States that go on from one batch to the next."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rnnapps")
class CarriedStates(keras.layers.Layer):
    """A network that reads sequences a piece at a time, with the state in which it left the last piece.

    This is truncated backpropagation through time (Williams and Peng 1990): the gradient ends where a
    piece begins, the state does not. Keras's `stateful` layers can forget the states of all rows only;
    here each row begins anew where `starts` says so.

    Inputs: sequences, the first input of the network, `(lanes, time, ...)`, and starts, bool `(lanes,)`.
    Output: the first one of the network. The states are float32 weights that are not trained, so that a
    checkpoint has them.

    Args:
        network: a `keras.Model` of `[sequences, *states] -> [output, *states]`, each state
            `(batch, units)`.
        lanes: the rows of every batch.
    """

    def __init__(self, network: keras.Model, lanes: int, **kwargs):
        super().__init__(**kwargs)
        self.network, self.lanes = network, lanes

    def build(self, *shapes):
        self.states = [
            self.add_weight(
                shape=(self.lanes, state.shape[-1]),
                initializer="zeros",
                dtype="float32",
                trainable=False,
                name=f"state_{number}",
            )
            for number, state in enumerate(self.network.inputs[1:])
        ]

    def call(self, sequences, starts, training=False):
        starts = ops.cast(starts, "bool")[:, None]
        before = [ops.where(starts, 0.0, ops.convert_to_tensor(state)) for state in self.states]
        output, *after = self.network([sequences, *before], training=training)
        for state, value in zip(self.states, after, strict=True):
            state.assign(ops.cast(value, "float32"))
        return output

    def compute_output_spec(self, sequences, starts, training=False):
        output = self.network.outputs[0]
        shape = (*sequences.shape[:2], *output.shape[2:])
        return keras.KerasTensor(shape, dtype=output.dtype)

    def get_config(self):
        network = keras.saving.serialize_keras_object(self.network)
        return super().get_config() | {"network": network, "lanes": self.lanes}

    @classmethod
    def from_config(cls, config):
        network = keras.saving.deserialize_keras_object(config.pop("network"))
        return cls(network, **config)
