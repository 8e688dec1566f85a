"""The examples: whole, and the commands that they call are ours."""

import ast
import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from sparkify.cli.main import cli
from tests.builders import NOON, Run, Source, play, song
from tests.conftest import ROOT
from tests.terminals import in_a_terminal

EXAMPLES = ROOT / "examples"
FILES = sorted(file for file in EXAMPLES.iterdir() if file.is_file())
DAY = 86_400_000


def commands(text: str) -> list[list[str]]:
    """The arguments of every call of sparkify."""
    text = text.replace("{SPARKIFY}", "sparkify")
    calls = re.findall(r"(?:^|[\s/\"=])sparkify ((?:[a-z]+)(?: [^\s\"'>|&;)]+)*)", text, re.M)
    return [shlex.split(call) for call in calls]


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_the_commands_of_an_example_are_ours(file: Path) -> None:
    found = [
        call
        for line in file.read_text().splitlines()
        if not line.lstrip().startswith(("#", "Description"))
        for call in commands(line)
    ]

    for call in found:
        name, *arguments = (part for part in call if part != "2")
        command = cli.commands[name]
        context = click.Context(command, info_name=name)
        command.make_parser(context).parse_args(arguments)  # raises for an option that there is not
    assert found or file.suffix == ".timer"


def test_the_airflow_dag_is_python_with_a_task_for_each_command() -> None:
    tree = ast.parse((EXAMPLES / "airflow_dag.py").read_text())

    tasks = [
        keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "task_id" and isinstance(keyword.value, ast.Constant)
    ]
    assert tasks == ["doctor", "etl", "check", "report"]


def test_the_crontab_has_five_times_before_each_command() -> None:
    lines = [
        line
        for line in (EXAMPLES / "crontab").read_text().splitlines()
        if line and not re.match(r"#|\w+=", line)
    ]

    assert lines
    for line in lines:
        assert re.match(r"(?:[\d*/,-]+\s+){5}cd /srv/music && sparkify \w", line), line
        assert "%" not in line, "a percent sign ends a command of cron"


def test_the_load_of_the_crontab_prints_only_when_somebody_should_look(
    tmp_path: Path, source: Source
) -> None:
    line = next(line for line in (EXAMPLES / "crontab").read_text().splitlines() if "sparkify etl" in line)
    load = line.partition(" && ")[2].replace("/srv/music", "music")

    source.log(*map(play, range(9)))
    quiet = in_a_terminal(f"{load} || true", tmp_path)
    source.log(play(0, sessionId=2, ts=NOON + DAY) | {"deviceId": "tv"}, day="2018-11-02")
    warned = in_a_terminal(f"{load} || true", tmp_path)
    source.log(play(0, sessionId=3, ts=NOON + 2 * DAY), "{broken", day="2018-11-03")
    rejected = in_a_terminal(f"{load} || true", tmp_path)
    source.log(*["{broken"] * 11, day="2018-11-04")
    refused = in_a_terminal(f"{load} || true", tmp_path)

    assert quiet == ""
    assert 'warning: unknown key "deviceId"' in warned
    assert "Run 2 is published" in warned
    assert "2018-11-03-events.json record 2: malformed JSON" in rejected
    assert "all 11 records were rejected" in refused


def test_the_unit_files_are_whole() -> None:
    units = {}
    for name in ("service", "timer"):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read(EXAMPLES / f"sparkify-etl.{name}")
        units[name] = parser

    assert units["service"]["Service"]["Type"] == "oneshot"
    assert units["timer"]["Timer"]["Persistent"] == "true"
    assert units["timer"]["Install"]["WantedBy"] == "timers.target"
    if systemd := shutil.which("systemd-analyze"):
        calendar = units["timer"]["Timer"]["OnCalendar"]
        subprocess.run([systemd, "calendar", calendar], check=True, capture_output=True)


def test_a_json_log_has_an_event_for_each_step(run: Run, source: Source) -> None:
    source.log(play(0), play(1), "{broken")
    source.song(song())

    done = run("etl", "--source", "music", "--log-format", "json")
    idle = run("etl", "--source", "music", "--log-format", "json")
    source.log("{broken", day="2018-11-02")
    refused = run("etl", "--source", "music", "--log-format", "json", "--max-rejects", "0")

    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one.get("step", one["event"]) for one in events] == [
        "reading songs", "reading events", "building the star schema", "checking", "publishing", "end",
    ]  # fmt: skip
    assert all({"time", "event", "run_id", "files", "records", "seconds"} <= one.keys() for one in events)
    assert [(one["run_id"], one["files"], one["records"]) for one in events] == [
        (1, 1, 1), *[(1, 2, 4)] * 5,
    ]  # fmt: skip
    assert json.loads(idle.stderr)["run_id"] is None
    *failed, sentence = refused.stderr.strip().split("\nsparkify: ")
    last = [json.loads(line) for line in failed[0].splitlines()][-1]
    assert (last["event"], last["error"].split(":")[0]) == ("failed", sentence.split(":")[0])


def test_what_mends_a_warehouse_logs_alike(loaded: Run) -> None:
    done = loaded("undo", "1", "--log-format", "json")

    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one.get("step", one["event"]) for one in events] == [
        "note", "note", "retracting records", "checking", "note", "publishing", "end",
    ]  # fmt: skip
    assert {one["run_id"] for one in events} == {2}
