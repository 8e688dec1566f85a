"""What the app wrote, what somebody typed, what lies in a folder: text, and never SQL, a path or a secret."""

import json
from pathlib import Path

import pytest

from sparkify.engines.base import Engine
from sparkify.load.checks import check_everything
from tests.builders import Run, Source, etl, play, rows, song

INJECTIONS = (
    "'; DROP TABLE songplay; --",
    '"; DROP TABLE songplay; --',
    "x' OR '1'='1",
    "$$; DELETE FROM users; $$",
    ":run_id",
    "%s %(name)s {0} ${HOME}",
    "\\'; DROP TABLE time; --",
)


def test_titles_and_names_are_text_on_every_engine(warehouse: Engine, source: Source) -> None:
    for number, text in enumerate(INJECTIONS):
        source.song(song(f"SO{number}", title=text, artist_name=text, artist_id=f"AR{number}"))
    source.log(*(play(n, song=text, artist=text, firstName=text) for n, text in enumerate(INJECTIONS)))

    etl(warehouse, source.folder)

    held = rows(warehouse, "SELECT title, artist_name, song_id FROM songplay ORDER BY item_in_session")
    assert held == [(text, text, f"SO{number}") for number, text in enumerate(INJECTIONS)]
    assert all(verdict.passed for verdict in check_everything(warehouse))


def test_names_of_files_and_folders_are_text_on_every_engine(warehouse: Engine, tmp_path: Path) -> None:
    source = Source(tmp_path / 'it\'s; DROP TABLE users; -- "music"')
    for number, text in enumerate(INJECTIONS):
        for padding in (0, 300):
            name = f"{text}-{padding}.json".replace("/", "")
            records = [play(n, sessionId=1000 * number + padding) for n in range(1 + padding)]
            source.write(source.folder / "log_data" / name, "\n".join(map(json.dumps, records)).encode())

    summary = etl(warehouse, source.folder)

    assert summary.records.rejected == 0
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(302 * len(INJECTIONS),)]
    assert etl(warehouse, source.folder).run_id is None


@pytest.mark.parametrize("text", INJECTIONS)
def test_what_is_typed_is_a_value_or_refused(loaded: Run, text: str) -> None:
    for command in (
        ("ask", text),
        ("ask", "most_played_songs", "--level", text),
        ("ask", "most_played_songs", "--limit", text),
        ("ask", "most_played_songs", "--from", text),
        ("rejects", "--run", text),
        ("etl", "--source", text),
        ("etl", "--source", "music", "--max-rejects", text),
    ):
        done = loaded(*command)
        assert done.returncode != 0, command
        assert "Traceback" not in done.stderr
    assert "plays" in loaded("query", "SELECT COUNT(*) AS plays FROM songplay").stdout


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('SECRET')",
        "SELECT * FROM read_text('SECRET')",
        "SELECT * FROM read_blob('SECRET')",
        "SELECT * FROM 'SECRET.csv'",
        "SELECT * FROM glob('*')",
        "SELECT getenv('HOME')",
        "COPY songplay TO 'out.csv'",
        "EXPORT DATABASE 'out'",
        "ATTACH 'out.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA temp_directory='out'",
        "CREATE TABLE mine (a INTEGER)",
        "DELETE FROM songplay",
        "UPDATE users SET level = 'paid'",
        "CALL pragma_version()",
        "COPY (SELECT first_name FROM users) TO 'sparkify.duckdb.wal'",
        "COPY (SELECT 1) TO 'sparkify.snapshot.duckdb.wal'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'sparkify.duckdb.wal'",
        "COPY (PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)) TO 'sparkify.duckdb.wal'",
        "PREPARE a AS COPY (SELECT 1) TO 'sparkify.duckdb.wal'",
        "SELECT hex(content) FROM read_blob('sparkify.duckdb')",
        "SELECT E'\\'', * FROM \"READ_TEXT\" /* ' */ ('sparkify.duckdb')",
        "SELECT * FROM query('SELECT content FROM read_blob(''sparkify.duckdb'')')",
        "FROM 'sparkify.duckdb'",
        "FROM main.histogram_values('sparkify.' || 'duckdb', 'level')",
        "FROM songs, histogram('sparkify.' || 'duckdb', level)",
        "SELECT json_serialize_plan('FROM read_duckdb(''sparkify.duckdb'')')",
        "SELECT * FROM songs, 'sparkify.duckdb'",
        'WITH a AS (SELECT * FROM "./sparkify.duckdb") SELECT * FROM a',
    ],
)
def test_a_query_reads_the_warehouse_and_nothing_else(loaded: Run, tmp_path: Path, sql: str) -> None:
    (tmp_path / "SECRET").write_text("planted-secret")
    (tmp_path / "SECRET.csv").write_text("planted-secret")
    before = {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}

    for option in ((), ("--native",)):
        done = loaded("query", *option, sql)

        assert "planted-secret" not in done.stdout + done.stderr
        assert str(Path.home()) not in done.stdout
        assert "etl_attempt" not in done.stderr, "the file was opened"
        assert {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()} == before
        assert not option or done.returncode != 0, "no such option"
        assert option or done.returncode == 1, "refused, and not only without effect"


