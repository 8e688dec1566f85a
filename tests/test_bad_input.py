"""Bad input: what is wrong is kept and named, the rest is loaded, nothing vanishes."""

import base64
import json
from pathlib import Path

import pytest

from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, LoadError
from sparkify.load.feed import Feed
from sparkify.source.listing import list_source
from tests.builders import EACH_LANE, Noting, Record, Source, counts, etl, event, play, rejects, rows, song

WRONG_CLOCK = "ts is before 2000, or more than two days ahead of the clock"

BAD_EVENTS: list[tuple[Record | str | bytes, str]] = [
    ("{not json", "malformed JSON"),
    (json.dumps(play(1))[:-40], "malformed JSON"),
    (json.dumps(play(1)) + json.dumps(play(1)), "malformed JSON"),
    ("[1, 2]", "not a JSON object"),
    ("null", "not a JSON object"),
    ('"text"', "not a JSON object"),
    ("{}", "itemInSession is missing"),
    (play(1, ts=None), "ts is missing"),
    (json.dumps(play(1, ts=float("nan"))), "ts is missing"),
    (play(1, page=None), "page is missing"),
    (play(1, page=""), "page is missing"),
    (play(1, page="x" * 65), "page is longer than 64 bytes"),
    (play(1, page=["NextSong"]), "page is a list or an object"),
    (play(1, page="Next\0Song"), "page holds a null character"),
    (json.dumps(play(1)).replace("NextSong", "cut emoji \\ud83d"), "page holds half of a surrogate pair"),
    (play(1, sessionId=None), "sessionId is missing"),
    (play(1, itemInSession=None), "itemInSession is missing"),
    (play(1, ts="abc"), "ts is not a moment"),
    (play(1, ts=True), "ts is not a moment"),
    (play(1, ts=10**40), "ts is not a moment"),
    (play(1, ts="2018-11-31T12:00:00Z"), "ts is not a moment"),
    (play(1, ts="2018-11-30T12:00:00+02:99"), "ts is not a moment"),
    (play(1, ts=-1), WRONG_CLOCK),
    (play(1, ts=946_684_799_999), WRONG_CLOCK),
    (play(1, ts="1999-12-31T23:59:59.999Z"), WRONG_CLOCK),
    (play(1, ts=4_102_444_800_001), WRONG_CLOCK),
    (play(1, itemInSession=7.6), "itemInSession is not an integer"),
    (play(1, sessionId="0x10"), "sessionId is not an integer"),
    (play(1, sessionId=" 5"), "sessionId is not an integer"),
    (play(1, sessionId="5 "), "sessionId is not an integer"),
    (play(1, sessionId="1_0"), "sessionId is not an integer"),
    (play(1, sessionId={"id": 5}), "sessionId is a list or an object"),
    (play(1, userId="fifteen"), "userId is not an integer"),
    (play(1, userId=" "), "userId is not an integer"),
    (play(1, userId=[15]), "userId is a list or an object"),
    (play(1, sessionId=-1), "sessionId is outside 0 to 9000000000000"),
    (play(1, sessionId=9_000_000_000_001), "sessionId is outside 0 to 9000000000000"),
    (play(1, itemInSession=1_000_000), "itemInSession is outside 0 to 999999"),
    (b'{"artist": "\xff\xfe"}', "not UTF-8"),
    ("x" * (5 << 20), "longer than 4 MB"),
    ('{"song": "cut emoji \\ud83d", "ts": 1}', "itemInSession is missing"),
]


@EACH_LANE
@pytest.mark.parametrize(("bad", "reason"), BAD_EVENTS, ids=lambda value: str(value)[:40])
def test_a_bad_event_is_rejected_with_its_line_and_its_reason(
    warehouse: Engine, source: Source, bad: Record | str | bytes, reason: str, padding: int
) -> None:
    others = [play(2 + item) for item in range(padding)]
    source.log(play(0), bad, *others)

    summary = etl(warehouse, source.folder)

    [(record, found)] = rejects(warehouse)
    assert (record, str(found).partition(" (")[0]) == (2, reason)
    assert counts(summary) == {
        "read": 2 + padding, "loaded": 1 + padding, "duplicate": 0, "conflict": 0, "rejected": 1,
    }  # fmt: skip


GOOD_EVENTS: list[Record | str] = [
    play(1, song="[untitled]"),
    play(1, song="{braces}"),
    play(1, sessionId="38"),
    play(1, length=None, song=None, artist=None),
    play(1, userId="", firstName=None),
    play(1, song="é" * 512),
    play(1, song="tab\there", artist='quote " and \\ backslash / slash'),
    json.dumps(play(1, song="naïve ☃ 🎵"), ensure_ascii=False),
]


@EACH_LANE
@pytest.mark.parametrize("more", [{}, {"mood": "blue"}], ids=["known keys", "an unknown key"])
def test_a_comma_before_the_last_brace_loses_nothing_and_is_let_pass(
    warehouse: Engine, source: Source, padding: int, more: Record
) -> None:
    slip = json.dumps(play(1) | more)[:-1] + ",}"
    source.log(play(0), slip, *(play(2 + item) for item in range(padding)))

    assert etl(warehouse, source.folder).records.loaded == 2 + padding
    extra = rows(warehouse, "SELECT extra FROM stg_events WHERE record = 2")
    assert extra == [('{"mood":"blue"}' if more else None,)]


