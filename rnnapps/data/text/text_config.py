"""The options of text encoding, shared by the applications that read text."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.errors import require


@dataclass(frozen=True)
class TextConfig:
    """How texts become tokens."""

    tokens: Literal["words", "subwords"] = "subwords"
    """words: also numbers and marks of punctuation; subwords: byte-level BPE, which spells any word"""
    vocabulary: int = 6000
    """tokens that are learnt from the training texts, at most"""
    lowercase: bool = True
    """fold upper case to lower case"""
    max_length: int = 512
    """tokens of one text that the network reads"""
    long_texts: Literal["head", "tail", "head-tail"] = "head-tail"
    """what is kept of a longer text: its beginning, its end, or the first quarter of max-length
    from its beginning and the rest from its end; how many were cut is logged"""
    bpe_dropout: float = 0.1
    """of subwords: share of merges skipped in training, so that words are cut up differently in every
    epoch"""
    embeddings: str | None = None
    """pretrained word vectors to start from: glove, those that come with rnnapps (English, 100 units),
    or a file of them (word2vec or GloVe text format)"""

    def __post_init__(self):
        require(self, "vocabulary", self.vocabulary >= 300, "at least 300 (256 bytes and some merges)")
        require(self, "bpe_dropout", 0 <= self.bpe_dropout < 1, "at least 0 and below 1")
        require(self, "max_length", self.max_length >= 4, "at least 4")
