"""The notation of the grammar's files, read into rules.

    name @page @page = body        a rule, and the pages of AWS's developer guide that it was read on
    KEYWORD   'symbol'   rule      what must stand there
    <class>                        a token of a class: <name>, <label>, <string>, ... (vocabulary.py)
    [ x ]   { x }   ( x | y )      perhaps x; x any number of times; the first of x and y that matches
    & x                            x must follow, and is left for what comes next
    x ,...                         one x or more, with commas between them

A rule ends where the next begins, at the start of a line. A `#` begins a comment.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

FILES = ("statements", "queries", "expressions", "loading", "access")
MANY = 1_000_000
_MARK = re.compile(
    r"(?P<symbol>'[^']+')|(?P<page>@[\w+-]+)|(?P<class><\w+>)|(?P<list>,\.\.\.)|(?P<word>[A-Za-z][\w-]*)|(?P<brace>[=|&()\[\]{}])"
)


@dataclass(frozen=True)
class Keyword:
    """One token: a keyword, or a symbol."""

    text: str


@dataclass(frozen=True)
class Class:
    """One token of a class."""

    name: str


@dataclass(frozen=True)
class Use:
    """What another rule says."""

    rule: str


@dataclass(frozen=True)
class Sequence:
    """One after the other."""

    parts: "tuple[Element, ...]"


@dataclass(frozen=True)
class Choice:
    """The first that matches."""

    options: "tuple[Element, ...]"


@dataclass(frozen=True)
class Repeated:
    """From no time to `most` times."""

    part: "Element"
    most: int = MANY


@dataclass(frozen=True)
class Ahead:
    """What must come next, and is not taken."""

    part: "Element"


Element = Keyword | Class | Use | Sequence | Choice | Repeated | Ahead


@dataclass(frozen=True)
class Rule:
    """A name, what it stands for, and the pages that say so."""

    name: str
    pages: tuple[str, ...]
    body: Element


def read_rules() -> Mapping[str, Rule]:
    """All rules of the grammar."""
    folder = files(__package__)
    rules: dict[str, Rule] = {}
    for name in FILES:
        text = "\n".join(
            line
            for line in (folder / f"{name}.ebnf").read_text("utf-8").splitlines()
            if not line.startswith("#")
        )
        for chunk in re.split(r"\n(?=[a-z])", text.strip()):
            rule = _Reader(chunk).rule()
            if rule.name in rules:
                raise ValueError(f"{name}.ebnf: {rule.name} stands twice")
            rules[rule.name] = rule
    return rules


class _Reader:
    """Reads one rule."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.pages: list[str] = []
        self._marks = list(self._scan(text))
        self._at = 0

    def _scan(self, text: str) -> Iterator[tuple[str, str]]:
        at = 0
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            found = _MARK.match(text, at)
            if found is None:
                raise ValueError(f"grammar: {text[at : at + 20]!r} in the rule {text.split(maxsplit=1)[0]}")
            if found.lastgroup == "page":
                self.pages.append(found.group()[1:])
            else:
                yield str(found.lastgroup), found.group()
            at = found.end()

    def rule(self) -> Rule:
        name, equals = self._take(), self._take()
        if equals[1] != "=":
            raise ValueError(f"grammar: {name[1]} has no =")
        body = self._choice()
        if self._at != len(self._marks):
            raise ValueError(f"grammar: {self._marks[self._at][1]} is too much in {name[1]}")
        return Rule(name[1], tuple(self.pages), body)

    def _take(self) -> tuple[str, str]:
        self._at += 1
        return self._marks[self._at - 1]

    def _peek(self) -> str:
        return self._marks[self._at][1] if self._at < len(self._marks) else ""

    def _choice(self) -> Element:
        options = [self._sequence()]
        while self._peek() == "|":
            self._take()
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Element:
        parts: list[Element] = []
        while self._peek() not in ("", "|", ")", "]", "}"):
            part = self._part()
            if self._peek() == ",...":
                self._take()
                part = Sequence((part, Repeated(Sequence((Keyword(","), part)))))
            parts.append(part)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self) -> Element:
        kind, text = self._take()
        if text == "&":
            return Ahead(self._part())
        if kind == "symbol":
            return Keyword(text[1:-1])
        if kind == "class":
            return Class(text[1:-1])
        if kind == "word":
            return Keyword(text) if text.isupper() else Use(text)
        inner = self._choice()
        closing = {"(": ")", "[": "]", "{": "}"}[text]
        if self._take()[1] != closing:
            raise ValueError(f"grammar: {closing} is missing in {self._marks[0][1]}")
        return inner if text == "(" else Repeated(inner, 1 if text == "[" else MANY)