@pytest.mark.parametrize("good", GOOD_EVENTS, ids=lambda value: str(value)[:60])
def test_what_only_looks_bad_is_loaded(warehouse: Engine, source: Source, good: Record | str) -> None:
    source.log(play(0), good)

    assert etl(warehouse, source.folder).records.rejected == 0
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(2,)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"song_id": None}, "song_id is missing"),
        ({"title": ""}, "title is missing"),
        ({"artist_id": None}, "artist_id is missing"),
        ({"artist_id": "A" * 33}, "artist_id is longer than 32 bytes"),
        ({"song_id": ["SO1"]}, "song_id is a list or an object"),
        ({"title": "Un\0do"}, "title holds a null character"),
    ],
)
def test_a_bad_song_is_rejected_and_the_others_are_loaded(
    warehouse: Engine, source: Source, changes: Record, reason: str
) -> None:
    source.song(song(**changes), "bad")
    source.song(song("SO2"), "good")

    summary = etl(warehouse, source.folder)

    assert rejects(warehouse) == [(1, reason)]
    assert (summary.records.loaded, summary.rows["songs"]) == (1, 1)


@pytest.mark.parametrize("good", [0, 1])
def test_a_run_of_nothing_but_rejects_is_warned_of(
    duckdb_warehouse: Engine, source: Source, good: int
) -> None:
    source.log("{broken", "{broken", *(play(item) for item in range(good)))
    watching = Noting()

    etl(duckdb_warehouse, source.folder, watching=watching)

    assert [text for text in watching.warnings if text.startswith("every record of these files")] == [
        "every record of these files was rejected, none was loaded. --max-rejects 0 refuses that."
    ][good:]


def test_rejected_text_is_kept_as_it_stands(warehouse: Engine, source: Source) -> None:
    long = b'{"page": "' + b"x" * 100_000
    source.log('{"page": "Home", "ts": 1}', b'{"page": "\xff\x00"}', long)

    etl(warehouse, source.folder)

    found = rows(warehouse, "SELECT encoding, raw_text, reason FROM etl_reject ORDER BY record")
    assert found[0][:2] == ("text", '{"page": "Home", "ts": 1}')
    assert (found[1][0], base64.b64decode(str(found[1][1]))) == ("base64", b'{"page": "\xff\x00"}')
    assert found[2][0] == "head"
    assert long.startswith(base64.b64decode(str(found[2][1])))
    assert "100,010 bytes, SHA-256" in str(found[2][2])


def test_the_ledger_is_balanced_for_each_file(warehouse: Engine, source: Source) -> None:
    source.log(play(0), "junk", play(0), play(1), day="2018-11-01")
    source.log(play(1), play(2), event(itemInSession=9, ts=None), day="2018-11-02")

    etl(warehouse, source.folder)

    assert rows(
        warehouse, "SELECT records_read, loaded, duplicate, rejected FROM etl_file ORDER BY file_id"
    ) == [
        (4, 2, 1, 1),
        (3, 1, 1, 1),
    ]


def test_a_wrong_source_is_one_clear_line(tmp_path: Path) -> None:
    for source, message in (
        (S3(), "no source: give --source DIR"),
        (S3(source=str(tmp_path / "nowhere")), "nowhere is not a directory"),
        (S3(source="gs://bucket/music"), "is neither a directory nor s3://BUCKET/PREFIX"),
        (S3(source="s3:/bucket/music"), "is neither a directory nor s3://BUCKET/PREFIX"),
        (S3(source="s3://"), "names no bucket"),
        (S3(source=str(tmp_path)), "holds neither song_data/ nor log_data/"),
    ):
        with pytest.raises(ConfigError, match=message):
            list_source(source)


def test_one_of_songs_and_events_may_be_absent(warehouse: Engine, tmp_path: Path) -> None:
    only = Source(tmp_path / "only")
    only.log(play(0))

    assert etl(warehouse, only.folder).rows["songplay"] == 1


def test_a_file_that_is_rejected_whole_refuses_the_run(warehouse: Engine, source: Source) -> None:
    file = source.log(*(play(item, ts="soon") for item in range(11)))
    source.log(play(0), day="2018-11-02")

    with pytest.raises(LoadError) as refused:
        etl(warehouse, source.folder)

    assert str(refused.value) == (
        f"{file}: all 11 records were rejected, first record 1: ts is not a moment. Nothing was published. "
        "Fix the file, or set [ETL] REJECTED_FILES = allow."
    )
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_run") == [(0,)]
    allowed = etl(warehouse, source.folder, feed=Feed(refuses_rejected_files=False))
    assert (allowed.records.loaded, allowed.records.rejected) == (1, 11)


@pytest.mark.parametrize("lines", [10, 12], ids=["a handful", "not whole"])
def test_a_handful_of_bad_lines_or_a_single_good_one_refuses_nothing(
    warehouse: Engine, source: Source, lines: int
) -> None:
    good = [play(0)][: lines - 10]
    source.log(*["{broken"] * lines, *good)

    assert counts(etl(warehouse, source.folder)) == {
        "read": lines + len(good), "loaded": len(good), "duplicate": 0, "conflict": 0, "rejected": lines,
    }  # fmt: skip
