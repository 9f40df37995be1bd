"""Texts to token ids and back, the same in training and in serving."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer, models

from rnnapps.data.text.subwords import learn_subwords
from rnnapps.data.text.text_config import TextConfig
from rnnapps.data.text.token_encoder import running_subwords
from rnnapps.data.text.tokenizer_file import read_tokenizer
from rnnapps.data.text.word_tokens import learn_word_tokens

log = logging.getLogger(__name__)


class TextEncoder:
    """Words or byte-level subwords of a text, of which a long one keeps a part.

    Args:
        tokenizer: a tokenizer of the library `tokenizers`, with `<pad>` at id 0.
        config: the length limit and what is kept of a longer text.
    """

    def __init__(self, tokenizer: Tokenizer, config: TextConfig):
        tokenizer.encode_special_tokens = True  # a text that says "<pad>" is a text, not padding
        self.tokenizer = tokenizer
        self.config = config

    @classmethod
    def learn(cls, texts: Iterable[str], config: TextConfig, known: Sequence[str] = ()) -> "TextEncoder":
        """Learn the words or merges from texts; the same texts give the same encoder.

        Args:
            texts: to learn from.
            config: says which.
            known: words to add, as they have pretrained vectors; subwords spell them anyway.
        """
        if config.tokens == "words":
            return cls(learn_word_tokens(texts, config.vocabulary, known, config.lowercase), config)
        return cls(learn_subwords(texts, config.vocabulary, lowercase=config.lowercase), config)

    @classmethod
    def load(cls, file: Path, config: TextConfig) -> "TextEncoder":
        """Read the `tokenizer.json` that `save` wrote.

        Raises:
            ValueError: it is none.
        """
        forms = [
            form
            for lowercase in (False, True)
            for form in (
                learn_subwords((), 0, lowercase=lowercase),
                learn_word_tokens((), 0, lowercase=lowercase),
            )
        ]
        forms.append(running_subwords((), 0))  # of a language model that a training started from
        return cls(read_tokenizer(file, forms), config)

    def save(self, file: Path) -> None:
        file.write_text(self.tokenizer.to_str(pretty=False), encoding="utf-8")

    @property
    def size(self) -> int:
        """Number of ids, the padding's included."""
        return self.tokenizer.get_vocab_size()

    @property
    def has_subwords(self) -> bool:
        """Whether words are cut up: a bundle to start from may have other tokens than the config."""
        return isinstance(self.tokenizer.model, models.BPE)

    def encode(self, texts: Sequence[str], name: str = "texts") -> list[np.ndarray]:
        """Encode texts, each as int32 ids `(time,)`, cut to `max_length` by the policy of the config.

        How many were cut is logged, with `name`.
        """
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        cut = sum(len(encoding) > self.config.max_length for encoding in encodings)
        if cut:
            log.info(
                "%d of %d %s are longer than %d tokens: kept %s (--max-length, --long-texts)",
                cut,
                len(encodings),
                name,
                self.config.max_length,
                self._policy(),
            )
        return [self.finish(encoding.ids) for encoding in encodings]

    def finish(self, ids: Sequence[int]) -> np.ndarray:
        """What the network reads of the ids of a text, int32 `(time,)`."""
        return np.asarray(ids, dtype="int32")[self.kept(len(ids))]

    def encode_text(self, text: str) -> tuple[np.ndarray, Encoding, np.ndarray]:
        """Encode one text.

        Returns:
            The ids int32 `(time,)` that the network reads, the whole encoding, and for each id its
            position in that encoding.
        """
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        return self.finish(encoding.ids), encoding, self.kept(len(encoding))

    def kept(self, length: int) -> np.ndarray:
        """Positions that are kept of a text of so many tokens."""
        limit = self.config.max_length
        if length <= limit:
            return np.arange(length)
        head = {"head": limit, "tail": 0, "head-tail": limit // 4}[self.config.long_texts]
        return np.concatenate([np.arange(head), np.arange(length - limit + head, length)])

    def _policy(self) -> str:
        limit = self.config.max_length
        return {
            "head": f"the first {limit}",
            "tail": f"the last {limit}",
            "head-tail": f"the first {limit // 4} and the last {limit - limit // 4}",
        }[self.config.long_texts]
