"""Precision and scale of what is computed from DECIMALs, as "Computations with numeric values" has them."""

from typing import Any

import pytest

from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError

ANSWERS = [
    # the page's rules, on literals and casts
    ("1.5 + 2.25", "3.75"),
    ("7.00 - 2", "5.00"),
    ("1.10 * 2.0", "2.200"),
    (
        "CAST(10 AS DECIMAL(8,2)) / CAST(3 AS DECIMAL(8,2))",
        "3.333333333",
    ),  # the page's example: DECIMAL(17,9)
    ("10::DECIMAL(8,2) / 3::SMALLINT", "3.33333333"),  # "WHERE clause": eight decimals
    ("2.0 / 3", "0.666666666666"),
    ("7 / 2", 3),
    ("-10.0 / 4.0 / 4.0", "-0.625000"),
    ("1 + 10.0 / 4.0 * 2", "6.0000"),
    ("(1.0 + 1) / 3", "0.666666666666"),
    ("CAST(1 AS NUMERIC) / 3", "0.33333333333"),
    # columns: p DECIMAL(8,2), q SMALLINT, b BIGINT, w DECIMAL(20,10), f DOUBLE PRECISION
    ("p / q FROM sold", "3.33333333"),
    ("s.p / s.q FROM sold AS s", "3.33333333"),
    ("p / p FROM sold", "1.000000000"),
    ("p * q FROM sold", "30.00"),
    ("p / b FROM sold", "3.3333333333333333333333"),
    ("w * w FROM sold", "0.25000000000000000000"),
    ("SUM(p) / COUNT(*) FROM sold", "10.0000"),
    ("SUM(p) / 3 FROM sold", "3.3333"),
    ("p / f FROM sold", 5.0),
    ("x / 3::SMALLINT FROM (SELECT p AS x FROM sold)", "3.33333333"),
    ("x / y FROM (SELECT p AS x FROM sold), (SELECT q AS y FROM sold)", "3.33333333"),
    ("c / q FROM (SELECT p, q FROM sold) AS n (c, q)", "3.33333333"),
    ("(SELECT p FROM sold) / 3::SMALLINT", "3.33333333"),
    ("sold.p / sold.q FROM (WITH sold AS (SELECT 1 AS z) SELECT z FROM sold) AS n, sold", "3.33333333"),
    ("p / q FROM sold WHERE p / q > 3 GROUP BY p / q, p, q HAVING p / q < 4 ORDER BY p / q", "3.33333333"),
    ("a.p / o.q FROM sold AS a JOIN sold AS o ON a.p / o.q = 3.33333333", "3.33333333"),
    ("(SELECT MAX(i.p / o.q) FROM sold AS i) FROM sold AS o", "3.33333333"),
    ("CASE WHEN q = 3 THEN p / q ELSE 0 END FROM sold", "3.33333333"),
    ("NVL(p, 0) / q FROM sold", "3.33333333"),
    ("COALESCE(NULL, q, 2.5) FROM sold", "3.0"),
    ("ROUND(p / q, 2) FROM sold", "3.33"),
]
"""An expression and what follows it, and its value; a text is a DECIMAL with these very digits."""


def exact(engine: Redshift, sql: str) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them: the engine makes numbers of DECIMALs."""
    cursor = engine._connection.cursor()
    cursor.execute(sql)
    return [
        tuple(value if isinstance(value, int | float) else str(value) for value in row)
        for row in cursor.fetchall()
    ]


@pytest.fixture
def sold(session: Redshift) -> Redshift:
    session.native(
        "CREATE TABLE sold (p DECIMAL(8,2), q SMALLINT, b BIGINT, w DECIMAL(20,10), f DOUBLE PRECISION)"
    )
    session.native("INSERT INTO sold VALUES (10, 3, 3, 0.5, 2)")
    return session


@pytest.mark.parametrize(("sql", "value"), ANSWERS, ids=[sql for sql, _ in ANSWERS])
def test_a_computation_has_the_scale_of_its_operands(sold: Redshift, sql: str, value: object) -> None:
    assert exact(sold, f"SELECT {sql}") == [(value,)]


def test_the_scale_is_kept_by_views_tables_and_common_tables(sold: Redshift) -> None:
    sold.native("CREATE VIEW each AS SELECT p / q AS price FROM sold")
    sold.native("CREATE TABLE kept AS SELECT price * 2 AS price FROM each")

    found = exact(sold, "WITH n AS (SELECT price FROM kept) SELECT price / 3::SMALLINT FROM n")

    assert found == [
        ("2.22222222000000",)
    ]  # DECIMAL(25,8) of DECIMAL(19,8) * 2, by DECIMAL(5,0): 14 decimals


def test_a_union_gives_its_columns_one_scale(sold: Redshift) -> None:
    found = exact(sold, "SELECT p FROM sold UNION ALL SELECT w FROM sold UNION ALL SELECT q FROM sold")

    assert sorted(found) == [("0.5000000000",), ("10.0000000000",), ("3.0000000000",)]


def test_an_update_and_a_delete_know_their_columns(sold: Redshift) -> None:
    sold.native("UPDATE sold SET w = p / q")
    sold.native("DELETE FROM sold WHERE p / q <> 3.33333333")

    assert exact(sold, "SELECT w FROM sold") == [("3.3333333300",)]


@pytest.mark.parametrize(
    "sql",
    [
        "99999999999999999999999999999999999999 * 10.0",
        "CAST(99999999 AS DECIMAL(38,0)) * CAST(1e30 AS DECIMAL(38,0)) * 10.0",
        "CAST(p AS DECIMAL(3,2)) FROM sold",
        "p / 0 FROM sold",
    ],
)
def test_what_has_no_room_is_an_error(sold: Redshift, sql: str) -> None:
    with pytest.raises(QueryError, match=r"Numeric data overflow|division by zero"):
        sold.native(f"SELECT {sql}")


def test_every_statement_of_a_transaction_is_typed(sold: Redshift) -> None:
    with sold.transaction():
        sold.native("CREATE TEMP TABLE mine (p DECIMAL(8,2))")
        sold.native("INSERT INTO mine SELECT p / q * 2 FROM sold")
        found = [exact(sold, "SELECT p / 3::SMALLINT FROM mine") for _ in range(2)]

    assert found == [[("2.22333333",)]] * 2
