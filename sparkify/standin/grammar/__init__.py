"""What AWS documents of Redshift's SQL, and nothing else: the emulator's allow-list.

The grammar and its words are data, each entry with the page of the developer guide that it was read on:
`*.ebnf` (statements, clauses, expressions; notation.py explains the notation), functions.txt, spatial.txt,
types.txt, words.txt, relations.txt, settings.txt. A page is docs.aws.amazon.com/redshift/latest/dg/PAGE.html.

    python -m sparkify.standin.grammar FILE.sql...    says of each statement whether it is documented
"""

from collections.abc import Sequence
from functools import cache

from sparkify.standin.grammar.checks import check_tree
from sparkify.standin.grammar.matcher import Matcher, Mismatch
from sparkify.standin.grammar.notation import read_rules
from sparkify.standin.grammar.operators import with_operators
from sparkify.standin.lexer import Token, statements
from sparkify.standin.refusals import Refused

__all__ = ["check", "check_statement"]


def check(sql: str) -> None:
    """Raise Refused, in Redshift's words, for the first statement of a text that AWS does not document."""
    try:
        for part in statements(sql):
            check_statement(part)
    except ValueError as error:
        raise Refused(str(error), "42601") from error


def check_statement(part: Sequence[Token]) -> None:
    """Raise Refused, in Redshift's words, if AWS does not document the statement of these tokens."""
    part = with_operators(part)
    try:
        tree = _matcher().match(part)
    except Mismatch as mismatch:
        if mismatch.at >= len(part):
            raise Refused("syntax error at end of input", "42601") from None
        raise Refused(f'syntax error at or near "{part[mismatch.at].text}"', "42601") from None
    check_tree(tree, part)


@cache
def _matcher() -> Matcher:
    return Matcher(read_rules())
