"""A vocabulary of whole words, learnt from texts."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

UNKNOWN = "<unk>"  # stands for every word that is too rare; its id follows those of the special tokens


def learn_words(texts: Iterable[str], minimum: int, special: tuple[str, ...]) -> Tokenizer:
    """A tokenizer whose tokens are words: lower-cased, without punctuation.

    Decoding therefore gives words with spaces between them. The same texts give the same tokenizer.

    Args:
        texts: to learn the words from.
        minimum: how often a word must come; the others are `UNKNOWN`.
        special: tokens that stand for no word; their ids are 0, 1, ...
    """
    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    # An apostrophe or hyphen within a word belongs to it.
    punctuation = Regex(r"[^\w\s'\u2019-]|(?<!\w)['\u2019-]|['\u2019-](?!\w)")
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(punctuation, " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordLevelTrainer(
        min_frequency=minimum, special_tokens=[*special, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
