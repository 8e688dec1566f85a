"""One text, two engines: what the translation does, and what it must not be given."""

import datetime as dt
import re

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.dialect import tables_named, to_duckdb, to_redshift
from sparkify.engines.record import default_paths
from sparkify.errors import QueryError
from sparkify.load import validation
from sparkify.source.file import Dataset
from sparkify.sql import schema, statements
from sparkify.sql.schema import table
from tests.fitness import unfit

GROUPS = (
    "tables", "views", "migrations", "star", "affected", "staging", "ledger", "checks", "questions",
    "explain", "find",
)  # fmt: skip
FILES = [(group, one) for group in GROUPS for one in statements(group)]  # type: ignore[arg-type]  # the groups


@pytest.mark.parametrize(("group", "one"), FILES, ids=lambda value: getattr(value, "name", value))
def test_every_statement_is_fit_for_redshift_and_says_what_it_is_for(group: str, one: object) -> None:
    assert unfit(one.text) == []  # type: ignore[attr-defined]  # a Statement
    assert one.comment.endswith((".", "?", ")"))  # type: ignore[attr-defined]  # a Statement


# By the pages of AWS: "SIMILAR TO", "LIKE", "LISTAGG function", "CONCAT function", "REGEXP_REPLACE function".
SAID: list[tuple[str, object]] = [
    ("'abc' SIMILAR TO '(a|b)%'", True), ("'abc' SIMILAR TO 'b%'", False),
    ("'abc' SIMILAR TO 'ab_'", True),
    (r"'abc' SIMILAR TO 'ab\\_'", False), (r"'ab_' SIMILAR TO 'ab\\_'", True),
    ("'a%c' SIMILAR TO 'a^%c' ESCAPE '^'", True), ("'abc' SIMILAR TO 'a^%c' ESCAPE '^'", False),
    ("'a.c' SIMILAR TO 'a.c'", True), ("'abc' SIMILAR TO 'a.c'", False),
    ("'a' NOT SIMILAR TO 'a|b'", False),
    ("'d1' SIMILAR TO '[^a-c][0-9]'", True), ("'a1' SIMILAR TO '[^a-c][0-9]'", False),
    ("'a_b' SIMILAR TO 'a[_]b'", True), ("'axb' SIMILAR TO 'a[_]b'", False),
    ("'a%b' SIMILAR TO 'a[%]b'", True), ("'a]' SIMILAR TO 'a[]x]'", True),
    ("'aab' SIMILAR TO 'a{2}b+'", True),
    ("'a_' SIMILAR TO '[[:alpha:]_]+'", True), ("'a.' SIMILAR TO '[[:alpha:]_]+'", False),
    ("'abc' SIMILAR TO NULL", None),
    (r"'a_c' LIKE 'a\\_c'", True), (r"'abc' LIKE 'a\\_c'", False), (r"'A_C' ILIKE 'a\\_c'", True),
    (r"'a%' NOT LIKE 'a' || '\\%'", False), ("'a_c' LIKE 'a^_c' ESCAPE '^'", True),
    ("CONCAT('x', 'y')", "xy"), ("CONCAT('x', NULL)", None),
    ("REGEXP_REPLACE('the fox', 'FOX', 'quick brown fox', 1, 'i')", "the quick brown fox"),
    ("REGEXP_SUBSTR('abc', 'B', 1, 1, 'i')", "b"), ("REGEXP_SUBSTR('abc', 'a(.)', 1, 1, 'e')", "b"),
    ("REGEXP_REPLACE('aXbX', 'X', '-')", "a-b-"), ("REGEXP_REPLACE('aXbX', 'X')", "ab"),
    ("(SELECT LISTAGG(DISTINCT x, ', ') WITHIN GROUP (ORDER BY x) FROM letters)", "a, b"),
    ("(SELECT LISTAGG(x, '-') WITHIN GROUP (ORDER BY x DESC) FROM letters)", "b-b-a"),
    ("(SELECT LISTAGG(x) WITHIN GROUP (ORDER BY x) FROM letters)", "abb"),
]  # fmt: skip


def test_what_a_statement_says_is_the_same_on_both_engines(warehouse: Engine) -> None:
    warehouse.execute("CREATE TABLE letters AS SELECT 'b' AS x UNION ALL SELECT 'a' UNION ALL SELECT 'b'")

    found = {sql: warehouse.query(f"SELECT {sql} AS said").rows for sql, _ in SAID}

    assert found == {sql: [(value,)] for sql, value in SAID}


