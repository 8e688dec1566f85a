"""What statements mean where PostgreSQL's meaning is another: the answers are those of AWS's pages."""

import datetime as dt
import re
import time
from typing import Any

import pytest

from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError
from tests.conftest import ROOT

AnyRow = tuple[Any, ...]


def day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


DOCUMENTED: list[tuple[str, AnyRow]] = [
    # "DATEADD function", with its usage notes on the ends of months
    ("DATEADD(month, 18, '2008-02-28'), DATEADD(m, 30, '2008-02-28')",
     (day("2009-08-28"), day("2008-02-28 00:30"))),
    ("DATEADD(month, 1, '2008-04-30'), DATEADD(month, 1, '2008-03-31')",
     (day("2008-05-30"), day("2008-04-30"))),
    ("DATEADD(month, 12, '2016-02-29'), DATEADD(year, 1, '2016-02-29'), DATEADD(year, 4, '2016-02-29')",
     (day("2017-02-28"), day("2017-03-01"), day("2020-02-29"))),
    # "ADD_MONTHS function", "LAST_DAY function", "MONTHS_BETWEEN function", "NEXT_DAY function", "TRUNC"
    ("ADD_MONTHS('2008-03-31', 1), ADD_MONTHS('2008-04-30', 1), ADD_MONTHS('2008-01-15 10:00:00', -1)",
     (day("2008-04-30"), day("2008-05-31"), day("2007-12-15 10:00"))),
    ("LAST_DAY('2014-01-03 10:00:00'), NEXT_DAY('2014-08-20', 'Tuesday'), NEXT_DAY('2014-08-20', 'wed')",
     (dt.date(2014, 1, 31), dt.date(2014, 8, 26), dt.date(2014, 8, 27))),
    ("MONTHS_BETWEEN('1969-01-18', '1969-03-18'), MONTHS_BETWEEN('2014-09-30', '2014-08-31')", (-2, 1)),
    ("ROUND(MONTHS_BETWEEN('2008-12-25 15:00:00', '2008-01-21 19:30:00'), 2), "
     "ROUND(MONTHS_BETWEEN('2008-12-01 19:30:00', '2008-01-03 15:00:00'), 2)", (11.12, 10.94)),
    ("TRUNC(TIMESTAMP '2011-07-21 10:32:38'), DATE_PART_YEAR(DATE '2022-05-02')",
     (dt.date(2011, 7, 21), 2022)),
    # "DATEDIFF function": boundaries
    ("DATEDIFF(year, '12-31-2008', '01-01-2009')", (1,)),
    ("DATEDIFF(hour, '01-01-2009 8:30:00', '01-01-2009 10:00:00')", (2,)),
    ("DATEDIFF(week, '2009-01-01', '2009-12-31'), DATEDIFF(hour, '2023-01-01', '2023-01-03 05:04:03')",
     (52, 53)),
    ("DATEDIFF(day, '2009-01-01', '2009-03-23')", (81,)),
    # "EXTRACT function", "Date parts for date or timestamp functions"
    ("EXTRACT(ms FROM TIMESTAMP '2009-09-09 12:08:43.101')", (101,)),
    ("EXTRACT(sec FROM TIMESTAMP '2009-09-21 11:10:03.189717')", (3,)),
    ("EXTRACT(decade FROM TIMESTAMP '1999-02-16 20:38:40')", (200,)),
    ("EXTRACT(century FROM TIMESTAMP '2000-12-16 12:21:13')", (20,)),
    ("DATE_PART(sec, TIMESTAMP '2009-09-21 11:10:03.189717')", (3.189717,)),
    ("DATE_PART(microsecond, TIMESTAMP '20220502 04:05:06.789')", (789000.0,)),
    ("CONVERT_TIMEZONE('America/New_York', '2013-02-01 08:00:00')", (day("2013-02-01 03:00"),)),
    ("CONVERT_TIMEZONE('EST', 'UTC', '20080305 12:25:29')", (day("2008-03-05 17:25:29"),)),
    # "Character types", "Examples with character types", "CAST function"
    ("CAST('City of South San Francisco' AS CHAR(20)), CAST(2008 AS CHAR(4))",
     ("City of South San Fr", "2008")),
    ("LEN(CAST(REPEAT('x', 300) AS VARCHAR)), LEN(REPEAT('x', 300)::VARCHAR)", (256, 256)),
    ("LEN(CAST(REPEAT('x', 300) AS VARCHAR(MAX))), CAST('y' AS NVARCHAR)", (300, "y")),
    ("CAST('ééé' AS VARCHAR(5)), CAST(1234 AS VARCHAR(2)), LEN(CAST('a  ' AS VARCHAR(9)))", ("éé", "12", 3)),
    ("CAST('xyz' AS CHARACTER VARYING(2)), CAST(NULL AS VARCHAR(2))", ("xy", None)),
    ("'abc'::VARCHAR(2), 'ééé'::VARCHAR(5), 12::CHARACTER VARYING(5)", ("ab", "éé", "12")),
    # "DATE_TRUNC function": a text in quotation marks is a TIMESTAMP
    ("DATE_TRUNC('month', '2020-04-28 12:34:56'), DATE_TRUNC('day', DATE '2020-04-28')",
     (day("2020-04-01"), day("2020-04-28"))),
    # "AVG function", "SUM function"
    ("AVG(n), AVG(d), SUM(n), AVG(f) FROM numbers", (2, 1.66, 7, 1.6666666666666667)),
    # "REGEXP_SUBSTR function" and its sisters
    ("REGEXP_SUBSTR('the fox', 'FOX', 1, 1, 'i'), REGEXP_SUBSTR('the fox', 'FOX'), REGEXP_SUBSTR(NULL, 'x')",
     ("fox", "", None)),
    ("REGEXP_SUBSTR('THE SECRET CODE IS THE LOWERCASE PART OF 1931abc0EZ.', '[a-z]+', 1, 1, 'c')", ("abc",)),
    ("REGEXP_SUBSTR('passwd7 plain A1234 a1234', '(?=[^ ]*[a-z])(?=[^ ]*[0-9])[^ ]+', 1, 2, 'p')",
     ("a1234",)),
    (r"REGEXP_SUBSTR('This is a cat, this is a dog. This is a mouse.', 'this is a (\\w+)', 1, 2, 'ie')",
     ("dog",)),
    ("REGEXP_REPLACE('the fox', 'FOX', 'quick brown fox', 1, 'i')", ("the quick brown fox",)),
    ("REGEXP_COUNT('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}'), REGEXP_COUNT('the fox', 'FOX', 1, 'i')",
     (8, 1)),
    ("REGEXP_INSTR('the fox', 'FOX', 1, 1, 0, 'i')", (5,)),
    # "SUBSTRING function", "LEFT and RIGHT functions", "LEN function", "SPLIT_PART function", "STRPOS"
    ("SUBSTRING('caterpillar', 6, 4), SUBSTRING('caterpillar', 6, 8), SUBSTRING('caterpillar', -2, 6)",
     ("pill", "pillar", "cat")),
    ("LEN('français'), OCTET_LENGTH('français'), LEFT('français', 5), RIGHT('français', 5)",
     (8, 9, "franç", "nçais")),
    ("SPLIT_PART('abc$def$ghi', '$', 2), SPLIT_PART('abc$def$ghi', '$', 4), STRPOS('dogfish', 'fish')",
     ("def", "", 4)),
    ("OCTETINDEX('AWS', 'Amazon AWS'), OCTETINDEX('AWS', 'Άμαζον AWS')", (8, 14)),
    ("'a' || NULL, CONCAT('a', NULL), GREATEST(1, NULL, 3), LEAST(NULL, 2)", (None, None, 3, 2)),
    # "DECODE expression", "NVL2 function", "CONVERT function"
    ("DECODE(NULL, NULL, 1, 2), DECODE('b', 'a', 1, 'b ', 2), DECODE(3, 1, 'x'), NVL2(NULL, 1, 2)",
     (1, 2, None, 2)),
    ("CONVERT(VARCHAR(2), 'abc'), CONVERT(INTEGER, 162.00), CONVERT(CHAR(4), 2008)", ("ab", 162, "2008")),
    # "SELECT list": TOP is LIMIT
    ("TOP 1 n, d FROM numbers WHERE n > 1 ORDER BY n DESC", (4, 2)),
    ("SUM(n) FROM (SELECT TOP 2 n FROM numbers ORDER BY n)", (3,)),
    ("COUNT(*) FROM numbers WHERE n IN (SELECT TOP 2 DISTINCT n FROM numbers ORDER BY n)", (2,)),
    ("MAX(a) FROM ((SELECT TOP 1 n AS a FROM numbers ORDER BY n) UNION ALL SELECT 0)", (1,)),
    # "Names and identifiers"
    ('"N" + 1 FROM "NUMBERS" WHERE "n" = 1', (2,)),
]  # fmt: skip


