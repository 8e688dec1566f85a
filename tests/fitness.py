"""Whether a statement is fit for both engines: AWS documents it, and its translation keeps its meaning."""

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from sparkify.emulator import grammar
from sparkify.emulator.lexer import statements
from sparkify.emulator.refusals import Refused, refuse
from sparkify.engines.dialect import to_redshift
from sparkify.errors import QueryError

_TURNED: dict[type[exp.Expr], str] = {
    exp.Merge: "MERGE fails on duplicate source keys: DELETE, then INSERT",
    exp.Concat: "CONCAT of DuckDB leaves NULL out: use ||",
}
"""What AWS documents and the translation to DuckDB, which sqlglot does, makes something else of."""


def unfit(sql: str) -> list[str]:
    """What in a statement Redshift would refuse, or DuckDB read otherwise; nothing if it is fit for both."""
    try:
        filled = to_redshift(sql, dict.fromkeys(re.findall(r":(\w+)", sql), 1))
        grammar.check(filled)
        for part in statements(filled):
            refuse(part)
    except (QueryError, Refused) as error:
        return [str(error)]
    return list(_turned(sqlglot.parse_one(sql, read="redshift")))


def _turned(tree: exp.Expr) -> Iterator[str]:
    if isinstance(tree, exp.Command):
        yield "the translator passes it on as it is"
    for node in tree.walk():
        if why := _TURNED.get(type(node)):
            yield why
    if any(number.expression.name != "16" for number in tree.find_all(exp.FromBase)):
        yield "STRTOL: only base 16, written out, is translated"
    for extract in tree.find_all(exp.JSONExtractScalar):
        path = extract.expression
        keys = [one for one in path.expressions if isinstance(one, exp.JSONPathKey) and one.name]
        if not isinstance(path, exp.JSONPath) or len(keys) != len(path.expressions) - 1:
            yield "JSON_EXTRACT_PATH_TEXT: only keys written out, and no numbers, are translated"
    for node in tree.find_all(exp.DataType):
        bare = node.is_type("varchar", "text", "decimal") and not node.expressions
        if bare and node.find_ancestor(exp.ColumnDef):
            yield f"{node.sql('redshift')} needs a width: bare VARCHAR is 256 bytes, bare NUMERIC (18,0)"
