"""SUPER on the emulator: what AWS documents of it, and nothing that it leaves open."""

import pytest

from sparkify.emulator.super_values import LONGEST
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError
from tests.copies import Files

NOSHRED = "FORMAT JSON 'noshred'"
UNPIVOTED = (
    "SELECT k, JSON_TYPEOF(v), CAST(v AS VARCHAR(99)) FROM t AS e, UNPIVOT e.data AS v AT k ORDER BY k"
)


def attributes(session: Redshift, sql: str = UNPIVOTED) -> list[tuple[object, ...]]:
    return session.native(sql).rows


def test_copy_noshred_loads_each_object_into_the_one_column(files: Files) -> None:
    files.put("a.json", '{"b": 1.50,\n "a": [1, {"é": null}]} {}\n{"c": true}')

    rows = files.copy("data SUPER", options=NOSHRED, order="")

    assert rows == [('{"b":1.50,"a":[1,{"é":null}]}',), ("{}",), ('{"c":true}',)]


def test_copy_noshred_takes_packed_files_a_manifest_and_a_temporary_table(
    files: Files, session: Redshift
) -> None:
    import gzip

    there = files.put("a.json.gz", gzip.compress(b'{"a": 1}'))
    listed = files.put("m/manifest", f'{{"entries": [{{"url": "{there}", "mandatory": true}}]}}')
    session.native("CREATE TEMP TABLE staged (data SUPER)")

    session.native(
        f"COPY staged (data) FROM '{listed}' IAM_ROLE '{files.role}' {NOSHRED} MANIFEST GZIP MAXERROR 5"
    )

    assert session.native("SELECT data FROM staged").rows == [('{"a":1}',)]
    assert session.native("SELECT pg_last_copy_count()").rows == [(1,)]


def test_a_record_that_is_no_object_is_a_load_error_of_its_line(files: Files) -> None:
    files.put("a.json", '{"a": 1}\n{"a": \n[1]\n"x"\n7\n{"a": NaN}\n{"b": 2}')

    rows = files.copy("data SUPER", options=f"{NOSHRED} MAXERROR 9", order="")

    assert rows == [('{"a":1}',), ('{"b":2}',)]
    assert [(line, code) for line, _, code in files.errors()] == [
        (2, 1216), (3, 1216), (4, 1216), (5, 1216), (6, 1216),
    ]  # fmt: skip


def test_every_file_is_noted_with_the_records_that_were_read(files: Files, session: Redshift) -> None:
    there = files.put("a.json", '{"a": 1}\n{"a": \n{"b": 2}')

    files.copy("data SUPER", options=f"{NOSHRED} MAXERROR 9", order="")

    sql = "SELECT file_name, lines_scanned FROM sys_load_detail WHERE query_id = pg_last_copy_id()"
    assert session.native(sql).rows == [(there, 3)]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ('{"a": 1, "a": 2}', 1224),
        ('{"o": [{"a": 1, "a": 2}]}', 1224),
        (f'{{"a": "{"x" * (LONGEST + 1)}"}}', 1224),
        (f'{{"a": "{"é" * (LONGEST // 2 + 1)}"}}', 1224),
        (b'{"a": "\xff"}', 1220),
        (b'{"\xff": 1}', 1220),
        ('{"a": "\\ud800"}', 1220),
        ('{"a\\u0000": 1}', 1220),
    ],
    ids=["repeated", "repeated within", "long", "long in bytes", "bytes", "key", "surrogate", "null"],
)
def test_what_super_does_not_hold_is_a_load_error(files: Files, record: str | bytes, code: int) -> None:
    body = record.encode() if isinstance(record, str) else record
    files.put("a.json", b'{"good": 1}\n' + body + b'\n{"good": 2}')

    rows = files.copy("data SUPER", options=f"{NOSHRED} MAXERROR 9", order="")

    assert rows == [('{"good":1}',), ('{"good":2}',)]
    assert files.errors() == [(2, "data", code)]


def test_a_string_as_long_as_super_holds_is_loaded(files: Files) -> None:
    files.put("a.json", f'{{"a": "{"x" * LONGEST}"}}')

    assert files.copy("data SUPER", options=NOSHRED, order="") == [(f'{{"a":"{"x" * LONGEST}"}}',)]


