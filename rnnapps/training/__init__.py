"""Training that can be killed at any moment and goes on to the same weights."""
