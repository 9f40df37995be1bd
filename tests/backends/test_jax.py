"""JAX."""

from on_backend import check_layers, check_training

# JAX compiles everything it runs, so that its tests take longest. Of the masks the odd ones, which hold
# all others, are enough, and one cell for zoneout and for layer normalisation; half precision and the
# image encoder are tested on the others; only TensorFlow forgets sizes.
LEFT_OUT = (
    "(test_fused_equals_the_loop and not odd)",
    "(zoneout_is_its_equations and (GRU or SimpleRNN))",
    "LayerNormGRU",
    "(test_kernels and SimpleRNN)",
    "mixed_precision",
    "test_efficientnet_lite0",
    "sizes_are_known",
)


def test_layers():
    check_layers("jax", "-k", f"not ({' or '.join(LEFT_OUT)})")


def test_trains_and_serves_what_tensorflow_serves(sentences_csv, tmp_path):
    check_training("jax", sentences_csv, tmp_path)
