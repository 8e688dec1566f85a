"""What clients ask of their own accord: types on the wire, lists of tables and columns, psql's commands."""

import os
import shutil
import subprocess
from typing import Any

import pytest
import redshift_connector.interval as intervals

from sparkify.emulator.intervals import formats
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError
from tests.clusters import Cluster


@pytest.fixture
def shelf(session: Redshift) -> Redshift:
    session.native(
        "CREATE TABLE shelf (n INTEGER, s VARCHAR(30), d NUMERIC(8,2), t TIMESTAMP,"
        " y INTERVAL YEAR TO MONTH, i INTERVAL DAY TO SECOND)"
    )
    session.native("CREATE VIEW shown AS SELECT n FROM shelf")
    return session


def test_intervals_reach_the_driver_as_it_reads_them(shelf: Redshift) -> None:
    shelf.native("INSERT INTO shelf (y, i) VALUES ('-1-2', '3 04:05:06.5'), (NULL, NULL)")

    rows = shelf.native("SELECT y, i, y FROM shelf ORDER BY y NULLS LAST").rows

    months = intervals.IntervalYearToMonth(-14)
    assert rows == [(months, intervals.IntervalDayToSecond(273_906_500_000), months), (None, None, None)]


def test_what_is_no_bind_wants_text() -> None:
    assert formats(b"p\0s\0\0\0\0\0\0\1\0\1") == (1,)
    assert [formats(body) for body in (b"", b"p", b"p\0s\0", b"p\0s\0\0\1\0\0\0\5")] == [()] * 4


def test_an_interval_without_fields_has_days_and_months_of_its_own(session: Redshift) -> None:
    (whole, days) = session.native("SELECT INTERVAL '3 months 2 days 1 second', INTERVAL '2 days'").rows[0]

    assert (whole.months, whole.days, whole.microseconds) == (3, 2, 1_000_000)
    assert str(days) == "2 days, 0:00:00"


def test_the_driver_lists_schemas_tables_and_columns(shelf: Redshift) -> None:
    cursor: Any = shelf._connection.cursor()
    schema = shelf.native("SELECT CURRENT_SCHEMA()").rows[0][0]

    assert [row[0] for row in cursor.get_schemas(schema_pattern=schema)] == [schema]
    for options in ({"schema_pattern": schema}, {}):
        tables = [row[2:4] for row in cursor.get_tables(**options) if row[1] == schema]
        columns = [row[3:8:2] for row in cursor.get_columns(**options) if row[1:3] == [schema, "shelf"]]
        assert sorted(tables) == [["shelf", "TABLE"], ["shown", "VIEW"]]
        assert [column[0] for column in columns] == ["n", "s", "d", "t", "y", "i"]
        assert columns[1][1] == "varchar"


@pytest.mark.parametrize("sql", ["VACUUM", "VACUUM FULL", "VACUUM SORT ONLY", "VACUUM BOOST", "ANALYZE"])
def test_maintenance_needs_no_table(session: Redshift, sql: str) -> None:
    assert session.native(sql).rows == []


def test_what_is_selected_may_be_used_by_its_name(shelf: Redshift) -> None:
    """SELECT list: an alias may be used by what follows it; a column of the same name comes first."""
    shelf.native("INSERT INTO shelf (n, s, d) VALUES (3, 'x', 10), (4, 'y', 1)")

    found = shelf.native(
        "SELECT n * 2 AS twice, twice + 1 AS more, s AS n, n + 1, ROW_NUMBER() OVER (ORDER BY more) AS rank"
        " FROM shelf WHERE twice < 8 AND more > 0 ORDER BY twice"
    )

    assert found.rows == [(6, 7, "x", 4, 1)]


def test_what_has_no_name_is_called_as_ever(shelf: Redshift) -> None:
    listed = "d / 3, (d * 2.0), n + 1, n * 2 AS twice, twice, COALESCE(d, n), -d, d, SUM(d) / 2"
    sql = f"SELECT {listed} FROM shelf GROUP BY n, d"

    names = ("?column?", "?column?", "?column?", "twice", "twice", "coalesce", "?column?", "d", "?column?")
    assert shelf.native(sql).columns == names
    assert shelf.native("SELECT d FROM shelf UNION SELECT d * 1.5 FROM shelf").columns == ("d",)
    assert shelf.native("SELECT d * 1.5 FROM shelf UNION SELECT d FROM shelf").columns == ("?column?",)


def test_a_refusal_is_not_called_a_lack_of_the_emulator(session: Redshift) -> None:
    with pytest.raises(QueryError, match=r'^syntax error at or near "ON"'):
        session.native("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING")


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not here")
@pytest.mark.parametrize(
    ("command", "said"), [(r"\dt", "shelf"), (r"\d", "shown"), (r"\dv", "shown"), (r"\dn", "public")]
)
def test_psql_lists(shelf: Redshift, cluster: Cluster, command: str, said: str) -> None:
    schema = shelf.native("SELECT CURRENT_SCHEMA()").rows[0][0]
    address = cluster.address
    target = (
        f"host=localhost port={address.port} user={address.user} dbname={address.database} sslmode=require"
    )

    ran = subprocess.run(
        ["psql", "-X", target, "-c", f"SET search_path TO {schema}", "-c", command],
        env={**os.environ, "PGPASSWORD": address.password}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert said in ran.stdout, ran.stderr
