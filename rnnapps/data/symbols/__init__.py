"""Sequences of symbols of a small alphabet, such as the bases of DNA."""
