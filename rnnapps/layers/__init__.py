"""The common layer library: Keras layers, one public class a file.

`LSTM`, `GRU`, `SimpleRNN` and `Bidirectional` are Keras's own with faster kernels.
"""

from rnnapps.layers.activation_regularisation import ActivationRegularisation
from rnnapps.layers.attention_decoder import AttentionDecoder
from rnnapps.layers.attention_pooling import AttentionPooling
from rnnapps.layers.attention_recurrence import AttentionRecurrence
from rnnapps.layers.bahdanau_attention import BahdanauAttention
from rnnapps.layers.band_normalisation import BandNormalisation
from rnnapps.layers.bidirectional import Bidirectional
from rnnapps.layers.blank_padding import BlankPadding
from rnnapps.layers.carried_states import CarriedStates
from rnnapps.layers.causal_conv import CausalConv
from rnnapps.layers.compiled_step import compiled_step
from rnnapps.layers.compiled_stream import compiled_stream
from rnnapps.layers.conversion import from_keras, to_keras
from rnnapps.layers.doubly_stochastic import DoublyStochastic
from rnnapps.layers.embedding_dropout import EmbeddingDropout
from rnnapps.layers.explanation import explain
from rnnapps.layers.gru import GRU
from rnnapps.layers.layer_norm_gru import LayerNormGRU
from rnnapps.layers.layer_norm_lstm import LayerNormLSTM
from rnnapps.layers.log_mel import LogMel
from rnnapps.layers.lstm import LSTM
from rnnapps.layers.luong_attention import LuongAttention
from rnnapps.layers.max_pooling import MaxPooling
from rnnapps.layers.min_gru import MinGRU
from rnnapps.layers.min_lstm import MinLSTM
from rnnapps.layers.real_frames import RealFrames
from rnnapps.layers.recent_attention import RecentAttention
from rnnapps.layers.recurrent_stack import RecurrentStack
from rnnapps.layers.simple_rnn import SimpleRNN
from rnnapps.layers.soft_window import SoftWindow
from rnnapps.layers.spec_augment import SpecAugment

__all__ = [
    "GRU",
    "LSTM",
    "ActivationRegularisation",
    "AttentionDecoder",
    "AttentionPooling",
    "AttentionRecurrence",
    "BahdanauAttention",
    "BandNormalisation",
    "Bidirectional",
    "BlankPadding",
    "CarriedStates",
    "CausalConv",
    "DoublyStochastic",
    "EmbeddingDropout",
    "LayerNormGRU",
    "LayerNormLSTM",
    "LogMel",
    "LuongAttention",
    "MaxPooling",
    "MinGRU",
    "MinLSTM",
    "RealFrames",
    "RecentAttention",
    "RecurrentStack",
    "SimpleRNN",
    "SoftWindow",
    "SpecAugment",
    "compiled_step",
    "compiled_stream",
    "explain",
    "from_keras",
    "to_keras",
]
