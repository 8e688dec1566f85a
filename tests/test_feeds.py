"""Feeds as the world sends them: what was seen to lose plays in silence, each with the right answer."""

import bz2
import datetime as dt
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from backports import zstd

from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.load.checks import check_everything
from sparkify.load.diff import digest_star
from sparkify.load.feed import Feed
from sparkify.load.inspect import find_missing_days
from sparkify.load.run import rebuild
from sparkify.progress import Silent
from tests.builders import NOON, Noting, Record, Run, Source, etl, logged_out, play, rejects, rows, song

MANY = 300
"""Plays that make a file larger than what is gathered with others."""
PLAYS = "SELECT songplay_id, user_id, title FROM songplay ORDER BY songplay_id"


def plays(session: int, many: int = MANY, **changes: Any) -> list[Record]:
    return [play(item, sessionId=session, **changes) for item in range(many)]


def as_lines(*records: Record) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


NAMES = (
    "level=free/2018-11-01-events.json", "year=1999/2018-11-01-events.json", "log[1].json", "log1.json",
    "a*.json", "a?.json", "ab.json", "back\\slash.json", "quote'.json", "100%.json", "{a,b}.json",
)  # fmt: skip


@pytest.mark.parametrize("many", [2, MANY], ids=["small", "large"])
def test_a_path_is_a_name_and_never_a_pattern_or_a_column(
    warehouse: Engine, source: Source, many: int
) -> None:
    for session, name in enumerate(NAMES):
        source.write(source.folder / "log_data" / name, as_lines(*plays(session, many)))

    etl(warehouse, source.folder)

    found = rows(warehouse, "SELECT session_id, level, COUNT(*) AS n FROM songplay GROUP BY 1, 2 ORDER BY 1")
    assert found == [(session, "paid", many) for session in range(len(NAMES))]


SKIPPED = b"\x50\x2a\x4d\x18\x02\0\0\0xx"
"""A frame of zstd without content."""
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "a.json.gz": gzip.compress,
    "b.json.gz": lambda body: gzip.compress(body) + bytes(512),
    "c.json.gz": lambda body: gzip.compress(body[:30_000]) + gzip.compress(body[30_000:]),
    "d.jsonl.zst": lambda body: (
        zstd.compress(body[:9]) + b"\x50\x2a\x4d\x18\x02\0\0\0xx" + zstd.compress(body[9:])
    ),
    "e.ndjson.bz2": lambda body: bz2.compress(body[:30_000]) + bz2.compress(body[30_000:]),
}


