"""Reply to what was said, with a trained bundle.

From the shell and from Python:

    rnnapps chat                                        talk: a line each
    rnnapps predict chat "Hi, how are you?"
    reply = rnnapps.load("chat"); reply("Hi!\\nHello, who are you?\\nA student. And you?").reply
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from rnnapps import bundle
from rnnapps.chat.config import ChatConfig
from rnnapps.chat.data import TURN
from rnnapps.chat.prediction import Reply
from rnnapps.data.text.token_encoder import END
from rnnapps.data.text.unfit import is_unfit
from rnnapps.evaluation.surprise import Surprise
from rnnapps.inference.drawing_options import DrawingOptions
from rnnapps.inference.inputs import several
from rnnapps.inference.predict_options import TextOptions
from rnnapps.inference.text_generator import Drawing, TextGenerator, check_prompts, prompt_problem

TRIES = 8  # draws of a reply until one may be said
LENGTH = 80  # tokens of a reply, at most
INSTEAD = "I would rather talk about something else."  # where none may


class ChatPredictor:
    """A network with its tokens; call it with what was said, or a list of such."""

    application: ClassVar[str] = "chat"

    def __init__(self, generator: TextGenerator, config: ChatConfig):
        self.generator, self.config = generator, config
        self.model, self.encoder = generator.model, generator.encoder
        generator.forbid(END)  # a reply is wanted, also where a conversation might be over

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        self.generator.save(folder)
        bundle.write_config(folder, self.application, self.config)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application):
            config = bundle.read_config(path, ChatConfig)
            return cls(TextGenerator.load(path, config.text), config)

    def __call__(
        self,
        texts: str | Sequence[str],
        temperature: float = 0.7,
        top_p: float = 0.9,
        seed: int = 1,
    ) -> Any:
        """Reply to a conversation so far, or to each of a list of them.

        A reply with an obscene word or an address (`rnnapps.data.text.unfit`) is drawn again.

        Args:
            texts: one or several, a turn a line; what is to be replied to stands last.
            temperature: below 1 sharpens, above 1 flattens the probabilities; 0 takes the likeliest.
            top_p: draw from the fewest tokens whose probability reaches this together (nucleus).
            seed: of the draws; the same seed gives the same reply.

        Returns:
            A `Reply`, or a list of them.

        Raises:
            UserError: what is no text, or has more than 100,000 characters.
        """
        if isinstance(texts, str):
            return self([texts], temperature, top_p, seed)[0]
        texts = several(texts, "texts")
        check_prompts(texts)
        drawing = Drawing(float(temperature), None, top_p)
        return [self._reply(text, drawing, seed) for text in texts]

    def _reply(self, text: str, drawing: Drawing, seed: int) -> Reply:
        said = text.rstrip() + TURN if text.strip() else ""
        for number in range(TRIES):
            ((reply, value),) = self.generator.draw(
                said, LENGTH, drawing, n=1, seed=seed + number * 2**32, stop=(TURN,)
            )
            if reply.strip() and not is_unfit(reply):
                return self._answer(text, said, reply.strip(), value)
        return self._answer(text, said, INSTEAD, 0.0)

    def _answer(self, text: str, said: str, reply: str, value: float) -> Reply:
        return Reply(text, reply, value, lambda: Surprise.of(self.generator, [said + reply])[0])


@dataclass(frozen=True)
class PredictOptions(DrawingOptions, TextOptions):
    """Reply to what was said: to the texts given, or to each line of a file."""

    model: str = "chat"
    """path or name of a bundle"""
    temperature: float = 0.7
    """below 1 sharpens, above 1 flattens the probabilities; 0 takes the likeliest token each time"""
    top_p: float = 0.9
    """draw from the fewest tokens whose probability reaches this together; 1: from all"""

    problem = staticmethod(prompt_problem)
