"""The report: its numbers are the questions' answers, on every engine, for every period and level."""

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sparkify.ask import chart_data
from sparkify.ask.overview import Selection
from sparkify.ask.periods import find_periods
from sparkify.ask.questions import ask, find_question, list_questions
from sparkify.ask.report import LEVELS, as_script, gather, gather_part, render
from sparkify.cli.main import cli
from sparkify.engines.base import Engine, Result, Value
from sparkify.load.checks import check_everything
from sparkify.load.feed import Feed
from sparkify.load.forget import forget
from sparkify.load.undo import undo
from sparkify.progress import Silent
from sparkify.sql.schema import Column
from tests.builders import NOON, Source, etl, event, play, rows, song
from tests.packed import unpacked

DAY = 86_400_000
NOW = dt.datetime(2018, 12, 1, 8)


def fill(source: Source, days: int = 17) -> None:
    """Some listeners, of both levels, who play now and then."""
    source.song(song())
    for day in range(days):
        found = [
            play(
                item,
                sessionId=100 * day + user,
                userId=str(user) if user else "",
                firstName="Wilhelmina" if user else None,
                gender=("F", "M", None)[user % 3],
                level="paid" if (user + day // 9) % 2 else "free",
                ts=NOON + day * DAY + user * 3_600_000 + item * 200_000,
                song=("Undo", "Revelry", None)[(item + user) % 3],
                artist=("Nightbirds", "Kings", None)[(item + user) % 3],
                location=("Chicago-Naperville-Elgin, IL-IN-WI", "Tulsa, OK", None)[user % 3],
            )
            for user in range(5)
            if (day + user) % 3
            for item in range(1 + (user + day) % 4)
        ]
        source.log(*found, day=str(dt.date(2018, 11, 1) + dt.timedelta(days=day)))


def page_of(engine: Engine, **options: bool) -> dict[str, Any]:
    return gather(engine, lambda: check_everything(engine), NOW, **options)


def test_every_number_is_the_answer_to_its_question(warehouse: Engine, source: Source) -> None:
    fill(source)
    etl(warehouse, source.folder)

    page = page_of(warehouse)

    for period in find_periods(dt.date(2018, 11, 1), dt.date(2018, 11, 17)):
        for key, level in LEVELS.items():

            def answer(name: str, limit: int | None = 10) -> list[tuple[Any, ...]]:
                return ask(warehouse, find_question(name), limit, period.first, period.last, level).rows  # noqa: B023  # it is called before the loop goes on

            view = page["views"][f"{period.key}-{key}"]
            shown = view["pictures"]
            plays, listeners, sessions = answer("at_a_glance")[0][:3]
            assert plays > 0
            assert [card["value"] for card in view["cards"][:3]] == [
                f"{n:,}" for n in (plays, listeners, sessions)
            ]
            assert [n for _, n in view["sums"]] == [plays] * 11
            assert [row[2] for row in shown["songs"]["rows"]] == [
                row[2] for row in answer("most_played_songs")
            ]
            assert [row[2] for row in shown["users"]["rows"]] == [
                row[4] for row in answer("most_active_users")
            ]
            assert [n for n in shown["active"]["monthly"] if n is not None] == [
                row[2] for row in answer("daily_and_monthly_active_users") if row[2] is not None
            ]
            assert [n for n in shown["sessions"]["y"] if n] == [row[2] for row in answer("session_lengths")]
            per_day = {(row[0], row[1]): row[3] / row[4] for row in answer("plays_by_weekday_and_hour")}
            z = shown["week"]["z"]
            assert {(day, hour): z[day - 1][hour] for day, hour in per_day} == {
                cell: pytest.approx(float(n), abs=0.005) for cell, n in per_day.items()
            }
            assert sum(sum(days) for _, days in shown["days"]["series"]) == plays
            changes = [row[2] for row in answer("level_changes", None)] if level is None else []
            if changes:
                assert (sum(shown["changes"]["up"]), -sum(shown["changes"]["down"])) == (
                    changes.count("upgrade"),
                    changes.count("downgrade"),
                )


def test_active_listeners_of_a_month_are_counted_once(warehouse: Engine, source: Source) -> None:
    days = {1: [0, 1, 29, 30, 31, 70], 2: [0, 45], 3: [30, 60]}
    for user, played in days.items():
        for day in played:
            source.log(
                play(userId=str(user), sessionId=1000 * user + day, ts=NOON + day * DAY),
                day=f"20{user:02}-01-{day:02}",
            )
    etl(warehouse, source.folder)

    found = ask(warehouse, find_question("daily_and_monthly_active_users"))

    everything = [(user, day) for user, played in days.items() for day in played]
    assert [(row[0], row[1], row[2]) for row in found.rows] == [
        (
            dt.date(2018, 11, 1) + dt.timedelta(days=day),
            len({u for u, d in everything if d == day}),
            len({u for u, d in everything if day - 30 < d <= day}) if day >= 29 else None,
        )
        for day in sorted({day for _, day in everything})
    ]


def test_the_most_popular_artists_count_plays_without_an_artist(warehouse: Engine, source: Source) -> None:
    source.log(*(play(n, artist=(None, "Kings", None)[n % 3], userId=str(n % 2 + 1)) for n in range(6)))
    etl(warehouse, source.folder)

    found = ask(warehouse, find_question("most_popular_artists")).rows

    assert found == [(None, 4, 2), ("Kings", 2, 2)]


def test_who_registered_in_a_week_is_followed_through_the_weeks_of_the_log(
    warehouse: Engine, source: Source
) -> None:
    # The log goes from Thursday 2018-11-01 to Sunday 2018-11-25; nobody plays in the week of the 12th.
    registered = {1: -3, 2: 0, 3: -3, 4: -200, 5: 9}
    for user, day in ((1, 0), (1, 2), (1, 5), (2, 1), (2, 24), (4, 24)):
        source.log(
            play(
                userId=str(user), sessionId=100 * user + day, ts=NOON + day * DAY,
                registration=float(NOON + registered[user] * DAY),
            ),
            day=f"20{user:02}-11-{day + 1:02}",
        )  # fmt: skip
    source.log(
        *(event(userId=str(n), registration=float(NOON + registered[n] * DAY)) for n in (3, 5)),
        day="2018-12-01",
    )
    etl(warehouse, source.folder)

    found = ask(warehouse, find_question("weekly_retention")).rows

    april, first, second = dt.date(2018, 4, 9), dt.date(2018, 10, 29), dt.date(2018, 11, 5)
    assert [(week, int(later), float(share), *rest) for week, later, share, *rest in found] == [
        (april, 29, 0, 0, 1, "in part"), (april, 30, 0, 0, 1, "whole"), (april, 32, 100, 1, 1, "whole"),
        (first, 0, 66.7, 2, 3, "in part"), (first, 1, 33.3, 1, 3, "whole"), (first, 3, 33.3, 1, 3, "whole"),
        (second, 0, 0, 0, 1, "whole"), (second, 2, 0, 0, 1, "whole"),
    ]  # fmt: skip
    picture = chart_data.retention(found)
    # The log begins within the first week: of who registered then before it, it knows those who came back.
    assert picture["title"] == "The log holds no whole week right after one of registrations"
    assert (picture["x"], picture["new"], picture["z"]) == ([1, 2], [1], [[None, 0.0]])
    assert "so is who registered before it" in picture["note"]


def test_of_years_of_weeks_the_last_are_shown_and_that_is_said() -> None:
    first, weeks = dt.date(2018, 1, 1), chart_data.WEEKS + 4
    rows = [
        (first + dt.timedelta(weeks=n), later, 50.0, 1, 2, "whole" if later < weeks - n - 1 else "in part")
        for n in range(weeks)
        for later in range(weeks - n)
    ]

    found = chart_data.retention(rows)

    assert (len(found["y"]), len(found["new"]), len(found["z"])) == (chart_data.WEEKS,) * 3
    assert found["y"][-1] == "2 Apr 2018"
    assert found["note"].endswith("The last 12 of 14 weeks.")


def test_periods_end_with_the_last_play_and_compare_only_with_whole_ones() -> None:
    week, month, everything = find_periods(dt.date(2018, 11, 1), dt.date(2018, 11, 30))

    assert (week.first, week.last, week.before) == (
        dt.date(2018, 11, 24),
        dt.date(2018, 11, 30),
        (dt.date(2018, 11, 17), dt.date(2018, 11, 23)),
    )
    assert (month.first, month.before) == (dt.date(2018, 11, 3), None)
    short = find_periods(dt.date(2018, 11, 29), dt.date(2018, 11, 30))
    assert [(p.length, p.before) for p in short] == [(2, None)] * 3
    assert (everything.first, everything.length) == (dt.date(2018, 11, 1), 30)


def test_plays_that_are_yet_to_come_do_not_move_the_periods(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1, ts=NOON + 9_000 * DAY))
    etl(warehouse, source.folder, feed=Feed(clock=lambda: dt.datetime(2043, 6, 23)))

    page = page_of(warehouse)

    assert [period["words"].partition(";")[0] for period in page["periods"]] == [
        "1 Nov 2018", "1 Nov 2018", "1 Nov 2018 to 23 Jun 2043",
    ]  # fmt: skip
    assert [page["views"][f"{key}-all"]["cards"][0]["value"] for key in ("7", "28", "all")] == ["1", "1", "2"]


