"""A file that is one reject as a whole, and comes again: what was loaded since can be taken back."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.load.diff import digest_star
from sparkify.load.files import Trust
from sparkify.load.run import MaxRejects, load, reload
from sparkify.load.undo import undo
from sparkify.progress import Silent
from sparkify.source.listing import list_source
from tests.builders import Source, etl, play, rows
from tests.test_undo import assert_sound
from tests.torture import times

Make = Callable[[], Engine]

WHOLE = gzip.compress(b"".join(json.dumps(play(n)).encode() + b"\n" for n in range(3)))
OTHER = gzip.compress(json.dumps(play(5)).encode())
CONTENTS = {
    "cut": WHOLE[:-9], "cut shorter": WHOLE[:-20], "whole": WHOLE, "other": OTHER, "array": b"[\n1\n]",
    "plain": json.dumps(play(7)).encode() + b"\n",
}  # fmt: skip
PROBLEMS = {"cut", "cut shorter", "array"}

REJECTS = "SELECT file_id, record, reason FROM etl_reject WHERE replayed_in IS NULL ORDER BY 1, 2"
RUNS = (
    "SELECT run_id, records_read, loaded, duplicate, rejected FROM etl_run "
    "WHERE command <> 'undo' AND undone_in IS NULL ORDER BY 1"
)


def state(engine: Engine) -> Any:
    return digest_star(engine), rows(engine, REJECTS), rows(engine, RUNS)


@pytest.mark.parametrize("again", ["etl", "reload"])
@pytest.mark.parametrize("then", ["whole", "array", "plain"])
def test_a_file_is_that_one_reject_again_when_the_run_that_read_it_is_undone(
    warehouse: Engine, source: Source, again: str, then: str
) -> None:
    source.log(play(9), day="2018-11-02")
    log = source.folder / "log_data" / "2018-11-01-events.json"
    source.write(log, CONTENTS["cut"])
    etl(warehouse, source.folder)
    before = state(warehouse)
    assert rows(warehouse, REJECTS)[0][1] == 0
    log.write_bytes(CONTENTS[then])

    if again == "etl":
        etl(warehouse, source.folder)
    else:
        reload(warehouse, [str(log)], MaxRejects(9), Silent())
    assert rows(warehouse, "SELECT records_read, rejected FROM etl_run ORDER BY run_id")[0] == (1, 0)
    assert_sound(warehouse)
    undo(warehouse, 2, Silent())

    assert state(warehouse) == before
    assert_sound(warehouse)
    assert etl(warehouse, source.folder).files["new"] == 0, "what was undone is left alone"
    etl(warehouse, source.folder, also={"undone"})
    assert len(rows(warehouse, REJECTS)) == (then == "array")


@pytest.mark.parametrize("size", [9, 20_000])
@pytest.mark.parametrize("end", [b"", b" x", b"}"])
def test_a_log_that_was_an_array_of_as_many_lines_grows_as_any_other(
    warehouse: Engine, source: Source, size: int, end: bytes
) -> None:
    """Where it goes on is told by what was loaded of it, and nothing was of the array."""
    log = source.folder / "log_data" / "2018-11-01-events.json"
    source.write(log, b"[" + b"1," * size + b"\n1,\n1]")
    etl(warehouse, source.folder)
    lines = [json.dumps(play(n)).encode() for n in range(5)]
    log.write_bytes(b"\n".join(lines[:2]) + b"\n" + lines[2][:-1])  # its last line is torn
    etl(warehouse, source.folder)
    log.write_bytes(b"\n".join(lines[:3]) + end + b"\n" + lines[3] + b"\n")

    etl(warehouse, source.folder)

    good = 4 if not end else 3
    assert rows(warehouse, "SELECT COUNT(*) FROM songplay") == [(good,)]
    assert rows(warehouse, "SELECT SUM(rejected) FROM etl_file") == [(4 - good,)]
    assert_sound(warehouse)


@pytest.mark.parametrize("is_undone", [False, True])
@pytest.mark.parametrize("content", ["cut", "array", "whole", "torn"])
def test_a_file_that_only_looks_otherwise_is_what_it_was(
    warehouse: Engine, source: Source, content: str, is_undone: bool
) -> None:
    """After a chmod or a touch, rejected or not, rolled back or not: not even all its bytes say otherwise."""
    torn = CONTENTS["plain"] + b'{"page": "Next'
    source.log(play(9), day="2018-11-02")
    log = source.folder / "log_data" / "2018-11-01-events.json"
    source.write(log, {**CONTENTS, "torn": torn}[content])
    etl(warehouse, source.folder)
    if is_undone:
        undo(warehouse, 1, Silent())
    before, runs = state(warehouse), rows(warehouse, "SELECT COUNT(*) FROM etl_run")
    os.utime(log, (1, 1))

    looks: tuple[Trust, ...] = ("version", "content", "version")
    for trust in looks:
        listed = list_source(S3(source=str(source.folder)))
        found = load(warehouse, listed, MaxRejects(9), Silent(), trust=trust)

        assert found.files["undone" if is_undone else "known"] == 2
        assert (state(warehouse), rows(warehouse, "SELECT COUNT(*) FROM etl_run")) == (before, runs)
    assert_sound(warehouse)


@pytest.mark.parametrize("end", [b"", b'{"page": "Next'], ids=["a whole line", "a torn line"])
def test_a_reject_of_what_is_there_no_more_gives_way_also_where_only_the_rest_is_read(
    warehouse: Engine, source: Source, end: bytes
) -> None:
    """The file came whole and was rolled back: what it began with stays out, and what comes then is read."""
    log = source.folder / "log_data" / "2018-11-01-events.json"
    source.write(log, CONTENTS["array"])
    etl(warehouse, source.folder)
    log.write_bytes(CONTENTS["plain"] + end)
    reload(warehouse, [str(log)], MaxRejects(9), Silent())
    undo(warehouse, 2, Silent())
    before = state(warehouse)
    log.write_bytes(CONTENTS["plain"] + (end and end + b" x") + b"\n" + json.dumps(play(8)).encode() + b"\n")

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT item_in_session FROM songplay") == [(8,)]
    assert [record for _, record, _ in rows(warehouse, REJECTS)] == ([2] if end else [])
    assert_sound(warehouse)
    undo(warehouse, rows(warehouse, "SELECT MAX(run_id) FROM etl_run")[0][0], Silent())
    assert state(warehouse) == before
    assert_sound(warehouse)


def test_the_run_that_rejected_a_file_can_be_undone_after_the_file_came_whole(
    warehouse: Engine, source: Source
) -> None:
    log = source.folder / "log_data" / "2018-11-01-events.json"
    source.write(log, CONTENTS["cut"])
    etl(warehouse, source.folder)
    log.write_bytes(WHOLE)
    etl(warehouse, source.folder)
    loaded = digest_star(warehouse)

    undo(warehouse, 1, Silent())

    assert digest_star(warehouse) == loaded
    assert rows(warehouse, REJECTS) == []
    undo(warehouse, 2, Silent())
    assert rows(warehouse, REJECTS) == []
    assert_sound(warehouse)


@pytest.mark.parametrize("order", [(2, 3, 1), (1, 2, 3), (3, 1, 2), (2, 1, 3), (1, 3, 2), (3, 2, 1)])
@pytest.mark.parametrize("contents", [("cut shorter", "cut", "whole"), ("array", "cut", "array")])
def test_the_reject_is_that_of_the_last_load_that_stands(
    warehouse: Engine, source: Source, contents: tuple[str, ...], order: tuple[int, ...]
) -> None:
    log = source.folder / "log_data" / "2018-11-01-events.json"
    log.parent.mkdir(parents=True, exist_ok=True)
    for content in contents:
        log.write_bytes(CONTENTS[content])
        etl(warehouse, source.folder)
    standing = [1, 2, 3]
    for run in order:
        undo(warehouse, run, Silent())
        standing.remove(run)

        is_reject = bool(standing) and contents[standing[-1] - 1] in PROBLEMS
        assert [one[0] for one in rows(warehouse, REJECTS)] == standing[-1:] * is_reject
        assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [
            (3 * (standing[-1:] == [3] and contents[2] == "whole"),)
        ]
        assert_sound(warehouse)


def test_many_files_that_come_whole_at_once_are_counted_once(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many songs may have been unreadable as there are."""
    files = [source.folder / "song_data" / f"{n}.json.gz" for n in range(8)]
    for file in files:
        source.write(file, b"\x1f\x8b")
    etl(warehouse, source.folder, max_rejects="100%")
    counted: list[Engine] = []
    monkeypatch.setattr("sparkify.ledger.rejects.count_rejects", counted.append)
    for n, file in enumerate(files):
        file.write_bytes(gzip.compress(b'{"song_id": "S%d", "artist_id": "A", "num_songs": 1}' % n))

    etl(warehouse, source.folder)

    assert len(counted) == 1