@pytest.fixture
def numbers(session: Redshift) -> Redshift:
    session.native("CREATE TABLE numbers (n INTEGER, d NUMERIC(8,2), f DOUBLE PRECISION)")
    session.native("INSERT INTO numbers VALUES (1, 1, 1), (2, 2, 2), (4, 2, 2), (NULL, NULL, NULL)")
    return session


@pytest.mark.parametrize(("sql", "row"), DOCUMENTED, ids=[sql[:60] for sql, _ in DOCUMENTED])
def test_an_answer_is_that_of_its_page(numbers: Redshift, sql: str, row: AnyRow) -> None:
    assert numbers.native(f"SELECT {sql}").rows == [row]


def test_a_quoted_name_is_folded_and_named_so_in_the_result(numbers: Redshift) -> None:
    assert numbers.native('SELECT "N" AS "Upper Case ÄÖ" FROM numbers').columns == ("upper case ÄÖ",)


def test_the_name_of_a_user_in_quotation_marks_keeps_its_case(numbers: Redshift) -> None:
    numbers.native('GRANT SELECT ON "NUMBERS" TO "admin"')

    with pytest.raises(QueryError, match='role "Admin" does not exist'):
        numbers.native('GRANT SELECT ON numbers TO "Admin"')


@pytest.mark.parametrize(
    ("value", "stored"), [("'abc  '", "abc"), ("'ab '", "ab "), ("'é '", "é "), ("'é  '", "é ")]
)
def test_blanks_that_do_not_fit_fall_off(session: Redshift, value: str, stored: str) -> None:
    session.native("CREATE TABLE t (s VARCHAR(3))")

    session.native(f"INSERT INTO t VALUES ({value})")

    assert session.native("SELECT s FROM t").rows == [(stored,)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES ('éé')",
        "INSERT INTO t SELECT 'a' || 'bcd'",
        "UPDATE t SET s = s || 'xyz'",
        "INSERT INTO t VALUES (12345)",
    ],
)
def test_text_that_does_not_fit_its_column_in_bytes_is_an_error(session: Redshift, statement: str) -> None:
    session.native("CREATE TABLE t (s VARCHAR(3))")
    session.native("INSERT INTO t VALUES ('a')")

    with pytest.raises(QueryError, match=r"value too long for type character varying\(3\)"):
        session.native(statement)


