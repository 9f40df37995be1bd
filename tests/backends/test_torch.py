"""PyTorch."""

from on_backend import check_layers, check_training


def test_layers():
    check_layers("torch")


def test_trains_and_serves_what_tensorflow_serves(sentences_csv, tmp_path):
    check_training("torch", sentences_csv, tmp_path)
