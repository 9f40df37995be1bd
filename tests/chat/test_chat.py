"""What is special to a chat: turns, replies, their choice, and what it may not say."""

import io
import json

import numpy as np
import pytest

import rnnapps
from rnnapps.chat.config import ChatConfig, ConversationSourceConfig
from rnnapps.chat.data import (
    CANDIDATES,
    Choice,
    all_turns,
    alone,
    choices,
    last_turns,
    load,
    make_batches,
    replies,
)
from rnnapps.chat.evaluate import gains, hits
from rnnapps.chat.predictor import INSTEAD, ChatPredictor
from rnnapps.commands.main import dispatch
from rnnapps.data.text.documents import Documents, read_documents
from rnnapps.data.text.token_config import TokenConfig
from rnnapps.data.text.token_encoder import END, TokenEncoder
from rnnapps.data.text.unfit import is_unfit
from rnnapps.errors import UserError
from rnnapps.evaluation.retrieval import Retrieval
from rnnapps.inference.text_generator import Drawing, TextGenerator
from rnnapps.metrics.replies import variety
from rnnapps.networks.next_token import build
from rnnapps.networks.next_token_config import NextTokenConfig


@pytest.fixture(scope="module")
def path(small_bundles):
    return small_bundles("chat")


@pytest.fixture(scope="module")
def predictor(path):
    return rnnapps.load(path)


def test_a_reply_stands_behind_its_last_turns():
    text = "\n".join("abcdefghi")
    pairs = replies([text, "x\ny"])
    assert pairs[0] == ("a", "b") and pairs[7] == ("c\nd\ne\nf\ng\nh", "i") and pairs[8] == ("x", "y")
    assert last_turns(pairs)[7] == ("h", "i") and len(pairs) == 9


def test_the_true_reply_is_the_first_of_ten_different_ones():
    texts = [f"how is {number}?\nit is {number}\nthank you" for number in range(30)]
    found = choices(texts)
    assert found == choices(texts) and len(found) == 60
    for context, some in found:
        assert len(set(some)) == len(some) == CANDIDATES
        assert (context.split("\n")[-1], some[0]) in last_turns(replies(texts))


def test_a_hit_is_a_reply_that_its_context_makes_likelier(predictor, monkeypatch):
    """The probability of a token counts how often it came before, less where a text is all there is."""

    def log_probabilities(documents):
        return [
            np.array([float(token in ids[:place]) for place, token in enumerate(ids)]) - 2
            for ids in (document.tolist() for document in documents)
        ]

    monkeypatch.setattr(predictor.generator, "log_probabilities", log_probabilities)
    right = Choice("the cat", ("cat", "dog", "pig"))
    wrong = Choice("the cat", ("dog", "cat", "pig"))
    equal = Choice("the cat", ("dog", "dog"))
    some = [right, wrong, equal, right]
    assert hits(gains(predictor, some), some) == 0.5


def test_conversations_are_lists_texts_or_blocks(tmp_path):
    some = [["Hi!", "Hello, you."], ["What is  up?", "Not much."], ["a", "b", "c"]] * 20
    some = [[*turns[:-1], f"{turns[-1]} {number}"] for number, turns in enumerate(some)]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"turns": turns}) for turns in some))
    blocks = "\n\n".join("\n".join(" ".join(turn.split()) for turn in turns) for turns in some)
    (tmp_path / "b.txt").write_text(f"\n{blocks}\n\n\n")
    one, other = (
        read_documents(ConversationSourceConfig(data=str(tmp_path / name)), None)
        for name in ("a.jsonl", "b.txt")
    )
    assert one == other == read_documents(ConversationSourceConfig(), None, {"turns": some})
    assert "What is up?\nNot much. 1" in [text for split in one.values() for text in split.texts]
    (tmp_path / "wrong.jsonl").write_text('{"turns": ["a", 5]}\n{"turns": ["a", "b"]}\n')
    with pytest.raises(UserError, match=r"wrong\.jsonl:1: a list, not a text"):
        read_documents(ConversationSourceConfig(data=str(tmp_path / "wrong.jsonl")), None)


def test_lines_without_replies_are_no_conversations(tmp_path, small_configs):
    from dataclasses import replace

    (tmp_path / "lines.txt").write_text("\n\n".join(f"only line {number}" for number in range(100)))
    config = small_configs("chat")
    source = ConversationSourceConfig(data=str(tmp_path / "lines.txt"))
    with pytest.raises(UserError, match="no conversation of the train split has two turns, each a line"):
        load(replace(config, source=source))