@settings(
    max_examples=times(4, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    contents=st.lists(
        st.tuples(st.sampled_from(["etl", "reload", "retry"]), st.sampled_from(sorted(CONTENTS))),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_each_run_can_be_undone_and_done_again(
    new_warehouse: Make, tmp_path_factory: pytest.TempPathFactory, contents: list[tuple[str, str]]
) -> None:
    """Whatever the file was before, its rejects and counts are those of before; but for good records that a
    load of the whole file has replaced, which are nowhere any more."""
    folder: Path = tmp_path_factory.mktemp("music")
    source, engine = Source(folder), new_warehouse()
    source.log(play(9), day="2018-11-02")
    etl(engine, source.folder)
    log = source.folder / "log_data" / "2018-11-01-events.json"
    standing: str | None = None
    run = 1
    for how, content in contents:
        before = state(engine)
        log.write_bytes(CONTENTS[content])
        if how == "reload" and rows(engine, "SELECT COUNT(*) AS n FROM etl_file WHERE uri LIKE '%11-01%'") > [
            (0,)
        ]:
            summary = reload(engine, [str(log)], MaxRejects(9), Silent())
        else:
            files = list_source(S3(source=str(source.folder)))
            also = {"changed", "undone"} if how == "retry" else {"changed"}
            summary = load(engine, files, MaxRejects(9), Silent(), also=also)
        assert_sound(engine)
        if summary.run_id == run or summary.run_id is None:
            continue
        run = summary.run_id
        after = state(engine)
        undo(engine, run, Silent())
        run += 1
        assert_sound(engine)
        if standing is None or standing in PROBLEMS:
            assert state(engine) == before
        else:
            assert [one[0] for one in rows(engine, REJECTS)] == []
        load(engine, list_source(S3(source=str(source.folder))), MaxRejects(9), Silent(), also={"undone"})
        run += 1
        assert digest_star(engine) == after[0]
        assert [one[1:] for one in rows(engine, REJECTS)] == [one[1:] for one in after[1]]
        assert_sound(engine)
        standing = content
