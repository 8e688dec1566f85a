"""Which record the star takes, value by value, where several could be taken."""

import hashlib
from typing import Any

import pytest

from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Engine
from sparkify.load.diff import digest_star
from sparkify.load.run import rebuild
from sparkify.progress import Silent
from sparkify.sql.schema import STAR, table
from tests.builders import NOON, Record, Source, etl, event, play, rows, song

BROKEN, MENDED = "BjÃ\u0083Â¶rk", "Björk"


def in_two_runs(warehouse: Engine, source: Source, records: list[Record]) -> None:
    for day, record in enumerate(records, start=1):
        source.log(record, day=f"2018-11-0{day}")
        etl(warehouse, source.folder)


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize(
    ("key", "column", "small", "large"),
    [
        ("level", "level", "free", "paid"),
        ("song", "title", "Revelry", "Undo"),
        ("artist", "artist_name", "Harmonia", "Nightbirds"),
        ("length", "length", 100.5, 200.5),
        ("location", "location", "Basel", "Lyon"),
        ("userAgent", "user_agent", "Chrome", "Firefox"),
        ("level", "level", None, ""),
        ("length", "length", None, 0.0),
        ("userAgent", "user_agent", None, ""),
    ],
)
def test_of_two_records_of_one_moment_the_smaller_value_wins(
    warehouse: Engine, source: Source, key: str, column: str, small: Any, large: Any, runs: int, turned: bool
) -> None:
    records = [play(0, **{key: value}) for value in (small, large)]
    records = records[::-1] if turned else records

    if runs == 1:
        source.log(*records)
        etl(warehouse, source.folder)
    else:
        in_two_runs(warehouse, source, records)

    [(found,)] = rows(warehouse, f"SELECT {column} FROM songplay")
    assert str(found) == str(small or None)
    assert rows(warehouse, "SELECT SUM(duplicate) AS d, SUM(conflict) AS c FROM etl_run") == [(0, 1)]


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize(("small", "large"), [("15", "16"), ("9", "15"), ("", "-1"), ("-1", "0")])
def test_of_two_listeners_the_smaller_has_the_id_of_the_session_and_item(
    warehouse: Engine, source: Source, small: str, large: str, runs: int, turned: bool
) -> None:
    records = [play(0, userId=small), play(0, userId=large)]
    records = records[::-1] if turned else records

    if runs == 1:
        source.log(*records)
        etl(warehouse, source.folder)
    else:
        in_two_runs(warehouse, source, records)

    negative = -1 - int(hashlib.md5(f"38|0|{large}".encode()).hexdigest()[:15], 16)
    assert rows(warehouse, "SELECT songplay_id, user_id FROM songplay ORDER BY 1") == [
        (negative, int(large)), (38_000_000, int(small) if small else None),
    ]  # fmt: skip
    assert rows(warehouse, "SELECT SUM(loaded) AS l, SUM(conflict) AS c FROM etl_run") == [(2, 0)]


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize(
    ("loser", "winner"),
    [
        ({"ts": NOON}, {"ts": NOON + 1}),
        ({"sessionId": 38}, {"sessionId": 39}),
        ({"itemInSession": 3}, {"itemInSession": 20}),
        ({"ts": NOON, "sessionId": 99}, {"ts": NOON + 1, "sessionId": 1}),
        ({"sessionId": 38, "itemInSession": 9}, {"sessionId": 39, "itemInSession": 0}),
    ],
)
def test_a_listener_is_as_the_latest_event_says_then_session_then_item(
    warehouse: Engine, source: Source, loser: Record, winner: Record, runs: int, turned: bool
) -> None:
    records = [event(**loser, level="free"), event(**winner, level="paid")]
    records = records[::-1] if turned else records

    if runs == 1:
        source.log(*records)
        etl(warehouse, source.folder)
    else:
        in_two_runs(warehouse, source, records)

    assert rows(warehouse, "SELECT level FROM users") == [("paid",)]