@pytest.mark.parametrize(
    "sql", ["SELECT 123.456::decimal(2,1)", "SELECT 12345678::smallint", "SELECT 2147483647 + 1"]
)
def test_what_overflows_its_type_is_an_error(session: Redshift, sql: str) -> None:
    with pytest.raises(QueryError):
        session.native(sql)


def test_the_clock_of_a_transaction_stands_still_and_that_of_a_statement_goes_on(session: Redshift) -> None:
    with session.transaction():
        before = session.native("SELECT SYSDATE, GETDATE()").rows[0]
        time.sleep(1.1)
        after = session.native("SELECT SYSDATE, GETDATE()").rows[0]

    assert before[0] == after[0]
    assert before[1] < after[1]
    assert after[1].microsecond == 0


def test_a_sum_of_bigints_ends_at_64_bits_and_that_of_numerics_does_not(numbers: Redshift) -> None:
    """AWS: "SUM function": BIGINT for BIGINT, SMALLINT, and INTEGER arguments."""
    one = "SELECT CAST(9000000000000000000 AS BIGINT) AS n"
    large = f"{one} UNION ALL {one}"
    with pytest.raises(QueryError, match="out of range"):
        numbers.native(f"SELECT SUM(n) AS n FROM ({large}) AS l")
    total = numbers.native(f"SELECT SUM(CAST(n AS NUMERIC(38, 0))) AS n FROM ({large}) AS l").scalar()
    assert total == 18_000_000_000_000_000_000


def test_a_session_says_its_settings(session: Redshift) -> None:
    def said() -> AnyRow:
        return *session.native("SHOW query_group").rows, *session.native(asked).rows

    asked = "SELECT CURRENT_SETTING('query_group')"
    before = said()
    session.native("SET SESSION query_group TO 'nightly load'")
    during = said()
    session.native("RESET query_group")

    assert during == (("nightly load",), ("nightly load",))
    assert before == said() == (("unset",), ("unset",))
    assert session.native("SHOW query_group").columns == ("query_group",)


def test_the_readmes_statements_are_answered_as_it_says(session: Redshift) -> None:
    shown = re.findall(r"^dev=# (.+?);.*\n((?:(?!dev=#|```).*\n)+)", (ROOT / "README.md").read_text(), re.M)
    session.native("CREATE TABLE plays (artist VARCHAR(20), ms BIGINT)")
    session.native("INSERT INTO plays VALUES ('Nightbirds', 236200), ('Nightbirds ', 199000)")
    answered, *refused = shown

    assert len(refused) == 3
    (row,) = session.native(answered[0]).rows
    assert [str(value).rstrip() for value in row] == re.split(
        r"\s*\|\s*", answered[1].splitlines()[-1].strip()
    )
    for sql, said in refused:
        with pytest.raises(QueryError, match=re.escape(said.removeprefix("ERROR:  ").strip())):
            session.native(sql)
