"""Both directions, in one call of cuDNN where it can be."""

import keras
from keras import ops

from rnnapps.layers.kernels import library
from rnnapps.layers.kernels.choice import choose
from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.kernels.recurrence import Recurrence, library_name, shown

MERGE = {
    "concat": lambda a, b: ops.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
    None: lambda a, b: (a, b),
}


@keras.saving.register_keras_serializable(package="rnnapps")
class Bidirectional(keras.layers.Bidirectional):
    """Keras's Bidirectional (Schuster and Paliwal 1997); see `keras.layers.Bidirectional` for arguments.

    Two layers of `rnnapps.layers` with the same units and activations, without dropout of the inputs,
    are one call of cuDNN where that is faster; all else is the two layers one after the other. Input
    `(batch, time, features)`, output `(batch, 2 * units)` for `merge_mode="concat"`, or with the time
    axis if the layers return sequences: then the outputs at masked steps are zero.
    """

    def call(self, sequences, initial_state=None, mask=None, training=None):
        if not self._in_one_call(mask, training):
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        directions = (self.forward_layer, self.backward_layer)
        if initial_state is None:
            batch = ops.shape(sequences)[0]
            initial_state = [state for layer in directions for state in layer.get_initial_state(batch)]
        half = len(initial_state) // 2
        states = [initial_state[:half], initial_state[half:]]
        sequences, mask = without_masked(sequences, mask)
        weights = [layer.weights_of_cell(training) for layer in directions]
        name = library_name(directions[0])
        outputs, (last,) = library.run_stack(name, sequences, mask, [states], [weights])
        ends = [state for states in last for state in states]
        steps = self.return_sequences
        outputs = [
            shown(layer, one if steps else states[0], mask, steps)
            for layer, one, states in zip(directions, outputs, last, strict=True)
        ]
        output = MERGE[self.merge_mode](*outputs)
        if not self.return_state:
            return output
        return (*output, *ends) if self.merge_mode is None else (output, *ends)

    def compute_mask(self, inputs, mask):
        if not self.return_state:
            return super().compute_mask(inputs, mask)
        # Keras's own fails for a stateful layer, and counts the states wrongly for another.
        mask = mask[0] if isinstance(mask, list) else mask
        output_mask = mask if self.return_sequences else None
        outputs = [output_mask] * (2 if self.merge_mode is None else 1)
        return (*outputs, *[None] * 2 * len(self.forward_layer.state_size))

    def _in_one_call(self, mask, training) -> bool:
        forward, backward = self.forward_layer, self.backward_layer
        if not all(isinstance(layer, Recurrence) and layer.built for layer in (forward, backward)):
            return False
        return (
            not self.stateful
            and not forward.go_backwards
            and not (forward.activity_regularizer or backward.activity_regularizer)
            and forward.compute_dtype == backward.compute_dtype == self.compute_dtype
            and choose(forward).kernel == choose(backward).kernel == "cudnn"
            and library_name(forward) == library_name(backward)
            and forward.units == backward.units
            and not (training and (forward.cell.dropout or backward.cell.dropout))
            and library.in_one_call(
                library_name(forward), self.compute_dtype, mask, self.return_state, both=True
            )
        )

    # Keras's short cuts around the two layers, which know nothing of masks and kernels.
    def _can_attempt_fused_lstm(self, mask, initial_state=None):
        return False

    def _can_attempt_fused_gru(self, mask, initial_state=None):
        return False
