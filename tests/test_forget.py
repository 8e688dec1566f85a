"""A listener who is forgotten: no trace of them is left, and none comes back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import ConfigError, WarehouseError
from sparkify.load import validation
from sparkify.load.diff import digest_star
from sparkify.load.erase import listeners_of
from sparkify.load.forget import forget, read_list
from sparkify.load.replay import replay
from sparkify.load.run import rebuild
from sparkify.load.tables import create_tables
from sparkify.progress import Silent
from sparkify.sql import schema
from tests.builders import Noting, Record, Run, Source, etl, event, logged_out, play, rejects, rows, song
from tests.programs import other_columns
from tests.test_undo import assert_sound, reloaded

Make = Callable[[], Engine]
PLANTED = {
    "firstName": "Zyxwvutria", "lastName": "Qqplantedname", "gender": "X9gender",
    "location": "Nowherevillage-Plant, ZZ", "userAgent": "PlantedAgent/77.7 (Zxcv)", "registration": 1.5e12,
}  # fmt: skip
NOBODY = {
    "userId": "", "firstName": None, "lastName": None, "gender": None, "location": None, "userAgent": None,
    "registration": None, "auth": None,
}  # fmt: skip


def theirs(item: int, **changes: Any) -> Record:
    return play(item, userId="77", sessionId=500, **(PLANTED | changes))


def deliver(source: Source, whose: Callable[[Record], Record] = lambda record: record) -> None:
    source.log(
        *(whose(record) for record in (
            theirs(0), theirs(1, song="BjÃ¶rk", firstName="Zyxwvutria BjÃ¶rk"),
            event(**PLANTED, userId="77", sessionId=501), play(0), play(10, sessionId=500, userId="16"),
        )),
        logged_out(sessionId=9), day="2018-11-01",
    )  # fmt: skip
    source.song(song())


def spoil(source: Source) -> Path:
    """Rejects: theirs, somebody else's, and some that do not say whose they are; and a value in `extra`."""
    return source.log(
        theirs(2, ts="soon"), play(3, ts="soon"), json.dumps(theirs(4))[:300],
        json.dumps(theirs(5)) + json.dumps(theirs(6)), json.dumps(theirs(7)).encode() + b"\xff",
        theirs(8, gender="X9gender, and more"), json.dumps(theirs(9, song="y" * 70_000)), "[]",
        day="2018-11-02",
    )  # fmt: skip


def traces(engine: Engine) -> list[str]:
    """Where any planted text, or the listener's number, is left."""
    found = []
    for table in ("stg_events", "users", "songplay", "etl_reject", "text_form"):
        text = repr(rows(engine, f"SELECT * FROM {table}"))
        found += [f"{table} {value}" for value in PLANTED.values() if str(value) in text]
    for table in ("stg_events", "users", "songplay"):
        found += [table for _ in rows(engine, f"SELECT user_id FROM {table} WHERE user_id = 77")]
    return found


def test_a_forgotten_listener_is_nobody_and_their_plays_still_count(
    new_warehouse: Make, source: Source
) -> None:
    engine, nobodys = new_warehouse(), new_warehouse()
    deliver(source)
    etl(engine, source.folder)

    receipt = forget(engine, 77, Noting())

    deliver(source, lambda record: record | NOBODY if record["userId"] == "77" else record)
    etl(nobodys, source.folder)
    assert (receipt.user_ids, receipt.events, receipt.rejects, receipt.run_id) == ([77], 3, 0, 2)
    assert traces(engine) == []
    assert rows(engine, "SELECT COUNT(*) AS n FROM songplay") == [(4,)]
    assert digest_star(engine) == digest_star(nobodys)
    assert rows(engine, "SELECT raw_text, normal FROM text_form ORDER BY raw_text") == [
        ("BjÃ¶rk", "Björk"), ("Björk", "Björk"),
    ]  # fmt: skip
    assert_sound(engine)
    rebuild(engine, Silent())
    assert digest_star(engine) == digest_star(nobodys)