def test_a_backslash_before_u0000_is_no_null_character(files: Files) -> None:
    files.put("a.json", r'{"a": "\\u0000 \t\\ \" \n"}')

    assert files.copy("data SUPER", options=NOSHRED, order="") == [(r'{"a":"\\u0000 \t\\ \" \n"}',)]


@pytest.mark.parametrize("kind", ["SUPER", "VARCHAR(9999)"])
def test_a_value_may_be_nested_deep(files: Files, kind: str) -> None:
    deep = '{"a":' * 400 + "[1.50]" + "}" * 400
    files.put("a.json", f'{{"data": {deep}}}')

    assert files.copy(f"data {kind}", order="") == [(deep,)]


def test_of_a_repeated_name_the_last_is_kept_if_the_session_says_so(files: Files, session: Redshift) -> None:
    files.put("a.json", '{"a": 1, "b": 2, "a": {"c": 3, "c": 4}}')
    session.native("SET json_parse_dedup_attributes TO on")

    rows = files.copy("data SUPER", options=NOSHRED, order="")
    parsed = session.native("""SELECT JSON_PARSE('{"a": 1, "a": 2}')""").rows
    session.native("RESET json_parse_dedup_attributes")

    assert rows == [('{"a":{"c":4},"b":2}',)]
    assert parsed == [('{"a":2}',)]
    with pytest.raises(QueryError, match="duplicate attribute"):
        session.native("""SELECT JSON_PARSE('{"a": 1, "a": 2}')""")


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        ("a INTEGER, data SUPER", NOSHRED),
        ("data SUPER, more SUPER", NOSHRED),
        ("data VARCHAR(99)", NOSHRED),
    ],
)
def test_noshred_wants_a_table_of_one_super_column(files: Files, columns: str, options: str) -> None:
    files.put("a.json", '{"a": 1}')

    with pytest.raises(QueryError, match="single SUPER column"):
        files.copy(columns, options=options, order="")


def test_a_super_column_beside_others_is_loaded_by_name(files: Files) -> None:
    files.put("a.json", '{"a": 1, "data": {"b": [1.0, "x"]}}\n{"a": 2, "data": "x"}\n{"a": 3}')

    rows = files.copy("a INTEGER, data SUPER")

    assert rows == [(1, '{"b":[1.0,"x"]}'), (2, '"x"'), (3, None)]


def test_a_copy_that_fails_leaves_the_session_fit_for_the_next(files: Files, session: Redshift) -> None:
    files.put("a.json", '{"a": 1}')
    session.native("BEGIN")
    with pytest.raises(QueryError):
        files.copy("data SUPER", options=f"{NOSHRED} MAXERROR 1 GZIP", order="")
    session.native("ROLLBACK")

    assert files.copy("data SUPER", options=NOSHRED, order="") == [('{"a":1}',)]
    assert files.copy("data SUPER", options=f"{NOSHRED} NOLOAD", order="") == []


def test_an_object_is_unpivoted_into_its_attributes_and_their_types(files: Files, session: Redshift) -> None:
    files.put(
        "a.json", '{"s": "x y", "n": 1.50, "b": false, "o": {"p": 1}, "l": [1], "z": null, "É.\\"k": "1"}'
    )
    files.copy("data SUPER", options=NOSHRED, order="")

    assert attributes(session) == [
        ("b", "boolean", "false"),
        ("l", "array", None),
        ("n", "number", "1.50"),
        ("o", "object", None),
        ("s", "string", "x y"),
        ("z", "null", None),
        ('É."k', "string", "1"),
    ]


def test_attributes_are_strings_that_can_be_compared_joined_and_grouped(
    files: Files, session: Redshift
) -> None:
    files.put("a.json", '{"a": 1, "b": 2}\n{"a": "x"}')
    files.copy("data SUPER", options=NOSHRED, order="")

    counted = attributes(
        session,
        "SELECT k, COUNT(*), LISTAGG(JSON_TYPEOF(v), ',') WITHIN GROUP (ORDER BY JSON_TYPEOF(v)) "
        "FROM t AS e, UNPIVOT e.data AS v AT k WHERE k IN ('a', 'A', 'b') AND k <> 'b' GROUP BY k",
    )

    assert counted == [("a", 2, "number,string")]
    assert attributes(session, "SELECT COUNT(*) FROM t e, UNPIVOT e.data AS v") == [(3,)]


