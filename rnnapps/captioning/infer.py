"""Caption pictures with a trained bundle.

From the shell and from Python:

    rnnapps predict captioning photo.jpg folder_of_pictures --n-best 3
    rnnapps predict captioning photo.jpg --attention looked.png
    caption = rnnapps.load("captioning/flickr8k"); caption("photo.jpg"); caption(["a.png", "b.png"])
"""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from tyro.conf import Positional

from rnnapps import bundle
from rnnapps.captioning.config import CaptioningConfig
from rnnapps.command_line import parse, run
from rnnapps.data.sentence_encoder import END, START, SentenceEncoder
from rnnapps.data.words import words
from rnnapps.decoding_config import DecodingConfig
from rnnapps.errors import UsageError
from rnnapps.hypothesis import Hypothesis, describe_hypotheses, read_hypotheses
from rnnapps.outputs import check_file

if TYPE_CHECKING:
    import keras
    import numpy as np

log = logging.getLogger(__name__)

BATCH_SIZES = (1, 8, 32)  # pictures of a batch: few sizes, as each is compiled
TOKENIZER = "tokenizer.json"

Picture = "str | Path | np.ndarray"


@dataclass(frozen=True)
class AttentionMap:
    """Where the decoder looked: float32 `(words, rows, columns)`, the share of attention that each place
    of the picture got while a word was written; of a word of several tokens the mean of theirs. The
    last word is the end token.
    """

    words: tuple[str, ...]
    weights: "np.ndarray"


@dataclass(frozen=True)
class Caption:
    """A picture and its captions, best first."""

    picture: str
    hypotheses: tuple[Hypothesis, ...]

    @property
    def text(self) -> str:
        """The best caption."""
        return self.hypotheses[0].text

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "picture": self.picture,
            "caption": self.text,
            "hypotheses": [hypothesis.to_dict() for hypothesis in self.hypotheses],
        }


class Captioner:
    """A network with its image encoder and its vocabulary; call it with a picture or a list of pictures.

    `encoder` is the image encoder, one that was trained with the network or not. It runs apart from the
    compiled search: XLA takes ten times as long on a CPU for convolutions as TensorFlow does.
    """

    def __init__(
        self,
        model: "keras.Model",
        encoder: "keras.Model",
        sentences: SentenceEncoder,
        config: CaptioningConfig,
    ):
        from rnnapps.captioning.model import memory_of
        from rnnapps.decoding.compiled import compiled

        self.model, self.encoder, self.sentences, self.config = model, encoder, sentences, config
        self.decoder = model.get_layer("decoder")
        self.size = encoder.input_shape[1:3]
        self.grid = model.get_layer("places").input.shape[1:3]
        memory = memory_of(model)
        self.start = compiled(lambda inputs: self.decoder.start(memory(inputs)), model.variables)
        self._searches: dict[DecodingConfig, Any] = {}

    @overload
    def __call__(self, pictures: Picture, decoding: DecodingConfig = ...) -> Caption: ...
    @overload
    def __call__(
        self, pictures: "Sequence[Picture]", decoding: DecodingConfig = ...
    ) -> list[Caption]: ...
    def __call__(self, pictures, decoding=DecodingConfig()):  # noqa: B008  it is frozen
        """Caption a picture, or each of several.

        Args:
            pictures: files, or pixels uint8 `(height, width, 3)`, of any size.
            decoding: beam width, penalties or sampling, and how many captions to give.

        Raises:
            UserError: a file is no picture that can be read (`rnnapps.data.picture_files`).
        """
        import numpy as np

        if isinstance(pictures, (str, Path)) or (
            isinstance(pictures, np.ndarray) and pictures.ndim == 3
        ):
            return self([pictures], decoding)[0]
        names = [str(picture) if isinstance(picture, (str, Path)) else "" for picture in pictures]
        pixels = [self.pixels(picture) for picture in pictures]
        hypotheses = self.caption(self.inputs(pixels), decoding) if pixels else []
        return [Caption(name, some) for name, some in zip(names, hypotheses, strict=True)]

    def pixels(self, picture: Picture) -> "np.ndarray":
        """A picture as the image encoder takes it, uint8 `(height, width, 3)`."""
        from rnnapps.data.picture_files import fit_pixels, read_picture

        if isinstance(picture, (str, Path)):
            return read_picture(Path(picture), self.size)
        return fit_pixels(picture, self.size)

    def inputs(self, pixels: "Sequence[np.ndarray]") -> "np.ndarray":
        """What the decoder attends to of pictures: features, float16 `(pictures, ...)`."""
        from rnnapps.captioning.data import features_of

        return features_of(self.encoder, pixels)

    def caption(
        self,
        inputs: "np.ndarray",
        decoding: DecodingConfig = DecodingConfig(),  # noqa: B008  it is frozen
    ) -> list[tuple[Hypothesis, ...]]:
        """The captions of pictures, of what `inputs` made of them, `(pictures, ...)`."""
        import numpy as np
        from keras import ops

        if decoding not in self._searches:
            steps = self.config.text.max_tokens
            self._searches[decoding] = decoding.search(self.decoder, START, END, max_steps=steps)
        hypotheses = []
        while len(hypotheses) < len(inputs):
            some = inputs[len(hypotheses) : len(hypotheses) + BATCH_SIZES[-1]]
            size = next(size for size in BATCH_SIZES if size >= len(some))
            filled = np.concatenate([some, np.repeat(some[-1:], size - len(some), axis=0)])
            state, context = self.start(ops.convert_to_tensor(filled))
            about = {}
            if decoding.covers:
                about["source_mask"] = np.ones((size, self.grid[0] * self.grid[1]), bool)
            found = self._searches[decoding](state, context, **about)
            hypotheses += [
                read_hypotheses(found, row, self.sentences, self._map) for row in range(len(some))
            ]
        return hypotheses

    def _map(self, tokens: list[int], weights: "np.ndarray") -> AttentionMap:
        import numpy as np

        rows = words(self.sentences.tokenizer, tokens)
        of_words = [weights[places].mean(axis=0) for _, places in rows]
        maps = np.array(of_words, dtype="float32").reshape(len(rows), *self.grid)
        return AttentionMap(tuple(word for word, _ in rows), maps)


