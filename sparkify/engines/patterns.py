"""Redshift's patterns and regular expressions, said in DuckDB's.

By the pages "LIKE", "SIMILAR TO", "POSIX operators" and "REGEXP_REPLACE function" of AWS's guide. What DuckDB
has no words for is refused: it would mean something else.
"""

import itertools
import re
from collections.abc import Iterator

from sqlglot import exp

from sparkify.errors import QueryError


def translate_pattern(node: exp.Expr) -> None:
    """Redshift's patterns are escaped by `\\`; a SIMILAR TO of DuckDB's takes a regular expression."""
    escaped = node.parent if isinstance(node.parent, exp.Escape) else None
    pattern = node.expression
    if isinstance(node, exp.SimilarTo):
        if isinstance(pattern, exp.Null):
            return
        if not isinstance(pattern, exp.Literal):
            raise QueryError("a pattern of SIMILAR TO must be written out.")
        escape = escaped.expression.name if escaped else "\\"
        node.set("expression", exp.Literal.string(_as_regex(pattern.name, escape)))
        if escaped:
            escaped.replace(node)
    elif not escaped and not (isinstance(pattern, exp.Literal) and "\\" not in pattern.name):
        node.replace(exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))


def _as_regex(pattern: str, escape: str) -> str:
    """A pattern of SIMILAR TO as a regular expression of the whole text."""
    out, characters = [], iter(pattern)
    for one in characters:
        if escape and one == escape:
            out.append(re.escape(next(characters, "")))
        elif one == "[":
            out.append(_bracketed(characters))
        else:
            out.append({"%": ".*", "_": "."}.get(one) or (f"\\{one}" if one in ".^$\\" else one))
    return f"(?s:{''.join(out)})"


def _bracketed(characters: Iterator[str]) -> str:
    """A bracket expression, as in POSIX (AWS, "SIMILAR TO"): `%` and `_` are characters in it."""
    out = ["["]
    for one in characters:
        if one == ":" and out[-1] == "[" and len(out) > 1:  # a class, as in [[:alpha:]_]
            out += [one, *itertools.takewhile(lambda other: other != "]", characters), "]"]
            continue
        is_first = out[-1] in "[^" and len(out) < 3
        out.append("\\\\" if one == "\\" else "\\]" if one == "]" and is_first else one)
        if one == "]" and not is_first:
            return "".join(out)
    raise QueryError("a pattern of SIMILAR TO has a bracket without an end.")


def regex_parameters(node: exp.Expr, name: str) -> str:
    """The parameters of a regular expression; one that takes no account of case says so itself from now on.

    Raises QueryError for a place or an occurrence that DuckDB does not take, and for what is not written out.
    """
    given = node.args.get(name)
    places = [one for part in ("position", "occurrence") if (one := node.args.get(part))]
    if any(one.name != "1" for one in places) or not isinstance(given, exp.Literal | None):
        raise QueryError(
            f"{node.sql('redshift')} cannot be said to DuckDB: from the first place on, and no other."
        )
    said = given.name if given else ""
    if set(said) - set("cei"):
        raise QueryError(f"{node.sql('redshift')} cannot be said to DuckDB: the parameters are c, e and i.")
    if "i" in said:
        node.set(
            "expression",
            exp.Paren(this=exp.DPipe(this=exp.Literal.string("(?i)"), expression=node.expression.copy())),
        )
    return said
