"""What an engine is sent: a statement in its words, its parameters said as literals.

Redshift gets every statement as it is written: sqlglot's generator for Redshift says some of them in words
that Redshift refuses (CURRENT_SCHEMA without its brackets). For DuckDB, `translation` says it again. What it
said is cached, so most processes never import it.

Literals rather than the driver's parameters, since each driver has its own marks and Redshift cannot always
infer a parameter's type.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping

from sparkify.engines.base import Value
from sparkify.errors import QueryError
from sparkify.sql_cache import cached

_MARK = re.compile("\0(\\w+)\0")
_in_duckdb = cached("sparkify.engines.translation:in_duckdb")
_in_redshift = cached("sparkify.engines.translation:in_redshift")
laid_out = cached("sparkify.engines.translation:laid_out")
_inlined = cached("sparkify.engines.translation:inlined")
_narrowed = cached("sparkify.engines.translation:narrowed")
_functions_of_others = cached("sparkify.engines.translation:functions_of_others")
_tables_read = cached("sparkify.engines.translation:tables_read")
_replaced = cached("sparkify.engines.translation:replaced")
_tables_named = cached("sparkify.engines.translation:tables_named")
_has_parameters = cached("sparkify.engines.translation:has_parameters")
_reserved_words = cached("sparkify.engines.translation:reserved_words")


def to_duckdb(sql: str, params: Mapping[str, Value] | None = None) -> str:
    """Translate one statement, its `:name` placeholders filled in."""
    return _filled(_in_duckdb(sql), params or {}, duckdb_text)


def to_redshift(sql: str, params: Mapping[str, Value] | None = None) -> str:
    """The statement as it is written, its `:name` placeholders filled in."""
    return _filled(_in_redshift(sql), params or {}, _redshift_text)


def literal(value: Value) -> str:
    """A value as Redshift's SQL says it."""
    return _literal(value, _redshift_text)


def inline(sql: str, relations: Mapping[str, str]) -> str:
    """Put a SELECT in the place of each table that `relations` names; the tables of WITH are not meant.

    >>> inline("SELECT a FROM t JOIN u AS v ON v.a = t.a", {"t": "SELECT * FROM w", "u": "SELECT 1 AS a"})
    'SELECT a FROM (SELECT * FROM w) AS t JOIN (SELECT 1 AS a) AS v ON v.a = t.a'
    """
    return _inlined(sql, *(text for pair in relations.items() for text in pair))


def replace_tables(sql: str, relations: Mapping[str, str]) -> str:
    """As `inline`, but whatever the SELECT calls so. QueryError if a part of its WITH has such a name.

    >>> replace_tables("SELECT a FROM T AS v, t", {"t": "SELECT 1 AS a"})
    'SELECT a FROM (SELECT 1 AS a) AS v, (SELECT 1 AS a) AS t'
    """
    return _replaced(sql, *(text for pair in relations.items() for text in pair))


def tables_named(sql: str) -> list[str]:
    """Whatever a SELECT names in the place of a table but the parts of its WITH, in lower case.

    Raises QueryError where a name is both, or where there is a WITH within another query.

    >>> tables_named("WITH a AS (SELECT 1 AS b FROM T) SELECT b FROM a, s.u")
    ['s.u', 't']
    """
    return _tables_named(sql).splitlines()


def narrow(sql: str, relations: Mapping[str, str]) -> str:
    """Put a SELECT in the place of the table that a statement is about: the first it names, or its subquery.

    One that is about several tables, the arms of a UNION, is left as it is: it must narrow itself.

    >>> narrow("SELECT a FROM t JOIN u ON u.a = t.a", {"t": "SELECT * FROM t WHERE a > 1", "u": "SELECT 2"})
    'SELECT a FROM (SELECT * FROM t WHERE a > 1) AS t JOIN u ON u.a = t.a'
    >>> narrow("SELECT a FROM (SELECT a FROM t UNION ALL SELECT a FROM u) AS v", {"t": "SELECT 1 AS a"})
    'SELECT a FROM (SELECT a FROM t UNION ALL SELECT a FROM u) AS v'
    """
    return _narrowed(sql, *(text for pair in relations.items() for text in pair))


def tables_read(sql: str) -> list[str]:
    """The tables that a SELECT reads, in lower case, with its schema where it says one.

    Raises QueryError for anything but one SELECT over tables.

    >>> tables_read("WITH a AS (SELECT * FROM Songs) SELECT * FROM a JOIN mart.b AS b ON b.c = :c")
    ['mart.b', 'songs']
    """
    return _tables_read(sql).splitlines()


def tables_of_own(sql: str) -> list[str]:
    """As `tables_read`, for a SELECT that takes no parameter and reads tables of no other schema."""
    found = tables_read(sql)
    if _has_parameters(sql):
        raise QueryError("it can take no parameter: nobody gives it a value.")
    if others := [name for name in found if "." in name]:
        raise QueryError(
            f"it reads {others[0]}: only tables of the warehouse, named without their schema, can be read."
        )
    return found


def functions_of_others(sql: str) -> list[str]:
    """The functions that it calls and no dialect knows, in lower case: somebody may have made them.

    >>> functions_of_others("SELECT UPPER(a) AS b, Everybody(a) AS c FROM t")
    ['everybody']
    """
    return _functions_of_others(sql).splitlines()


def is_reserved(name: str) -> bool:
    """Whether a name, in lower case, is a word that an engine keeps for itself."""
    return name in _reserved_words().splitlines()


def _filled(marked: str, params: Mapping[str, Value], quote: Callable[[str], str]) -> str:
    """The statement with a value for each mark. QueryError names a placeholder that has no value."""

    def fill(found: re.Match[str]) -> str:
        if found[1] not in params:
            raise QueryError(f"the statement needs a value for :{found[1]}.")
        return _literal(params[found[1]], quote)

    return _MARK.sub(fill, marked)


def _literal(value: Value, quote: Callable[[str], str]) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, dt.datetime):
        return f"CAST({quote(value.isoformat(sep=' '))} AS TIMESTAMP)"
    if isinstance(value, dt.date):
        return f"CAST({quote(value.isoformat())} AS DATE)"
    if isinstance(value, float):  # written bare, a large one would be a NUMERIC, which ends at 38 digits
        return f"CAST({quote(repr(value))} AS DOUBLE PRECISION)"
    return quote(value) if isinstance(value, str) else str(value)


def duckdb_text(text: str) -> str:
    """A text as DuckDB's SQL says it."""
    return "'" + text.replace("'", "''") + "'"


def _redshift_text(text: str) -> str:
    """Redshift reads a backslash in a text as the beginning of an escape, as PostgreSQL 8 did."""
    return duckdb_text(text.replace("\\", "\\\\"))
