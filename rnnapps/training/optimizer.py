"""The optimizer that a training config describes."""

import keras

from rnnapps.training.config import TrainingConfig

WARM_UP = 0.1  # of all steps


def make_optimizer(config: TrainingConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """AdamW (Loshchilov and Hutter 2019) with clipping, warm-up and a cosine, and a weight average."""
    steps = steps_per_epoch * config.epochs
    warm_up = max(1, round(WARM_UP * steps))
    optimizer = keras.optimizers.AdamW(
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
