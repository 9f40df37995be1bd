"""Caption pictures with a trained bundle.

From the shell and from Python:

    rnnapps predict captioning photo.jpg folder_of_pictures --n-best 3
    rnnapps predict captioning photo.jpg --plot looked.png
    caption = rnnapps.load("captioning/flickr8k"); caption("photo.jpg"); caption(["a.png", "b.png"])
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, overload

from rnnapps import bundle
from rnnapps.captioning.caption import AttentionMap, Caption
from rnnapps.captioning.config import CaptioningConfig
from rnnapps.data.pictures.files import SUFFIXES
from rnnapps.data.text.sentence_encoder import END, START, SentenceEncoder
from rnnapps.data.text.words import words
from rnnapps.inference.batching import filled, in_batches
from rnnapps.inference.decoding_config import DecodingConfig
from rnnapps.inference.hypothesis import Hypothesis, read_hypotheses
from rnnapps.inference.inputs import dimensions, several
from rnnapps.inference.predict_options import FileOptions

if TYPE_CHECKING:
    import keras
    import numpy as np

    from rnnapps.data.pictures.captioned_picture import CaptionedPicture

BATCH_SIZES = (1, 8, 32)  # pictures of a batch: few sizes, as each is compiled
LARGEST_PICTURE = 2_000  # pixels of a side that an encoder may read
TOKENIZER = "tokenizer.json"
ENCODER = "encoder.keras"  # of a bundle whose encoder has other weights than those that ship

Picture: TypeAlias = "str | Path | np.ndarray"


class CaptioningPredictor:
    """A network with its image encoder and its vocabulary; call it with a picture or a list of pictures.

    `encoder` is the image encoder, one that was trained with the network or not. It runs apart from the
    compiled search: XLA takes ten times as long on a CPU for convolutions as TensorFlow does.
    """

    application: ClassVar[str] = "captioning"

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

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        encoder = self.config.encoder
        bundle.save_model(self.model, folder)
        if not (encoder.trained or encoder.ships):
            self.encoder.save(folder / ENCODER)
        self.sentences.save(folder / TOKENIZER)
        bundle.write_config(folder, self.application, self.config)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application):
            config = bundle.read_config(path, CaptioningConfig)
            sentences = SentenceEncoder.load(path / TOKENIZER)
            model = bundle.load_model(path)
            bundle.check_size("tokens", sentences.size, model.output_shape[-1])
            from rnnapps import encoders  # only now: it imports Keras, which `load_model` does quietly

            name = config.encoder.encoder
            if config.encoder.trained:
                encoder = model.get_layer(name)
            elif (path / ENCODER).exists():
                encoder = bundle.load_model(path, ENCODER)
            else:
                encoder = encoders.build(name)
            if not max(encoder.input_shape[1:3]) <= LARGEST_PICTURE:
                raise ValueError(f"an encoder of pictures of {encoder.input_shape[1:3]} pixels")
            return cls(model, encoder, sentences, config)

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
            UserError: a file is no picture that can be read, or pixels are of another shape or type
                (`rnnapps.data.pictures.files`).
        """
        if isinstance(pictures, (str, Path)) or (dimensions(pictures) or 4) < 4:
            return self([pictures], decoding)[0]
        pictures = several(pictures, "pictures")
        names = [str(picture) if isinstance(picture, (str, Path)) else "" for picture in pictures]
        pixels = [self.read(picture, f"picture {n}") for n, picture in enumerate(pictures, start=1)]
        hypotheses = self.caption(self.inputs(pixels), decoding) if pixels else []
        return [
            Caption(name, some, seen) for name, some, seen in zip(names, hypotheses, pixels, strict=True)
        ]

    def read(self, picture: Picture, name: str = "picture") -> "np.ndarray":
        """A picture as the image encoder takes it, uint8 `(height, width, 3)`.

        `name` is what errors call pixels.
        """
        from rnnapps.data.pictures.files import fit_pixels, read_picture

        if isinstance(picture, (str, Path)):
            return read_picture(Path(picture), self.size)
        return fit_pixels(picture, self.size, name)

    def inputs(self, pixels: "Sequence[np.ndarray]") -> "np.ndarray":
        """What the decoder attends to of pictures: features, float16 `(pictures, ...)`."""
        from rnnapps.encoders.features import features_of

        return features_of(self.encoder, pixels)

    def features(self, pictures: "Sequence[CaptionedPicture]") -> "np.ndarray":
        """The same of pictures of a source; of an encoder that was not trained they are kept on disk."""
        from rnnapps.encoders.features import cached_features

        if self.config.encoder.trained:
            return self.inputs([picture.pixels(self.size) for picture in pictures])
        return cached_features(self.encoder, self.config.encoder.feature_cache, pictures)

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
        for some, size in in_batches(inputs, BATCH_SIZES):
            state, context = self.start(ops.convert_to_tensor(filled(some, size)))
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


@dataclass(frozen=True)
class PredictOptions(FileOptions):
    """Caption pictures: files, or all pictures in folders."""

    model: str = "captioning/flickr8k"
    """path or name of a bundle"""
    decoding: DecodingConfig = DecodingConfig()

    kind = "picture files"
    suffixes = SUFFIXES
