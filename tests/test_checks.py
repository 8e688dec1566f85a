"""Each check finds what it is for: the star is broken on purpose, and exactly that must be seen."""

import datetime as dt
from collections.abc import Iterator

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import CheckError
from sparkify.load.checks import check_everything, check_freshness
from sparkify.load.diff import digest_star
from sparkify.load.star import PLAYS, Span, count_duplicates
from sparkify.sql import names
from tests.builders import NOON, Source, etl, event, play, song
from tests.conftest import ENGINES, open_warehouse

BREAKS: dict[str, str | list[str]] = {
    "artists_have_source": [
        "UPDATE artists SET location = 'Nowhere'",
        "UPDATE artists SET latitude = 1.0",
        "UPDATE artists SET longitude = NULL",
    ],
    "songplay_is_matched": [
        "UPDATE songplay SET song_id = NULL, artist_id = NULL WHERE item_in_session = 0",
        "UPDATE songplay SET song_id = NULL WHERE item_in_session = 0",
        "UPDATE songplay SET artist_id = 'AR9' WHERE item_in_session = 1",
        "UPDATE songplay SET artist_id = NULL WHERE item_in_session = 1",
    ],
    "songs_have_source": [
        "UPDATE songs SET year = 1900",
        "UPDATE songs SET title = 'x'",
        "UPDATE songs SET artist_id = 'AR9'",
        "UPDATE songs SET artist_name = NULL",
        "UPDATE songs SET duration = 1",
    ],
    "users_have_source": [
        "UPDATE users SET level = 'free'",
        "UPDATE users SET first_name = NULL",
        "UPDATE users SET last_name = 'x'",
        "UPDATE users SET gender = 'M'",
        "UPDATE users SET last_item_in_session = 7",
        "UPDATE users SET last_session_id = 7",
    ],
    "artists_have_songs": [
        "DELETE FROM songs",
        "UPDATE artists SET name = 'x'",
    ],
    "artists_unique": "INSERT INTO artists SELECT * FROM artists",
    "ledger_balanced": [
        "UPDATE etl_file SET records_read = records_read + 1 WHERE file_id = 2",
        "UPDATE stg_events SET record = NULL WHERE page = 'Help'",
        "UPDATE stg_events SET record = 0 WHERE page = 'Help'",
        "UPDATE stg_events SET record = 4 WHERE page = 'Help'",
        "UPDATE stg_songs SET record = 2",
    ],
    "runs_balanced": [
        "UPDATE etl_run SET loaded = loaded + 1",
        "UPDATE etl_run SET run_id = run_id + 1",
    ],
    "songplay_artist_exists": "DELETE FROM artists",
    "songplay_complete": "DELETE FROM songplay WHERE item_in_session = 1",
    "songplay_has_source": [
        "DELETE FROM stg_events WHERE item_in_session = 1",
        "UPDATE songplay SET user_id = NULL",
        "UPDATE songplay SET level = 'free'",
        "UPDATE songplay SET length = 1",
        "UPDATE songplay SET title = 'x' WHERE song_id IS NULL",
        "UPDATE songplay SET artist_name = NULL",
        "UPDATE songplay SET location = 'x'",
        "UPDATE songplay SET user_agent = NULL",
        "UPDATE songplay SET start_time = '2018-11-01 12:01:00'",
    ],
    "songplay_is_its_key": "UPDATE songplay SET item_in_session = 7 WHERE item_in_session = 1",
    "songplay_song_agrees": [
        "UPDATE songs SET title = 'Another'",
        "UPDATE songplay SET artist_id = NULL WHERE song_id IS NOT NULL",
        "UPDATE songplay SET artist_name = NULL WHERE song_id IS NOT NULL",
        "UPDATE songplay SET title = NULL WHERE song_id IS NOT NULL",
    ],
    "songplay_time_exists": "DELETE FROM time",
    "songplay_unique": "INSERT INTO songplay SELECT * FROM songplay",
    "songplay_user_exists": "DELETE FROM users",
    "songs_artist_exists": "UPDATE songs SET artist_id = 'AR9'",
    "songs_complete": "DELETE FROM songs",
    "songs_unique": "INSERT INTO songs SELECT * FROM songs",
    "staging_balanced": "DELETE FROM stg_events WHERE page = 'Help'",
    "time_is_used": "INSERT INTO time VALUES ('2018-11-01 12:00:01', 12, 1, 44, 11, 2018, 4)",
    "time_parts": "UPDATE time SET weekday = 0",
    "time_unique": "INSERT INTO time SELECT * FROM time",
    "users_complete": "DELETE FROM users",
    "users_latest": "UPDATE users SET last_ts = '2018-10-01 00:00:00'",
    "users_unique": "INSERT INTO users SELECT * FROM users",
}


