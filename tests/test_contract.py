"""What every engine must do alike: its methods, the meaning of SQL, and every statement we have."""

import datetime as dt
from typing import Any

import pytest

from sparkify.ask.questions import ask, list_questions
from sparkify.engines.base import Engine
from sparkify.engines.record import default_paths
from sparkify.errors import QueryError
from sparkify.load import fitting, validation
from sparkify.load.accept import accept, validate
from sparkify.load.checks import check_everything
from sparkify.load.diff import digest_star
from sparkify.load.run import rebuild
from sparkify.source.file import NewFile
from sparkify.source.local import local_version
from sparkify.sql import names
from sparkify.sql.schema import table
from tests.builders import Noting, Source, etl, logged_out, play, rows, song

DIGEST = "7dab4f23a40857b30fdd81370c211680"
UNION = "SELECT 1 AS a UNION ALL SELECT NULL UNION ALL SELECT 2"

MEANINGS: list[tuple[str, list[tuple[Any, ...]]]] = [
    # Whole numbers divide to whole numbers, towards zero.
    ("SELECT 5 / 2 AS a, -5 / 2 AS b, 5 / 2.0 AS c", [(2, -2, 2.5)]),
    ("SELECT 1542241826796 / 1000 AS a, 1542241826796 % 1000 AS b", [(1542241826, 796)]),
    # NULL swallows what it is joined with, and is equal to nothing.
    ("SELECT 'a' || NULL AS a, COALESCE(NULL, 'b') AS b, NULLIF(0, 0) AS c", [(None, "b", None)]),
    (f"SELECT COUNT(*) AS n, COUNT(a) AS m, SUM(a) AS s FROM ({UNION}) AS t", [(3, 2, 3)]),
    (f"SELECT a FROM ({UNION}) AS t ORDER BY a", [(1,), (2,), (None,)]),
    (f"SELECT a FROM ({UNION}) AS t ORDER BY a DESC", [(None,), (2,), (1,)]),
    (f"SELECT MIN(a) AS low, MAX(a) AS high FROM ({UNION}) AS t", [(1, 2)]),
    # A week is ISO's and begins on Monday; Sunday is weekday 0.
    (
        "SELECT EXTRACT(week FROM TIMESTAMP '2018-12-31 00:00:00') AS w, "
        "EXTRACT(dow FROM TIMESTAMP '2018-11-04 23:59:59') AS d",
        [(1, 0)],
    ),
    (
        "SELECT DATE_TRUNC('week', TIMESTAMP '2018-11-04 12:00:00') AS a, "
        "DATE_TRUNC('day', TIMESTAMP '2018-11-04 12:00:00.796') AS b",
        [(dt.datetime(2018, 10, 29), dt.datetime(2018, 11, 4))],
    ),
    (
        "SELECT DATEDIFF(day, TIMESTAMP '2018-11-04 23:59:00', TIMESTAMP '2018-11-05 00:01:00') AS n",
        [(1,)],
    ),
    # Milliseconds stay.
    (
        "SELECT TIMESTAMP '2018-11-04 12:00:00.796' AS a",
        [(dt.datetime(2018, 11, 4, 12, 0, 0, 796000),)],
    ),
    # Characters are not bytes; lower case is Unicode's; blanks at the end count, and a trim takes them.
    ("SELECT LEN('Björk') AS a, OCTET_LENGTH('Björk') AS b", [(5, 6)]),
    ("SELECT LOWER('BJÖRK ÅÉ') AS a, LEN('a ') AS b, TRIM(' a ') AS c", [("björk åé", 2, "a")]),
    ("SELECT CASE WHEN 'a' = 'A' THEN 1 ELSE 0 END AS a", [(0,)]),
    ("SELECT REGEXP_SUBSTR('Chrome/36.0 Safari', '[A-Z][a-z]+') AS a", [("Chrome",)]),
    ("SELECT 'it''s' AS a, 'back\\\\slash' AS b", [("it's", "back\\slash")]),
    ("SELECT TRY_CAST('12' AS BIGINT) AS a, TRY_CAST('x' AS BIGINT) AS b", [(12, None)]),
    # A trim without characters takes spaces, and no other blank.
    (
        "SELECT TRIM('\t a\xa0 ') AS a, LTRIM(' \n a ') AS b, RTRIM(' a \u3000 ') AS c, BTRIM(' \r ') AS d",
        [("\t a\xa0", "\n a ", " a \u3000", "\r")],
    ),
    ("SELECT TRIM(BOTH 'xy' FROM 'yxaxy') AS a, BTRIM('xxa x', 'x') AS b", [("a", "a ")]),
    # A hash is that of the UTF-8 bytes; its hexadecimal digits are a number of 64 bits with a sign.
    ("SELECT MD5('Björk') AS a, MD5('') AS b", [(DIGEST, "d41d8cd98f00b204e9800998ecf8427e")]),
    (
        "SELECT STRTOL('ff', 16) AS a, STRTOL('7fffffffffffffff', 16) AS b, STRTOL(NULL, 16) AS c",
        [(255, 2**63 - 1, None)],
    ),
    ("SELECT STRTOL(RIGHT(MD5('Björk'), 15), 16) AS a", [(int(DIGEST[-15:], 16),)]),
    # Microseconds are whole numbers of 64 bits.
    (
        "SELECT DATEADD(microsecond, 1541077528796001, TIMESTAMP '1970-01-01 00:00:00') AS a, "
        "DATEADD(microsecond, -1, TIMESTAMP '2018-11-01 00:00:00') AS b",
        [(dt.datetime(2018, 11, 1, 13, 5, 28, 796001), dt.datetime(2018, 10, 31, 23, 59, 59, 999999))],
    ),
    (
        "SELECT DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', "
        "TIMESTAMP '2018-11-01 13:05:28.796001') AS a, "
        "DATEDIFF(microsecond, TIMESTAMP '2018-11-01 00:00:00', TIMESTAMP '2018-10-31 23:59:59.999999') AS b",
        [(1541077528796001, -1)],
    ),
    # A key is found whatever is in it; null and what is not there are NULL. (DuckDB makes 1.5 of 1.50.)
    (
        """SELECT JSON_EXTRACT_PATH_TEXT('{"a.b": 1.5}', 'a.b') AS a, """
        """JSON_EXTRACT_PATH_TEXT('{"it''s": true}', 'it''s') AS b, """
        """JSON_EXTRACT_PATH_TEXT('{"c\\\\"d": "x y"}', 'c"d') AS c, """
        """JSON_EXTRACT_PATH_TEXT('{"*": "é", "a": 1}', '*') AS d, """
        """JSON_EXTRACT_PATH_TEXT('{"/~1": 1541077528796.0}', '/~1') AS e, """
        """JSON_EXTRACT_PATH_TEXT('{"$[0]": {"K": ""}}', '$[0]', 'K') AS f""",
        [("1.5", "true", "x y", "é", "1541077528796.0", "")],
    ),
    (
        """SELECT JSON_EXTRACT_PATH_TEXT('{"a": null}', 'a') AS a, """
        """JSON_EXTRACT_PATH_TEXT('{"A": 1}', 'a') AS b, """
        """JSON_EXTRACT_PATH_TEXT('{"a": 1}', 'a', 'b') AS c, JSON_EXTRACT_PATH_TEXT(NULL, 'a') AS d""",
        [(None, None, None, None)],
    ),
    # Characters have numbers.
    (
        "SELECT ASCII('a') AS a, ASCII('') AS b, ASCII('ö') AS c, CHR(65) AS d, CHR(9) AS e",
        [(97, 0, 246, "A", "\t")],
    ),
    ("SELECT RIGHT('Björk', 4) AS a, RIGHT('a', 3) AS b, LEFT('Björk', 3) AS c", [("jörk", "a", "Bjö")]),
]


