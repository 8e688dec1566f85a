"""A mistake in the contract of a column is one line: file, line, column, what is wrong, what is allowed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sparkify import sql
from sparkify.errors import ConfigError
from sparkify.sql import schema, statement
from tests.conftest import ROOT
from tests.programs import other_sql

STATUS = "-- [public] HTTP status"
LENGTH = "-- [from stg_events.length] length in seconds"

OF_STAGING = {
    "[publik]": "[publik] is no mark of this INTEGER column",
    "[trimmed]": "[trimmed] is no mark of this",
    "[from stg_songs.year]": "[from stg_songs.year] is no mark of this",
    "[unpadded]": "[unpadded] is no mark of this INTEGER column",
    "[0 to]": "[0 to] is no mark",
    "[1__0 to 20]": "[1__0 to 20] is no mark",
    "[_ to _]": "[_ to _] is no mark",
    "[0.5 to 1]": "[0.5 to 1] is no mark",
    "[100 to 0]": "[100 to 0] ends below its beginning. Allowed: LOW to HIGH",
    "[0 to 2_147_483_648]": "[0 to 2_147_483_648] is more than INTEGER holds",
    "[public, public]": "[public, public] says twice what one mark says",
    "[0 to 1, 2 to 3]": "[0 to 1, 2 to 3] says twice what one mark says",
    "[key a, key b]": "[key a, key b] says twice what one mark says",
    "[key]": "[key] is no mark",
    "[key userId]": "its key userId is that of user_id too",
    "[]": "the brackets are not closed, or hold no mark",
    "[public,]": "the brackets are not closed, or hold no mark",
    "[public": "the brackets are not closed, or hold no mark",
}
OF_STAR = {
    "[from stg_song.x]": "[from stg_song.x] is no column of staging",
    "[from stg_events.x]": "[from stg_events.x] is no column of staging",
    "[from users.level]": "[from users.level] is no column of staging",
    "[from stg_events.song]": "DOUBLE PRECISION does not hold all of stg_events.song",
    "[from]": "[from] is no mark",
    "[trimmed]": "[trimmed] is no mark of this DOUBLE PRECISION column",
    "[nonzero]": "[nonzero] is of a column with a mark from",
    "[from stg_events.length, nonzero, nonzero]": "says twice",
    "[from stg_events.length, from stg_events.length]": "says twice",
    "[public]": "[public] is no mark",
}


@pytest.mark.parametrize("marks", OF_STAGING)
def test_a_mark_of_staging(tmp_path: Path, marks: str) -> None:
    edits = {"tables/stg_events.sql": (STATUS, f"-- {marks} HTTP status")}
    with other_sql(tmp_path, edits), pytest.raises(ConfigError) as raised:
        schema.table("stg_events")

    assert_said(raised.value, "stg_events", "status", OF_STAGING[marks])


@pytest.mark.parametrize("marks", OF_STAR)
def test_a_mark_of_the_star(tmp_path: Path, marks: str) -> None:
    edits = {"tables/songplay.sql": (LENGTH, f"-- {marks} length in seconds")}
    with other_sql(tmp_path, edits), pytest.raises(ConfigError) as raised:
        schema.table("songplay")

    assert_said(raised.value, "songplay", "length", OF_STAR[marks])


def assert_said(error: ConfigError, table: str, column: str, what: str) -> None:
    text = (sql.ROOT / "tables" / f"{table}.sql").read_text().splitlines()
    line = next(n for n, one in enumerate(text, start=1) if one.split()[0] == column)
    assert str(error).startswith(f"sparkify/sql/tables/{table}.sql, line {line}, {column}: ")
    assert what in str(error)
    assert re.search(r"\. Allowed: [^\n]+\.$", str(error))
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("table", "old", "new", "what"),
    [
        ("stg_events", "[public, 0 to 999_999]", "[0 to 999_999]", "NOT NULL is wrong"),
        ("stg_events", "-- [strict] the", "-- [strict, public] the", "user_id: [public] is wrong"),
        ("stg_events", "-- [public] artist", "-- [0 to 9] artist", "[0 to 9] is no mark of this VARCHAR("),
        ("stg_events", "-- [public] when it", "-- [0 to 9] when it", "no mark of this TIMESTAMP"),
        ("stg_events", "-- JSON", "-- [public] JSON", "[public] is no mark of this"),
        ("stg_events", "-- its line", "-- [public] its line", "Allowed: no mark."),
        ("songplay", "VARCHAR(1024)", "VARCHAR(1023)", "VARCHAR(1023) does not hold all of stg_events.song"),
        ("songplay", "INTEGER          NOT NULL", "SMALLINT NOT NULL", "SMALLINT does not hold all"),
        ("etl_version", "-- raised", "-- [public] raised", "Allowed: no mark."),
        ("stg_events", "status          INTEGER", "status BOOLEAN", "its type is BOOLEAN. Allowed: S"),
        ("stg_events", "status          INTEGER", "status VARCHAR", "its type is VARCHAR. Allowed: S"),
        ("stg_events", "CREATE TABLE", "CREATE TABEL", "it is no CREATE TABLE that can be read"),
        ("stg_events", "DISTSTYLE EVEN", ") (", "it cannot be read"),
    ],
)  # fmt: skip
def test_a_line_of_the_ddl_that_cannot_be(tmp_path: Path, table: str, old: str, new: str, what: str) -> None:
    with (
        other_sql(tmp_path, {f"tables/{table}.sql": (old, new)}),
        pytest.raises(ConfigError, match=re.escape(what)) as raised,
    ):
        schema.table(table)

    assert str(raised.value).startswith(f"sparkify/sql/tables/{table}.sql")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "comment", ["--[public]HTTP status", "-- [public]", "--\t[ public ,0 to 999 ]  HTTP status"]
)
def test_blanks_do_not_matter(tmp_path: Path, comment: str) -> None:
    line = f"    status          INTEGER,                    {STATUS}"
    with other_sql(tmp_path, {"tables/stg_events.sql": (line, f"\tstatus INTEGER, {comment}")}):
        status = next(one for one in schema.table("stg_events").columns if one.name == "status")

    assert status.is_public
    assert "[" not in status.meaning


@pytest.mark.parametrize(
    "text",
    [
        "{columns}", "{columns(songplay, i)}", "{ columns(songplay)}", "{columns(songplai AS s)}",
        "{colums(songplay)}",
    ],
)  # fmt: skip
def test_a_placeholder_that_is_none(tmp_path: Path, text: str) -> None:
    new = {"questions/odd.sql": f"-- Odd?\nSELECT {text} FROM songplay"}
    with (
        other_sql(tmp_path, {}, new),
        pytest.raises(ConfigError, match=rf"^sparkify/sql/questions/odd\.sql: {re.escape(text)} is no place"),
    ):
        statement("questions", "odd")


def test_the_command_line_says_it_without_a_traceback(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sparkify", tmp_path / "sparkify", ignore=shutil.ignore_patterns("__pycache__"))
    ddl = tmp_path / "sparkify/sql/tables/stg_events.sql"
    ddl.write_text(ddl.read_text().replace("[public] HTTP status", "[publik] HTTP status"))
    (tmp_path / "song_data").mkdir()
    (tmp_path / "log_data").mkdir()

    for command in (("tables", "show"), ("tables", "create"), ("etl", "--source", "."), ("simulate", "x")):
        done = subprocess.run(
            [sys.executable, "-m", "sparkify", *command],
            cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

        if command[0] != "simulate":
            assert done.returncode == ConfigError.exit_code
            assert "stg_events.sql, line 20, status: [publik] is no mark" in done.stderr
        assert "Traceback" not in done.stderr
