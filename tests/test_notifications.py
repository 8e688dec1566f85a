"""What operators hear of a load, also of a failed one: metrics, a command of theirs, and the log in JSON."""

import json
import re
from pathlib import Path

import pytest

from sparkify.cli import monitoring
from tests.builders import Run, Source, play


def events(stderr: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]


def test_metrics_are_in_the_text_format_and_remember_the_last_success(
    run: Run, source: Source, tmp_path: Path
) -> None:
    log = source.log(play(0), play(1), "{broken")
    assert run("etl", "--source", "music", "--metrics", "m.prom").returncode == 0
    text = (tmp_path / "m.prom").read_text()
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[a-z_]+"\})? [0-9.e+]+')
    assert [
        line for line in text.splitlines() if not line.startswith("#") and not sample.fullmatch(line)
    ] == []
    assert 'sparkify_last_run_records{state="loaded"} 2\n' in text
    assert 'sparkify_last_run_records{state="rejected"} 1\n' in text
    assert 'sparkify_table_rows{table="songplay"} 2\n' in text
    assert "sparkify_last_run_success 1\n" in text
    success = re.search("^sparkify_last_success.*$", text, re.M)

    log.write_text("[]")
    assert run("etl", "--source", "music", "--metrics", "m.prom").returncode == 1

    text = (tmp_path / "m.prom").read_text()
    assert "sparkify_last_run_success 0\n" in text
    assert success and success[0] in text
    assert "sparkify_last_run_records" not in text
    assert run("etl", "--source", "music", "--metrics", "no/m.prom").returncode == 2
    for folder in ("music", "nowhere"):
        refused = run("etl", "--source", folder, "--metrics", "sparkify.duckdb")
        assert (refused.returncode, "a warehouse lies there" in refused.stderr) == (2, True)
    assert run("check").returncode == 0
    for out in ("/dev/full", "/dev/stdout", "sparkify.duckdb.lock", "sparkify.duckdb.wal"):
        failed = run("etl", "--source", "nowhere", "--metrics", out)
        assert (failed.returncode, "Traceback" in failed.stderr) == (2, False), out


def test_a_command_of_the_users_is_given_the_summary(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    (tmp_path / "dwg.cfg").write_text("[ETL]\nNOTIFY = tee told.json\n")
    done = run("etl", "--source", "music", "--format", "json")
    assert json.loads(done.stdout)["run_id"] == 1
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["ok"], told["error"], told["run_id"], told["records"]["loaded"]) == (True, None, 1, 1)

    failed = run("etl", "--source", "nowhere")
    told = json.loads((tmp_path / "told.json").read_text())
    assert (failed.returncode, told["ok"], told["run_id"]) == (2, False, None)
    assert "nowhere is not a directory" in told["error"]

    for command, why in (
        ("false", "ended with 1"),
        ("no-such-command", "No such file"),
        ('"', "No closing quotation"),
    ):
        (tmp_path / "dwg.cfg").write_text(f"[ETL]\nNOTIFY = {command}\n")
        done = run("etl", "--source", "music")
        assert (done.returncode, why in done.stderr) == (0, True), done.stderr
        done = run("etl", "--source", "music", "--log-format", "json", "--metrics", "/dev/full")
        warned = [one["message"] for one in events(done.stderr) if one["level"] == "warning"]
        assert [why in one for one in warned] == [False, True], warned
        assert "/dev/full cannot be written" in warned[0]


def test_the_command_is_not_given_the_key_of_the_seals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_SEAL_KEY", "planted-key")

    monitoring._notify(f"sh -c 'env > {tmp_path}/told.txt'", {"run_id": 1})

    told = (tmp_path / "told.txt").read_text()
    assert ("planted-key" in told, "PATH=" in told) == (False, True)


def test_a_command_that_does_not_end_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(monitoring, "POLLER", 0.2)

    monitoring._notify("sleep 30", {"run_id": 1})

    assert "[ETL] NOTIFY could not be told: it took more than 0.2 s" in capsys.readouterr().err


def test_every_failure_is_an_event_and_every_event_has_a_level(run: Run, source: Source) -> None:
    source.log(play(0, status="odd"), "{broken")
    done = run("etl", "--source", "music", "--log-format", "json")
    found = events(done.stderr)
    assert {event["level"] for event in found} == {"info", "warning"}
    assert {event["source"] for event in found} == {"music"}
    assert (found[-1]["event"], found[-1]["loaded"], found[-1]["rejected"], found[-1]["set_aside"]) == (
        "end",
        1,
        1,
        1,
    )

    log = next((source.folder / "log_data").rglob("*.json"))
    for command, counted in (
        (("reload", str(log)), [1, 1, 1]),
        (("rejects", "replay"), [0, 0, 0]),
        (("rebuild",), [0, 0, 0]),
        (("undo", "2"), [0, 0, 0]),
    ):
        end = events(run(*command, "--log-format", "json").stderr)[-1]
        assert (end["event"], end["source"]) == ("end", None), end
        assert [end[state] for state in ("loaded", "rejected", "set_aside")] == counted, command

    for arguments in (
        ("etl", "--source", "nowhere"),
        ("etl", "--source", "music", "--config", "none.cfg"),
        ("etl", "--max-rejects", "many", "--source", "music"),
        ("etl", "--no-such-flag"),
        ("undo", "77"),
        ("reload", "music/nothing.json"),
    ):
        failed = events(run(*arguments, "--log-format", "json").stderr)
        assert [event["event"] for event in failed if event["level"] == "error"] == ["failed"], arguments


def test_a_load_that_fails_before_it_begins_has_metrics_and_an_event(
    run: Run, source: Source, tmp_path: Path
) -> None:
    source.log(play(0))
    good = ("etl", "--source", "music", "--metrics", "m.prom", "--log-format", "json")
    for arguments, settings in (
        (good, "[ETL]\nPLAYPAGE = Home\n"),
        ((*good, "--no-such-flag"), ""),
        ((*good[:-1], "xml"), ""),
        ((*good, "--max-rejects", "many"), ""),
        ((*good, "--warehouse", "no/folder/x.duckdb"), ""),
    ):
        (tmp_path / "dwg.cfg").write_text("")
        assert run(*good).returncode == 0
        assert "sparkify_last_run_success 1\n" in (tmp_path / "m.prom").read_text()
        (tmp_path / "dwg.cfg").write_text(settings)

        failed = run(*arguments)

        assert failed.returncode != 0
        text = (tmp_path / "m.prom").read_text()
        assert "sparkify_last_run_success 0\n" in text
        assert "sparkify_last_success_timestamp_seconds " in text
        if "xml" not in arguments:
            assert [one["event"] for one in events(failed.stderr) if one["level"] == "error"] == ["failed"]


def test_undo_says_what_it_removes(loaded: Run) -> None:
    done = loaded("undo", "1")

    assert re.search(r"note: .*2018-11-01-events\.json: 2 records and 1 reject retracted\.", done.stderr)
    assert re.search(r"note: .*song_data/.*\.json: 1 record and 0 rejects retracted\.", done.stderr)
    assert "removed  3 records of staging" in done.stdout


def test_a_reject_shows_the_value_that_was_wrong(run: Run, source: Source) -> None:
    source.log(play(0), play(1, ts="soon"), "{broken", b'{"ts": "\xff"}')
    run("etl", "--source", "music")

    shown = run("rejects", "--format", "json")

    assert [row["value"] for row in json.loads(shown.stdout)] == ['"soon"', None, None]
