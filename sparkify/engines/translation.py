"""Redshift's SQL, said in DuckDB's, and what else takes a statement apart: functions of texts, with sqlglot.

What is left for us is what DuckDB has no words for: the physical design of a table, constraints that Redshift
declares but does not enforce, and a few functions that sqlglot passes through unchanged. That a statement
means the same on both engines is proved by running it on both.

To import sqlglot takes longer than most commands do: `dialect` calls these where it does not remember what
they said.
"""

import itertools
import logging
import re
from collections.abc import Mapping, Sequence
from functools import reduce

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from sparkify.engines.patterns import regex_parameters, translate_pattern
from sparkify.errors import QueryError

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it warns of is refused here
_RENAMED = {
    "OCTET_LENGTH": "STRLEN",
    "IS_VALID_JSON": "JSON_VALID",
    "IS_VALID_JSON_ARRAY": "JSON_VALID",
    "FNV_HASH": "HASH",
}
_SPACE = " "
"""What Redshift's TRIM, LTRIM, RTRIM and BTRIM take if they are told no characters."""
_ACTING = (exp.DML, exp.Create, exp.Drop, exp.Into, exp.Command)
_COUNTING = ("RANGE", "GENERATE_SERIES", "EXPLODING_GENERATE_SERIES")
"""Functions that may stand in the place of a table."""
_CONSTRAINTS = (exp.PrimaryKey, exp.ForeignKey, exp.UniqueColumnConstraint)


def in_duckdb(sql: str) -> str:
    """The statement in DuckDB's words, a mark around the name of each placeholder."""
    tree = _marked(sql)
    if isinstance(tree, exp.Create) and isinstance(tree.this, exp.Schema):
        tree.set("properties", None if not tree.args.get("properties") else _temporary_only(tree))
        for node in list(tree.this.expressions):
            if isinstance(node, _CONSTRAINTS):
                node.pop()
    for node in list(tree.find_all(exp.Func)):
        _translate_function(node)
    for node in list(tree.find_all(exp.Like, exp.ILike, exp.SimilarTo)):
        translate_pattern(node)
    for cast in tree.find_all(exp.TryCast):
        if isinstance(cast.this, exp.Nullif) and _trims_spaces(cast.this.this):
            # Redshift's TRY_CAST takes no blank text; DuckDB's makes NULL of it, without copying each text.
            cast.set("this", cast.this.this.this)
    return tree.sql("duckdb", copy=False)


def in_redshift(sql: str) -> str:
    """The statement as it is written, a mark around the name of each placeholder."""
    _parsed(sql)
    out, at = [], 0
    for colon, name in itertools.pairwise(sqlglot.tokenize(sql, read="redshift")):
        if colon.token_type is TokenType.COLON and name.start == colon.end + 1:
            out += [sql[at : colon.start], f"\0{name.text}\0"]
            at = name.end + 1
    return "".join([*out, sql[at:]]).strip().removesuffix(";")


def _marked(sql: str) -> exp.Expr:
    """The statement, a mark that no text can hold around the name of each placeholder."""
    tree = _parsed(sql)
    for node in list(tree.find_all(exp.Placeholder)):
        node.replace(exp.Var(this=f"\0{node.name}\0"))
    return tree


def laid_out(sql: str) -> str:
    """A statement of DuckDB's, laid out for people."""
    return sqlglot.parse_one(sql, read="duckdb").sql("duckdb", pretty=True)


def _parsed(sql: str) -> exp.Expr:
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="redshift") if tree is not None]
    except SqlglotError as error:
        first = str(error).splitlines()[0]
        raise QueryError(f"the statement cannot be read: {first}") from error
    if len(trees) != 1:
        raise QueryError(f"one statement at a time, not {len(trees)}.")
    for one in trees[0].find_all(exp.With):
        if one.parent and isinstance(one.parent.parent, exp.SetOperation):  # sqlglot would leave it out
            raise QueryError("a WITH within a UNION must stand in parentheses, with its SELECT.")
    return trees[0]


def _temporary_only(tree: exp.Create) -> exp.Properties | None:
    kept = [p for p in tree.args["properties"].expressions if isinstance(p, exp.TemporaryProperty)]
    return exp.Properties(expressions=kept) if kept else None


