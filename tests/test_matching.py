"""Which song and which artist a play belongs to, in whatever order they arrive."""

import itertools

import pytest

from sparkify.engines.base import Engine
from sparkify.load.diff import digest_star
from sparkify.load.run import rebuild
from sparkify.progress import Silent
from tests.builders import Source, etl, play, rows, song
from tests.torture import times


def matches(engine: Engine) -> list[tuple[object, ...]]:
    return rows(engine, "SELECT song_id, artist_id FROM songplay ORDER BY songplay_id")


def test_a_title_matches_whatever_its_case_and_the_blanks_around_it(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0, song=" UNDO ", artist="nightBIRDS"))
    source.song(song())

    etl(warehouse, source.folder)

    assert matches(warehouse) == [("SO1", "AR1")]


def test_the_same_title_by_another_artist_is_no_match(warehouse: Engine, source: Source) -> None:
    source.log(play(0, artist="Someone Else"))
    source.song(song())

    etl(warehouse, source.folder)

    assert matches(warehouse) == [(None, None)]


def test_of_several_songs_the_nearest_in_length_wins_then_the_smallest_id(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0, length=199.0), play(1, length=250.0), play(2, length=None))
    source.song(song("SO3", duration=200.0))
    source.song(song("SO2", duration=240.0))
    source.song(song("SO1", duration=240.0))

    etl(warehouse, source.folder)

    assert [song_id for song_id, _ in matches(warehouse)] == ["SO3", "SO1", "SO1"]
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(3,)]


def test_a_play_without_a_song_knows_its_artist_if_only_one_has_the_name(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0, song="Unheard"), play(1, song="Unheard", artist="Twins"))
    source.song(song("SO1"))
    source.song(song("SO2", artist_name="Twins", artist_id="AR2"))
    source.song(song("SO3", artist_name="Twins", artist_id="AR3"))

    etl(warehouse, source.folder)

    assert matches(warehouse) == [(None, "AR1"), (None, None)]


def test_a_credited_name_with_a_guest_belongs_to_the_artist(warehouse: Engine, source: Source) -> None:
    source.log(play(0, song="Unheard", artist="Nightbirds Featuring Sol"))
    source.song(song("SO1"))
    source.song(song("SO2", artist_name="Nightbirds Featuring Sol", title="Duet"))

    etl(warehouse, source.folder)

    assert matches(warehouse) == [(None, "AR1")]
    assert rows(warehouse, "SELECT name FROM artists") == [("Nightbirds",)]


def test_new_songs_can_improve_revoke_and_blur_a_match(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1, song="Unheard"))
    source.song(song("SO2", duration=100.0))
    etl(warehouse, source.folder)
    before = matches(warehouse)
    source.song(song("SO1", duration=200.0, artist_id="AR2"))

    etl(warehouse, source.folder)

    assert before == [("SO2", "AR1"), (None, "AR1")]
    assert matches(warehouse) == [("SO1", "AR2"), (None, None)]


def test_an_artist_has_the_name_most_songs_carry_then_the_shortest(warehouse: Engine, source: Source) -> None:
    for song_id, name in (("SO1", "A Featuring B"), ("SO2", "A"), ("SO3", "A Featuring C"), ("SO4", "A")):
        source.song(song(song_id, artist_name=name))
    for song_id, name in (("SO5", "Long Name"), ("SO6", "Name")):
        source.song(song(song_id, artist_id="AR2", artist_name=name))

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT artist_id, name FROM artists ORDER BY 1") == [
        ("AR1", "A"),
        ("AR2", "Name"),
    ]


def test_an_artist_is_placed_by_the_record_that_knows_most(warehouse: Engine, source: Source) -> None:
    source.song(song("SO1", artist_location="Lyon"))
    source.song(song("SO2", artist_location="Paris", artist_latitude=48.85341, artist_longitude=2.3488))

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT location, latitude, longitude FROM artists") == [
        ("Paris", 48.85341, 2.3488)
    ]


def test_of_two_records_of_one_song_the_fuller_one_is_kept(warehouse: Engine, source: Source) -> None:
    source.song(song("SO1", title="Aaa", year=0), "one")
    source.song(song("SO1", title="Zzz", year=1999), "two")

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT title, year FROM songs") == [("Zzz", 1999)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[:: times(5, 1)])
def test_the_order_of_arrival_never_matters(
    warehouse: Engine, source: Source, order: tuple[int, ...]
) -> None:
    deliveries = [
        lambda: source.log(
            play(0), play(1, song="Unheard"), play(0, sessionId=39, level="free"), day="2018-11-01"
        ),
        lambda: source.log(play(0, song="Undo", length=10.0), play(5, userId="16"), day="2018-11-02"),
        lambda: source.song(song("SO2", duration=100.0), "late"),
        lambda: source.song(song("SO1", artist_id="AR2", title="undo "), "later"),
    ]
    for index in order:
        deliveries[index]()
        etl(warehouse, source.folder)
    loaded = digest_star(warehouse)

    rebuild(warehouse, Silent())

    assert digest_star(warehouse) == loaded
    # At the same moment the smaller record wins, the one of 10 seconds; SO2 is nearer to it.
    assert rows(warehouse, "SELECT length, song_id FROM songplay WHERE songplay_id = 38000000") == [
        (10.0, "SO2")
    ]


def test_only_next_song_is_a_play_even_where_no_song_is_named(warehouse: Engine, source: Source) -> None:
    nameless = {"song": None, "artist": None, "length": None}
    source.log(play(0, **nameless), play(1, **nameless, page="Home"))

    etl(warehouse, source.folder)
    rebuild(warehouse, Silent())

    assert rows(warehouse, "SELECT songplay_id, title FROM songplay") == [(38_000_000, None)]