@pytest.mark.parametrize(
    "sql",
    [
        "FROM histogram('q.csv', x)", "FROM songs, histogram_values('./q.csv', x)", "PIVOT 'q.csv' ON a",
        "WITH p AS (PIVOT 'q.csv' ON a USING count(*)) FROM p", "UNPIVOT 'q.csv' ON a", "SUMMARIZE 'q.csv'",
        "PIVOT (FROM songs, 'q.csv') ON year", 'PIVOT "q.csv" ON a', "DESCRIBE 'q.csv'",
        "FROM main.histogram_values('q.' || 'csv', x)", "FROM songs, histogram('q.' || 'csv', x)",
        "SELECT (SELECT count(*) FROM system.main.Histogram('q.' || 'csv', x))",
        "EXPLAIN FROM main.histogram('q.' || 'csv', x)", "DESCRIBE FROM main.histogram('q.' || 'csv', x)",
        "PIVOT (FROM songs, histogram('q.' || 'csv', x)) ON year",
        "WITH t AS (SUMMARIZE FROM main.\"histogram\"('q.' || 'csv', x)) FROM t",
        'FROM "file://HERE/q.csv"', 'SELECT * FROM songs, "FILE://localhostHERE/q.csv"',
        'SUMMARIZE "file:HERE/q.csv"', 'FROM "?.csv"', 'FROM "~/q.csv"', "PIVOT 'file:HERE/q.csv' ON a",
        "EXPLAIN FROM '~/q.csv'",
        "SELECT json_serialize_plan('FROM read_csv(''q.csv'')')",
    ],
)  # fmt: skip
def test_a_query_does_not_reach_the_warehouse_by_a_name_that_duckdb_reads(
    loaded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    """By the ending of its name DuckDB reads a file in the place of a table as CSV, JSON or Parquet."""
    (tmp_path / "sparkify.duckdb").rename(tmp_path / "q.csv")

    monkeypatch.setenv("HOME", str(tmp_path))

    done = loaded("query", "--warehouse", "q.csv", sql.replace("HERE", str(tmp_path)))

    assert (done.returncode, done.stdout) == (1, "")
    assert "only the warehouse's own tables can be read" in done.stderr


def test_an_aggregate_is_no_table_of_that_name(loaded: Run) -> None:
    done = loaded("query", "SELECT histogram(level) FROM songplay")

    assert done.returncode == 0, done.stderr


def test_what_is_secret_is_printed_nowhere(
    run: Run, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0), "{broken")
    source.song(song())
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "planted-aws-secret", "AWS_SESSION_TOKEN": "planted-token",
        "PGPASSWORD": "planted-pg-password", "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
    }  # fmt: skip
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    said = ""
    for command in (
        ("etl", "--source", "music", "--log-format", "json"), ("config",), ("config", "--format", "json"),
        ("doctor",),
        ("runs",), ("rejects",), ("report",), ("etl", "--source", "s3://nowhere/there"), ("check",),
        ("explain", "play", "38000000"), ("undo", "9"), ("tables", "show"),
    ):  # fmt: skip
        done = run(*command)
        said += done.stdout + done.stderr

    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for value in secrets.values():
        assert value not in said
        assert value.encode() not in written


def test_a_folder_that_links_to_itself_ends(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    (source.folder / "log_data" / "loop").symlink_to(source.folder / "log_data", target_is_directory=True)
    (source.folder / "log_data" / "self.json").symlink_to(source.folder / "log_data" / "self.json")

    summary = etl(warehouse, source.folder)

    assert (summary.records.loaded, summary.records.rejected) == (1, 1)
