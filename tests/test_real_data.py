"""The truths about the real data, counted independently of us (its README), and its traps."""

import datetime as dt
import random
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkify.ask.questions import ask, find_question
from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.diff import digest_star
from sparkify.load.run import MaxRejects, load
from sparkify.load.tables import create_tables
from sparkify.progress import Silent
from sparkify.source.listing import list_source
from tests.builders import etl, rows
from tests.clusters import upload
from tests.conftest import ENGINES


@pytest.fixture(scope="module", params=ENGINES)
def loaded(
    request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """The 71 songs and the 30 logs, in one run; on Redshift, from a bucket."""
    engine, sources = _empty(request, tmp_path_factory, real_data)
    _load(engine, sources[0])
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=ENGINES)
def both(
    request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """The same, and the 1,943 songs that arrive in a later run."""
    engine, sources = _empty(request, tmp_path_factory, real_data)
    for source in sources:
        _load(engine, source)
    yield engine
    engine.close()


def _empty(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory, real_data: Path
) -> tuple[Engine, list[str]]:
    """An empty warehouse, and the two sources for it."""
    engine: Engine
    parts = (real_data, real_data / "s3_partial")
    if request.param == "redshift":
        emulator = request.getfixturevalue("emulator")
        engine = request.getfixturevalue("cluster").connect(f"real_{uuid.uuid4().hex[:12]}")
        sources = [upload(emulator, f"real/{part.name}", part) for part in parts]
    else:
        engine = DuckDB(str(folders.mktemp("real") / "real.duckdb"))
        sources = list(map(str, parts))
    create_tables(engine)
    return engine, sources


def _load(engine: Engine, source: str) -> None:
    load(engine, list_source(S3(source=source)), MaxRejects(0), Silent())


def answer(engine: Engine, question: str, limit: int = 10) -> list[tuple[object, ...]]:
    return ask(engine, find_question(question), limit).rows


def test_every_record_is_read_and_loaded(loaded: Engine) -> None:
    assert rows(loaded, "SELECT records_read, loaded, duplicate, rejected FROM etl_run") == [
        (8127, 8127, 0, 0)
    ]
    assert rows(loaded, "SELECT COUNT(*) AS n FROM stg_events") == [(8056,)]


def test_the_star_has_the_rows_it_must_have(loaded: Engine) -> None:
    counts = {
        t: rows(loaded, f"SELECT COUNT(*) AS n FROM {t}")[0][0]
        for t in ("songplay", "users", "songs", "time")
    }

    assert counts == {"songplay": 6820, "users": 97, "songs": 71, "time": 6813}


def test_listeners_keep_the_level_of_their_latest_event(loaded: Engine) -> None:
    assert rows(loaded, "SELECT level, COUNT(*) AS n FROM users GROUP BY level ORDER BY level") == [
        ("free", 75),
        ("paid", 22),
    ]
    assert rows(loaded, "SELECT level FROM users WHERE user_id = 15") == [("paid",)]
    assert rows(loaded, "SELECT user_id FROM users WHERE user_id = 21") == [(21,)]


def test_the_most_played_songs_count_every_play_and_are_repaired(loaded: Engine) -> None:
    assert [(title, artist, plays) for title, artist, plays in answer(loaded, "most_played_songs", 6)] == [
        ("You're The One", "Dwight Yoakam", 37),
        ("Undo", "Björk", 28),
        ("Revelry", "Kings Of Leon", 27),
        ("Sehr kosmisch", "Harmonia", 21),
        (
            "Horn Concerto No. 4 in E flat K495: II. Romance (Andante cantabile)",
            "Barry Tuckwell/Academy of St Martin-in-the-Fields/Sir Neville Marriner",
            19,
        ),
        ("Canada", "Five Iron Frenzy", 17),
    ]
    assert rows(loaded, "SELECT COUNT(*) AS n FROM songplay WHERE title = 'Secrets'") == [(17,)]


def test_the_most_popular_artists_are_not_counted_twice_by_their_aliases(both: Engine) -> None:
    assert [(a, n) for a, n, _ in answer(both, "most_popular_artists", 4)] == [
        ("Coldplay", 58),
        ("Kings Of Leon", 55),
        ("Dwight Yoakam", 38),
        ("The Black Keys", 36),
    ]


def test_the_ten_most_active_users_are_the_true_ones(loaded: Engine) -> None:
    found = answer(loaded, "most_active_users")

    assert [(row[0], row[-1]) for row in found] == [
        (49, 689), (80, 665), (97, 557), (15, 463), (44, 397),
        (29, 346), (24, 321), (73, 289), (88, 270), (36, 248),
    ]  # fmt: skip
    assert found[0][1:3] == ("Chloe", "Cuevas")


def test_hours_and_weekdays_are_those_of_utc(loaded: Engine) -> None:
    hours = dict(answer(loaded, "plays_by_hour"))
    weekdays = {name: plays for _, name, _, plays, _ in answer(loaded, "plays_by_weekday")}

    assert (hours[16], hours[18], hours[17]) == (542, 498, 494)
    assert weekdays == {
        "Monday": 1014, "Tuesday": 1071, "Wednesday": 1364, "Thursday": 1052, "Friday": 1295, "Saturday": 628,
        "Sunday": 396,
    }  # fmt: skip


def test_plays_by_level_are_those_at_the_moment_of_the_play(loaded: Engine) -> None:
    assert [(level, plays) for level, plays, *_ in answer(loaded, "plays_by_level")] == [
        ("paid", 5591),
        ("free", 1229),
    ]


def test_one_play_matches_a_song_and_twenty_one_an_artist(loaded: Engine) -> None:
    assert rows(loaded, "SELECT song_id, user_id, start_time FROM songplay WHERE song_id IS NOT NULL") == [
        ("SOZCTXZ12AB0182364", 15, dt.datetime(2018, 11, 21, 21, 56, 47, 796000))
    ]
    assert rows(loaded, "SELECT COUNT(artist_id) AS n FROM songplay") == [(21,)]


def test_songs_that_arrive_later_are_matched_then(both: Engine) -> None:
    named = (
        "SELECT COUNT(*) AS n FROM songplay AS p JOIN ("
        "SELECT LOWER(artist_name) AS name FROM songs GROUP BY 1 HAVING MIN(artist_id) = MAX(artist_id)"
        ") AS one ON one.name = LOWER(p.artist_name)"
    )

    assert rows(both, "SELECT COUNT(*) AS n FROM songs") == [(1991,)]
    assert rows(both, "SELECT COUNT(song_id) AS n FROM songplay") == [(41,)]
    assert rows(both, named) == [(1097,)]
    # Three more plays know their artist through their song, though two artists share the name.
    assert rows(both, "SELECT COUNT(artist_id) AS n FROM songplay") == [(1100,)]
    assert rows(both, "SELECT loaded, duplicate FROM etl_run ORDER BY run_id DESC LIMIT 1") == [(1920, 23)]


def test_two_artists_named_by_a_number_keep_their_names(both: Engine) -> None:
    assert rows(both, "SELECT name FROM artists WHERE name IN ('112', '2562') ORDER BY name") == [
        ("112",),
        ("2562",),
    ]


def test_logged_out_events_make_no_listener(loaded: Engine) -> None:
    assert rows(loaded, "SELECT COUNT(*) AS n FROM stg_events WHERE user_id IS NULL") == [(286,)]
    assert rows(loaded, "SELECT COUNT(*) AS n FROM songplay WHERE user_id IS NULL") == [(0,)]


def test_milliseconds_lengths_and_degrees_are_kept(both: Engine) -> None:
    assert rows(both, "SELECT MIN(start_time) AS first FROM songplay") == [
        (dt.datetime(2018, 11, 1, 21, 1, 46, 796000),)
    ]
    assert rows(both, "SELECT COUNT(*) AS n FROM songs WHERE duration = CAST(duration AS INTEGER)")[0][0] < 10
    assert (
        rows(both, "SELECT COUNT(*) AS n FROM artists WHERE latitude <> CAST(latitude AS INTEGER)")[0][0]
        > 500
    )


def test_unknown_years_and_places_are_null(both: Engine) -> None:
    assert rows(both, "SELECT COUNT(*) AS n FROM songs WHERE year = 0") == [(0,)]
    assert rows(both, "SELECT COUNT(*) AS n FROM artists WHERE location = ''") == [(0,)]


def test_user_agents_lose_their_quotes_and_titles_their_blanks(loaded: Engine) -> None:
    assert rows(loaded, "SELECT COUNT(*) AS n FROM songplay WHERE user_agent LIKE '\"%'") == [(0,)]
    assert rows(loaded, "SELECT COUNT(*) AS n FROM songplay WHERE title <> TRIM(title)") == [(0,)]


@pytest.mark.parametrize("both", ["duckdb"], indirect=True)
def test_one_run_thirty_runs_shuffled_or_twice_end_in_the_same_star(
    real_data: Path, both: Engine, warehouse: Engine, tmp_path: Path
) -> None:
    engine = warehouse
    files = list_source(S3(source=str(real_data))) + list_source(S3(source=str(real_data / "s3_partial")))
    random.Random(7).shuffle(files)
    for start in range(0, len(files), 70):
        load(engine, files[start : start + 70], MaxRejects(0), Silent())
    copied = tmp_path / "again"
    shutil.copytree(real_data / "log_data", copied / "log_data")
    etl(engine, copied)

    assert digest_star(engine) == digest_star(both)
    assert rows(engine, "SELECT duplicate FROM etl_run ORDER BY run_id DESC LIMIT 1") == [(8056,)]
