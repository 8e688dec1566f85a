"""The emulator is as strict as Redshift: what would fail there fails here, what is silent there is here."""

import gzip
import json
import uuid

import pytest

from sparkify.emulator.lexer import tokens
from sparkify.emulator.rewriting import rewrite
from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError
from tests.clusters import BUCKET, Cluster
from tests.copies import Files


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
        "INSERT INTO t VALUES (1) RETURNING a",
        "SELECT DISTINCT ON (a) a FROM t",
        "SELECT COUNT(*) FILTER (WHERE a > 1) FROM t",
        "SAVEPOINT s",
        "CREATE INDEX i ON t (a)",
        "SELECT a FROM t, GENERATE_SERIES(1, 3) AS g",
        "SELECT STRING_AGG('a', ',') FROM t",
        "SELECT ARRAY_AGG(a) FROM t",
        "SELECT a IS NOT DISTINCT FROM 1 FROM t",
        "SELECT * FROM (VALUES (1)) AS v",
        "SELECT TO_TIMESTAMP(0)",
        "SELECT a FROM t, LATERAL (SELECT 1) AS l",
        "WITH x AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM x",
        "SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1",
        "SELECT a AS tag FROM t",
        "CREATE TABLE u (a SERIAL)",
        "CREATE TABLE u (a JSONB)",
        "CREATE TABLE u (a VARCHAR(70000))",
        "CREATE TABLE u (a INTEGER) DISTSTYLE KEY",
        "SELECT TRY_CAST('' AS INTEGER)",
        "SELECT CONCAT_WS(',', 'a', 'b')",
        "SELECT a FROM GENERATE_SERIES(1, 3) AS g, t",
        "SELECT a FROM GENERATE_SERIES(1, 3) AS g JOIN t ON t.a = g",
        "INSERT INTO t SELECT GENERATE_SERIES(1, 3)",
        "SELECT '1'::json",
        "CREATE TABLE u (a INTEGER CHECK (a > 0))",
        "CREATE TABLE u (a INTEGER, CHECK (a > 0))",
        "CREATE UNLOGGED TABLE u (a INTEGER)",
        "SELECT CONCAT('a', 'b', 'c')",
        "SELECT a FROM t INTERSECT ALL SELECT a FROM t",
        "SELECT a FROM t EXCEPT ALL SELECT a FROM t",
        "SELECT a FROM t FOR SHARE",
        "SELECT REGEXP_SPLIT_TO_TABLE('a b', ' ')",
        "SELECT FORMAT('%s', 1)",
        "EXPLAIN ANALYZE SELECT a FROM t",
        "ALTER TABLE t ADD COLUMN b INTEGER, ADD COLUMN c INTEGER",
        "SELECT LEFT('abc', -1)",
    ],
)
def test_what_redshift_refuses_is_refused(session: Redshift, sql: str) -> None:
    session.native("CREATE TABLE t (a INTEGER)")

    with pytest.raises(QueryError):
        session.native(sql)


def test_words_within_strings_and_quotes_are_no_keywords(session: Redshift) -> None:
    found = session.native(
        "SELECT 'on conflict returning' AS a, 'it''s -- no comment' AS \"tag\" /* RETURNING */"
    )

    assert found.rows == [("on conflict returning", "it's -- no comment")]


def test_varchar_counts_bytes(session: Redshift) -> None:
    session.native("CREATE TABLE t (a VARCHAR(5))")
    session.native("INSERT INTO t VALUES ('Bjork')")

    with pytest.raises(QueryError, match=r"value too long for type character varying\(5\)"):
        session.native("INSERT INTO t VALUES ('Björk')")


def test_keys_are_declared_and_not_enforced(session: Redshift) -> None:
    session.native("CREATE TABLE t (a INTEGER NOT NULL, PRIMARY KEY (a))")
    session.native("INSERT INTO t VALUES (1), (1)")

    assert session.native("SELECT COUNT(*) FROM t").rows == [(2,)]
    with pytest.raises(QueryError, match="null value"):
        session.native("INSERT INTO t VALUES (NULL)")


def test_truncate_commits(session: Redshift) -> None:
    session.native("CREATE TABLE t (a INTEGER)")
    session.native("INSERT INTO t VALUES (1)")
    session.native("BEGIN")

    session.native("TRUNCATE t")
    session.native("ROLLBACK")

    assert session.native("SELECT COUNT(*) FROM t").rows == [(0,)]