def _translate_function(node: exp.Func) -> None:
    name = node.name.upper() if isinstance(node, exp.Anonymous) else node.sql_name()
    if name == "BYTE_LENGTH":
        name = "OCTET_LENGTH"
    if isinstance(node, exp.Trim):
        if not node.expression:
            node.set("expression", exp.Literal.string(_SPACE))  # DuckDB's own takes every Unicode blank
    elif isinstance(node, exp.GroupConcat):  # without a delimiter Redshift puts none
        if isinstance(node.this, exp.Distinct) and len(node.this.expressions) == 2:
            node.set("separator", node.this.expressions.pop())
        if isinstance(node.args.get("separator"), exp.Null | None):
            node.set("separator", exp.Literal.string(""))
    elif isinstance(node, exp.Concat):  # of NULL it is NULL
        parts = [one.copy() for one in node.expressions]
        node.replace(exp.Paren(this=reduce(lambda a, b: exp.DPipe(this=a, expression=b), parts)))
    elif isinstance(node, exp.RegexpReplace):  # each place, not the first alone
        node.set("replacement", node.args.get("replacement") or exp.Literal.string(""))
        regex_parameters(node, "modifiers")
        node.set("modifiers", exp.Literal.string("g"))
    elif isinstance(node, exp.FromBase):
        digits = exp.DPipe(this=exp.Literal.string("0x"), expression=exp.paren(node.this.copy()))
        node.replace(exp.cast(digits, "bigint"))
    elif isinstance(node, exp.JSONExtractScalar):
        pointer = exp.Literal.string("".join(f"/{_pointed(key)}" for key in _keys(node)))
        node.replace(exp.Anonymous(this="JSON_EXTRACT_STRING", expressions=[node.this.copy(), pointer]))
    elif name in _RENAMED:
        operands = node.expressions or [node.this]
        node.replace(exp.Anonymous(this=_RENAMED[name], expressions=operands))
    elif isinstance(node, exp.RegexpExtract) and node.args.get("parameters"):
        group = 1 if "e" in regex_parameters(node, "parameters") else 0
        arguments = [node.this.copy(), node.expression.copy(), exp.Literal.number(group)]
        extracted = exp.Anonymous(this="REGEXP_EXTRACT", expressions=arguments)
        node.replace(extracted)


def _trims_spaces(node: exp.Expr) -> bool:
    return isinstance(node, exp.Trim) and node.expression.name == _SPACE


def _keys(node: exp.JSONExtractScalar) -> list[str]:
    """The path elements of a JSON_EXTRACT_PATH_TEXT that are written out and look like no number."""
    parts = node.expression.expressions if isinstance(node.expression, exp.JSONPath) else ()
    return [part.name for part in parts if isinstance(part, exp.JSONPathKey)]


def _pointed(key: str) -> str:
    """A key as JSON Pointer says it: DuckDB's own paths know no empty key and read "*" as every key."""
    return key.replace("~", "~0").replace("/", "~1")


def inlined(sql: str, *relations: str) -> str:
    """The statement, a SELECT in the place of each of these tables: a name, its SELECT, and so on."""
    held = dict(zip(relations[::2], relations[1::2], strict=True))
    tree = _parsed(sql)
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return _put_in(sql, [t for t in tree.find_all(exp.Table) if t.name in held and t.name not in own], held)


def replaced(sql: str, *relations: str) -> str:
    """As `inlined`, in whatever case it is named, and whatever else is called so: no part of WITH may be."""
    held = dict(zip(relations[::2], relations[1::2], strict=True))
    tree = _parsed(sql)
    if clash := [one.alias for one in tree.find_all(exp.CTE) if one.alias.lower() in held]:
        raise QueryError(
            f"it calls a part of its WITH {clash[0]}, as a table is called: give it another name."
        )
    return _put_in(sql, [one for one in tree.find_all(exp.Table) if one.name.lower() in held], held)


