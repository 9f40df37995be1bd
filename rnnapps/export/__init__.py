"""A predictor's program as a file that runs without Keras and TensorFlow.

A program of a stream takes `x` `(1, features)` and `state` `(1, numbers)`, zeros at first, and gives its
output and the state for the next step, all float32.
"""
