"""The commands that only read, as a user meets them: ask, query, rejects, check and diff."""

import csv
import json
import re
from pathlib import Path

import duckdb
import pytest

from sparkify.sql import names
from tests.builders import NOON, Run, Source, play


def test_ask_lists_the_questions_and_answers_one(loaded: Run) -> None:
    listed = loaded("ask", "--format", "json")
    answered = loaded("ask", "most_played_songs", "--format", "json", "--limit", "1")

    assert len(json.loads(listed.stdout)) >= 15
    assert json.loads(answered.stdout) == [{"title": "Revelry", "artist": "Nightbirds", "plays": 1}]


@pytest.mark.parametrize("question", names("questions"))
def test_every_question_has_an_answer(loaded: Run, question: str) -> None:
    done = loaded("ask", question, "--format", "csv")

    assert (done.returncode, done.stderr) == (0, "")
    may_be_empty = (
        "upgrades", "level_changes", "warnings", "unknown_keys", "churn", "most_skipped_songs",
        "rising_songs", "rising_artists", "conversion", "other_pages",
    )  # fmt: skip
    assert len(done.stdout.splitlines()) >= (1 if question in may_be_empty else 2)


def test_answers_come_in_every_format(loaded: Run) -> None:
    table, as_csv, ndjson = (
        loaded("ask", "plays_by_level", "--format", f).stdout for f in ("table", "csv", "ndjson")
    )

    assert "percent_of_plays" in table
    assert as_csv == "level,plays,listeners,percent_of_plays\npaid,2,1,100.0\n"
    assert json.loads(ndjson) == {"level": "paid", "plays": 2, "listeners": 1, "percent_of_plays": 100}


def test_ask_can_be_limited_to_days(loaded: Run, source: Source) -> None:
    source.log(play(0, sessionId=50, ts=NOON + 86_400_000 * 3, song="Later"), day="2018-11-04")
    loaded("etl", "--source", "music")

    later = loaded(
        "ask", "most_played_songs", "--from", "2018-11-02", "--to", "2018-11-04", "--format", "json"
    )

    assert [row["title"] for row in json.loads(later.stdout)] == ["Later"]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_the_machines_time_zone_does_not_matter(
    run: Run, source: Source, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    source.log(play(0))
    monkeypatch.setenv("TZ", zone)
    run("etl", "--source", "music")

    assert run("ask", "plays_by_hour").stdout == "hour,plays\n12,1\n"
    assert run("query", "SELECT start_time FROM time").stdout == "start_time\n2018-11-01 12:00:00.796000\n"


def test_the_sql_of_a_question_holds_what_was_asked_for(loaded: Run) -> None:
    asked = ("most_played_songs", "--from", "2018-11-02", "--level", "free", "--limit", "3")
    said = loaded("ask", *asked, "--sql").stdout

    assert ("'2018-11-02 00:00:00'" in said, "'free'" in said, "LIMIT 3" in said) == (True, True, True)


def test_an_option_that_a_question_does_not_take_is_refused(loaded: Run) -> None:
    done = loaded("ask", "users_by_level_and_gender", "--limit", "3")

    assert (done.returncode, done.stderr) == (
        2,
        "sparkify: users_by_level_and_gender takes no --limit: it is always answered whole.\n",
    )


def test_rejects_show_file_line_reason_and_text(loaded: Run) -> None:
    [row] = json.loads(loaded("rejects", "--run", "1", "--format", "json").stdout)

    assert (row["record"], row["reason"], row["raw_text"]) == (3, "malformed JSON", "{broken")
    assert row["uri"].endswith("2018-11-01-events.json")
    loaded("rebuild")
    assert json.loads(loaded("rejects", "--run", "2", "--format", "json").stdout) == []


def test_runs_check_rebuild_and_diff_tell_one_story(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "copy.duckdb").write_bytes((tmp_path / "sparkify.duckdb").read_bytes())

    rebuilt = loaded("rebuild")
    runs = json.loads(loaded("runs", "--format", "json").stdout)
    last = json.loads(loaded("runs", "--limit", "1", "--format", "json").stdout)
    checked = loaded("check", "--format", "json")
    compared = loaded("diff", "sparkify.duckdb", "copy.duckdb", "--format", "json")

    assert "Run 2 is published" in rebuilt.stdout
    assert [(run["run_id"], run["command"], run["read"]) for run in runs] == [
        (2, "rebuild", 0),
        (1, "etl", 4),
    ]
    assert last == runs[:1]
    assert {row["verdict"] for row in json.loads(checked.stdout)} == {"ok"}
    assert {row["verdict"] for row in json.loads(compared.stdout)} == {"equal"}


def test_diff_ends_with_1_where_stars_differ(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "copy.duckdb").write_bytes((tmp_path / "sparkify.duckdb").read_bytes())
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as connection:
        connection.execute("UPDATE users SET level = 'free'")

    done = loaded("diff", "sparkify.duckdb", "copy.duckdb")

    assert done.returncode == 1
    assert done.stderr == "users 15: level 'paid' <> 'free'\n"


def test_diff_gives_the_differing_keys_as_data(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "copy.duckdb").write_bytes((tmp_path / "sparkify.duckdb").read_bytes())
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as connection:
        connection.execute("UPDATE users SET gender = NULL")

    compared = json.loads(loaded("diff", "sparkify.duckdb", "copy.duckdb", "--format", "json").stdout)

    assert {row["table"]: row["keys"] for row in compared if row["keys"]} == {
        "users": ["15: gender 'F' <> NULL"]
    }


def test_a_warehouse_equals_itself_under_any_name(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "link.duckdb").symlink_to("sparkify.duckdb")

    for other in ("sparkify.duckdb", "./sparkify.duckdb", "link.duckdb"):
        done = loaded("diff", "sparkify.duckdb", other)
        assert (done.returncode, done.stderr) == (0, "")


def test_values_that_json_lacks_are_said_in_json(loaded: Run) -> None:
    nested = "[1, NULL] AS l, {'a': 1, 'b': [DATE '2026-01-01']} AS s"
    sql = f"SELECT 'NaN'::DOUBLE AS n, '-inf'::DOUBLE AS i, {nested}"

    ndjson, as_csv = (loaded("query", sql, "--format", style).stdout for style in ("ndjson", "csv"))

    assert ndjson == '{"n": null, "i": null, "l": [1, null], "s": {"a": 1, "b": ["2026-01-01"]}}\n'
    assert next(csv.reader([as_csv.splitlines()[1]]))[2:] == ["[1, null]", '{"a": 1, "b": ["2026-01-01"]}']


def test_check_fails_for_a_feed_that_has_stalled(loaded: Run) -> None:
    done = loaded("check", "--max-age", "36h")

    assert done.returncode == 1
    assert re.search(r"freshness failed: the latest event is [\d,.]+ days old", done.stderr)
    assert "(limit 36 hours)" in done.stderr


def test_query_reads_the_warehouse_and_nothing_else(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")

    assert loaded("query", "SELECT count(*) AS n, 7 / 2 AS half FROM songplay").stdout == "n,half\n2,3\n"
    for sql in (
        "SELECT * FROM 'secret.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY songplay TO 'out.csv'",
        "ATTACH 'other.duckdb'",
        "DELETE FROM songplay",
        "SET enable_external_access = true",
        "SET threads = 1",
        "SELECT 1; SELECT 2",
        "SELEC 1",
    ):
        done = loaded("query", sql)
        assert done.returncode == 1, sql
        assert "Error" not in done.stderr or "SELEC 1" in sql, done.stderr
        assert done.stderr.startswith("sparkify: ")
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out.csv").exists()
