"""A last line without an end: what comes next ends it, or goes on with it, and every run can be undone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.load.diff import digest_star
from sparkify.load.replay import replay
from sparkify.load.undo import undo
from sparkify.progress import Silent
from tests.builders import Source, etl, play, rows
from tests.programs import limit_items
from tests.test_undo import assert_sound

Make = Callable[[], Engine]
STANDING_REJECTS = "SELECT record, raw_text FROM etl_reject WHERE replayed_in IS NULL ORDER BY record"
RUNS = "SELECT run_id, records_read, loaded, rejected FROM etl_run ORDER BY run_id"
PLAYS = "SELECT item_in_session FROM songplay ORDER BY 1"
LINE = json.dumps(play(0))
TORN, REST = LINE[:50], LINE[50:]


def grow(log: Path, text: str) -> None:
    log.write_bytes(log.read_bytes() + text.encode())


def test_a_torn_line_is_a_reject_again_when_the_run_that_completed_it_is_undone(
    warehouse: Engine, source: Source
) -> None:
    log = source.log(TORN)
    etl(warehouse, source.folder)
    grow(log, REST + "\n" + json.dumps(play(1)) + "\n")
    etl(warehouse, source.folder)
    assert rows(warehouse, RUNS) == [(1, 0, 0, 0), (2, 2, 2, 0)]
    assert rows(warehouse, STANDING_REJECTS) == []

    undo(warehouse, 2, Silent())

    assert rows(warehouse, STANDING_REJECTS) == [(1, TORN)]
    assert rows(warehouse, RUNS)[0] == (1, 1, 0, 1)
    assert_sound(warehouse)


def test_after_that_the_line_may_go_on_in_another_way(warehouse: Engine, source: Source) -> None:
    log = source.log(TORN)
    etl(warehouse, source.folder)
    grow(log, REST + "\n")
    etl(warehouse, source.folder)
    undo(warehouse, 2, Silent())

    source.log(TORN + json.dumps(play(3))[50:] + "\n")
    etl(warehouse, source.folder)

    assert rows(warehouse, PLAYS) == [(3,)]
    assert rows(warehouse, STANDING_REJECTS) == []
    assert_sound(warehouse)


def test_a_line_that_went_on_twice_is_loaded_once(warehouse: Engine, source: Source) -> None:
    log = source.log(TORN)
    etl(warehouse, source.folder)
    grow(log, REST[:20])
    etl(warehouse, source.folder)
    undo(warehouse, 2, Silent())
    grow(log, REST[20:])
    etl(warehouse, source.folder)

    assert rows(warehouse, PLAYS) == [(0,)]
    assert rows(warehouse, STANDING_REJECTS) == []
    assert_sound(warehouse)


def test_a_line_may_go_on_run_after_run(warehouse: Engine, source: Source) -> None:
    log = source.log(play(7), TORN)
    for part in (REST[:20], REST[20:40], REST[40:], "\n"):
        etl(warehouse, source.folder)
        grow(log, part)
    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT run_id, replaced_in FROM etl_file ORDER BY 1") == [
        (run, None) for run in (1, 2, 3, 4, 5)
    ]
    assert rows(warehouse, PLAYS) == [(0,), (7,)]
    assert_sound(warehouse)


@pytest.mark.parametrize("more", [" {}", "x\n", "\r" + LINE, LINE])
def test_a_record_that_was_loaded_and_goes_on_is_a_rewritten_file_which_can_be_reloaded(
    warehouse: Engine, source: Source, more: str
) -> None:
    log = source.log(play(0))
    other = source.log(play(5), day="2018-11-02")
    etl(warehouse, source.folder)
    grow(log, more)
    grow(other, "\n" + json.dumps(play(6)))
    with pytest.raises(LoadError, match=r"2018-11-01-events\.json changed since run 1"):
        etl(warehouse, source.folder)

    etl(warehouse, source.folder, also={"changed"})

    assert rows(warehouse, PLAYS) == [(5,), (6,)]
    assert len(rows(warehouse, STANDING_REJECTS)) == 1
    assert_sound(warehouse)


def test_a_replayed_line_that_goes_on_is_a_rewritten_file(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        limit_items(patch, 1)
        log = source.log(play(0), play(5))
        etl(warehouse, source.folder)
    assert replay(warehouse, None, Silent()).run_id == 2
    grow(log, " and more\n")

    with pytest.raises(LoadError, match="changed since run 1"):
        etl(warehouse, source.folder)
    assert_sound(warehouse)
    etl(warehouse, source.folder, also={"changed"})
    assert rows(warehouse, PLAYS) == [(0,)]
    assert_sound(warehouse)


def test_a_replayed_line_of_an_older_part_is_not_loaded_again_where_an_undone_part_goes_on(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        limit_items(patch, 1)
        log = source.log(play(5))
        etl(warehouse, source.folder)
        grow(log, "x")
        etl(warehouse, source.folder)
        undo(warehouse, 2, Silent())
    assert replay(warehouse, None, Silent()).run_id == 4
    grow(log, "y\n")

    with pytest.raises(LoadError, match="changed since run"):
        etl(warehouse, source.folder)
    etl(warehouse, source.folder, also={"changed"})
    assert rows(warehouse, PLAYS) == []
    assert_sound(warehouse)


@pytest.mark.parametrize("tail", ["", " ", "\t \r", "\ufeff"])
@pytest.mark.parametrize("more", ["", " ", "\n"])
def test_a_blank_last_line_may_go_on(new_warehouse: Make, source: Source, tail: str, more: str) -> None:
    engine, once = new_warehouse(), new_warehouse()
    log = source.log(LINE + "\n" + tail)
    etl(engine, source.folder)
    grow(log, more + json.dumps(play(1)))

    etl(engine, source.folder)

    etl(once, source.folder)
    assert digest_star(engine) == digest_star(once)
    assert rows(engine, PLAYS) == [(0,), (1,)]
    assert rows(engine, "SELECT MAX(record) AS n FROM stg_events") == rows(
        once, "SELECT MAX(record) AS n FROM stg_events"
    )


def test_blanks_that_came_to_a_line_without_an_end_are_nothing_yet(warehouse: Engine, source: Source) -> None:
    log = source.log(play(0))
    etl(warehouse, source.folder)
    grow(log, " \r")
    assert etl(warehouse, source.folder).run_id is None

    grow(log, "\n" + json.dumps(play(1)))
    etl(warehouse, source.folder)

    assert rows(warehouse, PLAYS) == [(0,), (1,)]
    assert rows(warehouse, "SELECT record FROM stg_events ORDER BY 1") == [(1,), (2,)]
    assert_sound(warehouse)


@pytest.mark.parametrize("more", ["{\n" + LINE, "[1]", "[1]\n" + LINE, "\n\n{\n}\n"])
def test_a_part_is_read_line_by_line_whatever_it_begins_with(
    new_warehouse: Make, source: Source, more: str
) -> None:
    engine, once = new_warehouse(), new_warehouse()
    log = source.log(json.dumps(play(1)) + "\n")
    etl(engine, source.folder)
    grow(log, more)

    etl(engine, source.folder)

    etl(once, source.folder)
    assert digest_star(engine) == digest_star(once)
    assert rows(engine, STANDING_REJECTS) == rows(once, STANDING_REJECTS)


def test_an_object_over_several_lines_that_goes_on_is_a_rewritten_file(
    warehouse: Engine, source: Source
) -> None:
    log = source.log(json.dumps(play(0), indent=1))
    etl(warehouse, source.folder)
    assert rows(warehouse, PLAYS) == [(0,)]
    grow(log, "\n" + json.dumps(play(1)))

    with pytest.raises(LoadError, match="changed since run 1"):
        etl(warehouse, source.folder)


def test_a_part_that_was_undone_is_said_to_be_so_when_the_log_has_grown(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0), play(1))
    etl(warehouse, source.folder)
    undo(warehouse, 1, Silent())
    source.log(play(0), play(1), play(2))

    grown = etl(warehouse, source.folder)
    again = etl(warehouse, source.folder)
    retried = etl(warehouse, source.folder, also={"undone"})

    assert (grown.files["grown"], grown.records.loaded) == (1, 1)
    assert (again.run_id, again.files["undone"], again.files["known"]) == (None, 1, 0)
    assert rows(warehouse, PLAYS) == [(0,), (1,), (2,)]
    assert (retried.files["retried"], etl(warehouse, source.folder).files["known"]) == (1, 1)