def test_rejects_lose_their_text_unless_they_are_somebody_elses(warehouse: Engine, source: Source) -> None:
    deliver(source)
    spoil(source)
    etl(warehouse, source.folder)
    before = rejects(warehouse)
    assert "stg_events X9gender" in traces(warehouse)
    assert rows(warehouse, "SELECT COUNT(extra) AS n FROM stg_events") == [(1,)]

    receipt = forget(warehouse, 77, Noting())

    assert [record for record, _ in rejects(warehouse)] == [record for record, _ in before]
    assert receipt.rejects == 6
    kept = rows(warehouse, "SELECT record, encoding FROM etl_reject WHERE raw_text IS NOT NULL")
    assert kept == [(2, "text")]
    assert traces(warehouse) == []


def test_no_later_load_reload_or_replay_brings_a_forgotten_listener_back(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "table", other_columns(session_id={"limits": (0, 500)}))
    log = source.log(theirs(0), event(**PLANTED, userId="77", sessionId=501), day="2018-11-01")
    etl(warehouse, source.folder)
    forget(warehouse, 77, Noting())
    assert traces(warehouse) == []
    monkeypatch.setattr(validation, "table", schema.table)

    replay(warehouse, None, Noting())
    reloaded(warehouse, log)
    spoil(source)
    source.log(*(theirs(item) for item in range(300)), day="2018-11-03")
    summary = etl(warehouse, source.folder)

    assert summary.records.rejected == 7
    assert traces(warehouse) == []
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay WHERE session_id = 500") == [(300,)]
    assert_sound(warehouse)


def found_in_files(folder: Path) -> set[str]:
    bodies = [file.read_bytes() for file in folder.rglob("*") if file.is_file() and "music" not in file.parts]
    return {str(v) for v in PLANTED.values() if any(str(v).encode() in body for body in bodies)}