CASES = [
    (name, sql)
    for name, found in sorted(BREAKS.items())
    for sql in ([found] if isinstance(found, str) else found)
]


def test_every_check_has_a_way_to_be_broken_here() -> None:
    assert sorted(BREAKS) == list(names("checks"))


def test_a_sound_warehouse_passes_every_check(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)

    assert all(verdict.passed for verdict in check_everything(warehouse))


class TakenBack(Exception):
    """Raised to end a transaction as if it had never been."""


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A sound warehouse."""
    folder = tmp_path_factory.mktemp("filled")
    engine = open_warehouse(request, str(folder / "filled.duckdb"))
    fill(engine, Source(folder / "music"))
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=ENGINES)
def standing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, Source]]:
    """A warehouse that holds a first day, and the source of it. Nothing of what is tried here stays in it."""
    folder = tmp_path_factory.mktemp("standing")
    engine = open_warehouse(request, str(folder / "standing.duckdb"))
    source = Source(folder / "music")
    source.song(song("SO0", title="Before", artist_id="AR0", artist_name="The First"))
    source.log(play(0, sessionId=1, userId="1", ts=NOON - 86_400_000), day="2018-10-31")
    etl(engine, source.folder)
    yield engine, source
    engine.close()


@pytest.mark.parametrize(("name", "sql"), CASES)
def test_a_broken_star_fails_its_check(filled: Engine, name: str, sql: str) -> None:
    with pytest.raises(TakenBack), filled.transaction():
        filled.native(sql)
        failed = {verdict.name: verdict for verdict in check_everything(filled) if not verdict.passed}
        raise TakenBack

    assert name in failed
    assert "Not so: " in failed[name].sentence()


@pytest.mark.parametrize(("name", "sql"), CASES)
def test_a_run_that_breaks_the_star_is_not_published(
    standing: tuple[Engine, Source], monkeypatch: pytest.MonkeyPatch, name: str, sql: str
) -> None:
    warehouse, source = standing
    before = digest_star(warehouse)

    def count_and_break(engine: Engine, span: Span) -> int:
        counted = count_duplicates(engine, span)
        engine.execute(sql.replace("file_id = 2", "file_id = 4"))
        return counted

    monkeypatch.setattr("sparkify.load.run.count_duplicates", count_and_break)
    with pytest.raises(CheckError, match=f"(^|[^a-z_]){name}: "):
        fill(warehouse, source)

    assert digest_star(warehouse) == before


def test_songs_that_come_later_have_the_plays_before_them_checked(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    source.song(song())
    monkeypatch.setattr("sparkify.load.star.PLAYS", tuple(n for n in PLAYS if n != "songplay_match"))

    with pytest.raises(CheckError, match="songplay_is_matched: "):
        etl(warehouse, source.folder)


def test_a_stalled_feed_is_not_fresh(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)
    now = dt.datetime(2018, 11, 2, 12, 0)

    assert check_freshness(warehouse, dt.timedelta(hours=36), now).passed
    assert not check_freshness(warehouse, dt.timedelta(hours=2), now).passed
    assert not check_freshness(warehouse, dt.timedelta(hours=36), now.replace(year=2017)).passed


def test_an_event_of_the_future_hides_no_stalled_feed(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)
    source.log(event(ts=NOON + 9_999 * 86_400_000), day="2018-11-02")
    etl(warehouse, source.folder)

    assert not check_freshness(warehouse, dt.timedelta(hours=36), dt.datetime(2019, 1, 1)).passed


def test_an_empty_warehouse_is_sound_but_not_fresh(warehouse: Engine) -> None:
    assert all(verdict.passed for verdict in check_everything(warehouse))
    assert not check_freshness(warehouse, dt.timedelta(days=9999), dt.datetime(2018, 11, 2)).passed


def fill(warehouse: Engine, source: Source) -> None:
    source.song(song(artist_location="Reykjavík", artist_latitude=64.1, artist_longitude=-21.9))
    unlisted = play(1, song="Unlisted")
    source.log(play(0), unlisted, event(itemInSession=2, page="Help", userId="16"))
    etl(warehouse, source.folder)
