"""The emulator takes what AWS documents; what it cannot imitate of that it refuses for what it is."""

import pytest

from sparkify.emulator.grammar.functions import catalogue
from sparkify.emulator.grammar.vocabulary import relations
from sparkify.emulator.imitation import missing, unimitated
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError

OF_THE_PARSER = {"coalesce", "greatest", "least", "nullif", "grouping"}
OF_THE_REWRITING = {"dateadd", "datediff", "decode", "listagg", "median", "nvl", "nvl2"}


def test_every_documented_function_is_imitated_or_said_not_to_be(session: Redshift) -> None:
    known = {row[0] for row in session.native("SELECT DISTINCT proname::varchar FROM pg_proc").rows}
    known |= OF_THE_PARSER | OF_THE_REWRITING
    _, functions, beginnings = unimitated()
    named = {name.lower() for name in catalogue() if not name.lower().startswith(beginnings)}

    assert named - known == functions


def test_every_documented_relation_is_imitated_or_said_not_to_be(session: Redshift) -> None:
    sql = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v')"
    there = {row[0] for row in session.native(sql).rows}

    assert {name for name in relations() if name not in there} == missing()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT TOP 1 a FROM t UNION SELECT 1", "TOP with UNION, .* documented, but not imitated"),
        ("SET enable_vacuum_boost TO on", "documented, but not imitated"),
        ("SELECT SOUNDEX(a) FROM t", "function soundex: documented, but not imitated"),
        ("SELECT ST_Point(1, 2)", "function st_point: documented, but not imitated"),
        ("SELECT f_mine(a) FROM t", "function f_mine: documented, but not imitated"),
        ("UNLOAD ('SELECT 1') TO 's3://b/k' IAM_ROLE default", "UNLOAD: documented, but not imitated"),
        ("SELECT * FROM stl_query", "relation stl_query: documented, but not imitated"),
        ("SELECT * FROM pg_catalog.pg_table_def d", "relation pg_table_def: documented, but not imitated"),
        ("SELECT 1 FROM sys_query_history, t", "relation sys_query_history: documented, but not imitated"),
        ("SELECT H3_Center('8025fffffffffff')", "function h3_center: documented, but not imitated"),
        ("SHOW FUNCTIONS FROM SCHEMA s LIMIT 5", "documented, but not imitated"),
        ("SHOW GRANTS ON DATABASE d", "SHOW GRANTS: documented, but not imitated"),
        ("GRANT SELECT FOR TABLES IN SCHEMA s TO ROLE r", "scoped permissions: documented, but not imitated"),
        ("GRANT DROP ON t TO u", "documented, but not imitated"),
        ("ANALYZE COMPRESSION t", "ANALYZE COMPRESSION: documented, but not imitated"),
        ("REFRESH MATERIALIZED VIEW v CASCADE", "documented, but not imitated"),
        ("SELECT p FROM o, UNNEST(o.ps) AS u(p)", "UNNEST: documented, but not imitated"),
        ("SELECT p FROM orders o, o.ps p", "an array in FROM: documented, but not imitated"),
        ("SHOW COLUMN GRANTS ON TABLE s.t", "SHOW COLUMN GRANTS: documented, but not imitated"),
        ("SELECT * FROM t UNPIVOT (n FOR c IN (a, b))", "UNPIVOT of columns: documented, but not imitated"),
    ],
)
def test_what_is_documented_and_not_imitated_says_so(session: Redshift, sql: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        session.native(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "VACUUM ANALYZE t",
        "ANALYZE t, u",
        "SET work_mem TO '64MB'",
        "SET enable_seqscan TO off",
        "COPY t FROM STDIN",
        "COPY t FROM 's3://b/k' IAM_ROLE 'r' FORCE_NULL (a)",
        "SELECT * FROM t LIMIT 3000000000",
        "SELECT CURRENT_SCHEMA",
        "SELECT a FROM t ORDER BY a FETCH FIRST 1 ROWS ONLY",
        "SELECT SUM(a) OVER (ORDER BY a) FROM t",
        "SELECT CURRENT_SCHEMA(), a FROM t",
    ],
)
def test_every_kind_of_statement_is_held_against_the_grammar(session: Redshift, sql: str) -> None:
    session.native("CREATE TABLE t (a INTEGER)")

    with pytest.raises(QueryError) as caught:
        session.native(sql)

    assert any(words in str(caught.value) for words in ("syntax error", "unrecognized", "out of range",
        "does not exist", "frame clause", "not supported on Redshift tables"))  # fmt: skip
