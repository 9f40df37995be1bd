"""The options of training, shared by the applications."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.errors import require


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained, and where the result goes."""

    output: str = "runs/model"
    """folder of the bundle that is written; OUTPUT.training holds checkpoint and TensorBoard logs"""
    overwrite: bool = False
    """replace OUTPUT, or drop an unfinished training of it, if there is one"""
    resume: bool = False
    """continue an interrupted training of OUTPUT, with the same flags"""
    init_from: str | None = None
    """bundle whose weights (and vocabulary) the training starts from"""
    seed: int = 1
    """seed of the initial weights, the order of batches and the dropouts"""
    epochs: int = 8
    """passes over the training rows, at most"""
    patience: int = 4
    """epochs without a lower validation loss before training stops; the best weights are kept"""
    batch_size: int = 32
    """rows of a batch"""
    learning_rate: float = 2e-3
    """peak of the schedule: linear warm-up over the first 10 % of all steps, then a cosine to zero"""
    weight_decay: float = 0.02
    """decoupled weight decay (AdamW)"""
    clip_norm: float = 1.0
    """the gradient is scaled down to this global norm"""
    ema_momentum: float = 0.99
    """momentum of an exponential moving average of the weights, which is then what is validated and
    saved; 0: no average"""
    average_checkpoints: int = 1
    """epochs of the lowest validation loss whose weights are averaged at the end; the average is kept
    if its validation loss is lower still"""
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    """arithmetic of the network"""
    stored_weights: Literal["float32", "float16"] = "float32"
    """numbers that the bundle stores the weights in; float16 takes half the space, and the scores are
    those of the rounded weights"""
    checkpoint_every: int = 200
    """steps between two checkpoints"""
    threads: int = 0
    """processor threads; 0: as many as there are cores"""
    quiet: bool = False
    """print neither the epochs nor the table of scores"""
    note: str | None = None
    """text for the bundle's card, such as where the data are from and on which terms"""

    def __post_init__(self):
        for field in ("epochs", "patience", "batch_size", "average_checkpoints", "checkpoint_every"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        for field in ("threads", "weight_decay"):
            require(self, field, getattr(self, field) >= 0, "at least 0")
        for field in ("learning_rate", "clip_norm"):
            require(self, field, getattr(self, field) > 0, "above 0")
        require(self, "seed", 0 <= self.seed < 2**32, "at least 0 and below 2**32")
        require(self, "ema_momentum", 0 <= self.ema_momentum < 1, "at least 0 and below 1")
