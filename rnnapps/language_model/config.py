"""The configuration of a language model."""

from dataclasses import dataclass

from rnnapps.data.text.document_source_config import DocumentSourceConfig
from rnnapps.data.text.piece_config import PieceConfig
from rnnapps.data.text.token_config import TokenConfig
from rnnapps.networks.next_token_config import NextTokenConfig
from rnnapps.training.config import TrainingConfig


@dataclass(frozen=True)
class LanguageModelConfig:
    """Train a language model and write it as a bundle."""

    source: DocumentSourceConfig = DocumentSourceConfig()
    text: TokenConfig = TokenConfig()
    model: NextTokenConfig = NextTokenConfig()
    training: TrainingConfig = TrainingConfig(output="runs/language_model", epochs=4, batch_size=16)
    pieces: PieceConfig = PieceConfig()
