"""A session is one listener's, however many listeners share its number: every answer against plain Python.

The plays are put into songplay as they stand here, so that nothing rests on how a load makes a play's id.
"""

import datetime as dt
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pytest

from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Engine
from sparkify.sql import names
from tests.test_questions import OF_THE_CLOCK

Rows = list[tuple[Any, ...]]

COLUMNS = (
    "songplay_id", "start_time", "user_id", "level", "song_id", "artist_id", "session_id", "item_in_session",
    "location", "user_agent", "title", "artist_name", "length",
)  # fmt: skip
DAY = dt.date(2018, 11, 1)
MIDNIGHT = dt.datetime(2018, 11, 1)
LISTENERS = (15, 16, 17, None)
BANDS = (
    (5, "under 5 min"), (15, "5-15 min"), (30, "15-30 min"), (60, "30-60 min"), (120, "1-2 h"),
    (240, "2-4 h"),
)  # fmt: skip


class Play(NamedTuple):
    """What the questions about sessions can see of a play."""

    session_id: int
    item: int
    user_id: int | None
    moment: dt.datetime
    level: str | None = "free"
    length: float = 360.0
    song_id: str | None = None
    artist_id: str | None = None


Session = list[Play]


def test_listeners_who_share_a_session_number_have_a_session_each(warehouse: Engine) -> None:
    put(warehouse, [
        Play(7, 0, 15, at(12, 0)), Play(7, 1, 15, at(12, 30)),
        Play(7, 0, 16, at(12, 10), "paid"), Play(7, 1, 16, at(14, 10), "paid"),
        Play(7, 0, None, at(12, 20)), Play(7, 5, None, at(12, 21)),
    ])  # fmt: skip

    assert answer(warehouse, "at_a_glance")[0][:3] == (6, 2, 3)
    assert answer(warehouse, "plays_by_day") == [(DAY, 6, 2, 3)]
    assert answer(warehouse, "session_lengths") == [
        (2, "5-15 min", 1, 2),
        (4, "30-60 min", 1, 2),
        (6, "2-4 h", 1, 2),
    ]
    assert answer(warehouse, "sessions") == [
        ("free", 2, 2.0, 2, 21.5, 36.0),
        ("paid", 1, 2.0, 2, 126.0, 126.0),
    ]


def test_a_session_whose_listeners_differ_in_level_is_not_one_that_changed(warehouse: Engine) -> None:
    put(warehouse, [Play(7, 0, 15, at(12, 0), "free"), Play(7, 0, 16, at(12, 5), "paid")])

    assert [row[:2] for row in answer(warehouse, "sessions")] == [("free", 1), ("paid", 1)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_answer_about_sessions_is_that_of_plain_python(warehouse: Engine, seed: int) -> None:
    plays = shared_sessions(random.Random(seed))
    put(warehouse, plays)

    days = (None, DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=3))
    for first, last, level in itertools.product(days, days, (None, "free", "paid")):
        chosen = [
            play
            for play in plays
            if (first is None or play.moment.date() >= first)
            and (last is None or play.moment.date() <= last)
            and (level is None or play.level == level)
        ]
        for name, expected in EXPECTED.items():
            found = answer(warehouse, name, first, last, level)
            assert found == expected(chosen), (name, first, last, level)


def test_the_plays_of_plain_python_share_their_session_numbers() -> None:
    for seed in (1, 2, 3):
        plays = shared_sessions(random.Random(seed))
        sharing = defaultdict(set)
        for play in plays:
            sharing[play.session_id].add(play.user_id)

        assert {1, 2, 3} <= {len(listeners) for listeners in sharing.values()}
        assert any(None in listeners and len(listeners) > 1 for listeners in sharing.values())
        assert any(len({play.moment.date() for play in session}) > 1 for session in sessions_of(plays))
        assert len({play.moment.date() for play in plays}) >= 5
        assert len({(play.session_id, play.item) for play in plays}) < len(plays)


def test_no_answer_depends_on_how_the_ids_of_plays_are_made(warehouse: Engine) -> None:
    asked = set(names("questions")) - {*OF_THE_CLOCK, "latest_plays"}  # which shows the ids
    plays = shared_sessions(random.Random(4))
    plays = [play._replace(moment=play.moment + dt.timedelta(milliseconds=n)) for n, play in enumerate(plays)]
    put_listeners(warehouse)

    answers = []
    for ids in (range(len(plays)), range(-len(plays) * 1_000_003, 0, 1_000_003)):
        warehouse.execute("DELETE FROM songplay")
        put(warehouse, plays, ids)
        answers.append({name: ask(warehouse, find_question(name), None).rows for name in asked})

    assert answers[0] == answers[1]
    assert answers[0]["sessions"]