@pytest.mark.parametrize(("sql", "expected"), MEANINGS, ids=[sql[:60] for sql, _ in MEANINGS])
def test_a_statement_means_the_same_on_every_engine(
    warehouse: Engine, sql: str, expected: list[tuple[Any, ...]]
) -> None:
    assert rows(warehouse, sql) == expected


@pytest.mark.parametrize("text", [str(2**63 - 1), str(-(2**63)), "9" * 20, "99999999999999", "x", "", "-1"])
def test_a_moment_that_is_rejected_overflows_nothing_whenever_it_is_looked_at(
    warehouse: Engine, text: str
) -> None:
    moment = next(column for column in table("stg_events").columns if column.name == "ts")

    found = rows(warehouse, f"SELECT {fitting.typed(moment)} AS ts FROM (SELECT '{text}' AS ts) AS given")

    assert len(found) == 1


def test_a_statement_says_how_many_rows_it_changed(warehouse: Engine) -> None:
    warehouse.execute("CREATE TEMP TABLE t (a INTEGER, b VARCHAR(10))")
    warehouse.insert("t", ("a", "b"), [(1, "x"), (2, None), (3, "it's")])

    assert warehouse.execute("DELETE FROM t WHERE a >= :low", {"low": 2}) == 2
    assert warehouse.execute("INSERT INTO t SELECT a + 10, b FROM t") == 1
    assert warehouse.query("SELECT a, b FROM t ORDER BY a").rows == [(1, "x"), (11, "x")]


