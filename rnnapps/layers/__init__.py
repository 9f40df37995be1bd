"""The recurrent layers that the applications use.

`LSTM`, `GRU`, `SimpleRNN` and `Bidirectional` are Keras's own at present.
"""

from keras.layers import GRU, LSTM, Bidirectional, SimpleRNN

from rnnapps.layers.attention_pooling import AttentionPooling
from rnnapps.layers.max_pooling import MaxPooling

__all__ = ["GRU", "LSTM", "AttentionPooling", "Bidirectional", "MaxPooling", "SimpleRNN"]
