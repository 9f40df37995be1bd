"""The optimizer that a training config describes."""

import keras
from keras import ops

from rnnapps.layers.kernels.loops import compiled
from rnnapps.training.config import TrainingConfig

WARM_UP = 0.1  # of all steps


class CompiledAdamW(keras.optimizers.AdamW):
    """AdamW whose update is one compiled program on TensorFlow, where the network need not be.

    Else it is a dozen passes over all weights, and takes longer than a small network's gradients.
    """

    program = None

    def apply(self, grads, trainable_variables=None):
        if keras.backend.backend() != "tensorflow" or not self.built:
            return super().apply(grads, trainable_variables)
        if self.program is None:
            self.program = compiled(lambda grads: super(CompiledAdamW, self).apply(grads))
        # An embedding's gradient comes as the rows that were read, another number in each batch.
        pairs = zip(grads, self._trainable_variables, strict=True)
        return self.program([None if one is None else ops.reshape(one, to.shape) for one, to in pairs])


def make_optimizer(config: TrainingConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """AdamW (Loshchilov and Hutter 2019) with clipping, warm-up and a cosine, and a weight average."""
    steps = steps_per_epoch * config.epochs
    warm_up = max(1, round(WARM_UP * steps))
    optimizer = CompiledAdamW(
        learning_rate=keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            warmup_target=config.learning_rate,
            warmup_steps=warm_up,
            decay_steps=max(1, steps - warm_up),
        ),
        weight_decay=config.weight_decay,
        global_clipnorm=config.clip_norm,
        use_ema=config.ema_momentum > 0,
        ema_momentum=config.ema_momentum,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer
