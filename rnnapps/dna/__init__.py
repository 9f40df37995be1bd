"""DNA: which of a few classes a sequence belongs to. See README.md beside this file."""

from rnnapps.dna.config import DnaConfig

__all__ = ["DnaConfig"]
