"""What a language model is offered: everybody's answers, no name unless asked for, and nothing to change."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mcp

from tests.builders import Run

TOOLS = {"list_questions", "ask", "describe_tables", "find", "explain_play", "list_runs"}
Call = tuple[str, dict[str, Any]]


def call(folder: Path, *calls: Call, options: Sequence[str] = ()) -> list[Any]:
    """The names of the tools, and what each call is answered; text where it failed."""
    command = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "sparkify.cli.main", "mcp", *options],
        cwd=str(folder),
        env={name: value for name, value in os.environ.items() if not name.startswith("SPARKIFY_")},
    )

    async def talk() -> list[Any]:
        async with mcp.Client(command) as client:
            said: list[Any] = [{tool.name for tool in (await client.list_tools()).tools}]
            for name, arguments in calls:
                found = await client.call_tool(name, arguments)
                said.append(found.content[0].text if found.is_error else found.structured_content)
            return said

    with ThreadPoolExecutor(1) as pool:  # the browser of other tests has a loop in this thread
        return pool.submit(asyncio.run, talk()).result()


def test_the_answers_are_those_of_the_command_line(loaded: Run, tmp_path: Path) -> None:
    before = (tmp_path / "sparkify.duckdb").read_bytes()
    [play] = json.loads(
        loaded("query", "SELECT MIN(songplay_id) AS id FROM songplay", "--format", "json").stdout
    )

    tools, listed, asked, tables, found, origin, runs = call(
        tmp_path,
        ("list_questions", {"topic": "songs"}),
        ("ask", {"question": "most_played_songs", "limit": 1, "first": "2018-11-01", "last": "2018-11-30"}),
        ("describe_tables", {}),
        ("find", {"text": "REV"}),
        ("explain_play", {"songplay_id": play["id"]}),
        ("list_runs", {}),
    )

    assert tools == TOOLS
    assert {one["topic"] for one in listed["result"]} == {"songs"}
    expected = json.loads(loaded("ask", "most_played_songs", "--format", "json").stdout)
    assert asked["rows"] == expected[:1]
    assert asked["is_cut"] == (len(expected) > 1)
    assert {"songplay", "users", "plays"} <= {one["name"] for one in tables["result"]}
    assert found["songs"]["rows"][0]["title"] == "Revelry"
    assert origin["play"]["songplay_id"] == play["id"]
    assert [one["run_id"] for one in runs["rows"]] == [1]
    assert (tmp_path / "sparkify.duckdb").read_bytes() == before


def test_no_listener_is_named_unless_that_is_asked_for(loaded: Run, tmp_path: Path) -> None:
    names = ("Lily", "Koch")
    [listed] = call(tmp_path, ("list_questions", {}), options=("--names",))[1:]
    questions = [one["question"] for one in listed["result"]]
    calls: list[Call] = [
        ("explain_play", {"songplay_id": 38000000}),
        ("find", {"text": "lily"}),
        ("list_runs", {}),
    ]
    calls += [("ask", {"question": name}) for name in questions]

    hidden, shown = (
        json.dumps(call(tmp_path, *calls, options=options)[1:]) for options in ((), ("--names",))
    )

    assert not any(name in hidden for name in names)
    assert all(name in shown for name in names)
    assert "rejects shows records as they came" in hidden


def test_sql_is_offered_where_that_is_asked_for_and_only_reads(loaded: Run, tmp_path: Path) -> None:
    tools, rows, *refused = call(
        tmp_path,
        ("query", {"sql": "SELECT COUNT(*) AS n FROM songplay"}),
        ("query", {"sql": "DROP TABLE users"}),
        ("query", {"sql": "SELECT * FROM read_text('dwg.cfg')"}),
        ("query", {"sql": "SELECT 1; SELECT 2"}),
        ("ask", {"question": "nope"}),
        ("ask", {"question": "loads", "artist": "Undo"}),
        options=("--sql",),
    )

    assert tools == {*TOOLS, "query"}
    assert rows == {"rows": [{"n": 2}], "is_cut": False}
    assert all(isinstance(said, str) and said.count("\n") == 0 for said in refused)
    assert "there is no question 'nope'" in refused[3]
    [_, unknown] = call(tmp_path, ("query", {"sql": "SELECT 1"}))
    assert "Unknown tool" in unknown


def test_an_argument_that_it_does_not_know_or_cannot_take_is_an_error(loaded: Run, tmp_path: Path) -> None:
    _, *refused, both = call(
        tmp_path,
        ("ask", {"question": "most_played_songs", "from": "2018-11-05"}),
        ("ask", {"question": "most_played_songs", "user": 5}),
        ("find", {"text": "a", "limit": 1}),
        ("list_runs", {"names": True}),
        ("ask", {"question": "most_played_songs", "first": "2018-11-05", "last": "2018-11-01"}),
        ("ask", {"question": "most_played_songs", "level": "gold"}),
        ("query", {"sql": "SELECT 1 AS a, 2 AS a"}),
        options=("--sql",),
    )

    assert all(isinstance(said, str) for said in refused), refused
    assert "from 2018-11-05 is later than to 2018-11-01" in refused[4]
    assert both["rows"] == [{"a": 1, "a_2": 2}]


def test_an_answer_is_cut_and_says_so(loaded: Run, tmp_path: Path) -> None:
    sql = "SELECT range AS n FROM range(5000)"

    [_, cut] = call(tmp_path, ("query", {"sql": sql}), options=("--sql",))

    assert (len(cut["rows"]), cut["is_cut"]) == (1000, True)


def test_without_a_warehouse_it_is_one_line(run: Run) -> None:
    done = run("mcp")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "there is no warehouse" in done.stderr