def test_no_byte_of_a_forgotten_listener_is_left_in_the_warehouses_files(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        source.log(*(play(item, sessionId=number) for item in range(400)), day=f"2018-12-0{number + 1}")
    deliver(source)
    spoil(source)
    folder = tmp_path / "w"
    folder.mkdir()
    first = DuckDB(f"{folder}/byte.duckdb")
    create_tables(first)
    etl(first, source.folder)
    with monkeypatch.context() as patch:  # as if it had been cut off after its commit
        patch.setattr(DuckDB, "rewrite", lambda _: False)
        forget(first, 77, Noting())
    first.close()
    assert found_in_files(folder), "the search finds what DuckDB leaves in old blocks"
    engine = DuckDB(f"{folder}/byte.duckdb")
    star = digest_star(engine)

    again = forget(engine, 77, Noting())

    assert (again.is_rewritten, again.events, again.run_id) == (True, 0, 2)
    assert found_in_files(folder) == set()
    assert digest_star(engine) == star
    assert etl(engine, source.folder).run_id is None
    engine.close()
    assert found_in_files(folder) == set()
    assert sorted(file.name for file in folder.iterdir()) == ["byte.duckdb", "byte.duckdb.lock"]


def test_a_listener_who_lies_among_the_songs_is_forgotten_there_too(
    warehouse: Engine, source: Source
) -> None:
    deliver(source)
    source.song(json.dumps(theirs(3)), "stray")
    source.song(json.dumps(song("SO9", title=None)), "bad")
    source.song(json.dumps(song("SO8"))[:-40], "cut")
    etl(warehouse, source.folder)
    later = json.dumps(theirs(4))

    forget(warehouse, 77, Noting())
    source.song(later, "stray-later")
    etl(warehouse, source.folder)

    assert traces(warehouse) == []
    kept = rows(warehouse, "SELECT raw_text FROM etl_reject WHERE raw_text IS NOT NULL")
    assert sorted("SO9" in text or "SO8" in text for (text,) in kept) == [True, True]


def test_the_file_behind_a_link_is_rewritten_and_stays_as_private_as_it_was(
    source: Source, tmp_path: Path
) -> None:
    deliver(source)
    (tmp_path / "w").mkdir()
    file, link = tmp_path / "w" / "real.duckdb", tmp_path / "w" / "link.duckdb"
    engine = DuckDB(str(file))
    create_tables(engine)
    etl(engine, source.folder)
    engine.close()
    file.chmod(0o600)
    link.symlink_to(file)
    through = DuckDB(str(link))

    forget(through, 77, Noting())
    through.close()

    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600
    assert found_in_files(tmp_path / "w") == set()


def test_a_file_that_cannot_be_rewritten_is_said_and_leaves_nothing_beside_it(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(source)
    engine = DuckDB(f"{tmp_path}/full.duckdb")
    create_tables(engine)
    etl(engine, source.folder)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "chmod", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(WarehouseError, match="listener 77 is forgotten, but the file could not be"):
            forget(engine, 77, Noting())

    assert list(tmp_path.rglob("warehouse")) == []
    assert forget(engine, 77, Noting()).is_rewritten
    engine.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full.duckdb", "full.duckdb.lock", "music"]


@pytest.mark.parametrize(
    ("line", "whose"),
    [
        (b'{"userId": "15"}', {15}),
        (b'{"userId": 15}', {15}),
        (b'{"userId": ""}', set()),
        (b'{"userId": null}', set()),
        (b'{"user\\u0049d": "15"}', {15}),
        (b'{"userId": "abc"}', None),
        (b'{"userId": ["15"]}', None),
        (b"[1]", None),
        (b'{"firstName": "A", "userId": "15"}{"firstName": "B", "userId": "16"}', None),
        (b'{"userId": "15", "userId": 16}', {15, 16}),
        (b'{"userId": "16", "user\\u0049d": "15"}', {15, 16}),
        (b'{"userId": 7.7e1}', {77}),
        (b'{"userId": 9007199254740993}', {9007199254740993}),
        (b'{"userId": -5}', {-5}),
        (b'{"userId": ' + b"9" * 5000 + b"}", None),
        (b'{"userId": "' + b"9" * 5000 + b'"}', None),
        (b'{"userId": 1e999999999}', None),
        (b'{"friend": {"userId": "16"}, "firstName": "A"}', None),
        (b'{"friend": {"userId": "16"}, "userId": "15"}', {15}),
        (b'{"userId": 7', None),
        (b'{"userId": "16", "firstName": "A", "la{"lastName": "B"', None),
        (b'{"song_id": "SO1", "title": "A", "ye', set()),
        (b'{"song_id": "SO1", "firstName": "A"}', None),
        (b'{"song_id": "SO1", "title": "A"}', set()),
        (b'{"firstName": "A", "userId": "15"}{"firstName": "B", "use', None),
        (b'{"firstName": "A"', None),
        (b"\xff", None),
    ],
)
def test_a_text_says_whose_it_is_or_that_it_does_not_say(line: bytes, whose: set[int] | None) -> None:
    is_song = b"song_id" in line

    assert listeners_of(line, "songs" if is_song else "events") == whose
    assert listeners_of(line, "events") == (None if is_song else whose)  # an app may log song_id too


@pytest.mark.parametrize("bad", [(), ("{broken",)], ids=["good", "with a bad line"])
def test_after_forgetting_each_record_still_has_its_own_line(
    warehouse: Engine, source: Source, bad: tuple[str, ...]
) -> None:
    source.log(theirs(0))
    etl(warehouse, source.folder)
    forget(warehouse, 77, Silent())
    for day in range(2, 8):
        source.log(
            *(play(item, sessionId=day) for item in range(400)), *bad,
            *(theirs(item) | {"sessionId": 100 + day} for item in range(3)), day=f"2018-11-{day:02}",
        )  # fmt: skip

    etl(warehouse, source.folder)

    assert traces(warehouse) == []
    found = rows(
        warehouse,
        "SELECT session_id, item_in_session, record FROM stg_events WHERE run_id = 3 "
        "ORDER BY session_id, item_in_session",
    )
    theirs_begin = 401 + len(bad)
    assert found == [(day, item, item + 1) for day in range(2, 8) for item in range(400)] + [
        (100 + day, item, theirs_begin + item) for day in range(2, 8) for item in range(3)
    ]


def test_forgetting_asks_first_and_prints_a_receipt(loaded: Run) -> None:
    refused = loaded("forget", "15", typed="n\n")
    done = loaded("forget", "15", "--yes", "--format", "json")
    again = loaded("forget", "15", "--yes")

    assert refused.returncode == 1
    receipt = json.loads(done.stdout)
    assert (receipt["user_id"], receipt["events"], receipt["is_rewritten"]) == (15, 2, True)
    assert "was forgotten before" in again.stdout
    assert "by run 2" in again.stdout
    assert "none of its bytes" not in again.stdout
    assert "staging" not in again.stdout
    assert loaded("ask", "most_active_users", "--format", "csv").stdout.count("\n") == 1


def test_a_number_of_plays_that_forgetting_changes_is_told_of(warehouse: Engine, source: Source) -> None:
    one, other = play(0, userId="5"), play(0, userId="8", song="Another")
    source.log(one, other)
    etl(warehouse, source.folder)

    forget(warehouse, 5, Silent())
    told = Noting()
    receipt = forget(warehouse, 8, told)

    assert (receipt.plays, receipt.plays_left) == (2, 1)
    assert rows(warehouse, "SELECT kind FROM etl_warning") == [("plays_changed",)]
    assert told.warnings[0].startswith("2 plays before, 1 now")


@pytest.mark.parametrize(
    "line",
    [
        '{"sessionId":5,"firstName":"Lily","lastName":"Koch","userId":7',
        '{"userId":"16","ts":1,"firstName":"Bo","la{"sessionId":5,"lastName":"Koch","firstName":"Lily"',
        '{"friend":{"userId":"16"},"firstName":"Lily","lastName":"Koch","loc',
        '{"user\\u0049d":"77","firstName":"Lily","lastName":"Koch","userId":"16","ts":"xx"}',
        '{"firstName":"Lily","lastName":"Koch","userId":' + "9" * 5000 + ',"ts":"xx"}',
    ],
    ids=["cut in the number", "two writes in one", "a friend's", "escaped", "five thousand digits"],
)
def test_no_reject_that_may_be_theirs_keeps_its_text(warehouse: Engine, source: Source, line: str) -> None:
    source.log(play(0, userId="16"), line)
    etl(warehouse, source.folder)
    texts = "SELECT COUNT(raw_text) AS texts, COUNT(*) AS n FROM etl_reject"
    assert rows(warehouse, texts) == [(1, 1)]

    forget(warehouse, 77, Silent())

    assert rows(warehouse, texts) == [(0, 1)]
    source.log(play(0, userId="16", sessionId=9), line, day="2018-11-09")
    etl(warehouse, source.folder)
    assert rows(warehouse, texts) == [(0, 2)]


def test_any_number_can_be_forgotten(warehouse: Engine, source: Source) -> None:
    ids = [-5, 1500000000000000001, 2**63 - 1]
    source.log(*(play(item, userId=str(one), firstName="Lily") for item, one in enumerate(ids)))
    etl(warehouse, source.folder)
    assert read_list("\n".join(map(str, ids))) == ids

    forget(warehouse, ids, Silent())

    assert rows(warehouse, "SELECT COUNT(first_name) AS names, COUNT(*) AS n FROM stg_events") == [(0, 3)]
    for wrong in ("9" * 5000, str(2**63), "1_000", "7.0"):
        with pytest.raises(ConfigError, match="is not the number of a listener"):
            read_list(wrong)
