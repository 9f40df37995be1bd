"""The network, that of a language model: `rnnapps.networks.next_token`."""

from rnnapps.networks.next_token import build, for_training

__all__ = ["build", "for_training"]
