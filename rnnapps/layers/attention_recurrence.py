"""A recurrence over vectors with attention over a memory."""

from typing import Any

import keras
from keras import ops

from rnnapps.layers.bahdanau_attention import BahdanauAttention
from rnnapps.layers.kernels.cell_loop import cell_loop
from rnnapps.layers.kernels.choice import Choice, check_kernel, place_obstacle
from rnnapps.layers.kernels.exporting import check_length, exporting
from rnnapps.layers.kernels.loops import uncompiled
from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.kernels.native import attention as native
from rnnapps.layers.kernels.native import library
from rnnapps.layers.kernels.plain_cell import PlainCell
from rnnapps.layers.kernels.products import product
from rnnapps.layers.kernels.recurrence import EQUATIONS, check_rates
from rnnapps.layers.layer_norm_gru import LayerNormGRU
from rnnapps.layers.layer_norm_lstm import LayerNormLSTM
from rnnapps.layers.luong_attention import LuongAttention

Tensor = Any
NORMALISED = {"lstm": (LayerNormLSTM.cell_class, 2), "gru": (LayerNormGRU.cell_class, 1)}
KERNELS = ("auto", "compiled", "keras")
PLAIN = {"depth": 1, "layer_norm": False, "gate": False, "recurrent_dropout": 0}
ATTENTIONS = {"additive": BahdanauAttention, "multiplicative": LuongAttention}


