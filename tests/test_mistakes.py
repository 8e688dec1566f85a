"""What a user gets wrong is answered in one line, and nothing is lost."""

import sqlite3
from pathlib import Path

import duckdb
import pytest

from sparkify.load.tables import VERSION
from tests.builders import Run, Source, event, play


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["etl"], 2, "no source: give --source DIR, or set [S3] SOURCE in dwg.cfg."),
        (["etl", "--source", "nowhere"], 2, "nowhere is not a directory"),
        (["etl", "--source", "."], 2, "holds neither song_data/ nor log_data/"),
        (
            ["etl", "--source", "music", "--max-rejects", "many"],
            2,
            "--max-rejects 'many' is not a number",
        ),
        (["etl", "--source", "music", "--from", "tomorrow"], 2, "is not a day like 2018-11-30"),
        (["etl", "--source", "music", "--warehouse", "no/such/folder.duckdb"], 2, "cannot be made"),
        (["ask", "most_played_songs"], 2, "there is no warehouse sparkify.duckdb"),
        (["ask", "most_played_song"], 2, "Did you mean most_played_songs?"),
        (["ask", "most_played_songs", "--limit", "-3"], 2, "'-3' is not a whole number from 0 to"),
        (["simulate", "more", "--days", "few"], 2, "'few' is not a whole number from 1 to 36,500."),
        (["simulate", "more", "--songs", "0"], 2, "'0' is not a whole number of 1 or more."),
        (["check", "--max-age", "soon"], 2, "is not a time like 90m, 36h or 2d"),
        (
            ["config", "--config", "none.cfg"],
            2,
            "none.cfg cannot be read: No such file or directory.",
        ),
        (
            ["etl", "--source", "music", "--from", "2018-11-02", "--to", "2018-11-01"],
            2,
            "there is no such day",
        ),
        (["rebuild"], 2, "there is no warehouse sparkify.duckdb"),
        (["fly"], 2, "No such command 'fly'"),
        (["diff", "a.duckdb", "b.duckdb"], 2, "there is no warehouse a.duckdb"),
        (["etl", "--source", "music", "--warehouse", "redshfit"], 2, "did you mean redshift?"),
        (["diff", "Redhsift", "b.duckdb"], 2, "did you mean redshift?"),
        (["cluster", "launch", "--ttl", "0h", "--dry-run"], 2, "--ttl 0h is no time to live."),
        (["cluster", "launch", "--ttl", "9999999d"], 2, "is not a time like 90m, 36h or 2d"),
        (["cluster", "delete", "--snapshot", "bad name!"], 2, "--snapshot 'bad name!' is no name for one"),
        (["cluster", "configure", "--cidr", "0.0.0.0/1", "--cidr", "128.0.0.0/1"], 2, "is 0.0.0.0/0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_answered_in_one_line(
    run: Run, source: Source, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    source.log(event())

    done = run(*arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("sparkify: ")
    assert not (tmp_path / "sparkify.duckdb").exists()


def test_a_database_of_somebody_else_is_left_alone(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as theirs:
        theirs.execute("CREATE TABLE songplay (a INTEGER)")

    done = run("etl", "--source", "music", "--warehouse", "theirs.duckdb")

    assert done.returncode == 2
    assert "there is a table songplay already" in done.stderr
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as theirs:
        assert theirs.execute("SHOW TABLES").fetchall() == [("songplay",)]


def test_a_file_that_is_no_warehouse_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database " * 1000)

    done = run("runs", "--warehouse", "notes.txt")

    assert done.returncode == 2
    assert done.stderr == "sparkify: notes.txt is no DuckDB file. Check --warehouse, or [WAREHOUSE] FILE.\n"
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_warehouse_of_a_newer_layout_is_refused(loaded: Run, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        connection.execute("UPDATE etl_version SET version = 99")

    for command in (["etl", "--source", "music"], ["ask", "plays_by_day"], ["check"], ["query", "SELECT 1"]):
        done = loaded(*command)
        assert done.returncode == 1
        assert f") knows {VERSION}. Use the newer" in done.stderr.partition("layout 99, this program (")[2]


@pytest.mark.parametrize("sql", ["", "-- c", ";", "/* nothing */ ;\n-- more"])
def test_a_query_without_a_statement_is_refused(loaded: Run, sql: str) -> None:
    done = loaded("query", sql)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("sparkify: there is no statement")


def test_a_hint_of_the_database_is_kept_on_the_one_line(loaded: Run) -> None:
    done = loaded("query", "SELECT * FROM songplayz")

    assert 'Did you mean "songplay"' in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", "../tables/songs"], "there is no question '../tables/songs'"),
        (["ask", "plays_by_hour", "--limit", "9" * 20], "--limit"),
        (["rejects", "--run", "99"], "there is no run 99. `sparkify runs` lists them."),
        (["rejects", "--run", "9" * 20], "--run"),
        (["check", "--max-age", "99999999999999d"], "is not a time like 90m, 36h or 2d"),
        (["simulate", "."], "is no name for a new folder"),
        (["simulate", ""], "is no name for a new folder"),
        (["simulate", "later", "--start", "9999-12-20"], "leave the years in which an event can lie"),
        (["simulate", "later", "--start", "1969-12-31"], "leave the years in which an event can lie"),
        (["runs", "--wait", "-1"], "--wait '-1.0' is not a number of seconds"),
        (["runs", "--wait", "nan"], "--wait 'nan' is not a number of seconds"),
        (["runs", "extra"], "Got unexpected extra argument (extra). See `"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_in_a_warehouse_is_answered_in_one_line(
    loaded: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    before = sorted(tmp_path.iterdir())

    done = loaded(*arguments)

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert message in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_an_open_end_of_time_is_answered(loaded: Run) -> None:
    whole = loaded("ask", "plays_by_day")

    assert loaded("ask", "plays_by_day", "--from", "0001-01-01", "--to", "9999-12-31").stdout == whole.stdout


def test_days_without_a_log_are_named(loaded: Run) -> None:
    done = loaded("etl", "--source", "music", "--from", "9999-12-31", "--to", "9999-12-31")

    assert done.returncode == 0
    assert done.stderr == "warning: no log file has a day from 9999-12-31 to 9999-12-31.\n"


@pytest.mark.parametrize("content", [b"", b"no database " * 1000, None], ids=["empty", "text", "folder"])
@pytest.mark.parametrize("command", ["etl", "runs"])
def test_a_path_that_leads_to_no_warehouse_is_refused_and_left_alone(
    run: Run, source: Source, tmp_path: Path, content: bytes | None, command: str
) -> None:
    source.log(play(0))
    wrong = tmp_path / "wrong"
    wrong.mkdir() if content is None else wrong.write_bytes(content)
    arguments = ["--source", "music"] if command == "etl" else []

    done = run(command, *arguments, "--warehouse", "wrong")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "Check --warehouse" in done.stderr or "--warehouse names another" in done.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["music", "wrong"]


def test_a_database_of_another_kind_is_refused_without_a_download(run: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "theirs.sqlite") as theirs:
        theirs.execute("CREATE TABLE a (b)")
    theirs.close()

    done = run("runs", "--warehouse", "theirs.sqlite")

    assert (done.returncode, done.stderr.partition(". ")[0]) == (
        2,
        "sparkify: theirs.sqlite is no DuckDB file",
    )


def test_no_extension_is_ever_loaded_unasked(loaded: Run) -> None:
    settings = "('autoinstall_known_extensions', 'autoload_known_extensions')"

    done = loaded("query", f"SELECT DISTINCT value FROM duckdb_settings() WHERE name IN {settings}")

    assert done.stdout == "value\nfalse\n"


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_tables_stay_unless_somebody_agrees(loaded: Run, tmp_path: Path, answer: str) -> None:
    done = loaded("tables", "drop", typed=answer)

    assert done.returncode == 1
    assert done.stderr.endswith("\nsparkify: nothing was done. (--yes does it without asking.)\n")
    assert loaded("runs").returncode == 0


def test_nobody_is_asked_about_tables_that_are_not_there(run: Run, tmp_path: Path) -> None:
    done = run("tables", "drop")

    assert (done.returncode, done.stderr.partition(" `")[0]) == (
        2,
        "sparkify: there is no warehouse sparkify.duckdb.",
    )


def test_tables_of_somebody_else_are_not_dropped(run: Run, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as theirs:
        theirs.execute("CREATE TABLE songplay (a INTEGER)")

    done = run("tables", "drop", "--yes", "--warehouse", "theirs.duckdb")

    assert (done.returncode, done.stdout) == (0, "There are no tables in theirs.duckdb: nothing was done.\n")
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as theirs:
        assert theirs.execute("SHOW TABLES").fetchall() == [("songplay",)]


def test_a_table_that_is_missing_is_named_made_and_filled(
    loaded: Run, source: Source, tmp_path: Path
) -> None:
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        before = connection.execute("FROM users").fetchall()
        connection.execute("DROP TABLE users")
    source.log(play(7, userId="16"), day="2018-11-02")

    asked, refused = loaded("ask", "most_active_users"), loaded("etl", "--source", "music")
    made = loaded("tables", "create")
    rebuilt = loaded("rebuild")

    for done in (asked, refused):
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "the warehouse lacks users. Restore a copy of it, or `sparkify tables create`" in done.stderr
    assert made.stdout.splitlines()[1:] == ["Recreated, empty: users.", "Next: sparkify rebuild"]
    assert rebuilt.returncode == 0
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        assert connection.execute("FROM users").fetchall() == before