@pytest.mark.parametrize(
    "sql",
    [
        "REGEXP_REPLACE('abcABC', 'b', 'X', 3)", "REGEXP_REPLACE('a', 'b', 'X', 1, 'p')",
        "REGEXP_SUBSTR('abcb', 'b', 3, 1, 'i')", "REGEXP_SUBSTR('abcb', 'b', 1, 2, 'i')",
        "'a' SIMILAR TO '[a'", "'a' SIMILAR TO x",
    ],
)  # fmt: skip
def test_what_duckdb_cannot_be_told_is_refused_and_means_nothing_else(sql: str) -> None:
    with pytest.raises(QueryError, match=r"cannot be said to DuckDB|a pattern of SIMILAR TO"):
        to_duckdb(f"SELECT {sql} AS said FROM t")


@pytest.mark.parametrize("dataset", ["events", "songs"])
def test_validation_is_fit_for_redshift(dataset: Dataset) -> None:
    paths = default_paths(dataset)

    assert unfit(validation.accept(dataset, paths, forgets=dataset == "events")) == []
    assert unfit(validation.select_accepted(dataset, paths, forgets=dataset == "events")) == []
    assert unfit(validation.select_invalid(dataset, paths)) == []
    assert unfit(validation.select_misfits(dataset, paths)) == []


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING",
        "INSERT INTO t SELECT 1 RETURNING a",
        "SELECT COUNT(*) FILTER (WHERE a > 1) FROM t",
        "SELECT DISTINCT ON (a) a, b FROM t",
        "SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1",
        "SELECT CONCAT(a, b) FROM t",
        "SELECT CONCAT_WS('|', a, b) FROM t",
        "SELECT a IS DISTINCT FROM b FROM t",
        "SELECT a IS NOT DISTINCT FROM b FROM t",
        "SELECT ARRAY_AGG(a) FROM t",
        "SELECT * FROM (VALUES (1)) AS v",
        "SELECT ARG_MAX(a, b) FROM t",
        "CREATE TABLE t (a VARCHAR)",
        "CREATE TABLE t (a NUMERIC)",
        "VACUUM t",
        "SELECT STRTOL(a, 10) FROM t",
        "SELECT STRTOL(a, b) FROM t",
        "SELECT JSON_EXTRACT_PATH_TEXT(a, '') FROM t",
        "SELECT JSON_EXTRACT_PATH_TEXT(a, '007') FROM t",
        "SELECT JSON_EXTRACT_PATH_TEXT(a, b) FROM t",
        "SELECT JSON_EXTRACT_PATH_TEXT(a, 'b', TRUE) FROM t",
        "SELECT 1; SELECT 2",
    ],
)
def test_what_redshift_lacks_or_duckdb_reads_otherwise_is_unfit(sql: str) -> None:
    assert unfit(sql)


def test_keys_and_physical_design_are_left_out_for_duckdb() -> None:
    made = to_duckdb(next(one.text for group, one in FILES if one.name == "songplay"))

    for word in ("PRIMARY", "FOREIGN", "DIST", "SORTKEY"):
        assert word not in made.upper().replace("SORTED", "")
    assert made.count("NOT NULL") == 4


def test_placeholders_become_literals() -> None:
    values = {
        "a": 5,
        "b": None,
        "c": "it's",
        "d": dt.datetime(2018, 11, 1, 2, 3, 4, 796000),
        "e": dt.date(2018, 11, 1),
    }

    assert to_duckdb("SELECT :a, :b, :c, :d, :e", values) == (  # type: ignore[arg-type]  # Values
        "SELECT 5, NULL, 'it''s', CAST('2018-11-01 02:03:04.796000' AS TIMESTAMP), CAST('2018-11-01' AS DATE)"
    )
    assert to_redshift("SELECT :a AS a", {"a": 5}) == "SELECT 5 AS a"


@pytest.mark.parametrize(("group", "one"), FILES, ids=lambda value: getattr(value, "name", value))
def test_redshift_is_sent_what_is_written(group: str, one: object) -> None:
    text = one.text  # type: ignore[attr-defined]  # a Statement
    names = re.findall(r"(?<![:\w]):([a-z_]+)", text)

    sent = to_redshift(text, {name: f"<{name}>" for name in names})

    for name in names:
        sent = sent.replace(f"'<{name}>'", f":{name}")
    assert sent == text.strip().removesuffix(";")


def test_brackets_and_quotes_reach_redshift_as_they_are() -> None:
    text = "SELECT CURRENT_SCHEMA(), ':a', \"x:a\", 'it''s' -- :a\nFROM t WHERE b = :a::INT;"

    assert to_redshift(text, {"a": 1}) == text.replace("= :a", "= 1").removesuffix(";")


@pytest.mark.parametrize("engine", [to_duckdb, to_redshift])
def test_a_float_is_sent_as_text_since_a_bare_number_ends_at_38_digits(engine: object) -> None:
    sent = engine("SELECT :a", {"a": 1.5e300})  # type: ignore[operator]  # a function

    assert "CAST('1.5e+300' AS DOUBLE" in sent