@keras.saving.register_keras_serializable(package="rnnapps")
class AttentionRecurrence(keras.layers.Layer):
    """A stack of recurrent cells that reads vectors and attends to a memory.

    It is for decoders that read and write vectors, as those of speech (Wang et al. 2017) and of
    handwriting (Graves 2013) do. Between an embedding and logits it is an `AttentionDecoder`.

    Input feeding (Luong et al. 2015, section 3.3): the first cell reads the vector of the step and the
    attentional vector of the step before; the last cell's state asks the memory, and

        a_t = tanh(W [h_t; mean of the memory by its weights at t])

    is the attentional vector. `attention="additive"` scores the memory like Bahdanau et al. 2015,
    "multiplicative" like Luong et al. 2015.

    Teacher forcing is a call, `recurrence(vectors, memory)`: vectors `(batch, time, features)`, memory
    `(batch, source, size)`. It returns the attentional vectors `(batch, time, vector_size)` and the
    alignments `(batch, time, source)`, float32. All steps run in one program, in C++ or compiled by XLA.

    One step after the other is `state, context = recurrence.start(memory)` and
    `recurrence.step(vectors, state, context)`.

    `memory_mask`, `(batch, source)`: masked positions have weight zero. At steps that `vectors_mask`,
    `(batch, time)`, masks, the vectors are taken for zeros; it is not needed if the padding, of finite
    numbers, is on the right: no real step sees a padded one. What is computed there is for the loss to
    leave out.

    `initial_state` is a list of as many tensors as there are states, `(batch, units)` each (h, c of
    every layer for an LSTM), which are taken as they are; or one tensor `(batch, features)`, from which
    a layer with tanh makes them; without it that is the mean of the memory (Xu et al. 2015, section
    3.1.2).

    Args:
        units: size of the states.
        vector_size: size of the attentional vectors; None: `units`.
        depth: layers of cells.
        cell: "lstm" or "gru".
        layer_norm: whether the cells are those of `LayerNormLSTM` and `LayerNormGRU`.
        attention: "additive" or "multiplicative".
        gate: whether the mean of the memory is multiplied by a gating scalar, `sigmoid(h_t . w + b)`
            (Xu et al. 2015, section 4.2.1).
        recurrent_dropout: of each h where it meets its recurrent weights, one pattern a row for all
            steps (Gal and Ghahramani 2016).
        seed: of the dropout.
        kernel: "auto": the native kernel on a processor, for one plain cell without gate and recurrent
            dropout in float32, else "compiled", a loop that XLA compiles (on PyTorch step by step);
            "compiled"; or "keras" for a loop that is not compiled and has second derivatives.

    Raises:
        ValueError: `cell`, `attention` or `kernel` is unknown, the rate is not at least 0 and below 1,
            or an initial state has not the shape of the states.
    """

    def __init__(
        self,
        units: int,
        vector_size: int | None = None,
        depth: int = 1,
        cell: str = "lstm",
        layer_norm: bool = False,
        attention: str = "additive",
        gate: bool = False,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        kernel: str = "auto",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_kernel(kernel, KERNELS)
        if cell not in NORMALISED:
            raise ValueError(f"cell={cell!r}: expected one of {', '.join(NORMALISED)}")
        if attention not in ATTENTIONS:
            raise ValueError(f"attention={attention!r}: expected one of {', '.join(ATTENTIONS)}")
        check_rates(recurrent_dropout=recurrent_dropout)
        self.options = {
            "units": units,
            "vector_size": vector_size,
            "depth": depth,
            "cell": cell,
            "layer_norm": layer_norm,
            "attention": attention,
            "gate": gate,
            "recurrent_dropout": recurrent_dropout,
            "seed": seed,
            "kernel": kernel,
        }
        self.kernel = kernel
        self.units = units
        self.vector_size = units if vector_size is None else vector_size
        self.recurrent_dropout = recurrent_dropout
        self.supports_masking = True
        self._make_layers(self.options, {"dtype": self.dtype_policy, "trainable": self.trainable})
        self.seed_generator = keras.random.SeedGenerator(seed)
        if keras.backend.backend() == "tensorflow":  # XLA does not know the native operation
            self.supports_jit = self.choice().kernel != "native"

    def choice(self) -> Choice:
        """The kernel that runs a call, for `rnnapps.layers.explain`."""
        wanted = self.options["kernel"]  # a decoder's own attribute of this name is a weight
        obstacles = {"native": self._native_obstacle()}
        if not obstacles["native"]:
            return Choice("native", {}, library.instructions())
        if keras.backend.backend() == "torch":
            obstacles["compiled"] = "PyTorch runs a cell step by step"
        elif wanted == "keras":
            obstacles["compiled"] = "kernel='keras'"
        else:
            return Choice("compiled", obstacles)
        return Choice("keras" if wanted == "keras" else "steps", obstacles)

    def _native_obstacle(self):
        if self.options["kernel"] != "auto":
            return f"kernel='{self.options['kernel']}'"
        if self.compute_dtype != "float32":
            return self.compute_dtype
        for name, plain in PLAIN.items():
            if self.options[name] != plain:
                return f"{name}={self.options[name]}"
        return "it is being exported" if exporting() else place_obstacle()

    def _make_layers(self, options, policy):
        """The layers of the recurrence, before and behind which a subclass makes its own."""
        kind, layer_norm, attention = (options[name] for name in ("cell", "layer_norm", "attention"))
        self.cells = [
            self._cell(kind, layer_norm, name=f"cell_{number + 1}", **policy)
            for number in range(options["depth"])
        ]
        size = (self.units,) if attention == "additive" else ()
        self.attention = ATTENTIONS[attention](*size, name="attention", **policy)
        self.combine = keras.layers.Dense(self.vector_size, use_bias=False, name="combine", **policy)
        gate = options["gate"]
        self.gate = keras.layers.Dense(1, "sigmoid", name="gate", **policy) if gate else None
        self.bridge = None

    def _cell(self, kind, layer_norm, **options):
        if not layer_norm:
            return PlainCell(kind, self.units, **options)
        make, states = NORMALISED[kind]
        return make(self.units, (0.0,) * states, **options)

    def build(self, vectors_shape, memory_shape, initial_state_shape=None):
        size = memory_shape[-1]
        for number, cell in enumerate(self.cells):
            cell.build((None, self.units if number else vectors_shape[-1]))
            cell.built = True
        first = self.cells[0]
        self.feeding_kernel = self.add_weight(
            shape=(self.vector_size, first.kernel.shape[1]),
            initializer="glorot_uniform",
            name="feeding_kernel",
        )
        self.attention.build((None, self.units), memory_shape)
        self.combine.build((None, self.units + size))
        if self.gate:
            self.gate.build((None, self.units))
        if not self._listed(initial_state_shape):
            features = size if initial_state_shape is None else initial_state_shape[-1]
            self.bridge = keras.layers.Dense(
                self.units * len(self._sizes),
                "tanh",
                dtype=self.dtype_policy,
                trainable=self.trainable,
                name="bridge",
            )
            self.bridge.build((None, features))
        layers = (*self.cells, self.attention, self.combine, *([self.gate] if self.gate else []))
        variables = [variable for layer in layers for variable in layer.variables]
        kernel = "keras" if self.options["kernel"] == "keras" else "auto"
        self.loop = cell_loop(self._loop_step, [*variables, self.feeding_kernel], kernel)

    @property
    def _sizes(self):
        return [size for cell in self.cells for size in cell.state_size]

    @staticmethod
    def _listed(initial_state_shape):
        shape = initial_state_shape
        return isinstance(shape, (list, tuple)) and isinstance(shape[0], (list, tuple))

    def call(
        self,
        vectors,
        memory,
        initial_state=None,
        memory_mask=None,
        training=False,
        vectors_mask=None,
    ):
        check_length(vectors)
        vectors, _ = without_masked(vectors, vectors_mask)
        state, context = self.start(memory, initial_state, memory_mask)
        of_input = ops.matmul(vectors, self.cells[0].kernel)
        if self.choice().kernel == "native":
            return self._native(of_input, state, context, training)
        of_input = ops.transpose(of_input, (1, 0, 2))
        dropped = ()
        if training and self.recurrent_dropout:
            dropped = tuple(
                keras.random.dropout(
                    ops.ones_like(state[0]), self.recurrent_dropout, seed=self.seed_generator
                )
                for _ in self.cells
            )
        sequences = self.loop((of_input,), state, (*context, *dropped))
        h, vector = (
            ops.transpose(part[1:], (1, 0, 2)) for part in (self._last(sequences), sequences[-1])
        )
        # Asked again, all steps at once: a weight is no state, which the loop would have to keep.
        _, alignments = self._attend(h, context)
        return ops.cast(vector, self.compute_dtype), alignments

    @uncompiled
    def _native(self, of_input, state, context, training):
        (cell,), attention, (memory, keys, mask) = self.cells, self.attention, context
        additive = isinstance(attention, BahdanauAttention)
        h, c, _ = state if cell.kind == "lstm" else (state[0], ops.zeros((0, 0)), None)
        scores = ops.zeros((0, 0)), ops.zeros((0,)), ops.zeros((0,))
        if additive:
            vector = ops.reshape(attention.vector, (-1,))
            scores = attention.query_kernel, attention.bias, vector
        weights = self.feeding_kernel, cell.recurrent_kernel, cell.bias, cell.recurrent_bias
        inputs = (of_input, *weights, h, c, memory, keys, *scores, self.combine.kernel)
        equations, mask = EQUATIONS[cell.kind], ops.cast(mask, "bool")
        return native.run(equations, additive, native.Inputs(*inputs), mask, training)

    def start(
        self, memory: Tensor, initial_state: Any = None, memory_mask: Tensor | None = None
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """The state before the first step, and the context: the memory, its projection, its mask."""
        if not self.built:
            raise ValueError(f"{self.name}: not built yet: call it on a sequence and a memory")
        memory, mask = without_masked(ops.convert_to_tensor(memory), memory_mask)
        mask = ops.ones(ops.shape(memory)[:2]) if mask is None else ops.cast(mask, "float32")
        if initial_state is None:
            weights = ops.cast(mask, memory.dtype)[:, :, None]
            total = ops.maximum(ops.sum(weights, axis=1), 1)
            initial_state = ops.sum(memory * weights, axis=1) / total
        if isinstance(initial_state, (list, tuple)):
            found = [part.shape[-1] for part in initial_state]
            if found != self._sizes:
                raise ValueError(f"initial_state: expected states of sizes {self._sizes}, got {found}")
        else:
            if self.bridge is None:
                raise ValueError("initial_state: expected states, with which this decoder was built")
            initial_state = ops.split(self.bridge(initial_state), len(self._sizes), axis=-1)
        precision = self.cells[0].precision
        states = tuple(ops.cast(part, precision) for part in initial_state)
        vector = ops.zeros((ops.shape(memory)[0], self.vector_size), dtype=precision)
        memory, keys = (
            ops.cast(part, self.compute_dtype) for part in (memory, self.attention.project(memory))
        )
        return (*states, vector), (memory, keys, mask)

    def step(
        self, vectors: Tensor, state: tuple[Tensor, ...], context: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
        """One step, without dropout.

        Args:
            vectors: `(rows, features)`; `rows // batch` rows side by side share a memory.
            state: of `start` or the step before, its rows repeated as often.
            context: of `start`.

        Returns:
            The attentional vector `(rows, vector_size)`, the new state, and the alignment
            `(rows, source)`.
        """
        of_input = ops.matmul(ops.cast(vectors, self.compute_dtype), self.cells[0].kernel)
        state, alignment = self._advance((of_input,), state, context)
        vector = ops.cast(state[-1], self.compute_dtype)
        return vector, state, ops.reshape(alignment, (-1, alignment.shape[-1]))

    def _loop_step(self, inputs, state, context):
        return self._advance(inputs, state, context)[0]

    def _advance(self, inputs, state, context):
        """The states after a step, and the alignment `(batch, rows // batch, source)`.

        Behind the context stand patterns of dropout, one for each cell.
        """
        (of_input,), (*states, vector) = inputs, state
        of_input = of_input + product(ops.cast(vector, of_input.dtype), self.feeding_kernel)
        after = []
        for number, cell in enumerate(self.cells):
            if number:
                below = ops.cast(after[-len(cell.state_size)], of_input.dtype)
                of_input = product(below, cell.kernel)
            before, states = states[: len(cell.state_size)], states[len(cell.state_size) :]
            h = before[0]
            for pattern in context[3:][number : number + 1]:
                h = ops.reshape(self._by_source(h, context) * pattern[:, None], ops.shape(h))
            after += cell.step(cell.project(of_input), tuple(before), h)
        h = self._by_source(self._last((*after, vector)), context)
        mean, alignment = self._attend(h, context)
        if self.gate:
            mean = mean * self.gate(h)
        both = ops.concatenate([ops.cast(h, mean.dtype), mean], axis=-1)
        new = ops.tanh(product(both, self.combine.kernel))
        return (*after, ops.cast(ops.reshape(new, ops.shape(vector)), vector.dtype)), alignment

    def _last(self, states):
        """h of the last cell."""
        return states[-1 - len(self.cells[-1].state_size)]

    def _by_source(self, rows, context):
        """`(rows, size)` as `(batch, rows // batch, size)`."""
        return ops.reshape(rows, (ops.shape(context[0])[0], -1, rows.shape[-1]))

    def _attend(self, query, context):
        memory, keys, mask, *_ = context
        query = ops.cast(query, self.compute_dtype)
        return self.attention.attend(query, memory, keys, mask)

    def compute_mask(self, *arguments, **options):
        return None, None

    def compute_output_spec(self, vectors, memory, *arguments, **options):
        time = tuple(vectors.shape[:2])
        return (
            keras.KerasTensor((*time, self.vector_size), dtype=self.compute_dtype),
            keras.KerasTensor((*time, memory.shape[1]), dtype="float32"),
        )

    def get_config(self):
        return super().get_config() | self.options
