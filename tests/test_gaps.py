"""Days without a play, bands without a session, and pictures whose labels have little room."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from sparkify.ask import activity, chart_data
from sparkify.ask.periods import Period
from sparkify.ask.questions import ask, find_question
from sparkify.ask.report import gather, render
from sparkify.engines.base import Engine
from sparkify.load.checks import check_everything
from sparkify.load.undo import undo
from sparkify.progress import Silent
from tests.browser import as_url, visit
from tests.builders import NOON, Source, etl, event, play, song
from tests.test_report import DAY, page_of

OVERLAPS = """[...document.querySelectorAll('.xaxislayer-above')].flatMap(axis => {
    const boxes = [...axis.querySelectorAll('.xtick text')].map(text => text.getBoundingClientRect());
    return boxes.filter((box, i) => i && box.left < boxes[i - 1].right + 2)
        .map(() => axis.closest('.card').id); })"""
TURNED = "all => all.map(text => text.getAttribute('transform')).filter(t => /rotate\\((?!0)/.test(t))"


def listen(source: Source, user: int, day: int, **changes: Any) -> None:
    """One play of a listener, `day` days after the first."""
    values = {"userId": str(user), "sessionId": 1000 * user + day, "ts": NOON + day * DAY}
    source.log(play(**(values | changes)), day=f"20{user:02}-01-{day:03}")


def test_a_silent_day_is_nothing_of_a_count_and_a_gap_of_a_share(warehouse: Engine, source: Source) -> None:
    source.song(song())
    for day in (0, 3):
        listen(source, 15, day)
    etl(warehouse, source.folder)

    view = page_of(warehouse)["views"]["all-all"]

    *counted, hours, share = [card["spark"] for card in view["cards"]]
    assert counted == [[1, 0, 0, 1]] * 3
    assert (hours[0] > 0, hours[1:3]) == (True, [0, 0])
    assert share == [100, None, None, 100]
    active, matching = view["pictures"]["active"], view["pictures"]["matching"]
    assert active["x"] == matching["x"] == view["pictures"]["days"]["x"]
    assert (active["daily"], active["monthly"]) == ([1, 0, 0, 1], [None] * 4)
    assert matching["song"] == matching["artist"] == [100, None, None, 100]


@pytest.mark.parametrize(
    ("daily", "length", "said"),
    [
        (1, 2, "0.5 listeners play"),
        (1, 1, "1 listener plays"),
        (1, 40, "< 0.1 listeners play"),
        (15, 2, "7.5 listeners play"),
        (1999, 2, "1,000 listeners play"),
    ],
)
def test_few_listeners_are_told_to_the_tenth(daily: int, length: int, said: str) -> None:
    first = dt.date(2018, 11, 1)
    period = Period("all", "All", first, first + dt.timedelta(days=length - 1), None, first)

    found = activity.active([(first, daily, daily, 100.0)], period)

    assert found["title"] == f"On an average day {said}" + ("; stickiness is 9.1 %" if length > 30 else "")


def test_every_band_of_session_lengths_is_shown_and_named_as_its_answer_names_it(
    warehouse: Engine, source: Source
) -> None:
    source.log(
        *(
            play(end, sessionId=session, ts=NOON + end * seconds * 1000, length=1.0)
            for session, seconds in enumerate((0, 600, 1200, 2400, 5000, 10_000, 20_000))
            for end in ((0, 1) if seconds else (0,))
        )
    )
    etl(warehouse, source.folder)

    every = page_of(warehouse)["views"]["all-all"]["pictures"]["sessions"]
    few = chart_data.sessions([(2, "5-15 min", 3, 9), (4, "30-60 min", 1, 30)])

    named = [row[1] for row in ask(warehouse, find_question("session_lengths")).rows]
    assert (every["x"], every["y"]) == (named, [1] * 7)
    assert (few["x"], few["y"]) == (named, [0, 3, 0, 1, 0, 0, 0])


@pytest.mark.parametrize("width", [1440, 390])
def test_no_label_lies_on_another(
    browser: Any, duckdb_warehouse: Engine, source: Source, tmp_path: Path, width: int
) -> None:
    for day in range(0, 7 * 46, 7):
        listen(source, 1, day, level="paid" if day else "free")
    listen(source, 2, 7 * 46, level="free")
    etl(duckdb_warehouse, source.folder)
    url = write(duckdb_warehouse, tmp_path)

    for period in ("7", "28", "all"):
        with visit(browser, f"{url}#{period}-all", width) as seen:
            seen.unfold()
            seen.screenshot(f"gaps-{period}-{width}")

            assert seen.page.evaluate(OVERLAPS) == []
            assert seen.page.eval_on_selector_all(".xtick text", TURNED) == []
            assert seen.page.locator("#matching .ytick text").last.text_content() == "100 %"
            assert seen.page.evaluate("document.querySelector('#retention .plot').data[0].xgap") <= 1
            if period == "7":
                for card in ("days", "active", "matching"):
                    assert seen.page.locator(f"#{card} .xtick text").count() == 7, card


@pytest.mark.parametrize("width", [1440, 390])
def test_the_table_of_runs_is_seen_whole(
    browser: Any, duckdb_warehouse: Engine, source: Source, tmp_path: Path, width: int
) -> None:
    for day in range(3):
        listen(source, 15, day)
        etl(duckdb_warehouse, source.folder)
    undo(duckdb_warehouse, 3, Silent())
    url = write(duckdb_warehouse, tmp_path)

    with visit(browser, url, width) as seen:
        seen.unfold()
        hidden = "(e => e.scrollWidth - e.clientWidth)(document.querySelector('table.runs').parentElement)"

        assert seen.page.evaluate(hidden) == 0
        assert seen.text("table.runs tr:nth-child(2) small").splitlines() == ["etl", "retracted by run 4"]
        for column in ("Read", "Loaded", "Duplicate", "Rejected"):
            assert seen.page.locator(f"table.runs td[data-name={column}]:visible").count() == 4


def test_the_lines_and_the_axis_of_changes(
    browser: Any, duckdb_warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    for user in range(1, 38):
        for day in (0, 1):
            listen(source, user, day, level="paid" if day else "free")
    source.log(
        *(
            event(page="Submit Upgrade", userId=str(user), sessionId=user, ts=NOON + DAY)
            for user in range(1, 38)
        ),
        day="2019-01-01",
    )
    listen(source, 1, 3)
    etl(duckdb_warehouse, source.folder)

    with visit(browser, write(duckdb_warehouse, tmp_path)) as seen:
        texts = "all => all.map(text => text.textContent)"
        ticks = seen.page.eval_on_selector_all("#changes .ytick text", texts)
        lines = seen.page.get_attribute("#cards > div:last-child path:not(.under)", "d")

        assert ticks == ["0", "10", "20", "30"]
        assert lines.count("M") == 2


def test_an_axis_has_a_few_ticks_where_there_is_no_number_of_a_month(
    browser: Any, duckdb_warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    for day in range(3):
        source.log(
            *(
                play(0, userId=str(user), sessionId=100 * day + user, ts=NOON + day * DAY)
                for user in range(1, 61)
            ),
            day=f"2018-11-{day + 1:02}",
        )
    etl(duckdb_warehouse, source.folder)

    with visit(browser, write(duckdb_warehouse, tmp_path)) as seen:
        assert 1 < seen.page.locator("#active .ytick").count() < 10
        for plot in seen.page.locator(".plot").all():  # each says to who hears it what it shows
            table = plot.locator("xpath=following-sibling::div/table")
            assert table.locator("caption").inner_text() == plot.get_attribute("aria-label")
            assert table.locator("tbody tr").count() > 0
        plays = "all => all.reduce((sum, row) => sum + Number(row.cells[1].textContent), 0)"
        found = seen.page.locator("#days .heard tbody tr").evaluate_all(plays)
        assert found == duckdb_warehouse.query("SELECT COUNT(*) AS n FROM songplay").scalar()


def write(engine: Engine, folder: Path) -> str:
    """The report of a warehouse."""
    file = folder / "page.html"
    page = gather(engine, lambda: check_everything(engine), dt.datetime(2019, 12, 1))
    file.write_text(render(page), encoding="utf-8")
    return as_url(file)


def test_a_browser_that_cannot_unpack_the_page_says_so(
    browser: Any, duckdb_warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    source.log(play(0))
    etl(duckdb_warehouse, source.folder)
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")

    page.goto(write(duckdb_warehouse, tmp_path))

    assert "This browser is too old" in page.inner_text("#too-old")
    page.close()


def test_a_place_without_a_state_and_no_place_at_all_are_one_unknown_state(
    warehouse: Engine, source: Source
) -> None:
    places = (None, "Nowhere", "Nowhere, ", "Chicago-Naperville-Elgin, IL-IN-WI", "Chicago, IL")
    source.log(*(play(n, location=place, userId=str(n)) for n, place in enumerate(places)))
    etl(warehouse, source.folder)

    assert ask(warehouse, find_question("plays_by_state")).rows == [(None, 3, 3), ("IL", 2, 2)]
