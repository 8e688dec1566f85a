"""Operators of several characters: the lexer cuts them up, Redshift's parser does not."""

from collections.abc import Sequence

from sparkify.emulator.lexer import Token

_CHARACTERS = set("+-*/<>=~!@#%^&|`?")
_MAY_END_IN_A_SIGN = set("~!@#%^&|`?")


def with_operators(part: Sequence[Token]) -> list[Token]:
    """The tokens, adjacent characters of one operator joined: `->` is one operator, `=-` are two.

    PostgreSQL 8.0's manual, "Lexical structure", says how: the longest run is one operator, but one of
    several characters ends in + or - only if it holds one of ~ ! @ # % ^ & | ` ?
    """
    found: list[Token] = []
    at = 0
    while at < len(part):
        end = at
        while end < len(part) and set(part[end].text) <= _CHARACTERS and _adjoins(part, at, end):
            end += 1
        text = "".join(token.text for token in part[at:end])
        while end - at > 1 and text[-1] in "+-" and not _MAY_END_IN_A_SIGN & set(text):
            end, text = end - 1, text[:-1]
        if end - at > 1:
            found.append(Token.of("symbol", text, part[at].start, part[end - 1].end))
        else:
            found.append(part[at])
        at = max(end, at + 1)
    return found


def _adjoins(part: Sequence[Token], first: int, at: int) -> bool:
    return at == first or part[at - 1].end == part[at].start
