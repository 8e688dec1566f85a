"""Functions that the loader's SQL may rest on: the emulator's answers are those of AWS's pages."""

import datetime as dt
from typing import Any

import pytest

from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError

DOCUMENTED: list[tuple[str, tuple[Any, ...]]] = [
    ("SELECT STRTOL('0xf', 16), STRTOL('abcd1234', 16), STRTOL('110101', 2)", (15, 2882343476, 53)),
    ("SELECT STRTOL('1234567', 10), STRTOL('1234567', 8), STRTOL('Zz', 36)", (1234567, 342391, 1295)),
    ("SELECT STRTOL('', 16), STRTOL(NULL, 16), STRTOL('  +f', 16), STRTOL('-F', 16)", (0, None, 15, -15)),
    (
        "SELECT STRTOL('7fffffffffffffff', 16), STRTOL('-8000000000000000', 16)",
        (9223372036854775807, -9223372036854775808),
    ),
    ("SELECT MD5('Amazon Redshift'), LEN(MD5(''))", ("f7415e33f972c03abd4f3fed36748f7a", 32)),
    ("SELECT CHR(65), CHR(9), CHR(228), CHR(NULL)", ("A", "\t", None, None)),
    ("SELECT ASCII('amazon'), ASCII(''), ASCII('ö'), ASCII(NULL)", (97, 0, 246, None)),
    ("SELECT RIGHT('Chicago', 3), RIGHT('Björk', 4), RIGHT('a', 0)", ("ago", "jörk", "")),
    (
        "SELECT TRIM('\t a '), BTRIM(' \n '), LTRIM('\xa0 a'), RTRIM('a \xa0 ')",
        ("\t a", "\n", "\xa0 a", "a \xa0"),
    ),
    (
        "SELECT DATEADD(microsecond, 1541077528796001, TIMESTAMP '1970-01-01 00:00:00'), "
        "DATEADD(us, -1, TIMESTAMP '1970-01-01 00:00:00')",
        (dt.datetime(2018, 11, 1, 13, 5, 28, 796001), dt.datetime(1969, 12, 31, 23, 59, 59, 999999)),
    ),
    (
        "SELECT DATEDIFF(microsecond, TIMESTAMP '1970-01-01', TIMESTAMP '2018-11-01 13:05:28.796001'), "
        "DATEDIFF(us, TIMESTAMP '2018-11-01 00:00:01', TIMESTAMP '2018-11-01 00:00:00.999999')",
        (1541077528796001, -1),
    ),
    (
        'SELECT JSON_EXTRACT_PATH_TEXT(\'{"f2":{"f3":1},"f4":{"f5":99,"f6":"star"}}\', \'f4\', \'f6\')',
        ("star",),
    ),
    (
        "SELECT JSON_EXTRACT_PATH_TEXT('{\"a.b\":1.50,\"F\":true}', 'a.b'), "
        "JSON_EXTRACT_PATH_TEXT('{\"F\":true}', 'F'), JSON_EXTRACT_PATH_TEXT('{\"F\":true}', 'f')",
        ("1.50", "true", None),
    ),
    ("SELECT JSON_EXTRACT_PATH_TEXT('{\"f2\":', 'f4', 'f6', TRUE)", (None,)),
]


@pytest.mark.parametrize(("sql", "row"), DOCUMENTED, ids=[sql[7:50] for sql, _ in DOCUMENTED])
def test_a_function_answers_as_its_page_says(session: Redshift, sql: str, row: tuple[Any, ...]) -> None:
    assert session.native(sql).rows == [row]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT STRTOL('zz', 16)",
        "SELECT STRTOL('f f', 16)",
        "SELECT STRTOL('8', 8)",
        "SELECT STRTOL('0xf', 10)",
        "SELECT STRTOL('-', 10)",
        "SELECT STRTOL('0x', 16)",
        "SELECT STRTOL('8000000000000000', 16)",
        "SELECT STRTOL('1', 37)",
        "SELECT STRTOL('1', 1)",
        "SELECT JSON_EXTRACT_PATH_TEXT('{\"f2\":', 'f4', 'f6')",
        "SELECT JSON_EXTRACT_PATH_TEXT('{\"f2\":', 'f4', FALSE)",
        "SELECT JSON_EXTRACT_PATH_TEXT('{}', 'a', 'b', 'c', 'd', 'e', 'f')",
        "SELECT JSON_EXTRACT_PATH_TEXT('{}')",
        "SELECT DATEADD(microsecond, 1.5, TIMESTAMP '1970-01-01 00:00:00')",
    ],
)
def test_what_a_function_does_not_take_is_an_error(session: Redshift, sql: str) -> None:
    with pytest.raises(QueryError):
        session.native(sql)


def test_half_of_a_hash_becomes_a_number(session: Redshift) -> None:
    found = session.native("SELECT STRTOL(RIGHT(MD5('x'), 15), 16), STRTOL(LEFT(MD5('x'), 1), 16)")

    digest = "9dd4e461268c8034f5c8564e155c67a6"
    assert found.rows == [(int(digest[-15:], 16), int(digest[0], 16))]


def test_a_width_is_asked_of_the_cast_that_has_one(session: Redshift) -> None:
    assert session.native("SELECT CAST('abc' AS VARCHAR(2)), 12::VARCHAR").rows == [("ab", "12")]


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("AVG(x)", "avg"), ("SUM(x) OVER ()", "sum"), ("DATEDIFF(day, d, d)", "date_diff"),
        ("DATE_PART(year, d)", "pgdate_part"), ("REGEXP_COUNT('a', 'a')", "regexp_count"),
        ("TRIM('a')", "btrim"),
        ("MAX(x)", "max"), ("SUM(x) + 1", "?column?"), ("(SUM(x))", "sum"),
        ("SUM(x) AS total", "total"),
    ],
)  # fmt: skip
def test_a_result_without_a_name_is_called_by_its_function(redshift: Redshift, item: str, name: str) -> None:
    relation = "(SELECT 1 AS x, CAST('2018-11-01' AS DATE) AS d) AS t"
    by_group = " GROUP BY x, d" if "OVER" in item else " GROUP BY d"

    assert redshift.native(f"SELECT {item} FROM {relation}{by_group}").columns == (name,)
    if name.isidentifier():
        assert redshift.native(f"SELECT q.{name} FROM (SELECT {item} FROM {relation}{by_group}) AS q").rows
