"""What the layers with layer normalisation share."""

import keras

from rnnapps.layers.kernels.cell_layer import CellLayer
from rnnapps.layers.kernels.layer_norm_cell import LayerNormCell


class LayerNormLayer(CellLayer):
    """The arguments that the layers with layer normalisation share."""

    obstacle = "cuDNN has no layer normalisation"
    cell_class: type[LayerNormCell]

    def __init__(
        self,
        units: int,
        zoneout: tuple[float, ...],
        epsilon: float = 1e-3,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        **kwargs,
    ):
        initializers = (kernel_initializer, recurrent_initializer, bias_initializer)
        regularizers = (kernel_regularizer, recurrent_regularizer, bias_regularizer)
        cell = self.cell_class(
            units,
            zoneout,
            epsilon,
            initializers,
            regularizers,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="cell",
        )
        super().__init__(cell, **kwargs)

    def get_config(self):
        config, cell = super().get_config(), self.cell
        del config["cell"]
        names = ("dropout", "recurrent_dropout", "weight_drop", "kernel")
        config |= {name: getattr(self, name) for name in names}
        config |= {"units": cell.units, "epsilon": cell.epsilon, "seed": self.seed}
        names = ("kernel", "recurrent", "bias")
        for name, initializer, regularizer in zip(
            names, cell.initializers, cell.regularizers, strict=True
        ):
            config[f"{name}_initializer"] = keras.initializers.serialize(initializer)
            config[f"{name}_regularizer"] = keras.regularizers.serialize(regularizer)
        return config | {"zoneout": cell.zoneout[0]}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