@pytest.mark.parametrize("many", [2, 6000], ids=["small", "large"])
def test_every_compression_is_read_and_a_damaged_file_takes_no_other_down(
    warehouse: Engine, source: Source, many: int
) -> None:
    records = [
        play(item % 900, sessionId=item // 900, artist=f"{item * 7919:x}", song=f"{item * 104729:x}")
        for item in range(many)
    ]
    for number, (name, pack) in enumerate(PACKED.items()):
        body = as_lines(*(record | {"userId": str(number)} for record in records))
        source.write(source.folder / "log_data" / name, pack(body))
    whole = gzip.compress(as_lines(*records))
    source.write(source.folder / "log_data" / "x.json.gz", whole[: len(whole) // 2])

    etl(warehouse, source.folder)

    found = rows(warehouse, "SELECT user_id, COUNT(*) AS n FROM songplay GROUP BY 1 ORDER BY 1")
    assert found == [(number, many) for number in range(len(PACKED))]
    assert [reason for _, reason in rejects(warehouse)] == ["truncated gzip"]


SHARED = [
    play(50, sessionId=29, userId="30", song="Undo"),
    play(50, sessionId=29, userId="100030", song="Revelry", ts=NOON + 86_400_000),
    play(50, sessionId=29, userId="7", song="Secrets", ts=NOON + 172_800_000),
    logged_out(page="NextSong", itemInSession=50, sessionId=29, song="Nobody", artist="x", ts=NOON + 5),
    logged_out(page="NextSong", itemInSession=50, sessionId=29, song="Nobody else", artist="x", ts=NOON + 6),
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)])
@pytest.mark.parametrize("together", [True, False], ids=["one run", "five runs"])
def test_listeners_who_share_session_and_item_have_a_play_each_whatever_came_first(
    warehouse: Engine, source: Source, order: tuple[int, ...], together: bool
) -> None:
    for day, at in enumerate(order, start=1):
        source.log(SHARED[at], day=f"2018-11-{day:02}")
        if not together:
            etl(warehouse, source.folder)
    etl(warehouse, source.folder)

    found = rows(warehouse, PLAYS)
    assert found[-1] == (29_000_050, None, "Nobody")
    assert {(user, title) for number, user, title in found if number < 0} == {
        (None, "Nobody else"), (7, "Secrets"), (30, "Undo"), (100030, "Revelry"),
    }  # fmt: skip
    before = digest_star(warehouse)
    rebuild(warehouse, Silent())
    assert digest_star(warehouse) == before
    assert rows(warehouse, "SELECT SUM(duplicate) AS d, SUM(conflict) AS c FROM etl_file") == [(0, 0)]
    assert all(verdict.passed for verdict in check_everything(warehouse))


def test_equal_key_and_other_content_is_a_conflict_that_is_counted_apart(
    warehouse: Engine, source: Source
) -> None:
    watching = Noting()
    source.log(play(0), play(0), play(0, song="Other", ts=NOON + 9), play(0, song="Other", ts=NOON + 9))
    source.song(song())
    source.song(song(year=1999), name="TRagain")

    summary = etl(warehouse, source.folder, watching=watching)

    assert (summary.records.loaded, summary.records.duplicate, summary.records.conflict) == (2, 2, 2)
    assert rows(warehouse, "SELECT SUM(conflict) AS n FROM etl_file") == [(2,)]
    assert rows(warehouse, "SELECT conflict FROM etl_run") == [(2,)]
    assert rows(warehouse, "SELECT title FROM songplay") == [("Undo",)]
    assert any("2 records have the key of another record" in text for text in watching.warnings)


def test_conflicts_are_listed_with_the_record_that_came_first(run: Run, source: Source) -> None:
    source.log(play(0), play(0, song="Other", ts=NOON + 9))
    run("etl", "--source", "music")

    listed = json.loads(run("rejects", "--conflicts", "--format", "json").stdout)

    assert [(one["came"], one["record"], one["title"]) for one in listed] == [
        ("first", 1, "Undo"), ("conflict", 2, "Other"),
    ]  # fmt: skip


def test_a_file_that_is_rejected_whole_refuses_the_run_unless_that_is_allowed(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0))
    bad = source.log(*(play(item, ts="soon") for item in range(95)), day="2018-11-02")

    with pytest.raises(LoadError, match="all 95 records were rejected, first record 1: ts is not a moment"):
        etl(warehouse, source.folder)
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM stg_events") == [(0,)]

    summary = etl(warehouse, source.folder, feed=Feed(refuses_rejected_files=False))
    assert (summary.records.loaded, summary.records.rejected) == (1, 95)
    assert bad.is_file()


