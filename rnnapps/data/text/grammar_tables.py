"""Grammars of what may be said, as automata of characters."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.text.jsgf import Node, read_grammar
from rnnapps.data.text.ngram_tables import CharacterTables
from rnnapps.errors import UserError, brief

SPACE = " "
MOST_STATES = 100_000  # of the grammar with its rules put into each other
MOST_ENTRIES = 10_000_000  # of the tables, 8 bytes each
MOST_LOOKS = 5_000_000  # at a state, while they are made
NESTED = 200  # parts in parts, with rules put into each other


def grammar_tables(path: Path, alphabet: Alphabet, normalise: Callable[[str], str]) -> CharacterTables:
    """An automaton of the texts that a grammar allows, for `rnnapps.decoding.CharacterModel`.

    A character that may come has the log-probability 0, another one -inf, and so has the end of the
    text. Texts are words with one space between them, which all public rules may give.

    Args:
        path: of the file.
        alphabet: of the network.
        normalise: brings words to the form in which the network writes them.

    Raises:
        UserError: no grammar (`read_grammar`), an unknown rule or one that contains itself, a word that
            the network cannot write, or a grammar that is too large.
    """
    if SPACE not in alphabet.characters:
        raise UserError(f"{path}: a grammar is of words, and this network writes no spaces")
    rules, public = read_grammar(path)
    network = _Network(path, rules, alphabet, normalise)
    start = network.state()
    end = network.add(("any", [("rule", rule) for rule in public]), start)
    return network.tables(start, end)


class _Network:
    """A grammar as a network of states, in which each word is spelled with a space before it."""

    def __init__(
        self, path: Path, rules: dict[str, Node], alphabet: Alphabet, normalise: Callable[[str], str]
    ):
        self.path, self.rules, self.alphabet, self.normalise = path, rules, alphabet, normalise
        self.free: list[list[int]] = []  # the states that each is left to without a character,
        self.step: list[tuple[int, int] | None] = []  # and the character and the state behind it
        self.open: list[str] = []  # rules that are being put in
        self.depth = self.looks = 0

    def state(self) -> int:
        if len(self.free) >= MOST_STATES:
            raise UserError(
                f"{self.path}: too large: more than {MOST_STATES:,} characters, with its rules put into "
                f"each other"
            )
        self.free.append([])
        self.step.append(None)
        return len(self.free) - 1

    def add(self, node: Node, start: int) -> int:
        """Put a part of the grammar behind a state, and return the state behind it."""
        self.depth += 1
        if self.depth > NESTED:
            raise UserError(f"{self.path}: its rules are nested too deep: write some of them out")
        end = self.put(node, start)
        self.depth -= 1
        return end

    def put(self, node: Node, start: int) -> int:
        kind, content = node
        if kind == "all":
            for part in content:
                start = self.add(part, start)
            return start
        if kind == "word":
            return self.spell(content[0], content[1], start)
        if kind == "rule":
            return self.refer(content[0], content[1], start)
        end = self.state()
        if kind == "any":
            for part in content:
                branch = self.state()
                self.free[start].append(branch)
                self.free[self.add(part, branch)].append(end)
            return end
        self.free[start].append(end)
        again = self.state()
        self.free[end].append(again)
        self.free[self.add(content, again)].append(end)
        return end

    def spell(self, word: str, line: int, start: int) -> int:
        text = self.normalise(word)
        unknown = self.alphabet.unknown([text])
        if unknown or not text:
            which = f" ({', '.join(map(repr, sorted(unknown)[:5]))})" if unknown else ""
            raise UserError(
                f"{self.path}:{line}: this network cannot write the word {brief(word, 40)!r}{which}"
            )
        for number in self.alphabet.encode(f"{SPACE}{text}").tolist():
            end = self.state()
            self.step[start] = (number, end)
            start = end
        return start

    def refer(self, name: str, line: int, start: int) -> int:
        if name == "<NULL>":
            return start
        if name == "<VOID>":
            return self.state()  # where nothing leads
        if name not in self.rules:
            raise UserError(f"{self.path}:{line}: there is no rule {brief(name, 40)}")
        if name in self.open:
            raise UserError(f"{self.path}:{line}: the rule {brief(name, 40)} contains itself")
        self.open.append(name)
        end = self.add(self.rules[name], start)
        self.open.pop()
        return end

    def tables(self, start: int, end: int) -> CharacterTables:
        """The automaton of the same texts that has one state behind each of their beginnings."""
        classes = self.alphabet.size
        (space,) = self.alphabet.encode(SPACE).tolist()
        first = self.closure([start])
        # A text begins without the space of its first word.
        begin = self.closure([behind for number, behind in self.steps(first) if number == space])
        if end in first:
            begin |= {end}
        numbers = {begin: 0}
        moves: list[tuple[int, int, int]] = []
        waiting = [begin]
        while waiting:
            here = waiting.pop()
            behind: dict[int, list[int]] = {}
            for number, state in self.steps(here):
                behind.setdefault(number, []).append(state)
            for number, states in behind.items():
                there = self.closure(states)
                if there not in numbers:
                    numbers[there] = len(numbers)
                    waiting.append(there)
                    if len(numbers) * classes > MOST_ENTRIES or self.looks > MOST_LOOKS:
                        raise UserError(f"{self.path}: too large: it has too many different beginnings")
                moves.append((numbers[here], number, numbers[there]))
        log_probabilities = np.full((len(numbers), classes), -np.inf, "float32")
        following = np.zeros((len(numbers), classes), "int32")
        for here_, number, there_ in moves:
            log_probabilities[here_, number] = 0
            following[here_, number] = there_
        for states_, number in numbers.items():
            if end in states_:
                log_probabilities[number, 0] = 0
        return CharacterTables(log_probabilities, following, 0)

    def steps(self, states: frozenset[int]) -> list[tuple[int, int]]:
        return [step for state in states if (step := self.step[state]) is not None]

    def closure(self, states: list[int]) -> frozenset[int]:
        """These states and all that are reached from them without a character."""
        found, waiting = set(states), list(states)
        while waiting:
            for state in self.free[waiting.pop()]:
                if state not in found:
                    found.add(state)
                    waiting.append(state)
        self.looks += len(found)
        # The others tell nothing, and would make equal states different.
        return frozenset(one for one in found if self.step[one] is not None or not self.free[one])
