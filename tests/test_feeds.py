"""Feeds as the world sends them: what was seen to lose plays in silence, each with the right answer."""

import bz2
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
from sparkify.load.run import rebuild
from sparkify.progress import Silent
from tests.builders import (
    NOON,
    Noting,
    Record,
    Run,
    Source,
    counts,
    etl,
    logged_out,
    play,
    rejects,
    rows,
    song,
)

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
    "d.jsonl.zst": lambda body: zstd.compress(body[:9]) + SKIPPED + zstd.compress(body[9:]),
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


@pytest.mark.parametrize(("name", "value"), [
    ("artist", "<null>"), ("song", "<null>"), ("location", "<null>"), ("status", -1),
    ("registration", -999.0), ("artist", ""), ("status", 0), ("length", -1),
])  # fmt: skip
def test_whatever_a_value_is_it_is_other_content_than_none(
    warehouse: Engine, source: Source, name: str, value: str | int | float
) -> None:
    source.log(play(0, **{name: None}), play(0, **{name: value}), play(1, **{name: value}))

    summary = etl(warehouse, source.folder)

    assert counts(summary) == {"read": 3, "loaded": 2, "duplicate": 0, "conflict": 1, "rejected": 0}


def test_of_songs_too_none_is_other_content_than_any_value(warehouse: Engine, source: Source) -> None:
    for number, more in enumerate(({}, {"artist_latitude": -999.0}, {"artist_location": "<null>"}, {})):
        source.song(song() | {"artist_latitude": None, "artist_location": None} | more, str(number))

    summary = etl(warehouse, source.folder)

    assert counts(summary) == {"read": 4, "loaded": 1, "duplicate": 1, "conflict": 2, "rejected": 0}


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
