"""Texts and pairs of sentences: their files, their tokens, their batches."""
