"""The run of a training: all that is done around the network of any application."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sized
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rnnapps
from rnnapps import backend, bundle, card
from rnnapps.applications import APPLICATIONS
from rnnapps.data.columns import MEMORY
from rnnapps.errors import UserError
from rnnapps.evaluation.report import metrics_of
from rnnapps.half_weights import round_weights
from rnnapps.outputs import write_json
from rnnapps.training.folder import close_folder, open_folder

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from rnnapps.data.batches import Batches
    from rnnapps.data.text.alphabet import Alphabet
    from rnnapps.inference.predictor import Predictor

log = logging.getLogger(__name__)


class TrainingRun:
    """Opens the output, loads the backend, trains, and writes the bundle, in this order.

    Args:
        application: its name.
        config: of the application; it has the parts `source` and `training`.
        examples: that are in memory, in place of the source.
        starts: other applications whose bundles it may start from.

    Attributes:
        config: as it is kept in the bundle.
        start: the predictor of the bundle that the training starts from (`--init-from`), or None.
        facts: of this training, for the bundle's metrics: seed, seconds and the like.

    Raises:
        UserError: the output cannot be written or would overwrite something, another training writes
            there, there is nothing to resume, or no bundle to start from: told before any work.
    """

    def __init__(
        self, application: str, config: Any, examples: Any = None, starts: tuple[str, ...] = ()
    ):
        if examples is not None:
            config = replace(config, source=replace(config.source, data=MEMORY))
        self.application, self.config, self.options = application, config, config.training
        self.start: Any = None
        self.facts: dict[str, Any] = {}
        self._began = time.monotonic()
        self._start_bundle = None
        if self.options.init_from is not None:
            self._start_bundle = bundle.find(self.options.init_from)
            bundle.check(self._start_bundle, application, *starts)
        self._folder, self._lock = open_folder(self.options)

    def begin(self, examples: Mapping[str, Sized]) -> None:
        """Log how many examples there are, and load the backend, and with it the bundle to start from.

        Raises:
            UserError: a split has no examples, or the backend is not installed.
        """
        source, what = self.config.source.data, APPLICATIONS[self.application].examples
        for split, some in examples.items():
            if not len(some):
                raise UserError(
                    f"{source}: no {what} are left for the {split} split: more are needed, as equal "
                    f"ones and those of one speaker or group stay in one split"
                )
        sizes = ", ".join(f"{len(some):,} {split}" for split, some in examples.items())
        log.info("%s: %s %s", source, sizes, what)
        self.facts["rows"] = len(examples["train"])
        # A source without a test part may be scored on its validation part.
        self._scored = "validation" if examples["test"] is examples["validation"] else "test"
        backend.prepare(self.options.threads, self.options.precision, self.options.seed)
        if self._start_bundle is not None:
            self.start = rnnapps.load(self._start_bundle)
            # Loading draws random numbers too: the new network gets those that it has without a start.
            backend.prepare(seed=self.options.seed, precision=self.options.precision)

    def start_from(
        self,
        model: "keras.Model",
        reinitialise: Collection[str] = (),
        labels: tuple[str, ...] | None = None,
        alphabet: "Alphabet | None" = None,
    ) -> None:
        """Give a new network the weights of the bundle to start from, if there is one.

        Args:
            model: the new network.
            reinitialise: names of layers that keep their own random weights.
            labels: of a classifier: if the bundle has others, the layer `classes` keeps its own too.
            alphabet: of a network of CTC: if the bundle has another one, the layer `characters` takes
                what is known of the characters of both.
        """
        from rnnapps.training.starting_weights import copy_characters, copy_weights

        if self._start_bundle is not None:
            if labels is not None and self.start.labels != labels:
                reinitialise = (*reinitialise, "classes")
            other = alphabet is not None and self.start.alphabet.characters != alphabet.characters
            if other:
                reinitialise = (*reinitialise, "characters")
            if reinitialise:
                log.info("%s: starting anew: %s", self._start_bundle, ", ".join(reinitialise))
            copy_weights(self._start_bundle, self.start.model, model, reinitialise)
            if alphabet is not None and other:
                copy_characters(self.start.model, model, self.start.alphabet, alphabet)

    def optimizer(self, steps_per_epoch: int) -> "keras.optimizers.Optimizer":
        """The optimizer that the options of training describe."""
        from rnnapps.training.optimizer import make_optimizer

        return make_optimizer(self.options, steps_per_epoch)

    def fit(self, model: "keras.Model", batches: "Batches", validation: "Batches") -> None:
        """Train a compiled network, and leave the best weights in it, as the bundle will store them."""
        from rnnapps.training.fit import fit
        from rnnapps.training.identity import training_identity

        self.environment = backend.describe()
        log.info("%s parameters; %s", f"{model.count_params():,}", self.environment["backend"])
        identity = training_identity(self.config, batches.arrays())
        try:
            self.history = fit(model, batches, validation, self.options, self._folder, identity)
        except BaseException:
            self._lock.release()  # a notebook goes on, and another process may resume
            raise
        if self.options.stored_weights == "float16":
            round_weights(model)
        self.facts |= {
            "seed": self.options.seed,
            "epochs": len(self.history),
            "seconds": round(sum(logs["seconds"] for logs in self.history)),
            "parameters": model.count_params(),
        }
        best = min(self.history, key=lambda logs: logs["val_loss"])
        self.facts |= {
            name.replace("val_", "validation_"): value
            for name, value in best.items()
            if name.startswith("val_")
        }

    def finish(
        self,
        predictor: "Predictor",
        report: dict[str, Any],
        table: Callable[[dict[str, Any]], str],
        plots: Mapping[str, "Figure"],
        title: str,
        limits: str,
        origin: str,
    ) -> Path:
        """Write the bundle whole, and print its scores (not with `--quiet`).

        Args:
            predictor: with the trained network.
            report: its scores on the test split, beside its baselines (`rnnapps.evaluation.report`).
            table: shows a report to people, in Markdown.
            plots: by the name of their file, without `.png`; the learning curve comes by itself.
            title: of the card.
            limits: what the user of the bundle has to know, for the card.
            origin: of the embedded data, for the card.

        Returns:
            The path of the bundle.
        """
        from rnnapps.evaluation.plots import plot_learning_curve

        source, output = self.config.source.data, Path(self.options.output)
        metrics = metrics_of(
            report, source, self._scored, training=self.facts, environment=self.environment
        )
        plots = {"learning_curve": plot_learning_curve(self.history), **plots}
        is_embedded = source.partition(":")[0] == "embedded"  # one of several too
        note = self.options.note or (origin if is_embedded else "")
        with bundle.writing(output) as folder:
            predictor.save(folder)
            write_json(folder / bundle.METRICS, metrics)
            for name, figure in plots.items():
                figure.savefig(folder / f"{name}.png")
            text = card.describe(
                self.application, self.config, metrics, table, title, limits, note, plots
            )
            (folder / bundle.CARD).write_text(text, encoding="utf-8")
        close_folder(self._folder)
        self._lock.release()
        if not self.options.quiet:
            print(table(metrics))
        log.info("%s: written, after %d seconds in all", output, time.monotonic() - self._began)
        log.info("try it: rnnapps predict %s --model %s", self.application, output)
        return output