def load(path: Path) -> Captioner:
    """Load a bundle's captioner.

    Raises:
        UserError: it is no bundle of this application, or damaged, or too new.
    """
    path = Path(path)
    settings = bundle.check(path, "captioning")
    config = bundle.config_of(CaptioningConfig(), settings)
    model = bundle.load_model(path)
    encoder = load_encoder(path, config, model)
    return Captioner(model, encoder, SentenceEncoder.load(path / TOKENIZER), config)


ENCODER = "encoder.keras"  # of a bundle whose encoder has other weights than those that ship


def load_encoder(
    path: Path, config: CaptioningConfig, model: "keras.Model | None" = None
) -> "keras.Model":
    """The image encoder of a checked bundle: that of its network (`model`, where it is loaded already),
    its own, or the one that comes with rnnapps.
    """
    from rnnapps import encoders

    if config.encoder.trained:
        return (model or bundle.load_model(path)).get_layer(config.encoder.encoder)
    if (path / ENCODER).exists():
        return bundle.load_model(path, ENCODER)
    return encoders.build(config.encoder.encoder)


@dataclass(frozen=True)
class PredictOptions:
    """Caption pictures: files, or all pictures in folders."""

    files: Positional[tuple[str, ...]] = ()
    """picture files (JPEG, PNG, WebP, GIF, ...), or folders of them"""
    model: str = "captioning/flickr8k"
    """path or name of a bundle"""
    json: bool = False
    """print a JSON object a line"""
    attention: str | None = None
    """PNG file to draw a single picture to, once for each word, with where the network looked"""
    decoding: DecodingConfig = DecodingConfig()


def main(arguments: list[str] | None = None) -> None:
    """The command: a line for each picture; those that cannot be read are named, and at the end of all
    the status is 1.
    """
    options = parse(PredictOptions, arguments, prog="rnnapps predict captioning")
    if not options.files:
        raise UsageError("give picture files, or folders of them")
    from rnnapps.data.given_files import given_files, read_in_groups
    from rnnapps.data.picture_files import SUFFIXES

    files = list(given_files(options.files, SUFFIXES, "pictures"))
    if options.attention is not None:
        if len(files) != 1:
            raise UsageError(f"--attention draws one picture, and these are {len(files)}")
        check_file(Path(options.attention))
    captioner = load(bundle.find(options.model))
    number = 0
    for group in read_in_groups(files, captioner.pixels, BATCH_SIZES[-1]):
        names, pixels = zip(*group, strict=True)
        for name, caption in zip(names, captioner(pixels, options.decoding), strict=True):
            print(describe(replace(caption, picture=str(name)), number, options))
            number += 1
        sys.stdout.flush()
    if options.attention is not None:
        from rnnapps.plots import plot_attention_map, save_png

        looked = caption.hypotheses[0].alignment
        figure = plot_attention_map(pixels[0], looked.words, looked.weights)
        save_png(figure, Path(options.attention))
        log.info("%s: written", options.attention)


def describe(caption: Caption, number: int, options: PredictOptions) -> str:
    """A caption as the command prints it: behind the name of its file or, of several, line by line."""
    if options.json:
        return json.dumps(caption.to_dict(), ensure_ascii=False)
    if len(caption.hypotheses) == 1:
        return f"{caption.picture}\t{caption.text}"
    return f"{number} ||| {caption.picture}\n{describe_hypotheses(number, caption.hypotheses)}"


if __name__ == "__main__":
    run(main)
