"""The command line as a user meets it: real processes, exit codes, one line for each error."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import sparkify
from sparkify.sql import names
from sparkify.sql.schema import ALL
from tests.builders import Run, Source, play, song
from tests.conftest import ROOT

CHECKS = len(names("checks"))


def test_etl_prints_its_summary_on_stdout_and_talks_on_stderr(run: Run, source: Source) -> None:
    source.log(play(0), play(0), "{broken")

    done = run("etl", "--source", "music")

    assert done.returncode == 0
    assert "3 read = 1 loaded + 1 duplicate + 1 rejected" in done.stdout
    assert f"{CHECKS} of {CHECKS} passed" in done.stdout
    assert "2018-11-01-events.json record 3: malformed JSON" in done.stdout
    assert "reading events" in done.stderr


def test_etl_prints_its_summary_as_one_object(run: Run, source: Source) -> None:
    source.log(play(0))

    summary = json.loads(run("etl", "--source", "music", "--format", "json").stdout)

    assert summary["records"] == {"read": 1, "loaded": 1, "duplicate": 0, "conflict": 0, "rejected": 0}
    assert summary["rows"]["songplay"] == 1
    assert len(summary["checks"]) == CHECKS
    assert all(summary["checks"].values())


def test_a_second_etl_says_that_there_is_nothing_to_do(loaded: Run) -> None:
    again = loaded("etl", "--source", "music")

    assert again.returncode == 0
    assert "Nothing to do" in again.stdout


def test_plan_and_dry_run_write_nothing(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(play(0))

    planned, dry = run("plan", "--source", "music"), run("etl", "--source", "music", "--dry-run")

    assert planned.stdout == dry.stdout
    assert [row["state"] for row in csv.DictReader(io.StringIO(planned.stdout))] == ["new"]
    assert not list(tmp_path.glob("*.duckdb*"))


def test_a_dry_run_speaks_the_format_that_is_asked_for(run: Run, source: Source) -> None:
    source.log(play(0))

    as_json = run("etl", "--source", "music", "--dry-run", "--format", "json")
    as_text = run("etl", "--source", "music", "--dry-run", "--format", "text")

    assert [row["state"] for row in json.loads(as_json.stdout)] == ["new"]
    assert as_text.stdout == "  new  1 file of events, 424 B, 2018-11-01\n"


def test_plan_shows_what_grew_and_what_changed(loaded: Run, source: Source) -> None:
    source.log(play(0), play(1, song="Revelry"), "{broken", play(2))
    source.song(song(title="Other"))
    source.log(play(9), day="2018-11-09")

    rows = {
        Path(row["uri"]).name: row
        for row in csv.DictReader(io.StringIO(loaded("plan", "--source", "music").stdout))
    }

    assert {name: row["state"] for name, row in rows.items()} == {
        "2018-11-01-events.json": "grown",
        "2018-11-09-events.json": "new",
        "TRSO1.json": "changed",
    }
    assert rows["2018-11-09-events.json"]["day"] == "2018-11-09"


def test_from_and_to_limit_the_days(run: Run, source: Source) -> None:
    for day in range(1, 6):
        source.log(play(0, sessionId=day), day=f"2018-11-0{day}")
    undated = ("late", "2018-11-01-2018-11-04", "12018-11-02", "2018-11-033", "2018-11-31")
    for name in undated:
        source.write(source.folder / "log_data" / f"{name}.json", b"{}")

    done = run("etl", "--source", "music", "--from", "2018-11-02", "--to", "2018-11-03", "--format", "json")

    assert json.loads(done.stdout)["files"]["new"] == 2
    assert (
        f"warning: {len(undated)} logs left out, since no day stands in the file's name, or several do."
        in done.stderr
    )


def test_the_exit_code_tells_of_rejects_only_if_asked(run: Run, source: Source) -> None:
    source.log(play(0), "{broken")

    assert run("etl", "--source", "music", "--fail-on-reject").returncode == 3
    assert len(json.loads(run("rejects", "--format", "json").stdout)) == 1


def test_a_refused_run_names_its_rejects_and_publishes_nothing(run: Run, source: Source) -> None:
    source.log(play(0), "{broken")

    done = run("etl", "--source", "music", "--max-rejects", "0")

    assert done.returncode == 1
    assert "1 of 2 records were rejected" in done.stderr
    assert "Fix the files, or allow it with --max-rejects 1." in done.stderr
    assert done.stderr.endswith("2018-11-01-events.json record 2: malformed JSON\n")
    [attempt] = json.loads(run("runs", "--format", "json").stdout)
    assert (attempt["run_id"], attempt["outcome"], attempt["plays"]) == (None, "refused", 0)
    assert attempt["reason"].startswith("1 of 2 records were rejected")


def test_a_file_that_cannot_be_read_at_all_is_called_whole(run: Run, source: Source) -> None:
    source.log(play(0))
    (source.folder / "log_data" / "link.json").symlink_to("nowhere")

    done = run("etl", "--source", "music")

    assert done.stdout.endswith("log_data/link.json whole file: cannot be read: No such file or directory\n")
    assert (
        "link.json: cannot be read: No such file or directory. The whole file is one reject.\n" in done.stderr
    )


def test_a_reader_that_has_seen_enough_is_no_failure(loaded: Run, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sparkify.cli.main", "query", "SELECT * FROM range(99999)", "--format", "csv"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()

    assert (first, said, process.wait()) == ("range\n", "", 141)


def test_tables_are_made_shown_drawn_and_dropped(run: Run) -> None:
    assert f"{len(ALL)} tables are in sparkify.duckdb" in run("tables", "create").stdout
    assert "songplay }o" not in run("tables", "show", "--format", "mermaid").stdout
    assert "users |o--o{ songplay : user_id" in run("tables", "show", "--format", "mermaid").stdout
    assert "| `songplay_id` | BIGINT |" in run("tables", "show", "--format", "markdown").stdout
    assert run("tables", "drop", "--yes").returncode == 0
    assert "no tables yet" in run("runs").stderr


def test_a_door_helps_under_its_own_name(run: Run) -> None:
    assert run("--help", script=str(ROOT / "etl.py")).stdout.startswith("Usage: etl.py [OPTIONS]\n")
    assert "See `etl.py --help`." in run("--fly", script=str(ROOT / "etl.py")).stderr


def test_the_doors_do_what_their_names_say(run: Run, source: Source) -> None:
    source.log(play(0))

    created = run(script=str(ROOT / "create_tables.py"))
    loaded = run("--source", "music", script=str(ROOT / "etl.py"))

    assert f"{len(ALL)} tables are in" in created.stdout
    assert "1 read = 1 loaded" in loaded.stdout


def test_sql_queries_hold_the_statements_by_group() -> None:
    import sql_queries

    assert sql_queries.create_table_queries["songplay"].startswith("-- The fact")
    assert len(sql_queries.question_queries) >= 15
    assert set(sql_queries.drop_table_queries) == set(sql_queries.create_table_queries)


def test_version_and_help(run: Run) -> None:
    assert run("--version").stdout == f"sparkify {sparkify.__version__}\n"
    assert run("--help").returncode == 0
    assert run().returncode == 2


def test_help_imports_nothing_heavy() -> None:
    heavy = ("duckdb", "sqlglot", "numpy", "rich", "boto3", "plotly")
    code = f"import sys, sparkify.cli.main; print([m for m in {heavy} if m in sys.modules])"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert found.stdout == "[]\n"
