"""Rejects that are validated again."""

import json
from collections.abc import Callable

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError
from sparkify.load import validation
from sparkify.load.diff import digest_star
from sparkify.load.replay import replay
from sparkify.load.undo import undo
from sparkify.sql import schema
from tests.builders import Noting, Run, Source, counts, etl, play, rejects, rows, song
from tests.programs import limit_items, other_columns
from tests.test_undo import assert_equal, assert_sound, reloaded

Make = Callable[[], Engine]


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Rules that reject all but the first item of a session, and all songs; the call lifts them."""
    table = other_columns(item_in_session={"limits": (0, 0)}, title={"width": 1})
    monkeypatch.setattr(validation, "table", table)
    return lambda: monkeypatch.setattr(validation, "table", schema.table)


def deliver(source: Source) -> None:
    source.log(
        play(0), "", play(1), "{broken", play(1), play(2, song="Revelry", ts="soon"), play(3, song="Ré")
    )
    source.log(*(play(item, sessionId=2) for item in range(300)), day="2018-11-02")
    source.song(song(year=1999))
    source.song(json.dumps(song("SO2", title="Revelry", year=2001), indent=2), "pretty")


def test_rejects_that_pass_now_are_loaded_as_if_they_had_come_in_time(
    new_warehouse: Make, source: Source, strict: Callable[[], None]
) -> None:
    engine, fresh = new_warehouse(), new_warehouse()
    deliver(source)
    assert etl(engine, source.folder).records.rejected == 306
    strict()
    source.log(play(5, sessionId=9), day="2018-11-03")
    etl(engine, source.folder)

    summary = replay(engine, None, Noting())

    etl(fresh, source.folder)
    assert counts(summary) == {"read": 304, "loaded": 303, "duplicate": 1, "conflict": 0, "rejected": 0}
    assert digest_star(engine) == digest_star(fresh)
    assert rows(engine, "SELECT COUNT(*) AS n FROM etl_reject") == [(306,)]
    assert rejects(engine) == rejects(fresh)
    where = (
        "SELECT f.uri, e.record, e.item_in_session FROM stg_events AS e "
        "JOIN etl_file AS f ON f.file_id = e.file_id ORDER BY 1, 2"
    )
    assert rows(engine, where) == rows(fresh, where)
    assert_sound(engine)
    assert replay(engine, None, Noting()).run_id is None


def test_a_replay_that_is_undone_leaves_the_rejects_as_they_were(
    warehouse: Engine, source: Source, strict: Callable[[], None]
) -> None:
    deliver(source)
    etl(warehouse, source.folder)
    star, before = digest_star(warehouse), [record for record, _ in rejects(warehouse)]
    strict()
    replay(warehouse, 1, Noting())

    undo(warehouse, 2, Noting())

    assert digest_star(warehouse) == star
    assert [record for record, _ in rejects(warehouse)] == before
    assert rows(warehouse, "SELECT rejected FROM etl_run ORDER BY run_id") == [(306,), (0,), (0,)]
    assert_sound(warehouse)
    assert replay(warehouse, 1, Noting()).records.read == 304


def test_undoing_one_replay_leaves_what_another_one_passed(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_items(monkeypatch, 0)
    source.log(play(0), play(1), play(2))
    etl(duckdb_warehouse, source.folder)
    for last in (1, 2):
        limit_items(monkeypatch, last)
        replay(duckdb_warehouse, None, Noting())

    undo(duckdb_warehouse, 2, Noting())

    replayed = "SELECT record, replayed_in FROM etl_reject ORDER BY record"
    assert rows(duckdb_warehouse, replayed) == [(2, None), (3, 3)]
    assert_sound(duckdb_warehouse)


def test_undoing_a_run_takes_its_replayed_rejects_back(
    new_warehouse: Make, source: Source, strict: Callable[[], None]
) -> None:
    engine, never = new_warehouse(), new_warehouse()
    deliver(source)
    etl(engine, source.folder)
    strict()
    replay(engine, None, Noting())

    undo(engine, 1, Noting())

    assert_equal(engine, never)
    assert rows(engine, "SELECT COUNT(*) AS n FROM stg_events") == [(0,)]


def test_a_reload_replaces_replayed_rejects_too(
    new_warehouse: Make, source: Source, strict: Callable[[], None]
) -> None:
    engine, fresh = new_warehouse(), new_warehouse()
    log = source.log(play(0), play(1), "{broken")
    etl(engine, source.folder)
    strict()
    replay(engine, None, Noting())

    reloaded(engine, log)

    etl(fresh, source.folder)
    assert_equal(engine, fresh)


def test_halves_of_a_record_are_not_glued_together(warehouse: Engine, source: Source) -> None:
    whole = json.dumps(play(0))
    source.log(whole[:50], whole[50:], play(1))
    etl(warehouse, source.folder)

    assert replay(warehouse, None, Noting()).run_id is None
    assert len(rejects(warehouse)) == 2


def test_what_was_not_kept_whole_is_named_and_stays(warehouse: Engine, source: Source) -> None:
    source.log(json.dumps([play(0), play(1)]))
    watching = Noting()
    etl(warehouse, source.folder)

    assert replay(warehouse, None, watching).run_id is None

    assert any("1 reject of events cannot be validated again" in warning for warning in watching.warnings)
    with pytest.raises(ConfigError, match="there is no run 7"):
        replay(warehouse, 7, Noting())


def test_options_of_a_replay_stand_after_it(loaded: Run) -> None:
    wrong = loaded("rejects", "--run", "1", "replay")
    right = loaded("rejects", "replay", "--run", "1")

    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "--run must stand after replay" in wrong.stderr
    assert right.returncode == 0


def test_an_undo_counts_what_a_replay_had_loaded_of_a_file_with_the_rest_of_it(
    new_warehouse: Make, source: Source, strict: Callable[[], None]
) -> None:
    engine, watching = new_warehouse(), Noting()
    source.log(play(0), play(1), play(2))
    etl(engine, source.folder)
    strict()
    assert replay(engine, None, Noting()).records.loaded == 2

    summary = undo(engine, 1, watching)

    assert summary.removed == 3
    assert [note for note in watching.notes if "retracted" in note] == [
        f"{source.folder}/log_data/2018/11/2018-11-01-events.json: 3 records and 0 rejects retracted."
    ]


def test_a_replay_counts_values_as_a_load_does_and_warns_of_those_that_do_not_fit(
    new_warehouse: Make, source: Source, strict: Callable[[], None]
) -> None:
    engine, fresh, watching = new_warehouse(), new_warehouse(), Noting()
    source.log(play(0), play(1, status="BAD") | {"nick": "x"}, play(2, status="200 OK"))
    etl(engine, source.folder, max_rejects="2")
    strict()
    whole = etl(fresh, source.folder).records

    found = replay(engine, None, watching).records

    first = rows(engine, "SELECT values_aside FROM etl_run WHERE run_id = 1")[0][0]
    assert (found.values_aside, found.misfits) == (whole.values_aside - first, 2) == (3, 2)
    assert rows(engine, "SELECT values_aside FROM etl_run WHERE run_id = 2") == [(3,)]
    assert any("2 values do not fit their columns" in one for one in watching.warnings)
    assert any(
        "do not fit" in text for (text,) in rows(engine, "SELECT message FROM etl_warning WHERE run_id = 2")
    )


def test_an_undo_says_which_command_loads_it_again(
    new_warehouse: Make, source: Source, strict: Callable[[], None]
) -> None:
    engine, watching = new_warehouse(), Noting()
    source.log(play(0), play(1))
    etl(engine, source.folder)
    strict()
    replay(engine, None, Noting())

    for run in (2, 1):
        undo(engine, run, watching)

    assert [note for note in watching.notes if "rolled back" in note] == [
        "run 2 is rolled back; `sparkify rejects replay` validates its records again.",
        "run 1 is rolled back; `sparkify etl --retry` loads its files again.",
    ]
