"""`check --max-gap` finds holes in the middle of what the app sent."""

import datetime as dt

import pytest

from sparkify.engines.base import Engine
from sparkify.load.checks import check_gaps
from sparkify.load.forget import forget
from sparkify.load.undo import undo
from sparkify.progress import Silent
from tests.builders import Run, Source, etl, event, play

MILLISECOND, MINUTE, HOUR = (dt.timedelta(**{unit: 1}) for unit in ("milliseconds", "minutes", "hours"))
START = dt.datetime(2018, 11, 1)


def log(source: Source, *moments: dt.datetime, day: str = "2018-11-01") -> None:
    """A log with an event at each of these moments."""
    source.log(*(event(itemInSession=n, ts=ms(moment)) for n, moment in enumerate(moments)), day=day)


def ms(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1)) // MILLISECOND


def test_a_gap_is_named_with_its_ends_its_length_and_the_limit(warehouse: Engine, source: Source) -> None:
    ends = (dt.datetime(2018, 11, 4, 23, 59, 58), dt.datetime(2018, 11, 6, 0, 0, 1))
    log(source, ends[1], ends[0], ends[0] - 11 * HOUR, ends[1] + 12 * HOUR)
    etl(warehouse, source.folder)

    verdict = check_gaps(warehouse, 12 * HOUR)

    assert not verdict.passed
    assert verdict.wrong.columns == ("gap_start", "gap_end", "length")
    assert verdict.wrong.rows == [(*ends, "24 hours")]
    assert verdict.sentence() == (
        "gaps failed: events are missing between 2018-11-04 23:59:58 and 2018-11-06 00:00:01 "
        "(24 hours, limit 12 hours)"
    )


@pytest.mark.parametrize("length", [36 * HOUR, MINUTE, 59_999 * MILLISECOND, 1500 * MILLISECOND])
def test_a_gap_as_long_as_the_limit_passes_and_one_that_is_a_millisecond_longer_does_not(
    warehouse: Engine, source: Source, length: dt.timedelta
) -> None:
    begin = START + 59_250 * MILLISECOND
    log(source, begin, begin + length, begin + 2 * length)
    etl(warehouse, source.folder)

    assert check_gaps(warehouse, length).passed
    assert check_gaps(warehouse, length).sentence().startswith("gaps: Consecutive events must be at most ")
    assert [row[:2] for row in check_gaps(warehouse, length - MILLISECOND).wrong.rows] == [
        (begin, begin + length),
        (begin + length, begin + 2 * length),
    ]


def test_the_five_widest_gaps_are_shown_the_widest_first(warehouse: Engine, source: Source) -> None:
    hours = (2, 7, 3, 6, 4, 5, 7)
    moments = [START + sum(hours[:n]) * HOUR for n in range(len(hours) + 1)]
    log(source, *moments, *(moment + MINUTE for moment in moments))
    etl(warehouse, source.folder)

    verdict, fewer = check_gaps(warehouse, HOUR), check_gaps(warehouse, 5 * HOUR)

    assert [(end - start + MINUTE) // HOUR for start, end, _ in verdict.wrong.rows] == [7, 7, 6, 5, 4]
    assert verdict.wrong.rows[0][0] == moments[1] + MINUTE
    assert verdict.sentence().endswith(", the widest of 5 gaps or more")
    assert fewer.sentence().endswith(", the widest of 3 gaps")


def test_every_event_counts_whichever_page_session_run_or_order_it_has(
    warehouse: Engine, source: Source
) -> None:
    log(source, START + 4 * HOUR, START)
    etl(warehouse, source.folder)
    source.log(play(0, sessionId=9, userId="16", ts=ms(START + 2 * HOUR)), day="2018-11-02")
    before = check_gaps(warehouse, 3 * HOUR).passed
    etl(warehouse, source.folder)

    after = check_gaps(warehouse, 3 * HOUR).passed
    undo(warehouse, 2, Silent())

    assert (before, after, check_gaps(warehouse, 3 * HOUR).passed) == (False, True, False)


def test_events_of_forgotten_listeners_count(warehouse: Engine, source: Source) -> None:
    log(source, START, START + 4 * HOUR)
    source.log(play(0, sessionId=9, userId="16", ts=ms(START + 2 * HOUR)), day="2018-11-02")
    etl(warehouse, source.folder)

    forget(warehouse, 16, Silent())

    assert check_gaps(warehouse, 3 * HOUR).passed
    assert not check_gaps(warehouse, HOUR).passed


def test_a_warehouse_without_two_moments_has_no_gap(warehouse: Engine, source: Source) -> None:
    empty = check_gaps(warehouse, MINUTE).passed
    log(source, START, START)
    etl(warehouse, source.folder)

    assert empty
    assert check_gaps(warehouse, MINUTE).passed
    assert check_gaps(warehouse, 0 * HOUR).passed


def test_check_fails_with_one_sentence_for_a_gap_and_one_for_a_feed_that_has_stalled(
    run: Run, source: Source
) -> None:
    log(source, START, START + 30 * HOUR)
    run("etl", "--source", "music")

    wide = run("check", "--max-gap", "36h")
    narrow = run("check", "--max-gap", "24h")
    both = run("check", "--max-age", "36h", "--max-gap", "24h")

    assert (wide.returncode, wide.stderr) == (0, "")
    assert "ok,gaps,Consecutive events must be at most 36 hours apart." in wide.stdout
    assert narrow.returncode == 1
    assert narrow.stderr == (
        "sparkify: gaps failed: events are missing between 2018-11-01 00:00:00 and 2018-11-02 06:00:00 "
        "(30 hours, limit 24 hours)\n"
    )
    assert "FAILED,gaps," in narrow.stdout
    assert both.returncode == 1
    assert [line.split(":")[1] for line in both.stderr.splitlines()] == [" freshness failed", " gaps failed"]


def test_a_length_that_is_none_is_refused_by_the_name_of_its_option(run: Run, source: Source) -> None:
    log(source, START)
    run("etl", "--source", "music")

    done = run("check", "--max-gap", "soon")

    assert done.returncode == 2
    assert "--max-gap" in done.stderr
    assert "'soon' is not a time like 90m, 36h or 2d" in done.stderr
