"""What clocks and calendars get wrong: midnight, leap days, weeks of another year, a clock set back."""

import datetime as dt
import os

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.load.checks import check_everything
from sparkify.load.feed import Feed
from sparkify.load.run import rebuild
from sparkify.progress import Silent
from tests.builders import Source, etl, play, rows, song

MOMENTS = (
    dt.datetime(2020, 2, 29, 23, 59, 59, 999000),  # a leap day's last moment
    dt.datetime(2020, 3, 1),
    dt.datetime(2000, 1, 1),
    dt.datetime(2099, 12, 31, 23, 59, 59, 999000),
    dt.datetime(2018, 12, 31, 12),  # ISO week 1 of 2019
    dt.datetime(2021, 1, 3, 12),  # a Sunday, ISO week 53 of 2020
    dt.datetime(2016, 1, 1),  # ISO week 53 of 2015
    dt.datetime(2000, 2, 29),
    dt.datetime(2018, 11, 4, 6, 30),  # an hour that clocks in Chicago showed twice
)


def test_every_moment_is_taken_apart_as_the_calendar_says(warehouse: Engine, source: Source) -> None:
    epoch = dt.datetime(1970, 1, 1)
    source.log(*(play(n, ts=(at - epoch) // dt.timedelta(milliseconds=1)) for n, at in enumerate(MOMENTS)))

    etl(warehouse, source.folder, feed=Feed(clock=lambda: max(MOMENTS)))

    assert rows(warehouse, "SELECT start_time FROM songplay ORDER BY item_in_session") == [
        (m,) for m in MOMENTS
    ]
    parts = rows(
        warehouse, "SELECT start_time, hour, day, week, month, year, weekday, iso_year FROM time ORDER BY 1"
    )
    assert parts == [
        (m, m.hour, m.day, m.isocalendar().week, m.month, m.year, m.isoweekday() % 7, m.isocalendar().year)
        for m in sorted(MOMENTS)
    ]
    assert all(verdict.passed for verdict in check_everything(warehouse))


def test_a_play_at_midnight_belongs_to_the_day_that_begins(warehouse: Engine, source: Source) -> None:
    midnight = 1_541_116_800_000
    source.log(play(0, ts=midnight - 1), play(1, ts=midnight))

    etl(warehouse, source.folder)

    by_day = "SELECT CAST(start_time AS DATE) AS day, COUNT(*) AS n FROM songplay GROUP BY 1 ORDER BY 1"
    assert rows(warehouse, by_day) == [(dt.date(2018, 11, 1), 1), (dt.date(2018, 11, 2), 1)]


def test_a_clock_that_was_set_back_hides_no_change(warehouse: Engine, source: Source) -> None:
    file = source.log(play(0), play(1))
    source.song(song())
    etl(warehouse, source.folder)
    written = file.read_bytes()
    file.write_bytes(written.replace(b'"Lily"', b'"Lucy"'))
    os.utime(file, (1, 1))

    with pytest.raises(LoadError, match="2018-11-01-events"):
        etl(warehouse, source.folder)

    file.write_bytes(written)
    os.utime(file, (4_000_000_000, 4_000_000_000))
    assert etl(warehouse, source.folder).run_id is None


def test_runs_are_in_order_though_the_clock_is_not(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(dt.datetime(2026, 1, 1, hour) for hour in range(20, 0, -1))
    monkeypatch.setattr("sparkify.load.publish.now_in_seconds", lambda: next(clock))
    for day in (1, 2, 3):
        source.log(play(0, sessionId=day), day=f"2018-11-0{day}")
        etl(warehouse, source.folder)
    monkeypatch.undo()

    runs = rows(warehouse, "SELECT run_id, started_at, seconds FROM etl_run ORDER BY run_id")
    assert [run for run, _, _ in runs] == [1, 2, 3]
    assert [at for _, at, _ in runs] == sorted((at for _, at, _ in runs), reverse=True)
    assert all(seconds >= 0 for _, _, seconds in runs)
    rebuild(warehouse, Silent())
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(3,)]
