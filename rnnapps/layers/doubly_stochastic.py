"""A loss that asks attention to look everywhere once."""

from typing import Any

import keras
from keras import ops

from rnnapps.layers.kernels.masks import without_masked

Tensor = Any


@keras.saving.register_keras_serializable(package="rnnapps")
class DoublyStochastic(keras.layers.Layer):
    """Adds the loss `weight * mean_i (1 - sum_t a_ti)^2` of alignments (Xu et al. 2015, section 4.2.1).

    The weights of a time step sum to one; this asks those of a position to do so over time too, so that
    the decoder looks at every part of the input. The paper's sum over the positions is here their mean,
    and so is that over the batch.

    `layer(outputs, alignments, real)` gives the outputs as they are. Alignments are `(batch, time,
    positions)`; `real`, bool `(batch, time)`, tells which time steps count.

    Args:
        weight: of this loss.
    """

    def __init__(self, weight: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, outputs: Tensor, alignments: Tensor, real: Tensor) -> Tensor:
        alignments, _ = without_masked(alignments, real)
        looked = ops.sum(alignments, axis=1)
        self.add_loss(self.weight * ops.mean(ops.square(1 - looked)))
        return outputs

    def compute_output_shape(self, outputs_shape, alignments_shape, real_shape):
        return outputs_shape

    def get_config(self):
        return super().get_config() | {"weight": self.weight}
