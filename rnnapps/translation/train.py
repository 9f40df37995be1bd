"""Train a translator.

One training, four ways to start it:

    rnnapps train translation                        on the English-French pairs that come with rnnapps
    rnnapps train translation --data folder --source-language de --target-language en
    python -m rnnapps.translation.train --help       the same command, and its flags
    rnnapps.translation.train(TranslationConfig())   the same from Python
"""

import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import backend, bundle
from rnnapps.command_line import parse, run
from rnnapps.data.sentence_encoder import SentenceEncoder
from rnnapps.outputs import write_json
from rnnapps.training.folder import close_folder, open_folder
from rnnapps.translation import data
from rnnapps.translation.config import TranslationConfig
from rnnapps.translation.evaluate import card, evaluate, table
from rnnapps.translation.infer import TOKENIZERS, Translator, load_encoders

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)


def train(config: TranslationConfig) -> Path:
    """Train on the source of the config and return the path of the bundle.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    start = time.monotonic()
    folder = open_folder(config.training)
    parts = data.load(config.source)
    options = config.training
    backend.prepare(options.threads, options.precision, options.seed)
    # Imported only now: these import Keras, for which `--help` need not wait, and whose threads
    # have to be set first.
    from rnnapps.metrics.translation import translation_report
    from rnnapps.metrics.translation_memory import TranslationMemory
    from rnnapps.training.fit import fit
    from rnnapps.training.identity import training_identity

    sizes = ", ".join(f"{len(pairs)} {name}" for name, pairs in parts.items())
    languages = f"{config.source.source_language} to {config.source.target_language}"
    log.info("%s, %s: %s pairs", config.source.data, languages, sizes)
    encoders = starting_encoders(config, parts["train"])
    batches, validation = data.make_batches(config, parts, encoders)
    model = make_model(config, encoders, steps_per_epoch=len(batches))
    environment = backend.describe()
    log.info(
        "%d parameters; vocabularies of %d and %d tokens; %s",
        *(model.count_params(), *(encoder.size for encoder in encoders), environment["backend"]),
    )
    identity = training_identity(config, [ids for pair in batches.sequences for ids in pair])
    history = fit(model, batches, validation, config.training, folder, identity)

    log.info("translating the test sentences, by the network and by the baselines")
    sources, references = data.scored(config.source, parts["test"])
    language = config.source.target_language
    translate = Translator(model, encoders)
    metrics = evaluate(translate, sources, references, language)
    memory = TranslationMemory().fit(
        [pair.source for pair in parts["train"]], [pair.target for pair in parts["train"]]
    )
    metrics["baselines"][memory.name] = translation_report(
        memory.translate(sources), references, language
    )
    metrics |= {
        "data": {
            "source": config.source.data,
            "part": "test",
            "digest": data.digest(sources, references),
        },
        "training": {
            "pairs": len(batches.sequences),
            "seed": config.training.seed,
            "epochs": len(history),
            "seconds": round(sum(logs["seconds"] for logs in history)),
            "parameters": model.count_params(),
            "valid_loss": min(logs["val_loss"] for logs in history),
        },
        "environment": environment,
    }
    output = write_bundle(config, translate, metrics, history, example=sources[len(sources) // 2])
    close_folder(folder)
    print(table(metrics))
    log.info("%s: written, after %d seconds in all", output, time.monotonic() - start)
    log.info('try it: rnnapps predict translation --model %s "..."', output)
    return output


def starting_encoders(
    config: TranslationConfig, pairs: list[data.SentencePair]
) -> tuple[SentenceEncoder, SentenceEncoder]:
    """The encoders of the bundle to start from, or those learnt from the training pairs."""
    if config.training.init_from is None:
        return data.learn_encoders(config.text, pairs)
    path = bundle.find(config.training.init_from)
    bundle.check(path, "translation")
    return load_encoders(path)


def make_model(
    config: TranslationConfig,
    encoders: tuple[SentenceEncoder, SentenceEncoder],
    steps_per_epoch: int,
) -> "keras.Model":
    """The network with its starting weights, compiled for training."""
    from rnnapps.training.token_loss import compile_model
    from rnnapps.translation.model import build

    model = build(config.model, *(encoder.size for encoder in encoders))
    set_starting_weights(model, config, encoders)
    compile_model(model, config.training, config.label_smoothing, steps_per_epoch)
    return model


def set_starting_weights(
    model: "keras.Model",
    config: TranslationConfig,
    encoders: tuple[SentenceEncoder, SentenceEncoder],
) -> None:
    """Give a new network the weights of the bundle to start from, or pretrained word vectors."""
    if config.training.init_from is not None:
        from rnnapps.training.starting_weights import copy_weights

        copy_weights(bundle.find(config.training.init_from), model)
    embeddings = (
        (config.text.source_embeddings, model.get_layer("source_embedding")),
        (config.text.target_embeddings, model.get_layer("decoder").embedding),
    )
    for (file, layer), encoder in zip(embeddings, encoders, strict=True):
        if file is not None:
            from rnnapps.data.embeddings import read_embeddings

            size, seed = config.model.embedding_size, config.training.seed
            layer.set_weights([read_embeddings(file, encoder.tokenizer, size, seed)])


def write_bundle(
    config: TranslationConfig,
    translate: Translator,
    metrics: dict[str, Any],
    history: list[dict[str, float]],
    example: str,
) -> Path:
    """Write all that serving needs, with scores, plots and card, and return its path."""
    from rnnapps.plots import plot_alignment, plot_learning_curve

    output = Path(config.training.output)
    with bundle.writing(output) as folder:
        bundle.save_model(translate.model, folder)
        for encoder, name in zip(
            (translate.source_encoder, translate.target_encoder), TOKENIZERS, strict=True
        ):
            encoder.save(folder / name)
        settings = bundle.identity("translation") | {"config": asdict(config)}
        write_json(folder / bundle.CONFIG, settings)
        write_json(folder / bundle.METRICS, metrics)
        plot_learning_curve(history, "accuracy").savefig(folder / "learning_curve.png")
        best = translate(example).hypotheses[0].alignment
        plot_alignment(best.source, best.target, best.weights).savefig(folder / "alignment.png")
        (folder / bundle.CARD).write_text(card(config, metrics), encoding="utf-8")
    return output


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    train(parse(TranslationConfig, arguments, prog="rnnapps train translation"))


if __name__ == "__main__":
    run(main)
