"""What a run takes in, and what it leaves alone."""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import CheckError, LoadError
from sparkify.load.diff import diff_star, digest_star
from sparkify.load.models import MODELS
from sparkify.load.run import MaxRejects, rebuild
from sparkify.progress import Silent
from sparkify.source.file import NewFile
from sparkify.source.local import read_small
from sparkify.source.scan import FileScan, records, scan_file
from tests.builders import NOON, Noting, Record, Source, counts, etl, event, logged_out, play, rows, song


def test_a_second_run_has_nothing_to_do(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1))
    etl(warehouse, source.folder)

    again = etl(warehouse, source.folder)

    assert again.run_id is None
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]


def test_a_play_that_matches_no_song_still_counts(warehouse: Engine, source: Source) -> None:
    source.log(play(song="Undo", artist="Nobody Known"))

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT title, artist_name, song_id, artist_id FROM songplay") == [
        ("Undo", "Nobody Known", None, None)
    ]


def test_only_plays_enter_the_fact_and_the_time_table(warehouse: Engine, source: Source) -> None:
    source.log(play(0), event(itemInSession=1, page="Home", ts=NOON + 1), logged_out(sessionId=9))

    summary = etl(warehouse, source.folder)

    assert (summary.rows["songplay"], summary.rows["time"], summary.rows["users"]) == (1, 1, 1)
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM stg_events") == [(3,)]


def test_a_folder_that_was_moved_counts_once_and_is_noticed(
    warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    source.log(play(0), play(1))
    etl(warehouse, source.folder)
    moved = source.folder.rename(tmp_path / "moved")
    watching = Noting()

    second = etl(warehouse, moved, watching=watching)

    assert counts(second) == {"read": 2, "loaded": 0, "duplicate": 2, "conflict": 0, "rejected": 0}
    assert ["was a folder moved or copied?" in warning for warning in watching.warnings] == [True]


def test_a_record_that_comes_again_is_a_duplicate_and_counts_once(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1), play(0))
    etl(warehouse, source.folder)
    source.log(play(1), play(2), day="2018-11-02")

    second = etl(warehouse, source.folder)

    assert counts(second) == {"read": 2, "loaded": 1, "duplicate": 1, "conflict": 0, "rejected": 0}
    assert rows(
        warehouse, "SELECT records_read, loaded, duplicate, rejected FROM etl_file ORDER BY file_id"
    ) == [
        (3, 2, 1, 0),
        (2, 1, 1, 0),
    ]
    assert rows(warehouse, "SELECT songplay_id FROM songplay ORDER BY 1") == [
        (38_000_000,),
        (38_000_001,),
        (38_000_002,),
    ]


@pytest.mark.parametrize("order", [("early", "late"), ("late", "early")])
def test_of_two_records_of_one_play_the_earlier_moment_wins(
    warehouse: Engine, source: Source, order: tuple[str, str]
) -> None:
    records = {"early": play(song="First", ts=NOON), "late": play(song="Second", ts=NOON + 5)}
    for day, name in enumerate(order, start=1):
        source.log(records[name], day=f"2018-11-0{day}")
        etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT title FROM songplay") == [("First",)]
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM time") == [(1,)]


def test_a_listener_keeps_the_level_of_their_latest_event(warehouse: Engine, source: Source) -> None:
    source.log(
        play(0, level="free"), event(itemInSession=5, level="paid", ts=NOON + 9_000_000), day="2018-11-05"
    )
    etl(warehouse, source.folder)
    source.log(play(0, sessionId=7, level="free", ts=NOON - 86_400_000), day="2018-11-04")

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT user_id, level FROM users") == [(15, "paid")]


def test_songs_that_arrive_late_match_plays_that_stood_before(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1, artist="Someone Else"))
    etl(warehouse, source.folder)
    source.song(song())

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT song_id, artist_id FROM songplay ORDER BY songplay_id") == [
        ("SO1", "AR1"),
        (None, None),
    ]


def test_a_log_that_grew_has_its_new_records_loaded(warehouse: Engine, source: Source) -> None:
    file = source.log(play(0))
    etl(warehouse, source.folder)
    with file.open("ab") as handle:
        handle.write(b"\n" + json.dumps(play(1)).encode() + b"\n")
    second = etl(warehouse, source.folder)
    with file.open("ab") as handle:
        handle.write(json.dumps(play(2)).encode())

    third = etl(warehouse, source.folder)

    assert (second.files["grown"], second.records.read, third.records.read) == (1, 1, 1)
    assert rows(warehouse, "SELECT record FROM stg_events ORDER BY 1") == [(1,), (2,), (3,)]


