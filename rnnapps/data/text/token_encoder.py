"""Running text to token ids and back."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from rnnapps.data.text.subwords import learn_subwords
from rnnapps.data.text.token_config import TokenConfig
from rnnapps.data.text.tokenizer_file import read_tokenizer
from rnnapps.errors import UserError
from rnnapps.json_files import read_json

SPECIAL = ("<pad>", "<end>", "<unk>")
PAD, END, UNKNOWN = range(3)
TOKENIZER, VOCABULARY = "tokenizer.json", "vocabulary.json"
WORD = re.compile(r"\n|[^\s]+")


class TokenEncoder:
    """Characters, bytes, words or subwords of a text as ids.

    0 is padding, 1 the end of a document (and what stands before its first token), 2 what is unknown.

    Args:
        config: what the tokens are.
        known: a tokenizer of the library `tokenizers` for subwords, else the tokens, in the order of
            their ids from 3 on.
    """

    def __init__(self, config: TokenConfig, known: Tokenizer | Sequence[str]):
        self.config, self.known = config, known
        if isinstance(known, Tokenizer):
            known.encode_special_tokens = True  # a text that says "<end>" has not ended
            self.size = known.get_vocab_size()
            return
        self.size = len(SPECIAL) + len(known)
        self._ids = {token: number for number, token in enumerate(known, start=len(SPECIAL))}
        if config.tokens == "words":  # corpora have it written out
            self._ids.setdefault(SPECIAL[UNKNOWN], UNKNOWN)

    @classmethod
    def learn(cls, texts: Iterable[str], config: TokenConfig) -> "TokenEncoder":
        """Learn the tokens from texts; the same texts give the same encoder."""
        if config.tokens == "subwords":
            return cls(config, running_subwords(texts, config.vocabulary))
        if config.tokens == "bytes":
            return cls(config, [chr(number) for number in range(256)])
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(_divided(text, config))
        counts.pop(SPECIAL[UNKNOWN], None)
        frequent = sorted(counts, key=lambda token: (-counts[token], token))
        return cls(config, frequent[: config.vocabulary - len(SPECIAL)])

    @classmethod
    def load(cls, folder: Path, config: TokenConfig) -> "TokenEncoder":
        """Read what `save` wrote.

        Raises:
            ValueError: it is no such file.
        """
        if config.tokens == "subwords":
            return cls(config, read_tokenizer(folder / TOKENIZER, [running_subwords((), 0)]))
        known = read_json(folder / VOCABULARY)
        if not isinstance(known, list) or not all(isinstance(one, str) and one for one in known):
            raise ValueError(f"{VOCABULARY} has no list of tokens")
        if len(set(known)) < len(known) or not known:
            raise ValueError(f"{VOCABULARY} has no tokens, or one twice")
        if config.tokens != "words" and max(map(len, known)) > 1:
            raise ValueError(f"{VOCABULARY} has a token that is more than a character")
        return cls(config, known)

    def of(self, config: TokenConfig, bundle: str | None) -> "TokenEncoder":
        """The same tokens in the direction of a config, whose training starts from the bundle.

        Raises:
            UserError: the config asks for other tokens.
        """
        if self.config.tokens != config.tokens:
            theirs = self.config.tokens
            raise UserError(f"{bundle}: its tokens are {theirs}: give --tokens {theirs}")
        return TokenEncoder(replace(self.config, direction=config.direction), self.known)

    def save(self, folder: Path) -> None:
        if isinstance(self.known, Tokenizer):
            (folder / TOKENIZER).write_text(self.known.to_str(pretty=False), encoding="utf-8")
        else:
            (folder / VOCABULARY).write_text(json.dumps(self.known), encoding="utf-8")

    def encode(self, text: str) -> np.ndarray:
        """The tokens of a text, int32 `(time,)`, in the order in which they are read."""
        ids = self._encoded(text)
        return ids if self.config.direction == "forward" else ids[::-1]

    def _encoded(self, text: str) -> np.ndarray:
        if isinstance(self.known, Tokenizer):
            return np.array(self.known.encode(text, add_special_tokens=False).ids, "int32")
        tokens, known = _divided(text, self.config), self._ids
        return np.fromiter((known.get(token, UNKNOWN) for token in tokens), "int32")

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """What each token adds to the text; half a character of bytes or subwords is "\\ufffd"."""
        return [self.decode([token]) for token in ids]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens, without ends and padding. A word has a space before it."""
        ids = [token for token in map(int, ids) if token not in (PAD, END)]
        if self.config.direction == "backward":
            ids.reverse()
        if isinstance(self.known, Tokenizer):
            return self.known.decode(ids, skip_special_tokens=False)
        tokens = [
            self.known[token - len(SPECIAL)] if token >= len(SPECIAL) else SPECIAL[UNKNOWN]
            for token in ids
        ]
        if self.config.tokens == "bytes":
            values = (ord(token) for token in tokens if len(token) == 1)
            return bytes(values).decode("utf-8", errors="replace")
        if self.config.tokens == "words":
            return "".join(token if token == "\n" else f" {token}" for token in tokens)
        return "".join(token if len(token) == 1 else "\ufffd" for token in tokens)


def _divided(text: str, config: TokenConfig) -> Any:
    if config.tokens == "bytes":
        return text.encode("utf-8").decode("latin-1")
    return text if config.tokens == "characters" else WORD.findall(text)


def running_subwords(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Subwords of running text: see `rnnapps.data.text.subwords.learn_subwords`."""
    return learn_subwords(texts, vocabulary, SPECIAL, prefix_space=False)