def test_a_transaction_sees_what_was_there_when_it_began(cluster: Cluster) -> None:
    schema = f"test_{uuid.uuid4().hex[:12]}"
    one, other = cluster.connect(schema), cluster.connect(schema)
    one.native("CREATE TABLE t (a INTEGER)")
    one.native("BEGIN")
    one.native("SELECT COUNT(*) FROM t")

    other.native("INSERT INTO t VALUES (1)")

    assert one.native("SELECT COUNT(*) FROM t").rows == [(0,)]
    one.native("ROLLBACK")
    one.close()
    other.close()


def test_vacuum_stands_outside_of_transactions(session: Redshift) -> None:
    session.native("VACUUM")
    session.native("BEGIN")

    with pytest.raises(QueryError, match="VACUUM cannot run inside a transaction"):
        session.native("VACUUM")
    session.native("ROLLBACK")


def test_a_number_without_a_scale_is_whole(session: Redshift) -> None:
    session.native("CREATE TABLE t (a NUMERIC, b DECIMAL(9, 2), c NUMERIC NOT NULL)")
    session.native("INSERT INTO t VALUES (1.6, 1.6, 1.6)")

    assert session.native("SELECT a, b, c, CAST(b AS NUMERIC), b::DECIMAL FROM t").rows == [(2, 1.6, 2, 2, 2)]


def test_text_is_cut_after_bytes_and_nothing_joins_with_null(session: Redshift) -> None:
    found = session.native(
        "SELECT CAST('Björk' AS VARCHAR(3)), CAST('Björk' AS VARCHAR(4)), CAST(12 AS VARCHAR(5)), "
        "CONCAT('a', NULL), CONCAT('a', 1)"
    )

    assert found.rows == [("Bj", "Bjö", "12", None, "a1")]


def test_integers_divide_and_average_to_integers(session: Redshift) -> None:
    session.native("CREATE TABLE t (a INTEGER)")
    session.native("INSERT INTO t VALUES (1), (2)")

    assert session.native("SELECT 7 / 2, AVG(a), AVG(1.0 * a) FROM t").rows == [(3, 1, 1.5)]


def test_the_design_of_a_table_is_shown(session: Redshift) -> None:
    session.native("CREATE TABLE t (a INTEGER, b INTEGER) DISTSTYLE KEY DISTKEY (a) SORTKEY (b, a)")

    found = session.native(
        "SELECT diststyle, sortkey1, sortkey_num FROM svv_table_info WHERE \"table\" = 't'"
    )

    assert ("KEY(a)", "b", 2) in found.rows


def test_copy_auto_goes_by_lower_case_names(files: Files) -> None:
    files.put("a.json", '{"userId": "7", "song": "Undo"}')

    assert files.copy("userid VARCHAR(9), song VARCHAR(9)") == [(None, "Undo")]
    assert files.copy("userid VARCHAR(9), song VARCHAR(9)", options="JSON 'auto ignorecase'") == [
        ("7", "Undo")
    ]


def test_a_jsonpaths_file_with_another_key_falls_back_to_auto(files: Files) -> None:
    body = files.put("a.json", '{"userId": "7"}')
    right = files.put("paths/right", json.dumps({"jsonpaths": ["$.userId"]}))
    wrong = files.put("paths/wrong", json.dumps({"jsonpath": ["$.userId"]}))
    many = files.put("paths/many", json.dumps({"jsonpaths": ["$.userId", "$.song"]}))

    assert files.copy("a VARCHAR(9)", body, f"JSON '{right}'") == [("7",)]
    assert files.copy("a VARCHAR(9)", body, f"JSON '{wrong}'") == [(None,)]
    with pytest.raises(QueryError, match="Number of jsonpaths"):
        files.copy("a VARCHAR(9)", body, f"JSON '{many}'")


def test_copy_tells_of_each_record_that_it_could_not_load(files: Files) -> None:
    files.put("a.json", '{"a": 1}\n{"a": 1\n{"a": "x"}\n\n{"a": 7.5}\n{"a": ""}\n{"a": 99999999999}')

    rows = files.copy("a INTEGER", options="JSON 'auto' MAXERROR 10")

    assert rows == [(1,), (None,)]
    assert files.errors() == [(2, "", 1216), (3, "a", 1207), (5, "a", 1207), (7, "a", 1207)]


def test_an_object_over_several_lines_is_told_of_by_its_last(files: Files) -> None:
    files.put("a.json", '{"a": 1}\n\n{"a":\n"x"}\n{"a": "y"}')

    files.copy("a INTEGER", options="JSON 'auto' MAXERROR 10")

    assert files.errors() == [(4, "a", 1207), (5, "a", 1207)]