def tables_named(sql: str) -> str:
    """Whatever a SELECT reads but the parts of its WITH, in lower case, one a line.

    Raises QueryError where one name stands for a table at one place and for a part of WITH at another.
    """
    tree = _parsed(sql)
    root = tree.args.get("with_")
    if any(one is not root for one in tree.find_all(exp.With)):
        raise QueryError("it has a WITH within another query: write all parts at its beginning.")
    parts = root.expressions if root else []
    names = [part.alias.lower() for part in parts]
    for n, part in enumerate(parts):
        hidden = names[n + 1 :] if root and root.recursive else names[n:]
        if clash := [one.name for one in part.this.find_all(exp.Table) if one.name.lower() in hidden]:
            raise QueryError(
                f"{clash[0]} is a part of its WITH, and at another place a table: give it another name."
            )
    named = {f"{one.db}.{one.name}".lstrip(".").lower() for one in tree.find_all(exp.Table)}
    return "\n".join(sorted(named - {*names}))


def narrowed(sql: str, *relations: str) -> str:
    """As `inlined`, in the place of the table that the statement is about."""
    held = dict(zip(relations[::2], relations[1::2], strict=True))
    source = _parsed(sql).args["from_"].this
    while isinstance(source, exp.Subquery) and isinstance(source.this, exp.Select):
        source = source.this.args["from_"].this
    return _put_in(sql, [source], held) if isinstance(source, exp.Table) and source.name in held else sql


def _put_in(sql: str, tables: Sequence[exp.Table], held: Mapping[str, str]) -> str:
    """The text, with these tables replaced where they stand."""
    for table in sorted(tables, key=lambda one: one.this.meta["start"], reverse=True):
        rows = f"({held[table.name.lower()]})" + ("" if table.alias else f" AS {table.name}")
        sql = sql[: table.this.meta["start"]] + rows + sql[table.this.meta["end"] + 1 :]
    return sql


def tables_read(sql: str) -> str:
    """The tables that a SELECT reads, in lower case, one a line; with its schema where it says one.

    Raises QueryError for anything but one SELECT over tables. In the place of a table DuckDB takes a function
    or a name with a dot for a file.
    """
    tree = _parsed(sql)
    if not isinstance(tree, exp.Query) or tree.find(*_ACTING):
        raise QueryError("it must be one SELECT, and nothing else.")
    for node in tree.find_all(exp.Table, exp.UDTF):
        names = [one for part in ("this", "db") if (one := node.args.get(part))]
        is_plain = (
            isinstance(node, exp.Table)
            and not node.catalog
            and all(isinstance(one, exp.Identifier) and re.fullmatch(r"\w+", one.name) for one in names)
        )
        is_listed = isinstance(node, exp.Values | exp.Unnest | exp.Explode)
        if not (is_plain or is_listed or _function(node) in _COUNTING):
            raise QueryError(f"it reads {node.sql('redshift')}: only tables of the warehouse can be read.")
    return "\n".join(sorted({f"{one.db}.{one.name}".lstrip(".").lower() for one in _sources(tree)}))


def _function(node: exp.Expr) -> str:
    """The name of the function that stands in the place of a table."""
    inner = node.this
    return inner.name.upper() if isinstance(inner, exp.Anonymous) else getattr(inner, "sql_name", str)()


def functions_of_others(sql: str) -> str:
    """The functions that it calls and no dialect knows, one a line: somebody may have made them."""
    return "\n".join(sorted({one.name.lower() for one in _parsed(sql).find_all(exp.Anonymous)}))


def has_parameters(sql: str) -> str:
    """Not empty for a statement with a placeholder."""
    return "yes" if _parsed(sql).find(exp.Placeholder, exp.Parameter) else ""


def _sources(tree: exp.Expr) -> list[exp.Table]:
    """The tables that a SELECT reads, each where it stands; those of WITH are none."""
    try:
        scopes = traverse_scope(tree)
    except SqlglotError as error:
        raise QueryError(f"it cannot be read: {str(error).splitlines()[0]}") from error
    of_with = {
        id(node) for scope in scopes for _, node in scope.references
        if isinstance(node, exp.Table) and node.name in scope.cte_sources
    }  # fmt: skip
    tables = [one for one in tree.find_all(exp.Table) if isinstance(one.this, exp.Identifier)]
    return [one for one in tables if id(one) not in of_with]


def reserved_words() -> str:
    """The words that can be no name on Redshift or DuckDB, in lower case, one a line."""
    words = Redshift.Generator.RESERVED_KEYWORDS | DuckDB.Generator.RESERVED_KEYWORDS
    return "\n".join(sorted(word.lower() for word in words))
