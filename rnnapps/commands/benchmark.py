"""`rnnapps benchmark NAME`: measurements that a user can repeat."""

from importlib import import_module

from rnnapps.command_line import first_word

BENCHMARKS = {
    "input": "is the input pipeline of APPLICATION fast enough?",
    "predict": "load, first, warm and batched predictions of APPLICATION",
    "gpu": "does everything work on this GPU, and how fast?",
    "layers": "our recurrent layers beside Keras's and PyTorch's",
    "parallel": "training steps of GRU and MinGRU by length",
    "decoder": "the attention decoder beside Keras's loop",
    "translation": "training beside plain Keras; beam search beside loops",
    "language_model": "a recurrent language model beside a Transformer",
    "chat": "a language model of turns beside a sequence-to-sequence network",
    "shares": "how much shares will move: a recurrent network beside GARCH",
    "captioning": "captions a second: encoder and search apart",
}


def main(arguments: list[str]) -> None:
    """The command."""
    if arguments[:1] in (["-h"], ["--help"]):
        lines = [f"  {name:<15} {text}" for name, text in BENCHMARKS.items()]
        print("usage: rnnapps benchmark NAME [OPTIONS]\n", *lines, sep="\n")
        return
    name = first_word("benchmark", arguments, list(BENCHMARKS))
    import_module(f"rnnapps.benchmark.{name}").main(arguments[1:])
