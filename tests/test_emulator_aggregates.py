"""Aggregates, and the types of what functions of numbers give, as AWS's pages of these functions say."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError

Row = tuple[Any, ...]


@pytest.fixture
def parts(session: Redshift) -> Iterator[Redshift]:
    session.native(
        "CREATE TABLE parts (k INTEGER, s VARCHAR(9), d DECIMAL(8, 2), f DOUBLE PRECISION, r REAL, "
        "m TIMESTAMP, o BOOLEAN, c CHAR(3))"
    )
    session.native(
        "INSERT INTO parts VALUES (1, 'b', 1.55, 1.5, 1.5, '2018-11-01', TRUE, '7'), "
        "(2, '', 2.45, 2.5, 2.5, '2018-11-02', FALSE, 'x'), "
        "(10, NULL, -7.00, -7, -7, '2018-11-04', NULL, NULL), "
        "(4, 'a', NULL, NULL, NULL, NULL, NULL, NULL), (5, 'a ', NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    yield session


ANSWERS: list[tuple[str, Row]] = [
    ("SELECT LISTAGG(s, ',') WITHIN GROUP (ORDER BY k) FROM parts", ("b,a,a ",)),
    ("SELECT LISTAGG(k, ', ') WITHIN GROUP (ORDER BY k DESC) FROM parts", ("10, 5, 4, 2, 1",)),
    ("SELECT LISTAGG(DISTINCT k, ',') WITHIN GROUP (ORDER BY k) FROM parts", ("1,2,4,5,10",)),
    ("SELECT LEN(LISTAGG(DISTINCT s) WITHIN GROUP (ORDER BY s)) < 4 FROM parts", (True,)),
    ("SELECT LISTAGG(s) FROM parts WHERE k IN (2, 10)", (None,)),
    ("SELECT LISTAGG('x', NULL) FROM parts", ("xxxxx",)),
    ("SELECT LISTAGG(s, ',') WITHIN GROUP (ORDER BY k), LISTAGG(k) WITHIN GROUP (ORDER BY k) FROM parts",
     ("b,a,a ", "124510")),
    ("SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY k), MEDIAN(k) FROM parts", (4, 4)),
    ("SELECT PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY k DESC) FROM parts", (5,)),
    ("SELECT PERCENTILE_CONT(0.1) WITHIN GROUP (ORDER BY k) FROM parts", (1.4,)),
    ("SELECT MEDIAN(d), MAX(f) FROM parts WHERE k < 4", (2.0, 2.5)),
    ("SELECT MEDIAN(m) FROM parts WHERE k <> 1", (dt.datetime(2018, 11, 3),)),
    ("SELECT MEDIAN(k) FROM parts WHERE k > 99", (None,)),
    ("SELECT TRY_CAST(k AS BIGINT), TRY_CAST(d AS INT), TRY_CAST(f AS SMALLINT) FROM parts WHERE k = 2",
     (2, 2, 3)),
    ("SELECT TRY_CAST(o AS INTEGER), TRY_CAST(c AS INT8), TRY_CAST(k AS FLOAT) FROM parts WHERE k = 1",
     (1, 7, 1.0)),
    ("SELECT TRY_CAST(9007199254740993::BIGINT AS BIGINT), TRY_CAST(1e20::FLOAT AS BIGINT)",
     (9007199254740993, None)),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "row"), ANSWERS, ids=[sql[7:70] for sql, _ in ANSWERS])
def test_an_aggregate_answers_as_its_page_says(parts: Redshift, sql: str, row: Row) -> None:
    assert parts.native(sql).rows[0] == row


def types(session: Redshift, *values: str) -> list[str]:
    """The types of the columns that a table of these values has."""
    listed = ", ".join(f"{value} AS c{number}" for number, value in enumerate(values))
    session.native(f"CREATE TABLE kinds AS SELECT {listed} FROM parts")
    (schema,) = session.native("SELECT CURRENT_SCHEMA()").rows[0]
    rows = session.native(
        f"SELECT data_type FROM svv_columns WHERE table_schema = '{schema}' AND table_name = 'kinds' "
        "ORDER BY ordinal_position"
    ).rows
    return [str(kind) for (kind,) in rows]


def test_the_middle_of_exact_numbers_is_a_decimal(parts: Redshift) -> None:
    given = ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY k)", "MEDIAN(d)", "MEDIAN(f)", "MEDIAN(m)")

    assert types(parts, *(f"(SELECT {value} FROM parts)" for value in given)) == [
        "numeric", "numeric", "double precision", "timestamp without time zone",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["STDDEV", "STDDEV_SAMP", "STDDEV_POP", "VARIANCE", "VAR_SAMP", "VAR_POP"])
def test_deviations_are_floats_whatever_they_are_of(parts: Redshift, name: str) -> None:
    found = types(parts, f"{name}(k)", f"{name}(d)", f"{name}(f)", f"{name}(r)", f"{name}(DISTINCT k)")

    assert found == ["double precision"] * 5


@pytest.mark.parametrize("name", ["FLOOR", "CEIL", "CEILING", "ROUND", "TRUNC", "SIGN"])
def test_a_rounded_number_keeps_its_type(parts: Redshift, name: str) -> None:
    given = ("k", "k::SMALLINT", "k::BIGINT", "d", "f", "r")

    assert types(parts, *(f"{name}({value})" for value in given)) == [
        "integer", "smallint", "bigint", "numeric", "double precision", "real",
    ]  # fmt: skip


def test_rounding_to_tens_keeps_the_type_too(parts: Redshift) -> None:
    given = ("ROUND(15, -1)", "TRUNC(19, -1)", "ROUND(2.45::FLOAT, 1)", "TRUNC(2.45::FLOAT, 1)")

    assert parts.native(f"SELECT {', '.join(given)}").rows == [(20, 10, 2.5, 2.4)]
    assert types(parts, *given) == ["integer", "integer", "double precision", "double precision"]


def test_a_list_ends_at_64_kilobytes(parts: Redshift) -> None:
    with pytest.raises(QueryError, match="Result size exceeds LISTAGG limit"):
        parts.native("SELECT LISTAGG(REPEAT('x', 30000)) FROM parts")


def test_a_date_that_overflows_goes_on_to_the_next_month_unless_it_is_strict(session: Redshift) -> None:
    found = session.native(
        "SELECT TO_DATE('20010631', 'YYYYMMDD'), TO_DATE('20010631', 'YYYYMMDD', FALSE), "
        "TO_DATE('02 Oct 2001', 'DD Mon YYYY', TRUE), TO_DATE('2018-13-45', 'YYYY-MM-DD'), "
        "TO_DATE('31 Feb 2001', 'DD Mon YYYY')"
    )

    days = [(2001, 7, 1), (2001, 7, 1), (2001, 10, 2), (2019, 2, 14), (2001, 3, 3)]
    assert found.rows == [tuple(dt.date(*day) for day in days)]
    with pytest.raises(QueryError, match="out of range"):
        session.native("SELECT TO_DATE('20010631', 'YYYYMMDD', TRUE)")


@pytest.mark.parametrize(
    "sql", ["INSERT INTO parts (c) VALUES ('é')", "UPDATE parts SET c = '日'", "SELECT CAST('é' AS CHAR(3))"]
)
def test_char_holds_single_byte_characters_only(parts: Redshift, sql: str) -> None:
    with pytest.raises(QueryError, match="Multibyte character not supported for CHAR"):
        parts.native(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT TRY_CAST('2018-11-01' AS DATE)",
        "SELECT TRY_CAST(m AS INT) FROM parts",
        "SELECT TRY_CAST(k AS VARCHAR(9)) FROM parts",
        "SELECT DATEDIFF(day, m, s) FROM parts",
        "SELECT MEDIAN(k) OVER (PARTITION BY s) FROM parts",
    ],
)
def test_no_message_names_a_function_of_the_emulators_own(parts: Redshift, sql: str) -> None:
    with pytest.raises(QueryError, match="documented, but not imitated by the emulator") as caught:
        parts.native(sql)

    assert "rs_" not in str(caught.value)
