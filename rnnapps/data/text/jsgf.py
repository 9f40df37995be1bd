"""Grammars in the Java Speech Grammar Format (JSGF, W3C note of 2000)."""

import re
from pathlib import Path
from typing import Any

from rnnapps.data.text_files import read_text
from rnnapps.errors import UserError, brief

DEEPEST = 50  # groups in groups

COMMENT = re.compile(r"//[^\n]*|/\*(?:.*?\*/|.*)", re.DOTALL)
BETWEEN = re.compile(r"\s*")
TOKEN = re.compile(
    r"""(?P<rule><[^<>;\s]+>)
    | (?P<quoted>"(?:[^"\\\n]|\\.)*")
    | (?P<weight>/[0-9.eE+-]+/)
    | (?P<tag>\{(?:[^{}\\]|\\.)*\})
    | (?P<mark>[=;|()\[\]*+])
    | (?P<word>(?:[^\s=;|()\[\]*+"<>{}/\\]|\\.)+)""",
    re.VERBOSE,
)

Node = tuple[str, Any]
"""("word", (text, line)), ("rule", (name, line)), ("all", nodes), ("any", nodes), ("many", node)."""


def read_grammar(path: Path) -> tuple[dict[str, Node], list[tuple[str, int]]]:
    """The rules of a grammar by their names, and the names and lines of the public ones.

    Of the format it takes alternatives, sequences, groups, `[optional]`, `*` and `+`, rules, "quoted
    words" and comments; weights and {tags} are passed over.

    Raises:
        UserError: with the line: no grammar, none that is public, a rule twice, or an import.
    """
    return _Parser(path, read_text(path)).grammar()


class _Parser:
    """Reads the rules of a grammar by recursive descent."""

    def __init__(self, path: Path, text: str):
        self.path = path
        # What is left out leaves its lines.
        text = COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
        head = re.match(r"\s*#JSGF[^;\n]*;?", text)
        if head is None:
            raise UserError(f"{path}: no JSGF grammar: it begins with '#JSGF V1.0;'")
        self.tokens: list[tuple[str, str, int]] = []
        place, line = head.end(), 1 + text.count("\n", 0, head.end())
        while True:
            begin = BETWEEN.match(text, place).end()  # type: ignore[union-attr]
            line += text.count("\n", place, begin)
            place = begin
            if place == len(text):
                break
            found = TOKEN.match(text, place)
            if found is None:
                raise UserError(f"{path}:{line}: {brief(text[place:], 20)!r} is not JSGF")
            self.tokens.append((str(found.lastgroup), found[0], line))
            line += found[0].count("\n")
            place = found.end()
        self.tokens.append(("end", "the end of the file", line))
        self.place = 0
        self.depth = 0

    def grammar(self) -> tuple[dict[str, Node], list[tuple[str, int]]]:
        rules: dict[str, Node] = {}
        public = []
        while self.kind != "end":
            if self.text == "import":
                self.fail("imports are not read: put the rules into this file")
            if self.text == "grammar":
                self.take("word", "grammar")
                self.take("word")
                self.take("mark", ";")
                continue
            is_public = self.text == "public"
            if is_public:
                self.take("word")
            line, name = self.line, self.take("rule")
            if name in rules:
                self.fail(f"a second rule {name}")
            self.take("mark", "=")
            rules[name] = self.alternatives()
            self.take("mark", ";")
            if is_public:
                public.append((name, line))
        if not public:
            raise UserError(
                f"{self.path}: no public rule, which is what may be said: public <name> = ...;"
            )
        return rules, public

    def alternatives(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"more than {DEEPEST} groups in each other")
        found = [self.sequence()]
        while self.text == "|" and self.kind == "mark":
            self.take("mark")
            found.append(self.sequence())
        self.depth -= 1
        return ("any", found)

    def sequence(self) -> Node:
        found: list[Node] = []
        while True:
            if self.kind in ("weight", "tag"):
                self.take(self.kind)
            elif self.kind in ("word", "quoted", "rule") or (self.kind == "mark" and self.text in "(["):
                found.append(self.item())
            else:
                break
        if not found:
            self.fail(f"words are missing before {brief(self.text, 20)!r}")
        return ("all", found)

    def item(self) -> Node:
        kind, line, text = self.kind, self.line, self.take(self.kind)
        node: Node
        if kind == "mark":
            node = self.alternatives()
            self.take("mark", ")" if text == "(" else "]")
            if text == "[":
                node = ("any", [node, ("all", [])])
        elif kind == "rule":
            node = ("rule", (text, line))
        else:
            plain = re.sub(r"\\(.)", r"\1", text[1:-1] if kind == "quoted" else text)
            node = ("word", (plain, line))
        while self.kind == "tag":
            self.take("tag")
        if self.kind == "mark" and self.text in "*+":
            many = ("many", node)
            node = many if self.take("mark") == "*" else ("all", [node, many])
        return node

    @property
    def kind(self) -> str:
        return self.tokens[self.place][0]

    @property
    def text(self) -> str:
        return self.tokens[self.place][1]

    @property
    def line(self) -> int:
        return self.tokens[self.place][2]

    def take(self, kind: str, text: str | None = None) -> str:
        """The next token, which is to be of a kind."""
        if self.kind != kind or text not in (None, self.text):
            expected = {"rule": "a <rule>", "word": "a name"}.get(kind, repr(text))
            self.fail(f"expected {expected}, got {brief(self.text, 20)!r}")
        self.place += 1
        return self.tokens[self.place - 1][1]

    def fail(self, problem: str) -> None:
        raise UserError(f"{self.path}:{self.line}: {problem}")
