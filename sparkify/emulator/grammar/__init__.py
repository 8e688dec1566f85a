"""What AWS documents of Redshift's SQL, and nothing else: the emulator's allow-list.

The grammar and its words are data, each entry with the page of the developer guide that it was read on:
`*.ebnf` (statements, clauses, expressions; notation.py explains the notation), functions.txt, spatial.txt,
types.txt, words.txt, relations.txt, settings.txt. A page is docs.aws.amazon.com/redshift/latest/dg/PAGE.html.

    python -m sparkify.emulator.grammar FILE.sql...    says of each statement whether it is documented
"""

from collections.abc import Sequence
from functools import cache

from sparkify.emulator.grammar.checks import check_tree, walk
from sparkify.emulator.grammar.matcher import Matcher, Mismatch, Node
from sparkify.emulator.grammar.notation import read_rules
from sparkify.emulator.grammar.operators import with_operators
from sparkify.emulator.grammar.options import check_unloaded
from sparkify.emulator.lexer import Token, statements
from sparkify.emulator.refusals import Refused

__all__ = ["Node", "check", "documented", "walk"]


def check(sql: str) -> None:
    """Raise Refused, in Redshift's words, for the first statement of a text that AWS does not document."""
    try:
        for part in statements(sql):
            documented(part)
    except ValueError as error:
        raise Refused(str(error), "42601") from error


def _check_unloaded(sql: str) -> None:
    for part in statements(sql):
        check_unloaded(*documented(part))


def documented(part: Sequence[Token]) -> tuple[Node, Sequence[Token]]:
    """The tree of a statement, and its tokens, to which the tree's numbers refer.

    Raises Refused, in Redshift's words, if AWS does not document it.
    """
    part = with_operators(part)
    try:
        tree = _matcher().match(part)
        check_tree(tree, part)
        for node in walk(tree):
            if node.rule == "unloaded":
                _check_unloaded(part[node.start].value)
    except Mismatch as mismatch:
        if mismatch.at >= len(part):
            raise Refused("syntax error at end of input", "42601") from None
        raise Refused(f'syntax error at or near "{part[mismatch.at].text}"', "42601") from None
    except RecursionError:
        raise Refused("emulator: nested too deeply to be checked", "54001") from None
    return tree, part


@cache
def _matcher() -> Matcher:
    return Matcher(read_rules())