def test_what_is_unpivoted_may_be_a_subquery_and_be_joined(files: Files, session: Redshift) -> None:
    files.put("a.json", '{"page": "NextSong", "user": 7}\n{"page": "Home"}')
    files.copy("data SUPER", options=NOSHRED, order="")
    session.native("CREATE TEMP TABLE known (name VARCHAR(9))")
    session.native("INSERT INTO known VALUES ('page')")

    found = session.query(
        "WITH numbered AS (SELECT ROW_NUMBER() OVER (ORDER BY JSON_SERIALIZE(data)) AS n, data FROM t) "
        "SELECT e.n, k, CAST(v AS VARCHAR(9)) AS text, o.name "
        "FROM (SELECT n, data FROM numbered) AS e, UNPIVOT e.data AS v AT k "
        "LEFT JOIN known AS o ON o.name = k ORDER BY 1, 2"
    )

    assert found.rows == [
        (1, "page", "Home", "page"), (2, "page", "NextSong", "page"), (2, "user", "7", None),
    ]  # fmt: skip


def test_a_row_without_a_value_is_unpivoted_into_nothing(session: Redshift) -> None:
    session.native("CREATE TABLE t (data SUPER)")
    session.native("INSERT INTO t VALUES (NULL), (JSON_PARSE('{}'))")

    assert attributes(session) == []
    assert attributes(session, "SELECT COUNT(*) FROM t WHERE data IS NULL") == [(1,)]


def test_json_is_parsed_and_serialized(session: Redshift) -> None:
    found = session.native(
        """SELECT JSON_SERIALIZE(JSON_PARSE('[10001, 10002, "abc"]')), """
        """JSON_TYPEOF(JSON_PARSE('{"name":"Joe"}')), JSON_PARSE(NULL)"""
    )

    assert found.rows == [('[10001,10002,"abc"]', "object", None)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT k FROM t AS e, UNPIVOT e.data AS v AT k WHERE v IS NULL",
        "SELECT k FROM t AS e, UNPIVOT e.data AS v AT k WHERE v IS NOT NULL",
        "SELECT k FROM t AS e, UNPIVOT e.data AS v AT k WHERE v = 'x'",
        "SELECT DISTINCT v FROM t AS e, UNPIVOT e.data AS v AT k",
        "SELECT k FROM t AS e, UNPIVOT e.data v AT k",
        "SELECT k FROM t AS e JOIN UNPIVOT e.data AS v AT k ON 1 = 1",
        "SELECT k FROM t AS e, UNPIVOT e.data.songs AS v AT k",
        "SELECT k FROM t AS e, UNPIVOT e.data[0] AS v AT k",
        "SELECT w FROM t AS e, UNPIVOT e.data AS v AT k, UNPIVOT v AS w",
        "SELECT k FROM t AS e, UNPIVOT e.data AS v AT k RIGHT JOIN t AS u ON 1 = 1",
        "SELECT k FROM t AS e, UNPIVOT e.data AS v AT k FULL OUTER JOIN t AS u ON 1 = 1",
        "SELECT * FROM t UNPIVOT (a FOR b IN (c, d))",
        "SELECT e.data.a FROM t AS e",
        "SELECT JSON_PARSE('{')",
        'SELECT JSON_PARSE(\'{"a": 1, "a": 2}\')',
        "INSERT INTO t VALUES ('{\"a\": 1}')",
        "INSERT INTO t SELECT CAST('{\"a\": 1}' AS VARCHAR)",
        "CREATE TABLE u (a SUPER) SORTKEY (a)",
        "CREATE TABLE u (a SUPER, b INTEGER) DISTSTYLE KEY DISTKEY (a)",
        "CREATE TABLE u (a SUPER DISTKEY)",
    ],
)
def test_what_is_undocumented_or_not_imitated_of_super_is_refused(session: Redshift, sql: str) -> None:
    session.native("CREATE TABLE t (data SUPER)")
    session.native('INSERT INTO t SELECT JSON_PARSE(\'{"a": "x"}\')')

    with pytest.raises(QueryError):
        session.native(sql)


def test_names_that_differ_in_a_blank_are_two_attributes(session: Redshift) -> None:
    found = session.native("""SELECT JSON_SERIALIZE(JSON_PARSE('{"a": 1, "a ": 2}')) AS text""")

    assert found.rows == [('{"a":1,"a ":2}',)]