@pytest.mark.parametrize("padding", [0, 400], ids=["tiny", "large"])
def test_a_log_that_is_written_to_while_it_is_read_waits_for_the_next_run(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch, padding: int
) -> None:
    busy = source.log(*(play(item) for item in range(2 + padding)))
    source.log(play(0, sessionId=2), day="2018-11-02")
    watching = Noting()

    def look_while_it_grows(file: NewFile, handle: BinaryIO | None = None, **more: Any) -> FileScan:
        seen = scan_file(file, handle, **more)
        if file.uri == str(busy) and handle is None:
            append(busy, play(900))
        return seen

    def read_while_it_grows(path: str, size: int) -> tuple[bytes, os.stat_result]:
        body, _ = read_small(path, size)
        if path == str(busy):
            append(busy, play(900))
        return body, Path(path).stat()

    with monkeypatch.context() as patch:
        patch.setattr("sparkify.engines.duckdb.batch.scan_file", look_while_it_grows)
        patch.setattr("sparkify.engines.duckdb.batch.read_small", read_while_it_grows)
        first = etl(duckdb_warehouse, source.folder, watching=watching)
    second = etl(duckdb_warehouse, source.folder)

    assert any("2018-11-01-events.json changed while it was read" in warning for warning in watching.warnings)
    assert (first.records.loaded, second.records.loaded) == (1, 3 + padding)


def test_a_small_log_that_is_written_to_when_it_was_read_has_grown(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = source.log(play(0), play(1))

    def read_and_grow(path: str, size: int) -> tuple[bytes, os.stat_result]:
        found = read_small(path, size)
        append(busy, play(900))
        return found

    with monkeypatch.context() as patch:
        patch.setattr("sparkify.engines.duckdb.batch.read_small", read_and_grow)
        first = etl(duckdb_warehouse, source.folder)
    second = etl(duckdb_warehouse, source.folder)

    assert (first.records.loaded, second.records.loaded, second.files["grown"]) == (2, 1, 1)


def append(log: Path, record: Record) -> None:
    log.write_bytes(log.read_bytes() + b"\n" + json.dumps(record).encode())


@pytest.mark.parametrize("name", ["a.JSON", "b.jsonl", "c.ndjson", "d.Json.gz"])
def test_a_log_is_known_by_its_ending_however_it_is_written(
    warehouse: Engine, source: Source, name: str
) -> None:
    source.write(source.folder / "log_data" / name, json.dumps(play(0)).encode())

    assert etl(warehouse, source.folder).records.loaded == 1


def test_a_last_line_that_was_cut_off_is_loaded_when_the_log_has_grown(
    warehouse: Engine, source: Source
) -> None:
    whole = json.dumps(play(1)).encode()
    file = source.log(play(0), whole[:100])
    first = etl(warehouse, source.folder)
    file.write_bytes(file.read_bytes() + whole[100:])

    etl(warehouse, source.folder)

    assert first.records.rejected == 1
    assert rows(warehouse, "SELECT replayed_in FROM etl_reject") == [(2,)]
    assert rows(warehouse, "SELECT record, item_in_session FROM stg_events ORDER BY 1") == [(1, 0), (2, 1)]
    for ledger in ("etl_file", "etl_run"):
        sums = f"SELECT SUM(records_read) AS r, SUM(loaded) AS l, SUM(rejected) AS x FROM {ledger}"
        assert rows(warehouse, sums) == [(2, 2, 0)]
    rebuild(warehouse, Silent())


def test_a_known_file_that_was_rewritten_stops_the_run_and_is_named(
    warehouse: Engine, source: Source
) -> None:
    file = source.log(play(0))
    etl(warehouse, source.folder)
    source.log(play(0, song="Other"))
    source.log(play(3), day="2018-11-09")

    with pytest.raises(LoadError, match=rf"{file} changed since run 1 loaded it"):
        etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT title FROM songplay") == [("Undo",)]


def test_a_known_file_that_was_only_touched_stays_known(warehouse: Engine, source: Source) -> None:
    file = source.log(play(0))
    etl(warehouse, source.folder)
    file.touch()

    assert etl(warehouse, source.folder).run_id is None


def test_text_that_was_encoded_twice_is_repaired_in_the_star_and_raw_in_staging(
    warehouse: Engine, source: Source
) -> None:
    twice = "Björk".encode().decode("latin-1").encode().decode("latin-1")
    source.log(
        play(0, artist=twice), play(1, artist="Björk"), play(2, artist="Björk".encode().decode("latin-1"))
    )
    source.song(song(artist_name="Björk"))

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT DISTINCT artist_name, song_id FROM songplay") == [("Björk", "SO1")]
    assert rows(warehouse, "SELECT COUNT(DISTINCT artist) AS n FROM stg_events") == [(3,)]


def test_a_reject_that_is_not_found_again_is_no_reason_to_lose_it(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0), "{broken", play(1), "[]")
    watching, cut = Noting(), [1]

    def cut_once(file: NewFile) -> Iterator[tuple[int, bytes]]:
        return itertools.islice(records(file), cut.pop() if cut else None)

    monkeypatch.setattr("sparkify.load.rejects.records", cut_once)
    monkeypatch.setattr("sparkify.load.publish.RETRY_AFTER", (0.0,))

    summary = etl(duckdb_warehouse, source.folder, watching=watching)

    assert (summary.records.loaded, summary.records.rejected) == (2, 2)
    assert any("is shorter now than when it was read" in warning for warning in watching.warnings)


