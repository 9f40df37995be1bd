"""Networks that are trained side by side for a time, on small texts."""

import json
import lzma

import keras
import numpy as np
import pytest

from rnnapps import datasets
from rnnapps.benchmark.chat import SequenceToSequence
from rnnapps.chat.config import ChatConfig
from rnnapps.chat.data import all_turns
from rnnapps.commands.main import dispatch
from rnnapps.data.text.token_config import TokenConfig

SMALL = ("--units", 16, "--embedding-size", 8, "--vocabulary", 300, "--minutes", 0.01)


@pytest.fixture(scope="module")
def conversations():
    with lzma.open(
        datasets.path("conversations/conversations.jsonl.xz"), "rt", encoding="utf-8"
    ) as file:
        return [json.loads(line)["turns"][:6] for line, _ in zip(file, range(50), strict=False)]


def rows_of(printed: str) -> list[list[str]]:
    table = [line for line in printed.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_chat(conversations, tmp_path, capsys):
    file = tmp_path / "conversations.jsonl"
    file.write_text("\n".join(json.dumps({"turns": some}) for some in conversations), encoding="utf-8")
    dispatch([str(word) for word in ("benchmark", "chat", "--data", file, *SMALL, "--units", 80)])
    model, other, retrieval = rows_of(capsys.readouterr().out)
    parameters = [int(row[1].replace(",", "")) for row in (model, other)]
    assert 0.9 < parameters[0] / parameters[1] < 1.1
    for row in (model, other):
        assert float(row[3]) > 0  # epochs
        assert 2 < float(row[4]) < 8  # bits by character: hardly trained
    assert retrieval[0] == "retrieval by TF-IDF"
    for row in (model, other, retrieval):
        assert 0 <= float(row[5].rstrip("%")) <= 100
        assert 0 < float(row[6]) <= float(row[7]) <= 1


def test_a_reply_is_as_likely_as_its_tokens(conversations):
    texts = ["\n".join(some) for some in conversations]
    config = ChatConfig(text=TokenConfig(vocabulary=300))
    network = SequenceToSequence(config, texts, 400_000)
    assert abs(network.model.count_params() / 400_000 - 1) < 0.1
    replies = all_turns(texts)[-40:]
    values = network.log_probabilities(replies)
    for reply, value in zip(replies[:5], values[:5], strict=True):
        ((source, target),) = network.pairs([reply])
        tokens = np.concatenate([[1], target[:-1]])
        logits = keras.ops.convert_to_numpy(network.model([source[None], tokens[None]]))[0]
        logits = logits.astype("float64")
        expected = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        assert value == pytest.approx(expected[np.arange(len(target)), target].sum(), abs=1e-3)


def test_a_token_counts_the_same_in_every_batch(conversations):
    texts = ["\n".join(some) for some in conversations]
    config = ChatConfig(text=TokenConfig(vocabulary=300))
    network = SequenceToSequence(config, texts, 100_000)
    batches = network.batches(texts, 8, seed=0)
    counted = [weights.sum() / weights.size for _, _, weights in batches.epoch(0)]
    tokens = [np.count_nonzero(targets) for _, targets, _ in batches.epoch(0)]
    rows = [len(targets) for _, targets, _ in batches.epoch(0)]
    np.testing.assert_allclose(counted, np.array(tokens) / np.array(rows) / 32, rtol=1e-6)


def test_language_model(tmp_path, capsys):
    file = tmp_path / "book.txt"
    file.write_text("the quick brown fox jumps over the lazy dog. " * 400, encoding="utf-8")
    dispatch([str(word) for word in ("benchmark", "language_model", "--data", file, *SMALL)])
    rows = rows_of(capsys.readouterr().out)
    assert [row[0] for row in rows] == ["recurrent", "Transformer"]
    for row in rows:
        assert int(row[2].replace(",", "")) >= 1
        assert 0 < float(row[4]) < np.log(300) + 1
    state, cache = ([float(cell.replace(",", "")) for cell in row[-3:]] for row in rows)
    assert state[0] == state[2]
    assert cache[2] > 50 * cache[0]
