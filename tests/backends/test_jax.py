"""JAX."""

from on_backend import check_layers, check_training


def test_layers():
    # JAX compiles everything it runs. Of the masks the odd ones, which hold all others, are enough, and
    # one cell for zoneout; only TensorFlow forgets sizes.
    odd = "(not test_fused_equals_the_loop or odd)"
    zoneout = "not (zoneout_is_its_equations and (GRU or SimpleRNN))"
    check_layers("jax", "-k", f"{odd} and {zoneout} and not sizes_are_known")


def test_trains_and_serves_what_tensorflow_serves(sentences_csv, tmp_path):
    check_training("jax", sentences_csv, tmp_path)
