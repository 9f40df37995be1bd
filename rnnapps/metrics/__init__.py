"""Scores by the field's own libraries, each with a signature that says how it was computed."""
