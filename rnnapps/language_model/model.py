"""The network, which chats have too: `rnnapps.networks.next_token`."""

from rnnapps.networks.next_token import build, for_training, without_regularisation

__all__ = ["build", "for_training", "without_regularisation"]
