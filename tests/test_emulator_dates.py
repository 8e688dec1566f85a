"""Every spelling of every date part means the same (AWS: "Date parts for date or timestamp functions")."""

import datetime as dt

import pytest

from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError

MOMENT = "TIMESTAMP '2012-05-09 10:20:30.123456'"
PARTS: dict[str, tuple[str, str, int, str]] = {
    "millennium millennia mil mils": ("3012-05-09 10:20:30.123456", "3", 3, "2001-01-01 00:00:00"),
    "century centuries c cent cents": ("2112-05-09 10:20:30.123456", "21", 30, "2001-01-01 00:00:00"),
    "decade decades dec decs": ("2022-05-09 10:20:30.123456", "202", 300, "2010-01-01 00:00:00"),
    "year years y yr yrs": ("2013-05-09 10:20:30.123456", "2012", 3000, "2012-01-01 00:00:00"),
    "quarter quarters qtr qtrs": ("2012-08-09 10:20:30.123456", "2", 12000, "2012-04-01 00:00:00"),
    "month months mon mons": ("2012-06-09 10:20:30.123456", "5", 36000, "2012-05-01 00:00:00"),
    "week weeks w": ("2012-05-16 10:20:30.123456", "19", 156532, "2012-05-07 00:00:00"),
    "day days d": ("2012-05-10 10:20:30.123456", "9", 1095727, "2012-05-09 00:00:00"),
    "hour hours h hr hrs": ("2012-05-09 11:20:30.123456", "10", 26297448, "2012-05-09 10:00:00"),
    "minute minutes m min mins": ("2012-05-09 10:21:30.123456", "20", 1577846880, "2012-05-09 10:20:00"),
    "second seconds s sec secs": ("2012-05-09 10:20:31.123456", "30", 94670812800, "2012-05-09 10:20:30"),
    "millisecond milliseconds ms msec msecs msecond mseconds millisec millisecs millisecon": (
        "2012-05-09 10:20:30.124456", "123", 94670812800000, "2012-05-09 10:20:30.123",
    ),
    "microsecond microseconds us usec usecs usecond useconds microsec microsecs": (
        "2012-05-09 10:20:30.123457", "456", 94670812800000000, "2012-05-09 10:20:30.123456",
    ),
}  # fmt: skip
"""Of each part: the moment and one more, what EXTRACT gives, the boundaries to 5012-05-09, the beginning."""
TO_READ = {"dayofweek dow dw weekday": 3, "dayofyear doy dy yearday": 130, "epoch": 1336558830}


@pytest.mark.parametrize("spellings", PARTS)
def test_every_spelling_of_a_date_part_is_added_read_counted_and_cut(
    session: Redshift, spellings: str
) -> None:
    added, read, crossed, cut = PARTS[spellings]
    later = "TIMESTAMP '5012-05-09 10:20:30.123456'"

    for part in spellings.split():
        row = session.native(
            f"SELECT DATEADD({part}, 1, {MOMENT}), EXTRACT({part} FROM {MOMENT}), "
            f"DATEDIFF({part}, {MOMENT}, {later}), DATE_TRUNC('{part.upper()}', {MOMENT}), "
            f"DATE_PART({part}, {MOMENT}) IS NOT NULL"
        ).rows[0]

        assert row == (
            dt.datetime.fromisoformat(added),
            int(read),
            crossed,
            dt.datetime.fromisoformat(cut),
            True,
        )


@pytest.mark.parametrize("spellings", TO_READ)
def test_some_date_parts_are_for_reading_only(session: Redshift, spellings: str) -> None:
    for part in spellings.split():
        row = session.native(f"SELECT EXTRACT({part} FROM {MOMENT}), FLOOR(DATE_PART({part}, {MOMENT}))").rows

        assert row == [(TO_READ[spellings], TO_READ[spellings])]
        for sql in (
            f"SELECT DATEADD({part}, 1, {MOMENT})",
            f"SELECT DATEDIFF({part}, {MOMENT}, {MOMENT})",
            f"SELECT DATE_TRUNC('{part}', {MOMENT})",
        ):
            with pytest.raises(QueryError, match="timestamp units"):
                session.native(sql)


def test_a_text_in_quotation_marks_is_a_moment(session: Redshift) -> None:
    found = session.native(
        "SELECT DATEADD(month, 18, '2008-02-28'), DATEDIFF(qtr, '1998-07-01', '2008-06-05'), "
        "DATEDIFF(day, '2008-01-01', DATE '2008-01-31'), DATE_PART(month, '2008-02-28')"
    )

    assert found.rows == [(dt.datetime(2009, 8, 28), 39, 30, 2.0)]


def test_a_time_goes_round_the_clock(session: Redshift) -> None:
    """The examples of "DATEADD function" and "DATEDIFF function"."""
    found = session.native(
        "SELECT DATEADD(hour, 12, TIME '13:24:55'), DATEADD(minute, -60, TIME '00:58:00'), "
        "DATEDIFF(hour, TIME '09:59:00', TIME '10:01:00'), "
        "DATEDIFF(second, TIME '20:00:00', TIME '00:00:00'), "
        "DATE_PART(minute, TIME '13:24:55')"
    )

    assert found.rows == [(dt.time(1, 24, 55), dt.time(23, 58), 1, -72000, 24.0)]


@pytest.mark.parametrize(
    "sql",
    ["SELECT DATEADD(day, 1, TIME '13:24:55')", "SELECT DATEDIFF(month, TIME '13:24:55', TIME '14:24:55')"],
)
def test_a_time_has_no_days(session: Redshift, sql: str) -> None:
    with pytest.raises(QueryError, match="time units"):
        session.native(sql)
