"""Classify DNA sequences with a trained bundle.

From the shell and from Python:

    rnnapps predict dna CCAGCTGCATCACAGGAGGCCAGCGAGCAGGTCTGTTCCAAGGGCCTTCGAGCCAGTCTG --saliency
    rnnapps predict dna --model runs/dna --file genes.fa --json predictions.jsonl
    classify = rnnapps.load("dna"); classify(["ACGT...", "TTGA..."])
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, overload

import numpy as np
from tyro.conf import arg

from rnnapps import bundle
from rnnapps.data.bucketed_batches import pad, padded_length
from rnnapps.data.row import Row
from rnnapps.data.symbols.bases import UNKNOWN, encode, kmers, reverse_complement, sequence_problem
from rnnapps.data.symbols.fasta import is_fasta, read_fasta
from rnnapps.data.tables import SUFFIXES, read_table
from rnnapps.data.values import name_of
from rnnapps.dna.config import DnaConfig
from rnnapps.dna.prediction import Prediction
from rnnapps.errors import UsageError, UserError
from rnnapps.inference.batching import filled, in_batches
from rnnapps.inference.inputs import several
from rnnapps.inference.outputs import checked
from rnnapps.inference.predict_options import Groups, TextOptions
from rnnapps.inference.predictor import Predictor

SIZES = (1, 32, 128)  # of the batches that are compiled
GROUP = 1000  # sequences of a file that are answered together


class DnaPredictor:
    """A network with its labels; call it with a sequence or a list of sequences."""

    application: ClassVar[str] = "dna"

    def __init__(self, model: Any, labels: Sequence[str], config: DnaConfig):
        self.model, self.labels, self.config = model, tuple(labels), config

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        bundle.save_model(self.model, folder)
        bundle.write_config(folder, self.application, self.config, labels=self.labels)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application) as settings:
            config, labels = bundle.read_config(path, DnaConfig), settings["labels"]
            model = bundle.load_model(path)
            bundle.check_size("labels", len(labels), model.output_shape[-1])
            kmers = 4**config.sequences.kmer + 2
            bundle.check_size("k-mers", kmers, model.get_layer("embedding").input_dim)
            return cls(model, labels, config)

    @overload
    def __call__(self, sequences: str, saliency: bool = False) -> Prediction: ...
    @overload
    def __call__(self, sequences: Sequence[str], saliency: bool = False) -> list[Prediction]: ...
    def __call__(self, sequences, saliency=False):
        """Classify a sequence, or a list of sequences.

        Args:
            sequences: letters of IUPAC, in either case; one or several, none empty.
            saliency: also return how much each base counts.

        Raises:
            UserError: an empty sequence, one with other letters, or a longer one than the network reads.
        """
        if isinstance(sequences, str):
            return self([sequences], saliency)[0]
        sequences = several(sequences, "sequences")
        for number, sequence in enumerate(sequences, start=1):
            if problem := sequence_problem(sequence) or self._too_long(sequence):
                raise UserError(f"sequence {number}: {problem}")
        return [
            Prediction(
                sequence,
                sequence.strip(),
                self.labels[row.argmax()],
                dict(zip(self.labels, row.tolist(), strict=True)),
                self._saliency(sequence, row) if saliency else None,
            )
            for sequence, row in zip(sequences, self.probabilities(sequences), strict=True)
        ]

    def probabilities(self, sequences: Sequence[str]) -> np.ndarray:
        """Class probabilities of many sequences, float32 `(sequences, classes)`; see `__call__`."""
        return self._run([encode(sequence) for sequence in sequences])

    def _run(self, sequences: Sequence[np.ndarray]) -> np.ndarray:
        """Of bases; the mean over both strands where the network was trained on both."""
        probabilities = self._one_strand(sequences)
        if self.config.sequences.both_strands:
            others = [reverse_complement(bases) for bases in sequences]
            probabilities = (probabilities + self._one_strand(others)) / 2
        return probabilities

    def _one_strand(self, sequences: Sequence[np.ndarray]) -> np.ndarray:
        ids = [kmers(bases, self.config.sequences.kmer) for bases in sequences]
        probabilities = np.zeros((len(ids), len(self.labels)), "float32")
        lengths = np.array([padded_length(len(some)) for some in ids])
        for length in np.unique(lengths):
            for rows, size in in_batches(np.flatnonzero(lengths == length), SIZES):
                batch = filled(pad([ids[row] for row in rows], length), size)
                # A compiled call; `model.predict` would set up a data pipeline for every sequence.
                probabilities[rows] = self.model.predict_on_batch(batch)[: len(rows)]
        return checked(probabilities)

    def _saliency(self, sequence: str, probabilities: np.ndarray) -> tuple[float, ...]:
        """How far the label's probability falls when a base is unknown, of each base."""
        bases, label = encode(sequence), probabilities.argmax()
        hidden = np.tile(bases, (len(bases), 1))
        np.fill_diagonal(hidden, UNKNOWN)
        return tuple((probabilities[label] - self._run(list(hidden))[:, label]).tolist())

    def _too_long(self, sequence: str) -> str | None:
        if not self.config.sequences.aligned:
            return None
        most = self.model.get_layer("positions").input_dim + self.config.sequences.kmer - 1
        bases = len(sequence.strip())
        return f"{bases} bases: this network reads at most {most}, aligned" if bases > most else None


@dataclass(frozen=True)
class PredictOptions(TextOptions):
    """Classify sequences: those given, the lines of a file, or its records (FASTA, CSV, TSV, JSONL)."""

    model: str = "dna"
    """path or name of a bundle"""
    saliency: Annotated[bool, arg(help="show the bases that decide")] = False

    problem = staticmethod(sequence_problem)

    def open(self) -> Callable[[Predictor], Groups]:
        """What reads the inputs: see `TextOptions`."""
        file = Path(self.file or "-")
        if self.texts or not (is_fasta(file) or file.suffix.lower() in SUFFIXES):
            return super().open()
        rows = read_fasta(file) if is_fasta(file) else read_table(file)
        if self.plot is not None and len(rows) != 1:
            raise UsageError(f"--plot draws one answer, and {file} has {len(rows):,} sequences")
        return lambda predictor: _records(file, rows, predictor.config.source.sequence_column)

    def call_options(self) -> dict[str, Any]:
        return {"saliency": self.saliency or self.plot is not None}


def _records(file: Path, rows: Sequence[Row], column: str) -> Groups:
    """The sequences of records, a group at a time, each with its name or else its place."""
    column = column if column in rows[0].fields else "sequence"
    if column not in rows[0].fields:
        raise UserError(f"{file}: no column '{column}': it has {', '.join(rows[0].fields)}")
    for row in rows:
        if problem := sequence_problem(row.fields[column]):
            raise UserError(f"{file.parent / row.where}: {problem}")
    for start in range(0, len(rows), GROUP):
        some = rows[start : start + GROUP]
        yield [(name_of(row.fields.get("name", "")) or row.where, row.fields[column]) for row in some]
