"""What a command says beside its answer: a filter that fits nothing, a missing value, what became of it."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from sparkify.ask.filters import Filters
from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from tests.builders import Run, Source, etl, event, play
from tests.test_processes import finish, start
from tests.test_report import DAY, page_of

BJORK: dict[str, Any] = {
    "artist": "Björk",
    "song": "Jóga (Live)",
    "location": "San Francisco-Oakland-Hayward, CA",
}


@pytest.fixture
def loaded(run: Run, source: Source) -> Run:
    source.log(play(0, **BJORK), play(1, artist="Kings", location="Augusta, GA-SC"))
    assert run("etl", "--source", "music").returncode == 0
    return run


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--artist", "bjork", "no play has the artist 'bjork'"),
        ("--artist", "Bjrök", "Did you mean 'Björk'?"),
        ("--title", "joga", "Did you mean 'Jóga (Live)'?"),
        ("--state", "California", "Did you mean 'CA'?"),
        ("--place", "san francisco", "Did you mean 'San Francisco-Oakland-Hayward, CA'?"),
        ("--listener", "77", "no play has the listener 77: filters are compared letter for letter.\n"),
        ("--artist", "%_'", "compared letter for letter.\n"),
    ],
)
def test_a_filter_that_no_play_fits_is_told_with_what_may_be_meant(
    loaded: Run, option: str, value: str, said: str
) -> None:
    done = loaded("ask", "most_played_songs", option, value)

    assert (done.returncode, done.stdout) == (0, "title,artist,plays\n")
    assert done.stderr.startswith("note: no play has the ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_filter_that_a_play_fits_is_no_news(loaded: Run) -> None:
    done = loaded(
        "ask", "most_played_songs", "--artist", "Björk", "--state", "CA", "--timezone", "Asia/Tokyo"
    )

    assert (done.stdout.splitlines()[1:], done.stderr) == (["Jóga (Live),Björk,1"], "")


def test_a_parameter_without_a_value_is_told(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "of.sql").write_text(
        "-- Of whom?\nSELECT p.title FROM songplay AS p WHERE p.artist_name = :artist"
    )
    (tmp_path / "dwg.cfg").write_text("[ASK]\nQUESTIONS = own\n")

    without = loaded("ask", "of")
    given = [loaded("ask", "of", *one) for one in (("--param", "artist=Björk"), ("--artist", "Björk"))]

    assert (
        without.stderr
        == "note: artist has no value, and is NULL in this question: --param artist=VALUE gives it one.\n"
    )
    assert [(one.stdout, one.stderr) for one in given] == [("title\nJóga (Live)\n", "")] * 2


def test_a_name_is_found_by_part_of_it(loaded: Run) -> None:
    found = loaded("find", "JOG")
    nobody = loaded("find", "zzz", "--format", "json")

    assert found.stdout == "kind,name,of,plays\nsong,Jóga (Live),Björk,1\n"
    assert loaded("find", "koch").stdout.splitlines()[1:] == ["listener,Lily Koch,listener 15,2"]
    assert (nobody.returncode, nobody.stdout.strip()) == (0, "[]")


def test_check_ends_with_how_many_passed(loaded: Run, tmp_path: Path) -> None:
    good = loaded("check", "--format", "table")
    quiet = loaded("check")
    engine = DuckDB(str(tmp_path / "sparkify.duckdb"))
    engine.execute("UPDATE songplay SET level = 'paid'")
    engine.execute("UPDATE songplay SET title = 'x'")
    engine.close()
    bad = loaded("check", "--format", "table")

    number = len(quiet.stdout.splitlines()) - 1
    assert good.stdout.splitlines()[-1] == f"{number} of {number} checks passed."
    assert (quiet.stderr, "passed" in quiet.stdout) == ("", False)  # cron hears of what failed
    failed = bad.stdout.count("FAILED")
    assert bad.stdout.splitlines()[-1] == f"{number - failed} of {number} checks passed."
    assert failed > 0


def test_who_is_forgotten_without_a_record_is_told_so(loaded: Run) -> None:
    nobody = loaded("forget", "4711", "--yes")
    somebody = loaded("forget", "15", "--yes")

    assert "  found     no record: what comes later is made anonymous\n" in nobody.stdout
    assert ("no record" in somebody.stdout, "2 records made anonymous" in somebody.stdout) == (False, True)


def test_an_export_is_compared_with_its_warehouse(loaded: Run) -> None:
    assert loaded("export", "star.duckdb", "--format", "duckdb").returncode == 0

    done = loaded("diff", "sparkify.duckdb", "star.duckdb")

    assert (done.returncode, done.stdout.count(",equal,")) == (0, 5), done.stderr


def test_keys_that_are_absent_together_are_told_together(run: Run, source: Source) -> None:
    lacking = [{k: v for k, v in play(n).items() if k not in ("status", "method")} for n in range(120)]
    source.log(*(play(n, sessionId=2) for n in range(120)))
    assert run("etl", "--source", "music").returncode == 0
    source.log(*lacking, day="2018-11-02")

    told = [line for line in run("etl", "--source", "music").stderr.splitlines() if "absent" in line]

    assert len(told) == 1
    assert "their columns stay empty" in told[0]
    assert '"method" and "status" are absent' in told[0] or '"status" and "method" are absent' in told[0]


def test_a_session_of_nobody_that_holds_such_a_play_is_whole(warehouse: Engine, source: Source) -> None:
    nobody = {"userId": "", "firstName": None, "lastName": None, "gender": None}
    source.log(
        play(0, **nobody, artist="Kings"), play(1, **nobody, artist="Undo"),
        play(0, sessionId=9, artist="Undo"), event(sessionId=9, itemInSession=3, page="Logout"),
    )  # fmt: skip
    etl(warehouse, source.folder)

    found = ask(warehouse, find_question("session_lengths"), filters=Filters(artist="Kings")).rows

    assert [row[2:] for row in found] == [(1, 2)]


@pytest.mark.parametrize(("days", "opens"), [(1, "all"), (30, "all"), (55, "all"), (56, "28"), (90, "28")])
def test_a_page_opens_on_28_days_where_they_can_be_compared_with_those_before(
    duckdb_warehouse: Engine, source: Source, days: int, opens: str
) -> None:
    source.log(play(0), play(1, ts=play(0)["ts"] - (days - 1) * DAY))
    etl(duckdb_warehouse, source.folder)

    assert page_of(duckdb_warehouse)["opens"] == opens


def test_a_process_that_is_ended_says_what_became_of_its_run(source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    holder = DuckDB(str(tmp_path / "sparkify.duckdb"))
    process = start("etl", "--source", "music", "--wait", "60", cwd=tmp_path)
    time.sleep(3)  # it waits for the lock by now

    process.send_signal(signal.SIGTERM)
    code, out, err = finish(process)
    holder.close()

    assert (code, out) == (130, "")
    assert err.strip() == "sparkify: interrupted, nothing was published."
