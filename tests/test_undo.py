"""What leaves the warehouse again: undone runs, reloaded files; the star is that of what stays."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import CheckError, ConfigError, LoadError
from sparkify.load.checks import check_everything, check_seal
from sparkify.load.diff import digest_star
from sparkify.load.run import MaxRejects, Summary, reload
from sparkify.load.undo import undo
from tests.builders import (
    NOON,
    Noting,
    Run,
    Source,
    counts,
    etl,
    event,
    logged_out,
    play,
    rejects,
    rows,
    song,
)

Make = Callable[[], Engine]
STANDING = "undone_in IS NULL AND replaced_in IS NULL"


def reloaded(engine: Engine, *files: Path) -> Summary:
    return reload(engine, list(map(str, files)), MaxRejects.parse("1000"), Noting())


def ledger(engine: Engine) -> list[tuple[object, ...]]:
    """What the ledger says of each file that stands."""
    return rows(
        engine,
        "SELECT uri, SUM(records_read) AS r, SUM(loaded) AS l, SUM(duplicate) AS d, SUM(conflict) AS c, "
        f"SUM(rejected) AS x FROM etl_file WHERE {STANDING} GROUP BY uri ORDER BY uri",
    )


def assert_sound(engine: Engine, ledgers: tuple[str, ...] = ("etl_file", "etl_run")) -> None:
    """Every check holds, and the ledger counts as loaded what there are natural keys in staging."""
    verdicts = [*check_everything(engine), check_seal(engine)]
    assert [verdict.sentence() for verdict in verdicts if not verdict.passed] == []
    keys = (
        "SELECT (SELECT COUNT(*) FROM (SELECT DISTINCT session_id, item_in_session, user_id, "
        "CASE WHEN user_id IS NULL THEN ts END AS moment FROM stg_events) AS k) "
        "+ (SELECT COUNT(DISTINCT song_id) FROM stg_songs) AS n"
    )
    for ledger in ledgers:
        standing = STANDING if ledger == "etl_file" else "undone_in IS NULL"
        loaded = f"SELECT COALESCE(SUM(loaded), 0) AS n FROM {ledger} WHERE {standing}"
        assert rows(engine, loaded) == rows(engine, keys), ledger


def assert_equal(engine: Engine, other: Engine) -> None:
    assert digest_star(engine) == digest_star(other)
    assert ledger(engine) == ledger(other)
    assert rejects(engine) == rejects(other)
    assert_sound(engine)


def test_a_run_that_was_undone_has_never_been(new_warehouse: Make, source: Source) -> None:
    engine, never = new_warehouse(), new_warehouse()
    source.log(play(0), play(1, song="Revelry", level="free"), "{broken", day="2018-11-01")
    etl(engine, source.folder)
    etl(never, source.folder)
    bad = source.log(
        play(0, song="Better", ts=NOON - 5), play(7, userId="16"), "[]", event(itemInSession=9, level="free"),
        day="2018-11-02",
    )  # fmt: skip
    catalogue = source.song(song())
    etl(engine, source.folder)
    assert digest_star(engine) != digest_star(never)

    summary = undo(engine, 2, Noting())

    bad.unlink()
    catalogue.unlink()
    assert etl(never, source.folder).run_id is None
    assert (summary.run_id, summary.removed, summary.files) == (3, 4, {"undone": 2})
    assert_equal(engine, never)
    assert rows(engine, "SELECT run_id, command, undone_in, rejected FROM etl_run ORDER BY run_id") == [
        (1, "etl", None, 1), (2, "etl", 3, 1), (3, "undo", None, 0),
    ]  # fmt: skip


def test_the_duplicate_that_stood_behind_becomes_the_record(new_warehouse: Make, source: Source) -> None:
    engine, never = new_warehouse(), new_warehouse()
    first = source.log(play(0), play(1), play(1), day="2018-11-01")
    etl(engine, source.folder)
    source.log(play(1), play(1), play(2), day="2018-11-02")
    etl(engine, source.folder)

    undo(engine, 1, Noting())

    first.unlink()
    etl(never, source.folder)
    assert_equal(engine, never)
    assert rows(engine, "SELECT loaded, duplicate FROM etl_run WHERE run_id = 2") == [(2, 1)]


def test_what_was_undone_is_left_alone_until_somebody_retries(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    source.song(song())
    etl(warehouse, source.folder)
    star = digest_star(warehouse)
    undo(warehouse, 1, Noting())

    again = etl(warehouse, source.folder)
    retried = etl(warehouse, source.folder, also={"undone"})

    assert (again.run_id, again.files["undone"], again.rows["songplay"]) == (None, 2, 0)
    assert (retried.run_id, retried.records.loaded) == (3, 2)
    assert digest_star(warehouse) == star
    assert etl(warehouse, source.folder, also={"undone"}).run_id is None
    assert_sound(warehouse)


def test_what_is_tried_again_is_called_so(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    undo(warehouse, 1, Noting())

    again = etl(warehouse, source.folder, also=["undone"])

    assert again.files == {"new": 0, "grown": 0, "changed": 0, "known": 0, "retried": 1}


def test_a_file_that_was_undone_and_fixed_is_loaded(warehouse: Engine, source: Source) -> None:
    source.log(play(0, song="Wrong"))
    etl(warehouse, source.folder)
    undo(warehouse, 1, Noting())
    source.log(play(0, song="Right"))

    fixed = etl(warehouse, source.folder)

    assert fixed.files["new"] == 1
    assert rows(warehouse, "SELECT title FROM songplay") == [("Right",)]
    assert etl(warehouse, source.folder, also={"undone"}).run_id is None


def grow(file: Path, *records: object) -> None:
    with file.open("ab") as handle:
        handle.writelines(b"\n" + json.dumps(record).encode() for record in records)


def test_undoing_what_a_log_began_with_takes_its_later_parts_back(
    new_warehouse: Make, source: Source
) -> None:
    engine, never = new_warehouse(), new_warehouse()
    log = source.log(play(0))
    etl(engine, source.folder)
    grow(log, play(1))
    source.log(play(0, sessionId=2), day="2018-11-02")
    etl(engine, source.folder)

    undo(engine, 1, Noting())

    log.rename(source.folder / "aside")
    etl(never, source.folder)
    assert_equal(engine, never)


def test_undoing_what_came_to_a_log_keeps_what_it_began_with(warehouse: Engine, source: Source) -> None:
    log = source.log(play(0))
    etl(warehouse, source.folder)
    grow(log, play(1))
    etl(warehouse, source.folder)

    undo(warehouse, 2, Noting())
    kept = rows(warehouse, "SELECT item_in_session FROM songplay")
    again = etl(warehouse, source.folder)
    grow(log, play(2))
    etl(warehouse, source.folder)
    grown = rows(warehouse, "SELECT item_in_session FROM songplay ORDER BY 1")
    etl(warehouse, source.folder, also={"undone"})

    assert (kept, again.run_id, grown) == ([(0,)], None, [(0,), (2,)])
    assert rows(warehouse, "SELECT item_in_session, record FROM stg_events ORDER BY 1") == [
        (0, 1), (1, 2), (2, 3),
    ]  # fmt: skip
    assert_sound(warehouse)


def test_a_run_that_cannot_be_undone_says_why(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    undo(warehouse, 1, Noting())

    with pytest.raises(ConfigError, match="there is no run 9"):
        undo(warehouse, 9, Noting())
    with pytest.raises(LoadError, match=r"run 1 has already been rolled back \(by run 2\)"):
        undo(warehouse, 1, Noting())
    with pytest.raises(LoadError, match=r"run 2 \(undo\) loaded no file that could be rolled back"):
        undo(warehouse, 2, Noting())

    assert rows(warehouse, "SELECT MAX(run_id) AS n FROM etl_run") == [(2,)]


def test_a_reload_replaces_exactly_the_records_of_its_file(new_warehouse: Make, source: Source) -> None:
    engine, fresh = new_warehouse(), new_warehouse()
    source.log(play(0), play(1), "{broken", day="2018-11-01")
    log = source.log(play(1), play(2), "{broken", logged_out(sessionId=5), day="2018-11-02")
    catalogue = source.song(song())
    etl(engine, source.folder)
    source.log(play(1, level="free"), play(1), play(1, userId="17"), play(3), day="2018-11-02")
    source.song(song(title="Revelry"))

    summary = reloaded(engine, log, catalogue)

    etl(fresh, source.folder)
    assert counts(summary) == {"read": 5, "loaded": 3, "duplicate": 1, "conflict": 1, "rejected": 0}
    assert (summary.removed, summary.files) == (4, {"reloaded": 2})
    assert_equal(engine, fresh)
    assert etl(engine, source.folder).run_id is None


def test_etl_reloads_what_was_rewritten_if_it_is_told_to(new_warehouse: Make, source: Source) -> None:
    engine, fresh = new_warehouse(), new_warehouse()
    source.log(play(0), play(1))
    etl(engine, source.folder)
    source.log(play(0, song="Other"))
    source.log(play(0, sessionId=3), day="2018-11-02")

    summary = etl(engine, source.folder, also={"changed"})

    etl(fresh, source.folder)
    assert (summary.files["changed"], summary.files["new"], summary.removed) == (1, 1, 2)
    assert_equal(engine, fresh)


def test_a_log_that_grew_is_reloaded_whole(new_warehouse: Make, source: Source) -> None:
    engine, fresh = new_warehouse(), new_warehouse()
    log = source.log(play(0))
    etl(engine, source.folder)
    grow(log, play(1), play(2))
    etl(engine, source.folder)

    reloaded(engine, log)

    etl(fresh, source.folder)
    assert_equal(engine, fresh)
    assert rows(engine, "SELECT undone_in FROM etl_run ORDER BY run_id") == [(3,), (3,), (None,)]


def test_a_file_that_was_fixed_leaves_no_reject_behind(new_warehouse: Make, source: Source) -> None:
    engine, fresh = new_warehouse(), new_warehouse()
    source.log(play(5), day="2018-11-09")
    file = source.log(json.dumps([play(0), play(1)]))
    etl(engine, source.folder)
    source.log(play(0), play(1))

    etl(engine, source.folder)

    etl(fresh, source.folder)
    assert_equal(engine, fresh)
    assert file.exists()


def test_too_many_rejects_leave_what_a_reload_would_replace(warehouse: Engine, source: Source) -> None:
    log = source.log(play(0))
    etl(warehouse, source.folder)
    star = digest_star(warehouse)
    source.log("{broken", "{broken")

    with pytest.raises(LoadError, match="2 of 2 records were rejected"):
        reload(warehouse, [str(log)], MaxRejects.parse("1"), Noting())

    assert digest_star(warehouse) == star
    assert_sound(warehouse)


def test_a_file_that_changes_while_it_is_reloaded_takes_nothing_away(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = source.log(play(0), play(1))
    etl(duckdb_warehouse, source.folder)
    star = digest_star(duckdb_warehouse)
    source.log(play(5))
    monkeypatch.setattr("sparkify.engines.duckdb.batch.changed_meanwhile", lambda _: True)

    with pytest.raises(LoadError, match="changed while it was read: nothing was published"):
        reload(duckdb_warehouse, [str(log)], MaxRejects.parse("1"), Noting())

    assert digest_star(duckdb_warehouse) == star
    assert_sound(duckdb_warehouse)


def test_an_undo_checks_everything_and_not_only_what_it_touched(warehouse: Engine, source: Source) -> None:
    source.log(play(0), day="2018-11-01")
    etl(warehouse, source.folder)
    source.log(play(0, sessionId=2), day="2018-11-02")
    etl(warehouse, source.folder)
    warehouse.execute("UPDATE songplay SET title = 'Another' WHERE session_id = 38")

    with pytest.raises(CheckError, match="songplay_has_source"):
        undo(warehouse, 2, Noting())

    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(2,)]


def test_a_file_that_nobody_knows_or_that_is_gone_is_not_reloaded(warehouse: Engine, source: Source) -> None:
    log = source.log(play(0))
    etl(warehouse, source.folder)

    with pytest.raises(ConfigError, match=r"the ledger knows no file nowhere\.json"):
        reloaded(warehouse, Path("nowhere.json"))
    log.unlink()
    with pytest.raises(LoadError, match="cannot be read: No such file"):
        reloaded(warehouse, log)

    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(1,)]


def test_a_line_that_was_cut_off_and_undone_comes_whole_when_the_log_has_grown(
    warehouse: Engine, source: Source
) -> None:
    whole = json.dumps(play(1)).encode()
    log = source.log(play(0), whole[:100])
    etl(warehouse, source.folder)
    undo(warehouse, 1, Noting())
    log.write_bytes(log.read_bytes() + whole[100:] + b"\n" + json.dumps(play(2)).encode())

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT record, item_in_session FROM stg_events ORDER BY 1") == [(2, 1), (3, 2)]
    assert rejects(warehouse) == []
    assert_sound(warehouse)


def test_what_mends_a_warehouse_is_typed_and_says_what_it_did(loaded: Run, source: Source) -> None:
    log = source.log(play(0, song="Other"))

    plan = loaded("plan", "--source", "music", "--format", "table")
    refused = loaded("etl", "--source", "music")
    reload_it = loaded("reload", str(log))
    undone = loaded("undo", "2")
    left_alone = loaded("etl", "--source", "music")
    after = loaded("plan", "--source", "music", "--format", "csv")
    retried = loaded("etl", "--source", "music", "--retry", "--format", "json")
    replayed = loaded("rejects", "replay")
    runs = loaded("runs", "--format", "csv")
    page = loaded("report", "--out", "page.html")

    assert "`sparkify reload` replaces" in plan.stdout
    assert (refused.returncode, refused.stderr.count("`sparkify reload FILE` replaces its records")) == (1, 1)
    assert "1 reloaded" in reload_it.stdout
    assert "removed  2 records of staging" in reload_it.stdout
    assert "1 undone" in undone.stdout
    assert "leaves 1 undone file alone (--retry loads them) and knows the other 1 file" in left_alone.stdout
    assert sorted(line.partition(",")[0] for line in after.stdout.splitlines()[1:]) == ["known", "undone"]
    assert json.loads(retried.stdout)["records"]["loaded"] == 1
    assert "no reject passes now" in replayed.stdout
    assert [(row["command"], row["undone_in"]) for row in csv.DictReader(io.StringIO(runs.stdout))] == [
        ("etl", ""), ("undo", ""), ("reload", "3"), ("etl", ""), ("etl", ""),
    ]  # fmt: skip
    assert page.returncode == 0, page.stderr
