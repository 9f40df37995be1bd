"""From Keras's recurrent layers to those of rnnapps, and back."""

from collections.abc import Callable
from typing import Any

import keras

NAMES = ("LSTM", "GRU", "SimpleRNN", "Bidirectional")
WITHOUT_KERAS = (  # recurrent layers that Keras does not have
    *("AttentionDecoder", "AttentionRecurrence", "LayerNormGRU", "LayerNormLSTM", "MinGRU", "MinLSTM"),
    "SoftWindow",
)
OURS = ("kernel", "weight_drop", "zoneout", "zoneout_cell")  # arguments that Keras's layers do not have


def from_keras(model: keras.layers.Layer) -> keras.layers.Layer:
    """A copy of a model or layer in which Keras's recurrent layers are those of `rnnapps.layers`.

    Weights are copied, what a stateful layer carries is not; a model is returned uncompiled. A
    subclassed model needs a `get_config` that
    holds its layers, as for saving.
    """

    def convert(entry):
        if entry.get("module") == "keras.layers" and entry["class_name"] in NAMES:
            name = entry["class_name"]
            return entry | {"module": "rnnapps.layers", "registered_name": f"rnnapps>{name}"}
        return entry

    return _copy(model, convert)


def to_keras(model: keras.layers.Layer) -> keras.layers.Layer:
    """A copy of a model or layer without LSTM, GRU, SimpleRNN and Bidirectional of `rnnapps.layers`.

    Saved, it loads where rnnapps is not installed (if nothing else of rnnapps is in it). Weights are
    copied; a model is returned uncompiled. Weight drop, which acts in training only, is left out. Layers
    that Keras does not have stay, so that the copy needs rnnapps; the recurrent ones (`RecurrentStack`,
    layer normalisation, minimal layers, attention) get `kernel="keras"`: nothing of the copy is compiled
    by itself, and all of it has second derivatives.

    Raises:
        ValueError: a layer has zoneout, which acts outside of training too.
    """

    def convert(entry):
        name = entry.get("registered_name") or ""
        if name == "rnnapps>RecurrentStack":
            config, options = entry["config"], entry["config"]["options"]
            if config["cell"] in ("lstm", "gru", "rnn"):
                options = _without_ours(options, config["name"])
            return entry | {"config": config | {"options": options | {"kernel": "keras"}}}
        if name.startswith("rnnapps>") and entry["class_name"] in WITHOUT_KERAS:
            return entry | {"config": entry["config"] | {"kernel": "keras"}}
        if name.startswith("rnnapps>") and entry["class_name"] in NAMES:
            config = _without_ours(entry["config"], entry["config"]["name"])
            return entry | {"module": "keras.layers", "registered_name": None, "config": config}
        return entry

    return _copy(model, convert)


def _without_ours(arguments: dict, layer: str) -> dict:
    if arguments.get("zoneout") or arguments.get("zoneout_cell"):
        raise ValueError(
            f"{layer}: Keras's layers have no zoneout: make it 0, or keep the layer with kernel='keras'"
        )
    return {key: value for key, value in arguments.items() if key not in OURS}


def _copy(model: keras.layers.Layer, convert: Callable[[dict], dict]) -> keras.layers.Layer:
    config = keras.saving.serialize_keras_object(model)
    if isinstance(config, dict):
        config.pop("compile_config", None)
    # The object is the caller's own: code in it, a Lambda layer, is no stranger's.
    copy = keras.saving.deserialize_keras_object(_walk(config, convert), safe_mode=False)
    if model.built and not copy.built:
        copy.build_from_config(model.get_build_config())
    copy.set_weights(model.get_weights())
    # Keras does not keep this argument in the configuration.
    layers = [
        [one for one in each._flatten_layers() if hasattr(one, "use_cudnn")] for each in (model, copy)
    ]
    for old, new in zip(*layers, strict=True):
        new.use_cudnn = old.use_cudnn
    return copy


def _walk(value: Any, convert: Callable[[dict], dict]) -> Any:
    """The configuration with each serialised object in it converted."""
    if isinstance(value, dict):
        value = convert(value) if "class_name" in value else value
        return {key: _walk(part, convert) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_walk(part, convert) for part in value)
    return value
