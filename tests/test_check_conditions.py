"""Every condition of a check is needed: without it, something that is wrong would no longer be seen."""

from collections.abc import Iterator, Mapping

import pytest
import sqlglot
from sqlglot import exp

from sparkify.engines.base import Engine
from sparkify.load.star import RunRange
from sparkify.sql import statements
from tests.breaks import CASES
from tests.builders import Source
from tests.test_checks import TakenBack, fill

NEEDLESS = {
    # Equal moments would do; it spares reading the plays of other times.
    ("time_is_used", "songplay.start_time BETWEEN :first_time AND :last_time"),
}
"""Conditions without which a check sees as much."""


def test_each_condition_of_a_check_sees_what_no_other_does(duckdb_warehouse: Engine, source: Source) -> None:
    fill(duckdb_warehouse, source)

    needless = set()
    for check in statements("checks"):
        weaker = without_each_condition(check.text)
        needless |= {(check.name, condition) for condition in weaker}
        for sql in (sql for name, sql in CASES if name == check.name):
            needless -= {(check.name, condition) for condition in blind(duckdb_warehouse, sql, weaker)}

    assert needless == NEEDLESS


def test_the_conditions_are_those_that_make_a_row_wrong() -> None:
    sql = "SELECT a FROM t LEFT JOIN u ON u.a = t.a AND u.b = t.b WHERE u.a IS NULL AND (t.c > 1 OR t.d > 2)"

    assert without_each_condition(sql) == {
        "t.c > 1": sql.replace("t.c > 1", "FALSE"),
        "t.d > 2": sql.replace("t.d > 2", "FALSE"),
        "u.a = t.a": sql.replace("u.a = t.a", "TRUE"),
        "u.b = t.b": sql.replace("u.b = t.b", "TRUE"),
    }


def blind(engine: Engine, sql: str, weaker: Mapping[str, str]) -> list[str]:
    """Those of these checks, by name, that see nothing wrong in a warehouse that this statement broke."""
    found: list[str] = []
    with pytest.raises(TakenBack), engine.transaction():
        engine.native(sql)
        found = [
            name for name, check in weaker.items() if not engine.query(check, RunRange(0, 99).params).rows
        ]
        raise TakenBack
    return found


def without_each_condition(sql: str) -> dict[str, str]:
    """The check without one of its conditions, by this condition: each is left out once."""
    tree = sqlglot.parse_one(sql, read="redshift")
    found = {}
    for at, (condition, _) in enumerate(_conditions(tree)):
        weaker = tree.copy()
        node, nothing = list(_conditions(weaker))[at]
        node.replace(nothing)
        found[condition.sql(comments=False)] = weaker.sql("redshift", comments=False)
    assert len(found) == len(list(_conditions(tree))), "two conditions are alike"
    return found


def _conditions(check: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Each condition that makes rows wrong, and what takes its place where it is left out.

    These are the parts of an OR, the equalities of a join that finds nothing for a wrong row, and the tables
    that a check is about where they are several.
    """
    for either in check.find_all(exp.Or):
        if not isinstance(either.parent, exp.Or):
            yield from ((part, exp.false()) for part in list(either.flatten()))
    where = check.args.get("where") or exp.Where(this=exp.true())
    required = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    absent = {part.this.table for part in required if isinstance(part, exp.Is)}
    for join in check.args.get("joins") or ():
        on = join.args["on"]
        if join.alias_or_name in absent and isinstance(on, exp.And):
            yield from ((part, exp.true()) for part in list(on.flatten()))
    about = check.args["from_"].this.this
    if isinstance(about, exp.Union):
        for arm in about.find_all(exp.Select):
            yield arm, arm.copy().where("FALSE")
