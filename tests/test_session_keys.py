"""The brute-force star of tests/oracle.py knows a play by session, item and listener: its ids, by hand.

The hashes were made with `printf '7|0|15' | md5sum`: the first 15 digits count.
"""

import pytest

from sparkify.engines.base import Engine
from sparkify.load.checks import check_everything
from tests import oracle
from tests.builders import NOON, Source, etl, logged_out, play, rows

OF_15, OF_16, OF_THE_LATER = 0x22ED127BD0568D6, 0x0EF11127FF0E9E7, 0x05C13643649120E


def test_the_smallest_listener_of_a_place_has_its_id_and_the_others_have_negative_ones(
    source: Source,
) -> None:
    source.log(*(play(0, sessionId=7, userId=user) for user in ("17", "9", "16", "15")))

    found = {one.user_id: one.key for one in oracle.plays(source.folder)}

    assert (found[9], found[15], found[16]) == (7_000_000, -1 - OF_15, -1 - OF_16)
    assert found[17] < 0


def test_nobody_comes_before_every_listener_and_is_told_apart_by_the_moment(source: Source) -> None:
    nobody = {"sessionId": 7, "page": "NextSong", "song": "Undo", "artist": "Nightbirds"}
    later, earlier = NOON + 204, NOON
    source.log(
        play(0, sessionId=7, userId="15"),
        logged_out(**nobody, ts=later),
        logged_out(**nobody, ts=earlier),
        logged_out(**nobody, ts=later),
    )

    found = {(one.user_id, one.moment.microsecond): one.key for one in oracle.plays(source.folder)}

    assert found == {(None, 796_000): 7_000_000, (None, 0): -1 - OF_THE_LATER, (15, 796_000): -1 - OF_15}


def test_the_smallest_record_of_a_play_is_taken_and_what_is_missing_is_smallest(source: Source) -> None:
    source.log(
        play(0, level="free", song="Aria", ts=NOON + 1),
        play(0, level="paid", song="Aria", ts=NOON),
        play(0, level="free", song="Undo", ts=NOON),
        play(0, level="free", song=" Kings ", ts=NOON),
        play(1, level="free"),
        play(1, level=None),
    )

    found = [(one.level, one.title) for one in oracle.plays(source.folder)]

    assert found == [("free", "Kings"), (None, "Undo")]


def test_another_page_at_the_place_of_a_play_takes_nothing_from_it(source: Source) -> None:
    source.log(play(0, page="Home", userId="9"), play(0, userId="15"))

    assert [(one.key, one.user_id) for one in oracle.plays(source.folder)] == [(38_000_000, 15)]


@pytest.mark.parametrize("one", [-1, -5, -(2**63), 0, 5])
@pytest.mark.parametrize("other", [None, -7, 15])
def test_any_two_listeners_of_a_place_are_told_apart_whatever_their_numbers(
    warehouse: Engine, source: Source, one: int, other: int | None
) -> None:
    source.log(*(play(0, sessionId=7, userId=user) for user in (one, "" if other is None else other)))

    etl(warehouse, source.folder)

    least = min((one, other), key=lambda user: (user is not None, user or 0))
    assert rows(warehouse, "SELECT user_id FROM songplay WHERE songplay_id >= 0") == [(least,)]
    assert [verdict.name for verdict in check_everything(warehouse) if not verdict.passed] == []