def test_a_song_that_changes_its_artists_name_gives_its_plays_back(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    source.song(song("SO1"))
    etl(warehouse, source.folder)
    source.song(song("SO1", artist_name="Daybirds", year=1999), "fuller")

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT song_id, artist_id FROM songplay") == [(None, None)]
    star = digest_star(warehouse)
    rebuild(warehouse, Silent())
    assert digest_star(warehouse) == star


def test_quotes_around_a_user_agent_fall_whether_the_play_came_once_or_twice(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0, userAgent='"Chrome"'), play(1, userAgent='"Chrome"'), play(1, userAgent='"Chrome"'))

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT user_agent FROM songplay") == [("Chrome",), ("Chrome",)]


@pytest.mark.parametrize("copies", [1, 2])
def test_text_encoded_twice_is_repaired_wherever_it_enters_the_star(
    warehouse: Engine, source: Source, copies: int
) -> None:
    names = dict.fromkeys(("firstName", "lastName", "location", "song", "artist"), BROKEN)
    source.log(*[play(0, **names)] * copies)
    source.song(song(title=BROKEN, artist_name=BROKEN, artist_location=BROKEN))

    etl(warehouse, source.folder)

    for sql in (
        "SELECT location, title, artist_name FROM songplay",
        "SELECT first_name, last_name FROM users",
        "SELECT title, artist_name FROM songs",
        "SELECT name, location FROM artists",
    ):
        assert set(rows(warehouse, sql)[0]) == {MENDED}, sql
    assert rows(warehouse, "SELECT song_id FROM songplay") == [("SO1",)]


def test_text_that_was_encoded_three_times_meets_its_song_when_that_comes_late(
    warehouse: Engine, source: Source
) -> None:
    thrice = BROKEN.encode().decode("latin-1")
    source.log(play(0, song="Undo", artist=thrice), play(1, song="Undo", artist="BjÃ¶rk"))
    etl(warehouse, source.folder)
    source.song(song(title="Undo", artist_name=MENDED))
    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT artist_name, song_id FROM songplay") == [(MENDED, "SO1")] * 2


def test_what_the_source_writes_oddly_is_kept(warehouse: Engine, source: Source) -> None:
    source.log(play(0, song="Hey_ Soul Sister", registration=1540919166796.0))
    source.song(song(artist_name=112, artist_location=108))

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT title FROM songplay") == [("Hey_ Soul Sister",)]
    assert rows(warehouse, "SELECT registration FROM stg_events") == [(1540919166796.0,)]
    assert rows(warehouse, "SELECT name, location FROM artists") == [("112", "108")]


@pytest.mark.parametrize("empty", ["", " ", "  "])
def test_an_empty_text_is_none_in_every_table_of_the_star(
    warehouse: Engine, source: Source, empty: str
) -> None:
    texts = [key for key, value in play().items() if isinstance(value, str) and key not in ("page", "method")]
    for number, key in enumerate(texts):
        source.log(play(number, **{"userId": str(number + 1), key: empty}), day=f"2018-11-{number + 1:02}")
    source.log(*(play(40 + n, userId="99", level=one) for n, one in enumerate([empty, None, "free"])))
    source.song(song(artist_location=empty, artist_name="Undo"))
    etl(warehouse, source.folder)

    for name in STAR:
        for column in table(name).columns:
            if column.type.startswith("VARCHAR"):
                sql = f"SELECT COUNT(*) AS n FROM {name} WHERE TRIM({column.name}) = ''"
                assert rows(warehouse, sql) == [(0,)], f"{name}.{column.name}"
    levels = rows(warehouse, "SELECT DISTINCT level FROM songplay ORDER BY level NULLS FIRST")
    assert levels == [(None,), ("free",), ("paid",)]
    assert ("changed",) not in [row[:1] for row in ask(warehouse, find_question("sessions")).rows]
