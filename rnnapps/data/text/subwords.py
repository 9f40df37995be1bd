"""A vocabulary of subwords, learnt from texts."""

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

PAD = "<pad>"  # the first special token: its id is 0, which the networks mask


def learn_subwords(
    texts: Iterable[str],
    vocabulary: int,
    special: tuple[str, ...] = (PAD,),
    lowercase: bool = False,
    prefix_space: bool = True,
) -> Tokenizer:
    """Learn byte-level byte-pair encoding (Sennrich et al. 2016; bytes as in Radford et al. 2019).

    Every string has an encoding, in any script; there is no unknown token. The same texts give the same
    tokenizer.

    Args:
        texts: to learn the merges from.
        vocabulary: number of tokens, at most; bytes and special tokens are among them.
        special: tokens that stand for no text; their ids are 0, 1, ...
        lowercase: fold upper case to lower case.
        prefix_space: whether the first word of a text has a space before it, as all others have.
    """
    tokenizer = Tokenizer(models.BPE())
    if lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(special),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