def test_a_placeholder_without_a_value_is_named() -> None:
    with pytest.raises(QueryError, match=":limit"):
        to_duckdb("SELECT 1 LIMIT :limit")


@pytest.mark.parametrize(
    ("redshift", "duckdb"),
    [
        ("SELECT OCTET_LENGTH(a) FROM t", "SELECT STRLEN(a) FROM t"),
        ("SELECT IS_VALID_JSON(a) FROM t", "SELECT JSON_VALID(a) FROM t"),
        ("SELECT STRTOL(a || b, 16) FROM t", "SELECT CAST('0x' || (a || b) AS BIGINT) FROM t"),
        (
            "SELECT TRIM(a), LTRIM(a), RTRIM(a) FROM t",
            "SELECT TRIM(a, ' '), LTRIM(a, ' '), RTRIM(a, ' ') FROM t",
        ),
        ("SELECT BTRIM(a), TRIM(BOTH FROM a) FROM t", "SELECT TRIM(a, ' '), TRIM(a, ' ') FROM t"),
        ("SELECT BTRIM(a, 'x'), TRIM(BOTH 'x' FROM a) FROM t", "SELECT TRIM(a, 'x'), TRIM(a, 'x') FROM t"),
        (
            "SELECT JSON_EXTRACT_PATH_TEXT(a, 'b.c', '/~') FROM t",
            "SELECT JSON_EXTRACT_STRING(a, '/b.c/~1~0') FROM t",
        ),
        ("SELECT REGEXP_SUBSTR(a, '(x)y', 1, 1, 'e') FROM t", "SELECT REGEXP_EXTRACT(a, '(x)y', 1) FROM t"),
    ],
)
def test_functions_of_redshift_are_said_in_duckdbs_words(redshift: str, duckdb: str) -> None:
    assert to_duckdb(redshift) == duckdb


def test_a_blank_needs_no_care_in_duckdbs_try_cast() -> None:
    assert to_duckdb("SELECT TRY_CAST(NULLIF(TRIM(a), '') AS BIGINT) AS n FROM t") == (
        "SELECT TRY_CAST(a AS BIGINT) AS n FROM t"
    )


def test_a_trim_of_other_characters_is_left_before_duckdbs_try_cast() -> None:
    assert to_duckdb("SELECT TRY_CAST(NULLIF(TRIM(BOTH 'x' FROM a), '') AS BIGINT) AS n FROM t") == (
        "SELECT TRY_CAST(NULLIF(TRIM(a, 'x'), '') AS BIGINT) AS n FROM t"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT STRTOL(RIGHT(MD5(a), 15), 16) AS n FROM t",
        "SELECT JSON_EXTRACT_PATH_TEXT(a, 'b.c', 'd') AS n FROM t",
        "SELECT TRIM(a) AS a, BTRIM(a, 'x') AS b FROM t",
    ],
)
def test_what_is_translated_is_fit(sql: str) -> None:
    assert unfit(sql) == []


def test_the_star_is_distributed_as_it_was_designed() -> None:
    assert {name: (table(name).diststyle, table(name).distkey) for name in schema.STAR} == {
        "songplay": ("KEY", "songplay_id"),
        "users": ("KEY", "user_id"),
        "songs": ("KEY", "song_id"),
        "artists": ("KEY", "artist_id"),
        "time": ("ALL", None),
    }
    assert table("songplay").sortkey == ("session_id", "start_time")
    assert table("time").sortkey == ("start_time",)


def test_every_table_and_column_has_a_meaning() -> None:
    for name in schema.ALL:
        assert table(name).meaning
        assert all(column.meaning for column in table(name).columns), name


def test_every_foreign_key_names_a_primary_key() -> None:
    for name in schema.STAR:
        for column, other, key in table(name).foreign_keys:
            assert column in table(name).column_names
            assert table(other).primary_key == (key,)


def test_a_name_is_a_table_or_a_part_of_with_and_not_both() -> None:
    for sql in (
        "SELECT (SELECT MAX(sql) FROM sqlite_master), (SELECT 1 FROM (WITH sqlite_master AS (SELECT 1 AS x) "
        "SELECT x FROM sqlite_master) AS q) FROM songplay",
        "WITH a AS (SELECT * FROM A) SELECT * FROM a",
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1 AS x) SELECT * FROM a, b",
        "WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1 AS x) SELECT * FROM a, b",
    ):
        with pytest.raises(QueryError, match="WITH"):
            tables_named(sql)
    assert tables_named(
        "WITH RECURSIVE n AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM n) SELECT a FROM n, T"
    ) == ["t"]
