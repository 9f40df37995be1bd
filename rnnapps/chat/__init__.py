"""Chat: a reply to what was said. See README.md beside this file."""

from rnnapps.chat.config import ChatConfig

__all__ = ["ChatConfig"]
