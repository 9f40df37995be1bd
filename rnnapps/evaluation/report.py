"""The schema of scores, which `metrics.json` and `rnnapps evaluate --json` share:

{"scores": {...}, "baselines": {name: {...}}, "signature": ..., "data": {...},
 "training": {...}, "environment": {...}}
"""

from collections.abc import Mapping
from typing import Any


def report(
    digest: str, scores: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """What `evaluate` of an application returns.

    Args:
        digest: of the examples that were scored.
        scores: of the network; their entry "signature" says how they were computed.
        baselines: scores of the same kind, by the name of the baseline.
    """
    return {
        "scores": _without_signature(scores),
        "baselines": {name: _without_signature(some) for name, some in (baselines or {}).items()},
        "signature": scores["signature"],
        "data": {"digest": digest},
    }


def add_baseline(report: dict[str, Any], name: str, scores: Mapping[str, Any]) -> None:
    """Put the scores of a baseline into a report."""
    report["baselines"][name] = _without_signature(scores)


def metrics_of(report: dict[str, Any], source: str, split: str, **about: Any) -> dict[str, Any]:
    """A report with what was scored, and what else is known (training, environment)."""
    return report | {"data": {"source": source, "split": split, **report["data"]}} | about


def _without_signature(scores: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in scores.items() if name != "signature"}
