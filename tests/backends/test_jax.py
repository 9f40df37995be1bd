"""JAX."""

from on_backend import check_layers, check_training


def test_layers():
    # JAX compiles everything it runs: of the masks the odd ones, which hold all others, are enough.
    check_layers("jax", "-k", "not test_fused_equals_the_loop or odd")


def test_trains_and_serves_what_tensorflow_serves(sentences_csv, tmp_path):
    check_training("jax", sentences_csv, tmp_path)
