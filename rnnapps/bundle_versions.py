"""What changed between the versions of the bundle format, so that every bundle keeps loading.

A field of a config that is renamed or removed needs a line in `RENAMED`, under a new version. A new
field needs none: a bundle that lacks it takes the default of its class, or the value in `ADDED` where
older bundles were made with another.
"""

from collections.abc import Iterator
from typing import Any

VERSION = 3  # raise it when an older rnnapps could not read what this one writes

# By the version that changed them: fields of configs, and what they are called now (None: removed).
RENAMED: dict[int, dict[str, str | None]] = {
    2: {
        "training.average": "training.ema_momentum",
        "source.skip_bad_rows": "source.skip_bad",
        "source.skip_bad_pictures": "source.skip_bad",
        "source.skip_bad_clips": "source.skip_bad",
    },
}

# By the version that has them in every bundle: fields that came later, and what stood for them before.
ADDED: dict[int, dict[str, dict[str, Any]]] = {
    2: {"keywords": {"augmentation.colour": 0.0, "augmentation.recording_noise": 0.0}},
    3: {"handwriting": {"lines.straighten": False}},
}


def upgrade_config(settings: dict[str, Any]) -> dict[str, Any]:
    """The `config` of a bundle's `config.json` with the names and fields of this version."""
    values = dict(_flat(settings["config"]))
    for version in _later(settings):
        for old, new in RENAMED.get(version, {}).items():
            if old in values:
                value = values.pop(old)
                if new is not None:
                    values[new] = value
        for name, value in ADDED.get(version, {}).get(settings["application"], {}).items():
            values.setdefault(name, value)
    config: dict[str, Any] = {}
    for name, value in values.items():
        part, _, field = name.rpartition(".")
        (config.setdefault(part, {}) if part else config)[field] = value
    return config


def upgrade_metrics(metrics: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A bundle's `metrics.json` in the schema of this version."""
    if settings["bundle_version"] < 2:
        metrics = _one_schema(metrics)
    return metrics


def _later(settings: dict[str, Any]) -> range:
    return range(settings["bundle_version"] + 1, VERSION + 1)


def _flat(config: dict[str, Any], part: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a config and of its parts, such as `training.seed`."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{part}{name}.")
        else:
            yield f"{part}{name}", value


def _one_schema(old: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had the scores beside the rest, one baseline or several, and names by application."""
    scores = dict(old)
    about = {name: dict(scores.pop(name, {})) for name in ("data", "training", "environment")}
    baselines = {name: _scores(one) for name, one in scores.pop("baselines", {}).items()}
    if baseline := scores.pop("baseline", None):
        baselines[baseline["name"]] = _scores(baseline)
    signature = scores.pop("signature", "")
    if signatures := scores.pop("signatures", None):
        signature = "; ".join(f"{name} {text}" for name, text in signatures.items())
    if "part" in about["data"]:
        split = about["data"].pop("part")
        about["data"]["split"] = "validation" if split == "valid" else split
    training = about["training"]
    for old_name, name in (("pairs", "rows"), ("pictures", "rows")):
        if old_name in training:
            training[name] = training.pop(old_name)
    for name in ("accuracy", "loss"):
        if f"valid_{name}" in training:
            training[f"validation_{name}"] = training.pop(f"valid_{name}")
    if exported := scores.pop("exported", None):
        scores |= exported
    return {"scores": _scores(scores), "baselines": baselines, "signature": signature, **about}


def _scores(scores: dict[str, Any]) -> dict[str, Any]:
    """Scores without what stands elsewhere now, and with the lengths of texts side by side."""
    kept = {k: v for k, v in scores.items() if k not in ("name", "signature", "signatures")}
    if isinstance(kept.get("words"), dict):
        words = kept.pop("words")
        reference = words.pop("reference")
        (kept["words"],) = words.values()
        kept["reference_words"] = reference
    return kept