def shared_sessions(chance: random.Random) -> list[Play]:
    """Plays of five days and more, in which one, two or three listeners share each session number."""
    plays = []
    for number in range(1, 25):
        for listener in chance.sample(LISTENERS, 1 + number % 3):
            moment = MIDNIGHT + dt.timedelta(seconds=chance.randrange(5 * 86_400))
            pause = chance.choice((1, 60, 300, 1800))
            for item in range(chance.choice((1, 2, 2, 5, 12))):
                matched = chance.choice((None, "AR1"))
                plays.append(
                    Play(
                        number, item, listener, moment, chance.choice(("free", "free", "paid", None)),
                        360.0 * chance.randrange(3), matched and chance.choice((None, "SO1")), matched,
                    )
                )  # fmt: skip
                moment += dt.timedelta(seconds=pause * chance.randrange(1, 4))
    return plays


def sessions_of(plays: Iterable[Play]) -> list[Session]:
    """The plays of each session: those of one listener, or of nobody, under one number."""
    found = defaultdict(list)
    for play in plays:
        found[play.session_id, play.user_id].append(play)
    return list(found.values())


def at_a_glance(plays: Sequence[Play]) -> Rows:
    return [(
        len(plays),
        len({play.user_id for play in plays} - {None}),
        len(sessions_of(plays)),
        about(sum(play.length for play in plays) / 3600),
        about(100 * sum(play.level == "paid" for play in plays) / len(plays)) if plays else None,
        sum(play.song_id is not None for play in plays),
        sum(play.artist_id is not None for play in plays),
        round(sum(play.length for play in plays)),
        sum(play.level == "paid" for play in plays),
    )]  # fmt: skip


def plays_by_day(plays: Sequence[Play]) -> Rows:
    rows: Rows = []
    for day in sorted({play.moment.date() for play in plays}):
        its = [play for play in plays if play.moment.date() == day]
        rows.append((day, len(its), len({play.user_id for play in its} - {None}), len(sessions_of(its))))
    return rows


def sessions(plays: Sequence[Play]) -> Rows:
    by_level: dict[str | None, list[Session]] = defaultdict(list)
    for session in sessions_of(plays):
        levels = {play.level for play in session} - {None}
        by_level["changed" if len(levels) > 1 else next(iter(levels), None)].append(session)
    rows: Rows = []
    for level in sorted(by_level, key=lambda level: (level is None, level)):
        its = by_level[level]
        lengths = [minutes(session) for session in its]
        rows.append((
            level, len(its), about(sum(map(len, its)) / len(its)), max(map(len, its)),
            about(sum(lengths) / len(lengths)), about(max(lengths)),
        ))  # fmt: skip
    return rows


def session_lengths(plays: Sequence[Play]) -> Rows:
    banded: dict[tuple[int, str], list[Session]] = defaultdict(list)
    for session in sessions_of(plays):
        bands = ((n, name) for n, (below, name) in enumerate(BANDS, 1) if minutes(session) < below)
        banded[next(bands, (7, "4 h or more"))].append(session)
    return [(*band, len(its), sum(map(len, its))) for band, its in sorted(banded.items())]


EXPECTED: dict[str, Callable[[Sequence[Play]], Rows]] = {
    "at_a_glance": at_a_glance,
    "plays_by_day": plays_by_day,
    "sessions": sessions,
    "session_lengths": session_lengths,
}


def minutes(session: Session) -> float:
    """From the beginning of a session's first play to the end of its last song."""
    last = max(session, key=lambda play: (play.moment, play.item))
    beginning = min(play.moment for play in session)
    return ((last.moment - beginning).total_seconds() + last.length) / 60


def about(value: float) -> Any:
    """What is this value when it is rounded to one decimal, a tie either way."""
    return pytest.approx(value, rel=0, abs=0.05 + 1e-9)


def at(hour: int, minute: int) -> dt.datetime:
    return MIDNIGHT + dt.timedelta(hours=hour, minutes=minute)


def put(warehouse: Engine, plays: Sequence[Play], ids: Sequence[int] | None = None) -> None:
    """Insert the plays under these ids; without any, under such as tell nothing, half of them negative."""
    ids = ids or [n if n % 2 else -n for n in range(1, len(plays) + 1)]
    rows = [
        (number, p.moment, p.user_id, p.level, p.song_id, p.artist_id, p.session_id, p.item, "Lyon, FR",
         "Chrome/36", "Undo", "Nightbirds", p.length)
        for number, p in zip(ids, plays, strict=True)
    ]  # fmt: skip
    warehouse.insert("songplay", COLUMNS, rows)


def put_listeners(warehouse: Engine) -> None:
    """The rows of the listeners, which some questions join."""
    columns = ("user_id", "first_name", "level", "last_ts", "last_session_id", "last_item_in_session")
    rows = [(user_id, "Lily", "free", MIDNIGHT, 1, 0) for user_id in LISTENERS if user_id]
    warehouse.insert("users", columns, rows)


def answer(
    warehouse: Engine,
    name: str,
    first: dt.date | None = None,
    last: dt.date | None = None,
    level: str | None = None,
) -> Rows:
    """The rows of an answer, numbers as Python's own."""
    rows = ask(warehouse, find_question(name), None, first, last, level).rows
    return [tuple(map(_plain, row)) for row in rows]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | dt.date) else float(value)