def test_the_busiest_weekday_is_that_of_an_average_one() -> None:
    nine_days = find_periods(dt.date(2018, 11, 1), dt.date(2018, 11, 9))[-1]  # two Thursdays, one Wednesday

    found = chart_data.week([(4, 12, 5, 10, 2), (3, 12, 8, 8, 1)], nine_days, "UTC")
    alone = chart_data.week([(4, 12, 10, 20, 2), (3, 12, 8, 8, 1)], nine_days, "UTC")

    assert found["title"] == "Wednesday is the busiest weekday: 8 plays"
    assert alone["title"] == "Thursday is the busiest weekday: 10 plays on average"


def test_a_change_is_that_against_the_period_before(warehouse: Engine, source: Source) -> None:
    fill(source)
    source.log(play(0, sessionId=900, ts=NOON - 3 * DAY), day="2018-10-29")  # two days before are silent
    etl(warehouse, source.folder)

    views = page_of(warehouse)["views"]
    card = views["7-all"]["cards"][0]
    hours = views["7-all"]["cards"][3]

    glance_at = find_question("at_a_glance")
    now = ask(warehouse, glance_at, None, dt.date(2018, 11, 11), dt.date(2018, 11, 17)).scalar()
    then = ask(warehouse, glance_at, None, dt.date(2018, 11, 4), dt.date(2018, 11, 10)).scalar()
    assert now != then
    assert card["change"] == f"{'+' if now > then else '−'}{abs(100 * (now - then) / then):.1f} %"
    seconds = [
        sum(row[0] or 0 for row in rows(warehouse, f"SELECT length FROM songplay WHERE {days}"))
        for days in ("start_time >= '2018-11-11'", "start_time >= '2018-11-04' AND start_time < '2018-11-11'")
    ]
    change = 100 * (seconds[0] - seconds[1]) / seconds[1]
    assert hours["change"] == f"{'+' if change > 0 else '−'}{abs(change):.1f} %"
    assert (views["7-all"]["silent"], views["all-all"]["silent"]) == (0, 0)
    three = Selection(first=dt.date(2018, 11, 1), last=dt.date(2018, 11, 3))
    assert gather_part(warehouse, three, NOW)["views"]["chosen-all"]["silent"] == 2


