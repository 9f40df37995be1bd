"""Sequences with labels in, k-mers and classes out."""

from collections.abc import Sequence
from typing import Any

from rnnapps import datasets
from rnnapps.data.labelled_batches import LabelledBatches
from rnnapps.data.labelled_examples import LabelledExamples
from rnnapps.data.labelled_rows import labelled_splits
from rnnapps.data.row_sources import read_rows
from rnnapps.data.symbols.bases import both_strands, encode, kmers, sequence_problem
from rnnapps.data.symbols.fasta import read_labelled_sequences
from rnnapps.data.symbols.sequence_variants import SequenceVariants
from rnnapps.dna.config import DnaConfig

EMBEDDED = "splice"


def load(
    config: DnaConfig, examples: Any = None, labels: Sequence[str] | None = None
) -> dict[str, LabelledExamples]:
    """Load the splits "train", "validation" and "test" of a source.

    A sequence and its reverse complement never stand in two splits.

    Args:
        config: names the source.
        examples: instead of a source, the columns of its table in memory (`rnnapps.data.columns`).
        labels: the classes, if they are known: those of a bundle.

    Raises:
        UserError: a bad row or file (see `rnnapps.data.row_sources.read_rows`) or label
            (`labelled_splits`).
    """
    columns = (config.source.sequence_column, config.source.label_column)
    splits = read_rows(
        config.source,
        columns,
        datasets.path(f"{EMBEDDED}/splice.csv.xz"),
        "--sequence-column and --label-column",
        sequence_problem,
        lambda sequence: [min(both_strands(sequence))],
        examples,
        read_labelled_sequences,
    )
    return labelled_splits(splits, columns, config.source, labels)


def make_batches(
    config: DnaConfig, examples: dict[str, LabelledExamples]
) -> tuple[LabelledBatches, LabelledBatches]:
    """The training and validation sequences as batches of `(k-mers, targets)`."""
    train, validation, options = examples["train"], examples["validation"], config.sequences
    bases = [encode(sequence) for sequence in train.inputs]
    seed = config.training.seed
    variants = SequenceVariants(bases, options.kmer, options.both_strands, options.mutations, seed)
    return (
        LabelledBatches(
            [kmers(sequence, options.kmer) for sequence in bases],
            train.targets,
            config.training.batch_size,
            seed,
            resample=variants,
        ),
        LabelledBatches(
            [kmers(encode(sequence), options.kmer) for sequence in validation.inputs],
            validation.targets,
            batch_size=128,
        ),
    )
