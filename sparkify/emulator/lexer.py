"""Redshift's SQL, cut into tokens; what lies between them is kept, so that nothing else changes."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["string", "identifier", "word", "number", "symbol"]

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<string>[eE]?'(?:[^'\\]|\\.|'')*'|\$(?P<tag>(?:[a-zA-Z_]\w*)?)\$.*?\$(?P=tag)\$)
    |(?P<identifier>"(?:[^"]|"")*")
    |(?P<word>[#\w$][\w$]*)
    |(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<symbol>::|<=|>=|<>|!=|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DOLLARS = re.compile(r"\$(?:[a-zA-Z_]\w*)?\$")
_NUMBER = re.compile(r"\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+")


class Token(NamedTuple):
    """A token and its place in the text."""

    kind: Kind
    text: str
    start: int
    end: int
    upper: str
    """The word in upper case; a symbol as it is; nothing for a number and what is quoted."""

    @classmethod
    def of(cls, kind: Kind, text: str, start: int, end: int) -> "Token":
        """A token of this text."""
        return cls(kind, text, start, end, text.upper() if kind in ("word", "symbol") else "")

    @property
    def value(self) -> str:
        """What a string or a quoted identifier says."""
        if self.kind == "string" and self.text[0] == "$":
            return self.text.partition("$")[2].partition("$")[2].rpartition("$")[0].rpartition("$")[0]
        if self.kind == "string":
            body = self.text[self.text.index("'") + 1 : -1]
            return re.sub(r"''|\\(.)", lambda found: found.group(1) or "'", body, flags=re.DOTALL)
        return self.text[1:-1].replace('""', '"') if self.kind == "identifier" else self.text


def tokens(sql: str) -> list[Token]:
    """All tokens of a text; ValueError if a quote is not closed."""
    found: list[Token] = []
    at = 0
    while at < len(sql):
        match = _NUMBER.match(sql, at) or _TOKEN.match(sql, at)
        if match is None or (match.group() in ("'", '"')):
            raise ValueError(f'unterminated quoted string at or near "{sql[at : at + 20]}"')
        kind = match.lastgroup or "number"
        if kind == "word" and (open_ := _DOLLARS.match(sql, at)):
            raise ValueError(f'unterminated dollar-quoted string at or near "{open_.group()}"')
        if kind != "blank":
            found.append(Token.of(kind, match.group(), at, match.end()))  # type: ignore[arg-type]  # a group's name
        at = match.end()
    return found


def statements(sql: str) -> list[list[Token]]:
    """The tokens of each statement of a text."""
    parts: list[list[Token]] = [[]]
    for token in tokens(sql):
        if token.text == ";" and token.kind == "symbol":
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def closing(part: Sequence[Token], opening: int) -> int:
    """Where the bracket that opens at `opening` closes."""
    depth = 0
    for at in range(opening, len(part)):
        if part[at].upper == "(":
            depth += 1
        elif part[at].upper == ")":
            depth -= 1
        if depth == 0:
            return at
    raise ValueError('syntax error: "(" is not closed')


def arguments(part: Sequence[Token], opening: int) -> list[tuple[int, int]]:
    """Where each argument between a bracket and its partner begins and ends."""
    end = closing(part, opening)
    found, depth, begin = [], 0, opening + 1
    for at in range(opening + 1, end):
        text = part[at].text if part[at].kind == "symbol" else ""
        depth += {"(": 1, ")": -1}.get(text, 0)
        if text == "," and depth == 0:
            found.append((begin, at))
            begin = at + 1
    return [*found, (begin, end)] if begin < end else found