def test_too_many_rejects_publish_nothing_and_are_shown(warehouse: Engine, source: Source) -> None:
    source.log(play(0), "not json", play(1, ts=None))

    with pytest.raises(
        LoadError,
        match=r"(?s)2 of 3 records were rejected.*record 2: malformed JSON.*record 3: ts is missing",
    ):
        etl(warehouse, source.folder, max_rejects="1")

    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_file") == [(0,)]
    assert etl(warehouse, source.folder, max_rejects="2").records.rejected == 2


@pytest.mark.parametrize(
    ("text", "rejected", "read", "allowed"),
    [
        ("0", 1, 10, False),
        ("5", 5, 10, True),
        ("5", 6, 10, False),
        ("1%", 1, 100, True),
        ("1%", 2, 100, False),
        ("1% and 100", 100, 200, True),
        ("1% and 100", 101, 200, False),
        ("1% and 100", 101, 20_000, True),
        ("100%", 3, 1, True),  # three values of one record
    ],
)
def test_the_limit_of_rejects_is_a_number_a_share_or_both(
    text: str, rejected: int, read: int, allowed: bool
) -> None:
    assert MaxRejects.parse(text).allow(rejected, read) is allowed


def test_a_share_of_rejects_is_said_as_it_was_given() -> None:
    said = [str(MaxRejects.parse(text)) for text in ("0.999999999%", "1% and 100", "7")]

    assert said == ["0.999999999% and 0", "1% and 100", "7"]


def test_a_failed_check_leaves_the_last_good_state(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    good = digest_star(warehouse)
    source.log(play(1), day="2018-11-02")
    # An etl that forgets the time table, which the checks must see.
    monkeypatch.setattr("sparkify.load.star.MODELS", [one for one in MODELS if one.table != "time"])

    with pytest.raises(CheckError, match="songplay_time_exists"):
        etl(warehouse, source.folder)

    assert digest_star(warehouse) == good
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]


def test_diff_names_the_keys_that_differ(new_warehouse: Callable[[], Engine], source: Source) -> None:
    warehouse, other = new_warehouse(), new_warehouse()
    source.log(play(0), play(1))
    etl(warehouse, source.folder)
    source.log(play(2), day="2018-11-02")
    etl(other, source.folder)
    other.execute("UPDATE songplay SET level = 'free' WHERE item_in_session = 1")

    found = {one.table: one for one in diff_star(warehouse, other)}

    assert found["users"].differing == 1
    assert not found["songplay"].equal
    assert found["songplay"].keys == ["38000001: level 'paid' <> 'free'", "38000002: only in B"]
    assert found["songs"].equal


def test_tiny_files_of_events_are_loaded_like_large_ones(warehouse: Engine, source: Source) -> None:
    many = [play(item) for item in range(400)]
    large = source.log(*many, day="2018-11-01")
    tiny = [source.log(play(item, sessionId=39 + item), day=f"2018-12-{item + 1:02}") for item in range(20)]

    summary = etl(warehouse, source.folder)

    assert large.stat().st_size > 65_536 > tiny[0].stat().st_size
    assert summary.rows["songplay"] == 420
    assert rows(
        warehouse, "SELECT COUNT(*) AS n FROM stg_events WHERE file_id = 1 AND record = item_in_session + 1"
    ) == [(400,)]
