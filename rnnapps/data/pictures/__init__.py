"""Pictures and their captions: their files, their batches."""