def test_a_handful_of_bad_lines_refuses_nothing(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    source.log(*(play(item, ts="soon") for item in range(10)), day="2018-11-02")

    assert etl(warehouse, source.folder).records.rejected == 10


def kinds(engine: Engine) -> list[str]:
    return [kind for (kind,) in rows(engine, "SELECT kind FROM etl_warning ORDER BY kind")]


def test_what_a_file_says_as_a_whole_is_warned_of_and_kept_with_the_run(
    warehouse: Engine, source: Source
) -> None:
    source.log(*(play(item, page="next_song") for item in range(5)))
    source.log(play(0, sessionId=2), play(1, sessionId=2), day="2018-11-20")

    summary = etl(warehouse, source.folder)

    assert kinds(warehouse) == ["no_plays", "other_days"]
    assert sorted(one.kind for one in summary.warnings) == kinds(warehouse)
    messages = [one.message for one in summary.warnings]
    assert any("no play among the 5 events" in message and "NextSong" in message for message in messages)
    assert any("2 events" in message and "2018-11-20" in message for message in messages)


def test_strict_refuses_what_would_be_warned_of(warehouse: Engine, source: Source) -> None:
    source.log(*(play(item, page="next_song") for item in range(5)))

    with pytest.raises(LoadError, match="--strict: no play among"):
        etl(warehouse, source.folder, feed=Feed(is_strict=True))
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_run") == [(0,)]


def test_a_missing_day_is_told_of_when_the_day_after_it_comes(run: Run, source: Source) -> None:
    source.log(play(0))
    source.log(play(0, sessionId=2, ts=NOON + 3 * 86_400_000), day="2018-11-04")

    first = run("etl", "--source", "music")
    source.log(play(0, sessionId=3, ts=NOON + 4 * 86_400_000), day="2018-11-05")
    second = run("etl", "--source", "music")
    strict = run("etl", "--source", "music", "--warehouse", "other.duckdb", "--strict")

    assert "no log is named for 2 days, the first 2018-11-02" in first.stderr
    assert "no log is named" not in second.stderr
    assert (strict.returncode, strict.stderr.count("--strict: no log is named")) == (1, 1)
    assert "2018-11-02" in run("runs", "--warnings").stdout


def test_days_that_the_ledger_knows_are_not_missing(warehouse: Engine, source: Source) -> None:
    gone = source.log(play(0))
    etl(warehouse, source.folder)
    gone.unlink()
    listed = source.log(play(0, sessionId=2), day="2018-11-02")

    from sparkify.load.files import find_source

    assert find_missing_days(warehouse, [find_source(str(listed), "events")]) == []


SPELLINGS = [
    ("Björk", "Bjo\u0308rk"),
    ("Björk", "\u00a0BjÃ¶rk"),
    ("Björk", "BJÖRK\u3000"),
    ("Straße", "STRASSE"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("voilà", "voilÃ\u00a0"),
    ("Undo", "\ufeffUNDO\t"),
    ("Undo", " Undo\n"),
]


@pytest.mark.parametrize(("listed", "reported"), SPELLINGS)
def test_one_normal_form_of_text_matches_a_play_to_its_song(
    warehouse: Engine, source: Source, listed: str, reported: str
) -> None:
    source.song(song(artist_name=listed, title=listed))
    source.log(play(0, artist=reported, song=reported))

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT song_id, artist_id FROM songplay") == [("SO1", "AR1")]
    title = rows(warehouse, "SELECT title, OCTET_LENGTH(title) AS n FROM songplay")[0]
    assert title[1] == len(title[0].encode())
    assert title[0].casefold() == listed.casefold()
    assert title[0] == title[0].strip()


def test_spellings_of_one_artist_block_no_later_load(warehouse: Engine, source: Source) -> None:
    source.log(play(0, artist="\u00a0BjÃ¶rk", song="X"), play(1, artist="BjÃ¶rk", song="Y"))
    etl(warehouse, source.folder)
    source.song(song(artist_name="Björk", title="X"))

    etl(warehouse, source.folder)

    found = rows(warehouse, "SELECT artist_name, song_id FROM songplay ORDER BY item_in_session")
    assert found == [("Björk", "SO1"), ("Björk", None)]


def sparse(record: Record, *without: str) -> Record:
    """A record as a writer writes it that leaves nulls out."""
    return {key: value for key, value in record.items() if value is not None and key not in without}


@pytest.mark.parametrize("first", [1, 300], ids=["the first file", "the second day"])
def test_a_key_that_goes_missing_within_a_file_is_told_of(
    warehouse: Engine, source: Source, first: int
) -> None:
    if first > 1:
        source.log(*map(sparse, plays(1, 120)), sparse(logged_out(sessionId=2)))
        etl(warehouse, source.folder)
    source.log(
        *(sparse(play(item), *(["userId"] if item >= first else [])) for item in range(600)), day="2018-11-02"
    )

    summary = etl(warehouse, source.folder)

    assert [(one.key, one.records, one.first_line) for one in summary.absent_keys] == [
        ("userId", 600 - first, first + 1)
    ]


def test_songs_by_a_writer_that_leaves_nulls_out_are_no_alarm(warehouse: Engine, source: Source) -> None:
    for number in range(8):
        place = {"artist_latitude": 1.5, "artist_longitude": 2.5} if number % 3 else {}
        source.song(sparse(song(f"SO{number}", **place)), name=f"TR{number}")

    assert etl(warehouse, source.folder).warnings == []


@pytest.mark.parametrize("many", [20, 600])
def test_a_key_that_is_always_null_is_told_of_in_files_of_any_size(
    warehouse: Engine, source: Source, many: int
) -> None:
    source.log(*(play(item) | {"deviceId": None} for item in range(many)))

    summary = etl(warehouse, source.folder)

    assert [(one.key, one.records) for one in summary.unknown_keys] == [("deviceId", many)]


def test_a_key_that_gives_way_to_another_of_nulls_is_told_of(warehouse: Engine, source: Source) -> None:
    source.log(
        *(play(item) for item in range(300)),
        *(sparse(play(item), "userId") | {"user_id": None} for item in range(300, 600)),
    )

    summary = etl(warehouse, source.folder)

    assert [(one.key, one.records, one.first_line) for one in summary.unknown_keys] == [("user_id", 300, 301)]
    assert rows(warehouse, "SELECT records FROM etl_key WHERE name = 'userId'") == [(300,)]


def test_a_writer_that_leaves_nulls_out_is_no_alarm_and_a_key_that_goes_missing_is(
    warehouse: Engine, source: Source
) -> None:
    source.log(*(sparse(logged_out(itemInSession=item)) for item in range(3)), *map(sparse, plays(9, 120)))
    quiet, loud = Noting(), Noting()
    etl(warehouse, source.folder, watching=quiet)
    without = [{key: value for key, value in play(item).items() if key != "level"} for item in range(20)]
    source.log(*without, day="2018-11-02")

    summary = etl(warehouse, source.folder, watching=loud)

    assert not [text for text in quiet.warnings if "absent" in text]
    assert [one.as_dict() for one in summary.absent_keys] == [
        {"key": "level", "records": 20, "first_file": summary.absent_keys[0].first_file, "first_line": 1}
    ]
    assert len([text for text in loud.warnings if 'the key "level" is absent' in text]) == 1
    counted = rows(
        warehouse, "SELECT records FROM etl_key WHERE kind = 'absent' AND name = 'artist' ORDER BY file_id"
    )
    assert counted == [(3,)]


def test_unknown_keys_can_refuse_a_run(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1) | {"deviceId": "d1"})

    with pytest.raises(LoadError, match=r'unknown key "deviceId" in 1 record.*UNKNOWN_KEYS = refuse'):
        etl(warehouse, source.folder, feed=Feed(refuses_unknown_keys=True))


def test_the_summary_names_unknown_keys_and_warnings(run: Run, source: Source) -> None:
    file = source.log(play(0), play(1) | {"deviceId": "d1"})

    told = json.loads(run("etl", "--source", "music", "--format", "json").stdout)

    assert told["unknown_keys"] == [
        {"key": "deviceId", "records": 1, "first_file": str(file), "first_line": 2}
    ]
    assert told["values"] == {"read": 37, "set_aside": 1, "misfits": 0}
    assert [one["kind"] for one in told["warnings"]] == ["unknown_key"]


def test_moments_of_another_unit_are_told_of(warehouse: Engine, source: Source) -> None:
    class Notes(Noting):
        def note(self, message: str) -> None:
            self.warnings.append(message)

    watching = Notes()
    seconds = dt.datetime(2018, 11, 1, 12, tzinfo=dt.UTC).timestamp()
    source.log(*(play(item, ts=int(seconds) + item) for item in range(MANY)))

    etl(warehouse, source.folder, watching=watching)

    assert rows(warehouse, "SELECT MIN(start_time) AS t FROM songplay") == [(dt.datetime(2018, 11, 1, 12),)]
    assert any("ts is in seconds" in message for message in watching.warnings)
