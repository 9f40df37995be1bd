"""Sequences that are varied for each epoch of a training."""

from collections.abc import Sequence

import numpy as np

from rnnapps.data.symbols.bases import PADDING, kmers, reverse_complement


class SequenceVariants:
    """Gives the k-mers of sequences anew for each epoch, which (seed, epoch) determines.

    Args:
        sequences: bases, each uint8 `(time,)`.
        k: bases of a k-mer.
        both_strands: read half of the sequences, others in each epoch, as their reverse complement.
        mutations: share of the bases that are replaced by random ones.
        seed: of what is chosen.
    """

    def __init__(
        self, sequences: Sequence[np.ndarray], k: int, both_strands: bool, mutations: float, seed: int
    ):
        self.sequences, self.k, self.seed = sequences, k, seed
        self.both_strands, self.mutations = both_strands, mutations

    def __call__(self, epoch: int) -> list[np.ndarray]:
        random = np.random.default_rng((self.seed, epoch))
        return [kmers(self._varied(sequence, random), self.k) for sequence in self.sequences]

    def _varied(self, bases: np.ndarray, random: np.random.Generator) -> np.ndarray:
        if self.both_strands and random.random() < 0.5:
            bases = reverse_complement(bases)
        changed = random.random(len(bases)) < self.mutations
        others = random.integers(PADDING + 1, PADDING + 5, len(bases), dtype="uint8")
        return np.where(changed, others, bases)
