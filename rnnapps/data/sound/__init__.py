"""Sound: its files, its augmentation, its batches."""
