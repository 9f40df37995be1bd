"""Recurrent layers, one on the other."""

import keras
from keras import ops, tree

from rnnapps.layers.bidirectional import Bidirectional
from rnnapps.layers.gru import GRU
from rnnapps.layers.kernels import library
from rnnapps.layers.kernels.choice import choose
from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.kernels.recurrence import Recurrence, check_rates, library_name, shown
from rnnapps.layers.kernels.zoneout import layer_step
from rnnapps.layers.layer_norm_gru import LayerNormGRU
from rnnapps.layers.layer_norm_lstm import LayerNormLSTM
from rnnapps.layers.lstm import LSTM
from rnnapps.layers.min_gru import MinGRU
from rnnapps.layers.min_lstm import MinLSTM
from rnnapps.layers.simple_rnn import SimpleRNN

CELLS = {
    "lstm": LSTM,
    "gru": GRU,
    "rnn": SimpleRNN,
    "layer_norm_lstm": LayerNormLSTM,
    "layer_norm_gru": LayerNormGRU,
    "min_lstm": MinLSTM,
    "min_gru": MinGRU,
}

TAKEN = ("return_sequences", "return_state", "go_backwards", "dtype", "name", "trainable")


@keras.saving.register_keras_serializable(package="rnnapps")
class RecurrentStack(keras.layers.Layer):
    """Recurrent layers of one kind, one on the other, with what is usual between them.

    Input `(batch, time, features)`, output that of the last layer: `(batch, time, units)`, without
    `return_sequences` `(batch, units)`, and `2 * units` if `bidirectional`, whose directions are
    concatenated. With `return_state` the states of each layer follow, of an LSTM h and c, first forward,
    then backward; `initial_state` takes them in that order. The mask is that of each layer, and is
    passed on with sequences. (As with Keras's layers, one that comes with the input is not seen in a
    call with `initial_state`: give it as `mask`.)

    Layers of LSTM, GRU or SimpleRNN without anything between them are one call of cuDNN where that runs
    them (see `rnnapps.layers.explain`); TensorFlow, JAX and PyTorch allow it.

    Args:
        units: size of the states, of each direction.
        depth: number of layers.
        cell: "lstm", "gru", "rnn", "layer_norm_lstm", "layer_norm_gru", "min_lstm" or "min_gru".
        bidirectional: whether each layer runs in both directions.
        residual: whether the input of a layer is added to its output, where they have the same size
            (not where the last layer returns one step).
        normalise: whether the output of each layer is normalised (Ba et al. 2016), after the addition.
        dropout: of the inputs of each layer but the first, one pattern for all steps.
        input_dropout: of the inputs of the first layer, one pattern for all steps.
        return_sequences: whether the last layer returns all time steps.
        return_state: whether to return the last states too.
        seed: of the dropouts, from which each layer has one of its own.
        options: further arguments of each layer, `weight_drop` or `zoneout` for example.

    Raises:
        ValueError: `cell` is unknown, `depth` below 1, a rate not at least 0 and below 1; an option is
            the stack's own, or a layer refuses it; an initial state is missing or too many.
    """

    def __init__(
        self,
        units: int,
        depth: int = 1,
        cell: str = "lstm",
        bidirectional: bool = False,
        residual: bool = False,
        normalise: bool = False,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        return_sequences: bool = True,
        return_state: bool = False,
        seed: int | None = None,
        options: dict | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if cell not in CELLS:
            raise ValueError(f"cell={cell!r}: expected one of {', '.join(CELLS)}")
        if depth < 1:
            raise ValueError(f"depth={depth!r}: expected at least 1")
        check_rates(dropout=dropout, input_dropout=input_dropout)
        if taken := [name for name in options or {} if name in TAKEN]:
            raise ValueError(f"options={options!r}: {taken[0]} is not for a layer of a stack")
        self.supports_masking = True
        self.units = units
        self.depth = depth
        self.cell = cell
        self.bidirectional = bidirectional
        self.residual = residual
        self.normalise = normalise
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.seed = seed
        self.options = options or {}
        policy = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.layers, self.dropouts, self.normalisations = [], [], []
        for number in range(depth):
            sequences = return_sequences or number < depth - 1
            given = self.options
            if seed is not None and cell not in ("min_lstm", "min_gru"):  # which draw nothing
                given = {"seed": seed + depth + number} | given
            returned = {"return_sequences": sequences, "return_state": return_state}
            layer = CELLS[cell](units, **returned, **policy, **given)
            if bidirectional:
                layer = Bidirectional(layer, name=f"layer_{number + 1}", **policy)
            self.layers.append(layer)
            rate, own = dropout if number else input_dropout, None if seed is None else seed + number
            self.dropouts.append(keras.layers.SpatialDropout1D(rate, seed=own, dtype=self.dtype_policy))
            if normalise:
                self.normalisations.append(keras.layers.LayerNormalization(**policy))

    def build(self, sequences_shape):
        shape, width = tuple(sequences_shape), self.units * (2 if self.bidirectional else 1)
        for layer in self.layers:
            layer.build(shape)
            shape = (*shape[:2], width)
        for normalisation in self.normalisations:
            normalisation.build(shape)

    def call(self, sequences, mask=None, initial_state=None, training=False):
        if initial_state is not None:
            initial_state = list(tree.flatten(initial_state))
            expected = sum(len(layer.state_size) for layer in self._recurrent())
            if len(initial_state) != expected:
                raise ValueError(f"initial_state: expected {expected} states, got {len(initial_state)}")
        sequences, mask = without_masked(sequences, mask)
        run = self._one_call if self._in_one_call(mask, training) else self._one_by_one
        output, ends = run(sequences, mask, initial_state, training)
        return (output, *ends) if self.return_state else output

    def start(self, batch: int) -> list:
        """What a stream carries before it begins: the states of each layer, zeros `(batch, units)`."""
        return [list(layer.get_initial_state(batch)) for layer in self.layers]

    def step(self, x, states):
        """The output `(batch, units)` of one time step `(batch, features)`, and the states after it.

        Outside of training; the same as the last step of all that came before.

        Raises:
            ValueError: the stack is bidirectional.
        """
        if self.bidirectional:
            raise ValueError(f"{self.name}: it is bidirectional and has no step")
        x, after = ops.convert_to_tensor(x), []
        for number, (layer, old) in enumerate(zip(self.layers, states, strict=True)):
            below = x
            x, new = layer_step(layer, x, old)
            after.append(list(new))
            last = number == self.depth - 1 and not self.return_sequences
            if self.residual and not last and below.shape[-1] == x.shape[-1]:
                x = below + x
            if self.normalise:
                x = self.normalisations[number](x)
        return x, after

    def _recurrent(self):
        """The layers, the two directions of one apart."""
        for layer in self.layers:
            yield from (layer.forward_layer, layer.backward_layer) if self.bidirectional else (layer,)

    def _one_by_one(self, x, mask, initial_state, training):
        ends = []
        states = [None] * self.depth
        if initial_state is not None:
            states = _parts(initial_state, len(initial_state) // self.depth)
        for number, layer in enumerate(self.layers):
            below = x = self.dropouts[number](x, training=training)
            output = layer(x, mask=mask, initial_state=states[number], training=training)
            x, *last = output if self.return_state else (output,)
            ends += last
            # By the ranks and the last axes: in a graph only one of the two may know its time steps.
            if self.residual and (len(below.shape), below.shape[-1]) == (len(x.shape), x.shape[-1]):
                x = below + x
            if self.normalise:
                x = self.normalisations[number](x)
        return x, ends

    def _in_one_call(self, mask, training) -> bool:
        recurrent = list(self._recurrent())
        return (
            self.depth > 1
            and not (self.residual or self.normalise)
            and not (training and (self.dropout or self.input_dropout))
            and all(isinstance(layer, Recurrence) for layer in recurrent)
            and not any(layer.cell.dropout and training for layer in recurrent)
            and not any(layer.stateful or layer.activity_regularizer for layer in recurrent)
            and all(choose(layer).kernel == "cudnn" for layer in recurrent)
            and library.in_one_call(
                library_name(recurrent[0]),
                self.compute_dtype,
                mask,
                self.return_state,
                self.bidirectional,
            )
        )

    def _one_call(self, sequences, mask, initial_state, training):
        recurrent = list(self._recurrent())
        directions = 2 if self.bidirectional else 1
        weights = [layer.weights_of_cell(training) for layer in recurrent]
        if initial_state is None:
            batch = ops.shape(sequences)[0]
            initial_state = [state for layer in recurrent for state in layer.get_initial_state(batch)]
        states = _parts(initial_state, len(recurrent[0].state_size))
        states, weights = _parts(states, directions), _parts(weights, directions)
        name = library_name(recurrent[0])
        outputs, ends = library.run_stack(name, sequences, mask, states, weights)
        steps = self.return_sequences
        outputs = [
            shown(layer, one if steps else last[0], mask, steps)
            for layer, one, last in zip(recurrent[-directions:], outputs, ends[-1], strict=True)
        ]
        output = ops.concatenate(outputs, axis=-1)
        return output, [state for layer in ends for direction in layer for state in direction]

    def compute_output_spec(self, sequences, *arguments, **options):
        # Else Keras runs the whole stack to learn it, which takes seconds on PyTorch.
        batch, time = sequences.shape[:2]
        width = self.units * (2 if self.bidirectional else 1)
        shape = (batch, time, width) if self.return_sequences else (batch, width)
        output = keras.KerasTensor(shape, dtype=self.compute_dtype)
        if not self.return_state:
            return output
        number = sum(len(layer.state_size) for layer in self._recurrent())
        state = (batch, self.units)
        return output, *(keras.KerasTensor(state, dtype=self.compute_dtype) for _ in range(number))

    def compute_mask(self, inputs, mask=None):
        output_mask = mask if self.return_sequences else None
        if not self.return_state:
            return output_mask
        return (output_mask, *[None] * sum(len(layer.state_size) for layer in self._recurrent()))

    def get_config(self):
        names = ("units", "depth", "cell", "bidirectional", "residual", "normalise", "dropout")
        names += ("input_dropout", "return_sequences", "return_state", "seed", "options")
        return super().get_config() | {name: getattr(self, name) for name in names}


def _parts(sequence, size: int) -> list[list]:
    """The sequence in lists of a size."""
    return [list(sequence[number : number + size]) for number in range(0, len(sequence), size)]