def test_hours_are_rounded_once_and_what_was_rolled_back_is_not_said_never_to_have_been(
    warehouse: Engine, source: Source
) -> None:
    source.log(*(play(n, length=length, ts=NOON) for n, length in enumerate([86_400] * 4 + [16_272])))
    etl(warehouse, source.folder)
    source.log("{broken", play(9), day="2018-11-02")
    undo(warehouse, etl(warehouse, source.folder).run_id or 0, Silent())

    page = page_of(warehouse)

    [hours] = [card for card in page["views"]["7-all"]["cards"] if card["label"] == "Hours of music"]
    assert hours["value"] == "101"  # of 100.52
    assert page["trust"]["rejects"]["title"] == "No record is rejected"


def test_no_name_is_in_the_page_unless_asked_for(warehouse: Engine, source: Source) -> None:
    fill(source, days=2)
    etl(warehouse, source.folder)

    assert "Wilhelmina" not in unpacked(render(page_of(warehouse)))
    assert "Wilhelmina Koch" in unpacked(render(page_of(warehouse, names=True)))


def test_a_title_cannot_end_the_script_it_stands_in(warehouse: Engine, source: Source) -> None:
    source.log(play(0, song="</script><script>alert(1)</script>", artist="<!-- <script>"))
    etl(warehouse, source.folder)

    html = render(page_of(warehouse))

    for text in (html, unpacked(html)):  # the second is as a server sends it
        assert not re.search(r"</script><script>alert|<!-- <script>", text)
    assert "alert(1)" in unpacked(html)


