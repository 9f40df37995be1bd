"""Where examples come from, and how they become batches. Nothing here needs TensorFlow or Keras."""