def test_an_unfit_reply_is_drawn_again(predictor, monkeypatch):
    drawn = iter(["what the Fuck", " ", "mail me: a@b.org", "Fine, thanks."])
    monkeypatch.setattr(predictor.generator, "draw", lambda *_, **__: [(next(drawn), -1.0)])
    assert predictor("How are you?").reply == "Fine, thanks."
    monkeypatch.setattr(predictor.generator, "draw", lambda *_, **__: [("porn", -1.0)])
    assert predictor("How are you?").reply == INSTEAD
    assert not any(map(is_unfit, ("Dickens wrote", "a grape", "in Sussex", "my 12 cats", INSTEAD)))
    assert all(map(is_unfit, ("call 555-123-4567", "see http://a.b", "SHIT")))


def test_a_reply_has_one_line_and_its_seed(predictor):
    one = predictor("Hi there", seed=4)
    assert isinstance(predictor, ChatPredictor) and "\n" not in one.reply and one.reply
    assert one == predictor(["Hello", "Hi there"], seed=4)[1]
    assert one.surprise.text == f"Hi there\n{one.reply}"


def test_words_of_replies_are_counted():
    scores = variety(["I don't know.", "I don't know.", "Yes"])
    assert scores["distinct_1"] == pytest.approx(5 / 9) and scores["reply_words"] == 3
    assert scores["distinct_2"] == pytest.approx(3 / 6)
    assert variety([""]) == {"distinct_1": 0.0, "distinct_2": 0.0, "reply_words": 0.0}


def test_retrieval_gives_what_was_replied_to_the_most_similar_turn():
    pairs = [("do you like cats", "yes, cats are nice"), ("what is your name", "my name is Bob")]
    retrieval = Retrieval(pairs)
    assert retrieval.reply(["which name is yours?"]) == ["my name is Bob"]
    assert retrieval.choose("your name, please", ["I like tea", "my name is Eve"]) == 1


def test_the_command_talks(path, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Hello\nHow are you?\n\nnever read\n"))
    file = tmp_path / "replies.jsonl"
    dispatch(["chat", "--model", str(path), "--json", str(file)])
    answers = [json.loads(line) for line in file.read_text().splitlines()]
    assert capsys.readouterr().out.splitlines() == [answer["reply"] for answer in answers]
    assert len(answers) == 2
    assert answers[1]["text"] == f"Hello\n{answers[0]['reply']}\nHow are you?"


def test_some_turns_are_learnt_alone_too():
    texts = ["a\nb\nc", "d\n \nf"]
    assert all_turns(texts)[:3] == [("", "a"), ("", "d"), ("a", "b")]
    assert alone(texts, 0.0) == [] and alone(texts, 1.0) == ["a", "d", "b", "c", "f"]
    assert alone(texts, 0.5) == ["a", "b"]
    config, splits = (
        ChatConfig(alone=0.5),
        {"train": Documents(texts, True), "validation": Documents(["x"], True)},
    )
    encoder = TokenEncoder.learn(texts, TokenConfig(vocabulary=300))
    batches, validation = make_batches(config, splits, encoder)
    learnt = [encoder.decode(ids) for ids in batches.documents]
    assert learnt == [*texts, "a\n", "b\n"] and len(validation.documents) == 1
    with pytest.raises(UserError, match="--alone must be from 0 to 1, got 1.5"):
        ChatConfig(alone=1.5)


def test_a_reply_comes_where_the_conversation_would_be_over():
    """From a network that gives the end nearly all of the probability."""
    encoder = TokenEncoder.learn(["hello there, how are you?"], TokenConfig(vocabulary=300))
    network = build(NextTokenConfig(units=4, embedding_size=4), encoder.size)
    kernel, recurrent, bias = network.get_layer("recurrent").get_weights()
    # All gates are open, so that all states are positive.
    network.get_layer("recurrent").set_weights([0 * kernel, 0 * recurrent, 0 * bias + 10])
    (vectors,) = network.get_layer("embedding").get_weights()
    vectors[END] = 50
    network.get_layer("embedding").set_weights([vectors])
    ((text, _),) = TextGenerator(network, encoder).draw("hello\n", 20, Drawing(), n=1, seed=1)
    assert text == ""
    reply = ChatPredictor(TextGenerator(network, encoder), ChatConfig())("hello").reply
    assert reply.strip() and reply != INSTEAD