def test_pages_of_nothing_of_one_day_and_of_one_listener(warehouse: Engine, source: Source) -> None:
    empty = page_of(warehouse)
    source.log(play(0), play(1))
    etl(warehouse, source.folder)
    one = page_of(warehouse)

    assert (empty["periods"], empty["views"], empty["trust"]["state"]) == ([], {}, "good")
    assert empty["trust"]["title"] == "Nothing was loaded yet"
    assert "Nothing was played yet" in render(empty)
    view = one["views"]["28-paid"]
    assert [card["value"] for card in view["cards"]] == ["2", "1", "1", "0.1", "100 %"]
    assert view["pictures"]["people"]["title"] == "1 of 1 paid listener is a woman"
    assert one["views"]["7-free"] == {"cards": [], "pictures": {}, "sums": []}
    assert "What people listened to" in render(one)


class Publishing:
    """A reader, while somebody publishes another run after its first few questions."""

    def __init__(self, engine: Engine, source: Source, after: int = 11) -> None:
        self._engine, self._source, self._asked, self._after = engine, source, 0, after

    def query(self, sql: str, params: Mapping[str, Value] | None = None) -> Result:
        self._asked += 1
        if self._asked == self._after + 1:
            self._source.log(play(7), day="2018-11-02")
            etl(self._engine, self._source.folder)
        return self._engine.query(sql, params)

    def hashed(self, rows: str, columns: Sequence[Column]) -> str:
        return self._engine.hashed(rows, columns)

    def altered(self, made: Mapping[str, str]) -> Sequence[str]:
        return self._engine.altered(made)


def test_a_page_of_plays_without_listener_length_or_level(warehouse: Engine, source: Source) -> None:
    source.log(
        play(0, userId="15", level="free", length=60.0),
        play(1, userId="", level="free", length=3600.0),
        play(2, userId="", level="paid", length=None),
        play(3, userId="16", level=None, length=None, ts=NOON + DAY),
    )
    etl(warehouse, source.folder)

    def hours(level: str | None = None) -> list[tuple[Any, ...]]:
        return ask(warehouse, find_question("listening_time_by_day"), level=level).rows

    before = hours()
    page_of(warehouse)
    for user in (15, 16):
        forget(warehouse, user, Silent())

    page = page_of(warehouse)

    assert before == [(dt.date(2018, 11, 1), 1.02, 1.0), (dt.date(2018, 11, 2), 0.0, None)]
    assert hours("paid") == [(dt.date(2018, 11, 1), 0.0, None)]
    assert page["views"]["all-all"]["cards"][3]["value"] == "1.0"
    assert page["views"]["all-paid"]["cards"][3]["value"] == "0.0"
    for question in list_questions():
        ask(warehouse, question)


def test_the_command_writes_one_file(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill(source, days=3)
    run = CliRunner().invoke
    assert run(cli, ["etl", "--source", "music"]).exit_code == 0

    written = run(cli, ["report", "--out", "page.html"])
    refused = run(cli, ["report", "--out", "nowhere/page.html"])
    monkeypatch.setattr("sparkify.ask.report.PROVEN", 0)
    assert "The report is without checks" in run(cli, ["report", "--out", "large.html"]).stdout
    assert (
        "The report is without checks" not in run(cli, ["report", "--out", "checked.html", "--check"]).stdout
    )

    assert written.stdout.startswith("page.html is ready")
    html = (tmp_path / "page.html").read_text()
    assert 1_000_000 < len(html) < 2_000_000
    assert json.loads(unpacked(html).partition('id="data">')[2].partition("</script>")[0])["run"] == 1
    assert "cannot be written" in str(refused.exception)


def test_json_in_a_script_is_json_still() -> None:
    value = {"title": "</script> <!-- & \u2028"}

    assert json.loads(as_script(value)) == value
