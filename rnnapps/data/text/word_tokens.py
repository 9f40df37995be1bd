"""Words and marks of punctuation as tokens, learnt from texts."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from rnnapps.data.text.subwords import PAD
from rnnapps.data.text.word_vocabulary import UNKNOWN
from rnnapps.data.text.words import SPACELESS

# As the Penn Treebank cuts them: "don't" is "do" and "n't". Of scripts without spaces each sign is a
# token; marks that follow each other, such as "..." or ":)", are one.
TOKENS = (
    rf"[{SPACELESS}]|[^\W{SPACELESS}]+(?=n't\b)|n't\b|'(?:s|m|d|re|ve|ll)\b|[^\W{SPACELESS}]+|[^\w\s]+"
)


def learn_word_tokens(
    texts: Iterable[str], vocabulary: int, known: Sequence[str] = (), lowercase: bool = True
) -> Tokenizer:
    """A tokenizer whose tokens are words, numbers and marks of punctuation.

    The same texts give the same tokenizer. Its id 0 is the padding's and 1 that of unknown words.

    Args:
        texts: to learn the words from: those that come twice, or are known.
        vocabulary: number of tokens that are learnt, at most: the most frequent ones.
        known: words that are tokens whether they come or not, as they have pretrained vectors.
        lowercase: fold upper case to lower case.
    """
    tokenizer = Tokenizer(models.WordLevel({PAD: 0, UNKNOWN: 1}, unk_token=UNKNOWN))
    fold = [normalizers.Lowercase()] if lowercase else []
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace("\u2019", "'"), *fold])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(TOKENS), "removed", invert=True)
    counts = Counter(word for text in texts for word in _split(tokenizer, text))
    words = _learnt(counts, vocabulary - 2, set(known))
    words += [word for word in known if word not in set(words)]
    ids = {word: number for number, word in enumerate([PAD, UNKNOWN, *words])}
    tokenizer.model = models.WordLevel(ids, unk_token=UNKNOWN)
    return tokenizer


def _split(tokenizer: Tokenizer, text: str) -> list[str]:
    text = tokenizer.normalizer.normalize_str(text)
    return [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)]


def _learnt(counts: Counter[str], most: int, known: Collection[str]) -> list[str]:
    """The most frequent words first, those of one frequency in their own order."""
    words = (word for word, count in counts.items() if count > 1 or word in known)
    return sorted(words, key=lambda word: (-counts[word], word))[:most]
