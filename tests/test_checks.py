"""Each check finds what it is for: the star is broken on purpose, and exactly that must be seen."""

import datetime as dt

import pytest

from sparkify.engines.base import Engine
from sparkify.load.checks import check_everything, check_freshness
from sparkify.sql import names
from tests.builders import Source, etl, event, play, song

BREAKS = {
    "artists_have_songs": "INSERT INTO artists (artist_id, name) VALUES ('AR9', 'Nobody')",
    "artists_unique": "INSERT INTO artists SELECT * FROM artists",
    "ledger_balanced": "UPDATE etl_file SET records_read = records_read + 1 WHERE file_id = 2",
    "songplay_artist_exists": "DELETE FROM artists",
    "songplay_complete": "DELETE FROM songplay WHERE item_in_session = 1",
    "songplay_has_source": "DELETE FROM stg_events WHERE item_in_session = 1",
    "songplay_is_its_key": "UPDATE songplay SET item_in_session = 7 WHERE item_in_session = 1",
    "songplay_song_agrees": "UPDATE songs SET title = 'Another'",
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


def test_every_check_has_a_way_to_be_broken_here() -> None:
    assert sorted(BREAKS) == list(names("checks"))


def test_a_sound_warehouse_passes_every_check(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)

    assert all(verdict.passed for verdict in check_everything(warehouse))


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_broken_star_fails_its_check(warehouse: Engine, source: Source, name: str) -> None:
    fill(warehouse, source)

    warehouse.native(BREAKS[name])

    failed = {verdict.name: verdict for verdict in check_everything(warehouse) if not verdict.passed}
    assert name in failed
    assert "Not so: " in failed[name].sentence()


def test_a_stalled_feed_is_not_fresh(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)
    now = dt.datetime(2018, 11, 2, 12, 0)

    assert check_freshness(warehouse, dt.timedelta(hours=36), now).passed
    assert not check_freshness(warehouse, dt.timedelta(hours=2), now).passed


def test_an_empty_warehouse_is_sound_but_not_fresh(warehouse: Engine) -> None:
    assert all(verdict.passed for verdict in check_everything(warehouse))
    assert not check_freshness(warehouse, dt.timedelta(days=9999), dt.datetime(2018, 11, 2)).passed


def fill(warehouse: Engine, source: Source) -> None:
    source.song(song())
    source.log(play(0), play(1), event(itemInSession=2, page="Help", userId="16"))
    etl(warehouse, source.folder)
