"""A classifier that starts from language models: it has read before it judges (Dai and Le 2015)."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from tokenizers import Tokenizer

import rnnapps
from rnnapps.errors import UserError
from rnnapps.sentiment.config import SentimentConfig
from rnnapps.training.starting_weights import other_network


def tokenizer_of(start: Any, config: SentimentConfig) -> Tokenizer:
    """The subwords of the language model that a training starts from.

    Raises:
        UserError: its tokens are others.
    """
    if not isinstance(start.encoder.known, Tokenizer):
        raise UserError(
            f"{config.training.init_from}: a language model of {start.encoder.config.tokens}: a "
            f"classifier starts from one of subwords"
        )
    return start.encoder.known


def copy_language_models(model: keras.Model, start: Any, config: SentimentConfig) -> None:
    """Give a classifier the embedding and the first recurrent layer of language models.

    Args:
        model: the new network.
        start: predictor of the language model that the training starts from.
        config: names its bundle, and perhaps that of one that reads backwards.

    Raises:
        UserError: a model reads in another direction, its layers are of another shape, or the two do not
            have one embedding.
    """
    embedding, first = model.get_layer("embedding"), model.get_layer("recurrent").layers[0]
    sides = [(config.training.init_from, start, "forward", first.forward_layer)]
    if config.init_backward is not None:
        backward = rnnapps.load(config.init_backward)
        sides.append((config.init_backward, backward, "backward", first.backward_layer))
    for path, reader, direction, layer in sides:
        if reader.encoder.config.direction != direction:
            raise UserError(f"{path}: reads {reader.encoder.config.direction}, expected {direction}")
        vectors = reader.model.get_layer("embedding").get_weights()[0]
        try:
            if direction == "forward":
                embedding.set_weights([vectors])
            layer.set_weights(reader.model.get_layer("recurrent").layers[0].get_weights())
        except ValueError:
            raise other_network(Path(str(path)), "recurrent") from None
        if not np.array_equal(vectors, embedding.get_weights()[0]):
            raise UserError(
                f"{path}: its embedding is not that of {config.training.init_from}: train it with "
                f"--direction backward --init-from {config.training.init_from}"
            )
