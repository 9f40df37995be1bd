"""What a language model has to offer to a beam search over CTC."""

from collections.abc import Sequence
from typing import Protocol

import keras

from rnnapps.decoding.steps import Nested, Tensor


class CTCScorer(Protocol):
    """Scores texts token by token, as pure functions in Keras's operations.

    The score of a text is the sum of those of its tokens and of its end, and depends on nothing but the
    text. States are any nesting of tensors `(batch, beam, ...)`; the search reorders them with its beam.
    """

    classes: int
    """Number of classes, the blank included."""

    variables: Sequence[keras.Variable]
    """What the functions read: the tables, which so are no constants of the compiled program."""

    def start(self, batch: int) -> Nested:
        """The state of the empty text, tensors `(batch, 1, ...)`."""

    def score(self, state: Nested, tokens: Tensor) -> Tensor:
        """What each of the tokens `(batch, beam, n)`, int32, would add to the texts: `(batch, beam, n)`,
        float32; -inf for one that cannot come."""

    def advance(self, state: Nested, tokens: Tensor) -> Nested:
        """The states behind one more token of each text, `(batch, beam)`, int32, at least 1.

        What comes of a token whose score is -inf does not matter.
        """

    def end(self, state: Nested) -> Tensor:
        """What ending here adds to the texts: `(batch, beam)`, float32; -inf where none can end."""
