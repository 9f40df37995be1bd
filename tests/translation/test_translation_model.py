"""The network takes steps and translates, on every backend (see tests/backends)."""

import numpy as np

from rnnapps import datasets
from rnnapps.data.tables import read_table
from rnnapps.data.text.pair_batches import PairBatches
from rnnapps.data.text.sentence_pair import SentencePair
from rnnapps.training.config import TrainingConfig
from rnnapps.training.optimizer import make_optimizer
from rnnapps.training.token_loss import TokenLoss
from rnnapps.translation import TranslationConfig, data
from rnnapps.translation.config import ModelConfig, SubwordConfig
from rnnapps.translation.model import build
from rnnapps.translation.predictor import TranslationPredictor


def test_steps_lower_the_loss_move_every_weight_and_it_translates():
    rows = [row.fields for row in read_table(datasets.path("translation/en-fr.tsv.xz"))]
    few = [row for row in rows if max(len(row["en"]), len(row["fr"])) <= 20]
    pairs = [SentencePair(row["en"], row["fr"], "") for row in few]
    config = TranslationConfig(
        text=SubwordConfig(vocabulary=400),
        model=ModelConfig(units=16, embedding_size=16),
        training=TrainingConfig(learning_rate=0.03),
    )
    encoders = data.learn_encoders(config.text, pairs)
    ids = zip(
        encoders[0].encode([pair.source for pair in pairs]),
        encoders[1].encode([pair.target for pair in pairs]),
        strict=True,
    )
    short = [pair for pair in ids if max(map(len, pair)) <= 8]
    batch = next(PairBatches(short, batch_size=32).epoch(0))
    assert batch[1].shape == (32, 8)

    model = build(config.model, *(encoder.size for encoder in encoders))
    optimizer = make_optimizer(config.training, steps_per_epoch=2)
    model.compile(optimizer, TokenLoss(config.label_smoothing))
    before = model.get_weights()
    losses = [model.train_on_batch(*batch, return_dict=True)["loss"] for _ in range(6)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    for weight, old, new in zip(model.weights, before, model.get_weights(), strict=True):
        assert (old != new).any(), weight.path

    first, empty = TranslationPredictor(model, encoders, config)(["He left.", ""])
    assert np.isfinite(first.hypotheses[0].score) and first.hypotheses[0].alignment.weights.size
    assert empty.text == ""
