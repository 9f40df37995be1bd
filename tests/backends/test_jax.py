"""JAX."""

from on_backend import check_layers, check_training

# JAX compiles everything it runs, so that its tests take longest. Each cell runs forth and back with
# gradients and states, each rule of the outputs at masked steps in one of them, each other option with
# one cell; the odd masks hold all others. TensorFlow and PyTorch run every case; the native kernel is
# one library for all. The image encoder is tested on these, as half precision is but for one cell; only
# TensorFlow forgets sizes.
WITHOUT = ("layers/test_exporting.py", "encoders/test_efficientnet_lite0.py")
LEFT_OUT = (
    *("LayerNormGRU", "mixed_precision", "sizes_are_known"),
    *("TestLayer and not LSTM", "without_the_states and not GRU-True-True"),
)
ONLY = {  # of these tests, the cases that run
    "fused_equals_the_loop[": "(LSTM-odd and zeros and (backwards or last))"
    " or GRU-odd] or (GRU-odd and last and not zeros)",
    "native_equals_the_loop[": "(LSTM and (plain or dropout or bias or odd)) or odd]",
    "native_of_any_size": "GRU-33",
    "fused_equals_the_loop_when_compiled": "LSTM-odd-graph or (GRU and zeros)",
    "one_row_and_one_step": "[GRU] or [MinLSTM]",
    "the_loop_itself_by_its_name": "GRU-odd",
    "other_activations": "sigmoid",
    "a_gradient_without_training_true": "[GRU]",
    "half_precision_stays_near_the_loop": "[GRU]",
    "products_of_a_part_of_the_rows": "[GRU]",
    "cudnn_equals_the_loop": "sequences or LSTM-odd or bias",
    "both_directions_in_one_call": "sequences-odd or last-none",
    "one_call_of_cudnn": "True-odd",
    "truncated_backpropagation": "[GRU]",
    "zoneout_is_its_equations": "LSTM-None-False-True or LSTM-odd-False-False or LSTM-odd-True-True",
    "zoneout_of_a_stream": "[LSTM]",
    "weight_drop_is_a_layer": "[GRU]",
    "test_layer_norm and is_its_equations": "LSTM-odd and backwards",
    "is_its_layers_with_what_is_between": "[True]",
    "teacher_forcing_is_the_step_repeated": "[lstm]",
    "a_second_derivative": "MinGRU",
    "parallel_equals_sequential": "MinGRU-odd] or (MinGRU and backwards and not zeros)"
    " or (MinGRU-odd and zeros and not (backwards or last)) or (MinLSTM and zeros)",
    "in_chunks": "MinLSTM",
    "test_min_recurrent and (test_compiled or trained_on_sentences or inside_bidirectional)": "MinGRU",
    "test_min_recurrent and (stateful_pieces or mask_of_integers or arguments)": "MinLSTM",
    "steps_of_a_stack_are_the_sequence": "[lstm] or layer_norm or min_lstm",
    "test_log_mel and against_numpy": "half",
    "a_stream_gives_the_same_frames": "0.025",
    "masks_are_of_at_most_their_width": "time-1 or frequency-2",
    "keras_convolution_of_what_came_before": "kernel0 or kernel2",
    "finds_everything": "0.8",
    "that_of_a_plain_search": "1.5",
    "test_masks and masked_steps_have_no_effect": "[LSTM] or MinGRU or AttentionPooling",
    "test_masks and a_mask_fits": "[GRU]",
    "test_masks and masked_memory_has_no_effect": "attention1",
    "test_derivatives and forward_mode": "[LSTM] or MinGRU",
    "test_frequencies": "1.5 or not (temperature or top_)",
}


def test_layers():
    left_out = [*LEFT_OUT, *(f"{tests} and not ({cases})" for tests, cases in ONLY.items())]
    cases = f"not ({' or '.join(f'({each})' for each in left_out)})"
    check_layers("jax", "-k", cases, without=WITHOUT)


def test_trains_and_serves_what_tensorflow_serves(sentences_csv, tmp_path):
    check_training("jax", sentences_csv, tmp_path)
