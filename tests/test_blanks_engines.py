"""Blanks at the ends of text, which Redshift does not compare: the same warehouse on both engines."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sparkify.ask.questions import ask, list_questions
from sparkify.engines.base import Engine
from sparkify.engines.redshift.engine import Redshift
from sparkify.load.checks import check_everything
from sparkify.load.diff import digest_star
from sparkify.load.run import rebuild
from sparkify.load.tables import create_tables
from sparkify.sql.schema import STAR, table
from tests.builders import Noting, play, rows, song
from tests.clusters import Bucket, Cluster
from tests.kept_values import memory, read

BLANK_AGENT = '"Mozilla/5.0 Firefox/31.0 "'
AGENT = '"Mozilla/5.0 Firefox/31.0"'
SONGS = [
    song("SOA", title="Undo", artist_id="ARA", artist_name="Björk"),
    song("SOB", title="Undo ", artist_id="ARB", artist_name="Muse "),
    song("SOB", title="Undo  ", artist_id="ARB", artist_name="Muse"),
    song("SOC", title="Plug In Baby", artist_id="ARA ", artist_name="Björk"),
    song("SOA ", title="Human", artist_id="ARC", artist_name="The Killers"),
    song(" SOD", title="Human", artist_id="ARC", artist_name="The Killers"),
    song("SOE", title="Human", artist_id="ARC", artist_name="The Killers ", artist_location="  "),
]
EVENTS = [
    play(0, song="Undo", artist="Björk ", level="free"),
    play(1, song="Undo ", artist="Muse", level="free "),
    play(2, song="Undo", artist="Muse  ", level="paid   "),
    play(3, song="Human  ", artist="The Killers", level=" paid", userAgent=AGENT),
    play(4, song="Human", artist="The Killers ", level="paid", userAgent=BLANK_AGENT),
    play(5, song=" ", artist="", location="Boston, MA "),
    play(6, song="", artist="  ", location="Boston, MA"),
    play(7, page="NextSong "),
    play(8, page=" NextSong"),
    play(9, page="Home "),
    play(10, page="   "),
    play(11, song="Unknown ", artist="Nobody"),
    play(12, song="Unknown", artist="Nobody ", gender="F ", level="free ", userAgent=BLANK_AGENT),
    play(12, song="Unknown", artist="Nobody", gender="F", level="free ", userAgent=BLANK_AGENT),
    play(13, userId="26 "),
    play(14, status="-0 ", length="1.5 "),
    play(15, firstName="Ryan ", lastName=" Smith ", gender="M ", userId="27"),
    play(16, firstName="Ryan", lastName="Smith", gender="M", userId="28"),
    play(17) | {"mood": 1, "mood ": 2, "song ": None},
    play(18, level="", userId="29"),
    play(19, level=" ", userId="30"),
]  # fmt: skip
REJECTED = [
    (8, "page has a blank at an end"),
    (9, "page has a blank at an end"),
    (10, "page has a blank at an end"),
    (11, "page has a blank at an end"),
    (15, "userId is not an integer"),
]


TIMED = ("runs", "loads", "holdings")
"""Questions that tell when something was loaded."""


@pytest.fixture(params=["never", "always"])
def engines(
    request: pytest.FixtureRequest, cluster: Cluster, bucket: Bucket
) -> Iterator[tuple[Engine, Engine]]:
    """The same feed in DuckDB and on the cluster, there copied as it lies or gathered."""
    half = len(EVENTS) // 2
    bucket.put("log_data/1.json", "\n".join(json.dumps(one) for one in EVENTS[:half]).encode())
    bucket.put("log_data/2.json", "\n".join(json.dumps(one) for one in EVENTS[half:]).encode())
    for number, one in enumerate(SONGS):
        bucket.put(f"song_data/{number}.json", json.dumps(one).encode())
    here, there = memory(), cluster.connect(f"test_{uuid.uuid4().hex[:12]}", compact=request.param)
    create_tables(there)
    for engine in (here, there):
        read(engine, bucket.uri)
    yield here, there
    here.close()
    there.close()


def star(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: rows(engine, f"SELECT {', '.join(table(name).column_names)} FROM {name} ORDER BY 1")
        for name in STAR
    }


def answers(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """What the questions say, but for the time of loading."""
    return {
        one.name: sorted(ask(engine, one).rows, key=repr) for one in list_questions() if one.name not in TIMED
    }


def test_both_engines_have_the_same_star_and_answers(engines: tuple[Engine, Engine]) -> None:
    here, there = engines

    assert star(here) == star(there)
    assert answers(here) == answers(there)
    assert [one.name for one in check_everything(there) if not one.passed] == []
    assert [one.name for one in check_everything(here) if not one.passed] == []


def test_what_tells_records_apart_has_no_blank_at_an_end(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        found = rows(
            engine,
            "SELECT r.reason FROM etl_reject AS r JOIN etl_file AS f ON f.file_id = r.file_id "
            "ORDER BY f.dataset, f.uri, r.record",
        )

        assert [reason for (reason,) in found] == [
            *(reason for _, reason in REJECTED),
            "artist_id has a blank at an end",
            "song_id has a blank at an end",
            "song_id has a blank at an end",
        ]  # fmt: skip


def test_no_text_of_the_star_has_a_blank_at_an_end(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        values = [value for found in star(engine).values() for row in found for value in row]

        assert [value for value in values if isinstance(value, str) and value.strip() != value] == []


def test_what_differs_in_blanks_alone_is_one_in_every_answer(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        found = answers(engine)

        assert {level for level, *_ in found["plays_by_level"]} == {"", "free", "paid"}
        assert found["top_browsers"][-1][0] == "Firefox"
        assert ("mood", "events") in {row[:2] for row in found["unknown_keys"]}
        assert ("mood ", "events") in {row[:2] for row in found["unknown_keys"]}


def test_a_rebuild_gives_the_same_star_again(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        before = digest_star(engine)

        rebuild(engine, Noting())

        assert digest_star(engine) == before


def test_a_key_that_differs_in_a_blank_is_another_key(cluster: Cluster, bucket: Bucket) -> None:
    """As many records and values as if it were the same: a plain COPY must not be trusted here."""
    other = {("song " if key == "song" else key): value for key, value in play(1, song=None).items()}
    bucket.put("log_data/1.json", "\n".join(json.dumps(one) for one in (play(0), other)).encode())
    here, there = memory(), cluster.connect(f"test_{uuid.uuid4().hex[:12]}", compact="never")
    create_tables(there)
    for engine in (here, there):
        read(engine, bucket.uri)

    keys = "SELECT kind, name, records FROM etl_key ORDER BY kind, name"

    assert rows(here, keys) == rows(there, keys) == [("absent", "song", 1), ("unknown", "song ", 1)]
    here.close()
    there.close()


@pytest.mark.parametrize("compact", ["never", "always"])
def test_a_text_that_copy_may_take_for_null_or_cut_off_is_whole(
    cluster: Cluster, bucket: Bucket, compact: str
) -> None:
    records = [
        play(0, song="\\N", artist="\\N"),
        play(1, song='x"\\N', artist="\\\\N", location="\\N "),
        play(2, firstName="\\N", status="\\N", length="\\N"),
        play(3, song="Un\0do"),
        play(4, artist="\0"),
        play(5) | {"mood": "\\N", "\\N": "\\N"},
        play(6, page="\\N"),
    ]
    for number, one in enumerate(records):
        bucket.put(f"log_data/{number}.json", json.dumps(one).encode())
    bucket.put("log_data/7.json", json.dumps(play(7, song="\\N")).replace("\\\\N", "\\u005cN").encode())
    bucket.put("song_data/1.json", json.dumps(song("\\N", title="\\N", artist_name="\\N")).encode())
    here, there = memory(), cluster.connect(f"test_{uuid.uuid4().hex[:12]}", compact=compact)
    create_tables(there)
    for engine in (here, there):
        read(engine, bucket.uri)

    staged = "SELECT song, artist, first_name, location, page, status, extra FROM stg_events ORDER BY ts"

    assert rows(here, staged) == rows(there, staged)
    assert star(here) == star(there)
    assert rows(there, "SELECT title, artist_name FROM songplay WHERE songplay_id = 38000000") == [
        ("\\N", "\\N")
    ]
    assert rows(there, "SELECT song_id, title FROM songs") == [("\\N", "\\N")]
    here.close()
    there.close()


@pytest.mark.parametrize(("text", "kept"), [("Un\0do", None), ("\\u0000", "\\u0000"), ("\\N", "\\N")])
def test_a_plain_copy_that_lost_a_text_or_its_end_is_not_trusted(
    redshift: Redshift, bucket: Bucket, text: str, kept: str | None
) -> None:
    bucket.put("log_data/1.json", json.dumps(play(0, song=text)).encode())
    here = memory()
    for engine in (here, redshift):
        read(engine, bucket.uri)

    staged = "SELECT song, extra FROM stg_events"

    assert rows(here, staged) == rows(redshift, staged)
    assert rows(redshift, "SELECT song FROM stg_events") == [(kept,)]
    here.close()


def test_a_key_that_was_told_of_is_not_told_of_again(redshift: Redshift, bucket: Bucket) -> None:
    for name in ("1", "2"):
        record = play(int(name)) | {"mood": 1, "mood ": 1, "mood  ": 1}
        bucket.put(f"log_data/{name}.json", json.dumps(record).encode())
        read(redshift, bucket.uri)

    warned = "SELECT run_id, COUNT(*) AS n FROM etl_warning WHERE kind = 'unknown_key' GROUP BY run_id"

    assert rows(redshift, warned) == [(1, 3)]