def test_values_of_every_kind_come_back_as_they_went_in(warehouse: Engine) -> None:
    warehouse.execute(
        "CREATE TEMP TABLE t (n BIGINT, x DOUBLE PRECISION, s VARCHAR(100), m TIMESTAMP, none INTEGER)"
    )
    row = (
        9_007_199_254_740_993,
        0.1,
        "Sehr kosmisch – “ß” \\ ' \" \t",
        dt.datetime(2018, 11, 4, 1, 2, 3, 796000),
        None,
    )

    warehouse.insert("t", ("n", "x", "s", "m", "none"), [row])

    assert warehouse.query("SELECT n, x, s, m, none FROM t").rows == [row]
    found = warehouse.query("SELECT n FROM t WHERE s = :s AND m = :m", {"s": row[2], "m": row[3]})
    assert found.rows == [(row[0],)]
    assert found.columns == ("n",)


def test_a_stream_yields_every_row_once(warehouse: Engine) -> None:
    warehouse.execute("DELETE FROM etl_version")
    warehouse.insert("etl_version", ("version",), [(n,) for n in range(1000)])

    streamed = list(warehouse.stream("SELECT version FROM etl_version ORDER BY version"))

    assert streamed == [(n,) for n in range(1000)]


def test_a_transaction_is_all_or_nothing(warehouse: Engine) -> None:
    with pytest.raises(RuntimeError), warehouse.transaction():
        warehouse.execute("INSERT INTO etl_version (version) SELECT 6")
        raise RuntimeError("on purpose")
    assert (6,) not in rows(warehouse, "SELECT version FROM etl_version")

    with warehouse.transaction():
        warehouse.execute("CREATE TEMP TABLE t (a INTEGER)")
        warehouse.insert("etl_version", ("version",), [(7,)])
    assert (7,) in rows(warehouse, "SELECT version FROM etl_version")


def test_a_statement_that_is_refused_is_one_line(warehouse: Engine) -> None:
    with pytest.raises(QueryError) as caught:
        warehouse.query("SELECT no_such_column FROM users")

    assert "no_such_column" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_good_records_are_staged_and_the_others_kept_with_their_line(
    warehouse: Engine, source: Source
) -> None:
    path = source.log(play(0, song="Undo"), "", "{broken", logged_out(sessionId=39), play(1, ts="soon"))
    stat = path.stat()
    file = NewFile(7, str(path), str(path), stat.st_size, local_version(stat))

    paths = default_paths("events")
    rules = validation.rules("events", 3, warehouse, paths, dt.datetime(2018, 12, 1))

    staged = warehouse.stage("events", [file], rules)
    found = [one for page in validate(warehouse, "events", {7: file}, rules) for one in page]
    accept(warehouse, "events", 3, rules, rules.paths)

    assert [(one.file_id, one.records_read, one.lines) for one in staged] == [(7, 4, 5)]
    sql = "SELECT run_id, file_id, record, song, user_id FROM stg_events ORDER BY record"
    assert rows(warehouse, sql) == [(3, 7, 1, "Undo", 15), (3, 7, 4, None, None)]
    assert [(reject.file_id, reject.record) for reject in found] == [(7, 3), (7, 5)]


EMPTY = {
    "missing_songs", "churn", "most_skipped_songs", "rising_songs", "rising_artists", "upgrades",
    "level_changes", "rejects", "rejects_by_reason", "unknown_keys", "warnings",
}  # fmt: skip
"""Questions to which a healthy little service has no answer."""


def test_every_transform_check_and_question_runs(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1, song="Revelry"), play(1, song="Revelry"), logged_out(), day="2018-11-01")
    source.song(song())
    summary = etl(warehouse, source.folder)
    digest = digest_star(warehouse)
    source.log(play(5, sessionId=40, song="Revelry", level="free"), day="2018-11-02")
    source.song(song("SO2", title="Revelry", year=2008))
    etl(warehouse, source.folder)
    grown = digest_star(warehouse)

    assert summary.rows == {"songplay": 2, "users": 1, "songs": 1, "artists": 1, "time": 2}
    assert grown != digest
    rebuild(warehouse, Noting())
    assert digest_star(warehouse) == grown
    verdicts = check_everything(warehouse)
    assert {verdict.name for verdict in verdicts} == {*names("checks"), "rules"}
    assert all(verdict.passed for verdict in verdicts)
    answers = {question.name: ask(warehouse, question).rows for question in list_questions()}
    assert answers["most_played_songs"] == [("Revelry", "Nightbirds", 2), ("Undo", "Nightbirds", 1)]
    assert all(answers[name] for name in answers if name not in EMPTY)
