"""Where examples come from, and how they become batches. Nothing here needs TensorFlow or Keras.

What every kind of data shares stands in this folder; each kind has a folder of its own: its files, its
encoding, its batches.
"""