def test_jsonpaths_lie_in_a_bucket(files: Files) -> None:
    files.put("a.json", '{"a": "x"}')

    with pytest.raises(QueryError, match="Invalid S3 address"):
        files.copy("a VARCHAR(9)", options="JSON '/etc/paths.json'")


def test_copy_fails_at_maxerror_and_loads_nothing(files: Files) -> None:
    files.put("a.json", '{"a": 1}\n{"a": "x"}\n{"a": "y"}')

    with pytest.raises(QueryError, match="sys_load_error_detail"):
        files.copy("a INTEGER", options="JSON 'auto' MAXERROR 2")
    with pytest.raises(QueryError, match="sys_load_error_detail"):
        files.copy("a INTEGER")
    assert files.copy("a INTEGER", options="JSON 'auto' MAXERROR 3") == [(1,)]


def test_copy_noload_reads_and_loads_nothing(files: Files) -> None:
    files.put("a.json", '{"a": 1}')

    assert files.copy("a INTEGER", options="JSON 'auto' NOLOAD") == []


def test_copy_counts_bytes_and_truncates_if_asked(files: Files) -> None:
    files.put("a.json", '{"a": "Björk"}')

    with pytest.raises(QueryError):
        files.copy("a VARCHAR(3)")
    assert files.copy("a VARCHAR(3)", options="JSON 'auto' TRUNCATECOLUMNS") == [("Bj",)]


def test_copy_tells_empty_from_null(files: Files) -> None:
    files.put("a.json", '{"a": "", "b": ""}')

    assert files.copy("a VARCHAR(3), b INTEGER") == [("", None)]
    assert files.copy("a VARCHAR(3), b INTEGER", options="JSON 'auto' EMPTYASNULL") == [(None, None)]


def test_copy_takes_no_array_and_no_bad_utf8(files: Files) -> None:
    files.put("a.json", '[{"a": "x"}]')
    files.put("b.json", b'{"a": "\xff"}')

    assert files.copy("a VARCHAR(9)", options="JSON 'auto' MAXERROR 9") == []
    assert {code for _, _, code in files.errors()} == {1216, 1220}
    assert files.copy("a VARCHAR(9)", options="JSON 'auto' MAXERROR 9 ACCEPTINVCHARS '?'") == [("?",)]


def test_copy_reads_gzip_only_if_it_is_told(files: Files) -> None:
    packed = files.put("a.json.gz", gzip.compress(b'{"a": "x"}'))

    assert files.copy("a VARCHAR(9)", packed, "JSON 'auto' GZIP") == [("x",)]
    with pytest.raises(QueryError):
        files.copy("a VARCHAR(9)", packed, "JSON 'auto'")


def test_a_manifest_names_the_files_and_which_must_be_there(files: Files) -> None:
    there = files.put("a.json", '{"a": "x"}')
    entries = [{"url": there}, {"url": f"{there}.gone", "mandatory": False}]
    lenient = files.put("m/lenient", json.dumps({"entries": entries}))
    strict = files.put("m/strict", json.dumps({"entries": [{**e, "mandatory": True} for e in entries]}))

    assert files.copy("a VARCHAR(9)", lenient, "MANIFEST JSON 'auto'") == [("x",)]
    with pytest.raises(QueryError, match="NoSuchKey"):
        files.copy("a VARCHAR(9)", strict, "MANIFEST JSON 'auto'")


def test_the_role_must_be_the_clusters_and_allow_the_bucket(files: Files, emulator: Emulator) -> None:
    there = files.put("a.json", '{"a": "x"}')
    emulator.account.put(BUCKET, "elsewhere", b"")

    with pytest.raises(QueryError, match="not authorized to assume IAM Role"):
        files.copy("a VARCHAR(9)", there, role="arn:aws:iam::123456789012:role/nobody")
    with pytest.raises(QueryError, match="Access Denied"):
        files.copy("a VARCHAR(9)", "s3://somebody-elses/a.json")
    with pytest.raises(QueryError, match="PermanentRedirect"):
        files.copy("a VARCHAR(9)", there, "JSON 'auto' REGION 'eu-west-1'")


def test_tokens_keep_what_they_cannot_understand() -> None:
    sql = "SELECT a.b, $1::int, 'x''y', \"q\"\"r\" FROM t -- end"

    assert [token.text for token in tokens(sql)] == [
        "SELECT", "a", ".", "b", ",", "$1", "::", "int", ",", "'x''y'", ",", '"q""r"', "FROM", "t",
    ]  # fmt: skip
    assert rewrite("SELECT  a ,b FROM t")[0].sql == "SELECT  a ,b FROM t"
