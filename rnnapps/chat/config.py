"""The configuration of a chat."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.text.document_source_config import DocumentSourceConfig
from rnnapps.data.text.piece_config import PieceConfig
from rnnapps.data.text.token_config import TokenConfig
from rnnapps.errors import require
from rnnapps.networks.next_token_config import NextTokenConfig
from rnnapps.training.config import TrainingConfig


@dataclass(frozen=True)
class ConversationSourceConfig(DocumentSourceConfig):
    """Where the conversations come from: documents, each line of which is what one says."""

    data: str = "embedded"
    """embedded, tfds:NAME (TensorFlow Datasets), a text file, a folder of text files, a JSONL file whose
    objects have a list of turns, or - for standard input; files named after splits (chat.train.txt,
    chat.valid.txt, chat.test.txt) belong together"""
    documents: Literal["files", "lines", "blocks"] = "blocks"
    """what a conversation is in a text file: what stands between empty lines, or the whole file"""
    text_column: str = "turns"
    """column or field of a conversation: a list of turns, or a text with a turn a line"""


@dataclass(frozen=True)
class ChatConfig:
    """Train a chat and write it as a bundle."""

    source: ConversationSourceConfig = ConversationSourceConfig()
    text: TokenConfig = TokenConfig()
    model: NextTokenConfig = NextTokenConfig()
    training: TrainingConfig = TrainingConfig(output="runs/chat", epochs=3, batch_size=16)
    pieces: PieceConfig = PieceConfig()
    alone: float = 0.0
    """share of the turns that are learnt without what was said before them too, so that the network
    knows how likely a reply is by itself"""

    def __post_init__(self):
        require(self, "alone", 0 <= self.alone <= 1, "from 0 to 1")
        require(self.text, "direction", self.text.direction == "forward", "forward, as people talk")
