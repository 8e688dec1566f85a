"""The dashboard leads on: from a bar to the overview of it, to its plays, to the record of each; and SQL."""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from sparkify import formatting
from sparkify.ask.filters import Filters
from sparkify.ask.overview import Selection
from sparkify.ask.report import gather_part
from sparkify.engines.base import Engine
from tests.browser import visit
from tests.builders import Source, etl, play
from tests.serving import Served, serving
from tests.test_page import HOSTILE
from tests.test_processes import finish, start
from tests.test_report import NOW, fill

PLACE = "Chicago-Naperville-Elgin, IL-IN-WI"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small warehouse, `sparkify.duckdb`."""
    found = tmp_path_factory.mktemp("drill")
    source = Source(found / "music")
    fill(source, days=9)
    source.log(play(0, song=HOSTILE, artist=HOSTILE, sessionId=9, userId="9"), day="2018-10-31")
    code, _, err = finish(start("etl", "--source", "music", cwd=found))
    assert code == 0, err
    return found


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving(folder, "--sql") as dashboard:
        yield dashboard


def page_data(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def logged(folder: Path) -> list[dict[str, Any]]:
    """Every play of the logs, read by Python alone."""
    files = sorted(folder.glob("music/log_data/**/*.json"))
    found = [json.loads(line) for file in files for line in file.read_text().splitlines() if line]
    return [one for one in found if one["page"] == "NextSong"]


def day_of(record: dict[str, Any]) -> dt.date:
    return dt.datetime.fromtimestamp(record["ts"] / 1000, dt.UTC).date()


@pytest.mark.parametrize(
    ("values", "is_of_it"),
    [
        ({"artist": "Kings"}, lambda one: one["artist"] == "Kings"),
        ({"title": "Undo", "artist": "Nightbirds"}, lambda one: one["song"] == "Undo"),
        ({"listener": 3}, lambda one: one["userId"] == "3"),
        (
            {"place": PLACE, "artist": "Kings"},
            lambda one: (one["location"], one["artist"]) == (PLACE, "Kings"),
        ),
        ({"state": "IL"}, lambda one: one["location"] == PLACE),
        ({"from": "2018-11-02", "to": "2018-11-04"}, lambda one: 2 <= day_of(one).day <= 4),
    ],
    ids=("artist", "song", "listener", "place", "state", "days"),
)
def test_the_overview_of_a_choice_counts_its_plays_alone(
    served: Served, folder: Path, values: dict[str, Any], is_of_it: Any
) -> None:
    its = [one for one in logged(folder) if day_of(one) > dt.date(2018, 10, 31) and is_of_it(one)]
    assert its

    status, html, _ = served.get(f"/?{urlencode(values)}")
    found = page_data(html)

    view = found["views"][f"{found['periods'][-1]['key']}-all"]
    assert status == 200
    assert view["cards"][0]["value"] == f"{len(its):,}"
    assert {n for _, n in view["sums"]} == {len(its)}
    artists = Counter(one["artist"] or "unknown artist" for one in its)
    for name, _, plays, _ in view["pictures"].get("artists", {"rows": []})["rows"]:
        assert artists[name] == plays
    assert "trust" not in found
    assert "Can I trust it?" not in html


def test_moments_have_no_digit_too_many_and_a_table_no_column_without_a_value(
    served: Served, folder: Path
) -> None:
    """The app writes milliseconds; of runs that were all published none has a reason."""
    latest = dt.datetime.fromtimestamp(max(one["ts"] for one in logged(folder)) / 1000, dt.UTC)
    shown = f"{latest:%Y-%m-%d %H:%M:%S}" + (
        f".{latest.microsecond // 1000:03}" if latest.microsecond else ""
    )

    _, plays, _ = served.get("/ask/latest_plays")
    _, runs, _ = served.get("/runs")

    assert f">{shown}</td>" in plays
    assert (">outcome</th>" in runs, ">reason</th>" in runs, ">undone in</th>" in runs) == (
        True,
        False,
        False,
    )


def test_a_choice_of_nothing_says_so_and_one_that_is_wrong_too(served: Served) -> None:
    for query, words in (("artist=Nobody", "No play fits this"), ("from=2030-01-01", "No play fits this")):
        status, html, _ = served.get(f"/?{query}")

        assert (status, words in html) == (200, True), query
        assert not any(view["cards"] for view in page_data(html)["views"].values())
    for query, words in (
        ("from=2018-11-03&to=2018-11-02", "there is no such day"),
        ("listener=x", "is not a number"),
        ("from=soon", "is not a day"),
    ):
        status, html, _ = served.get(f"/?{query}")

        assert (status, words in html) == (400, True), query


@pytest.mark.parametrize("listener", [-5, 2**31 - 1, 2**63 - 1])
def test_any_id_of_a_listener_can_be_chosen(warehouse: Engine, source: Source, listener: int) -> None:
    source.log(play(0, userId=str(listener)), play(1, userId="8"))
    etl(warehouse, source.folder)

    page = gather_part(warehouse, Selection(Filters(listener=listener)), NOW)

    assert page["heading"] == f"Played by listener {listener}"
    assert {view["cards"][0]["value"] for view in page["views"].values() if view["cards"]} == {"1"}


def test_a_cell_leads_to_what_is_in_it(served: Served) -> None:
    plays = served.get("/ask/latest_plays?limit=1000")[1]
    by_day = served.get("/ask/plays_by_day")[1]

    assert 'href="/plays/9000000"' in plays
    assert 'href="/?listener=9"' in plays
    assert f'href="/?{urlencode({"title": HOSTILE, "artist": HOSTILE})}"'.replace("&", "&amp;") in plays
    assert 'href="/?from=2018-11-01&amp;to=2018-11-01"' in by_day
    for link in sorted(set(re.findall(r'href="(/(?:plays/|\?)[^"]+)"', plays)))[::9]:
        status, html, _ = served.get(link.replace("&amp;", "&"))
        assert status == 200
        assert "<script>document.title" not in html


def test_a_link_keeps_what_is_chosen_and_each_choice_can_be_taken_back(served: Served) -> None:
    plays = served.get("/ask/latest_plays?state=IL&from=2018-11-02&to=2018-11-05")[1]
    overview = served.get("/?state=IL&artist=Kings&from=2018-11-02&to=2018-11-05")[1]

    kept = "from=2018-11-02&amp;to=2018-11-05"
    assert f'href="/?state=IL&amp;{kept}&amp;artist=Kings"' in plays
    assert re.search(r"<title>Sparkify: .*Kings.* · .*IL.*</title>", overview)
    for without in (f"artist=Kings&amp;{kept}", f"state=IL&amp;{kept}", "artist=Kings&amp;state=IL"):
        assert f'href="/?{without}"' in overview


def test_a_question_takes_filters_from_the_address_and_those_that_take_none_leave_them(
    served: Served,
) -> None:
    csv = served.get("/ask/most_active_users.csv?artist=Kings")[1].splitlines()
    sql = served.get("/ask/most_active_users?artist=Kings")[1]

    assert sum(int(line.rpartition(",")[2]) for line in csv[1:]) < 30
    assert "WHERE p.artist_name = :artist" in sql
    assert 'name="artist" size="14" value="Kings"' in sql
    runs = served.get("/ask/loads?artist=Kings")[1]
    assert 'name="artist"' not in runs
    assert "This question does not take artist: it is answered without." in runs
    assert 'href="/ask/loads.csv"' in runs
    for address in (
        "loads.csv?artist=Kings",
        "listeners_at_once.csv?timezone=Asia/Tokyo",
        "plays_by_level.csv?level=paid",
    ):
        assert served.get(f"/ask/{address}")[0] == 400, address  # nobody sees that a file was not filtered


def test_a_page_is_told_by_the_clock_that_is_chosen_and_says_what_is_not(served: Served) -> None:
    page = page_data(served.get("/?timezone=Asia/Kolkata&artist=Kings")[1])
    question = served.get("/ask/plays_by_hour?timezone=Asia/Kolkata")[1]
    changes = served.get("/ask/level_changes?timezone=Asia/Kolkata")[1]
    status, wrong, _ = served.get("/?timezone=Calcuta")

    assert (page["clock"], page["selection"]["timezone"]) == ("Asia/Kolkata", "Asia/Kolkata")
    here, there = (
        page_data(served.get(f"/?timezone={name}")[1])["periods"][-1]
        for name in ("UTC", "Pacific/Kiritimati")
    )
    days = [[dt.date.fromisoformat(one[end]) for end in ("first", "last")] for one in (here, there)]
    assert days[1] == [day + dt.timedelta(days=1) for day in days[0]]
    pictures = page["views"]["28-all"]["pictures"]
    assert "Asia/Kolkata, with" in pictures["week"]["note"]
    assert (pictures["changes"].get("clock"), pictures["week"].get("clock")) == ("UTC", None)
    assert pictures["retention"]["note"].endswith("Its days and weeks are those of UTC.")
    assert pictures["sessions"]["note"].endswith("all their plays of these days and this level count.")
    assert "(Asia/Kolkata)" in question
    assert "does not take timezone" in changes
    assert (status, "there is no time zone" in wrong) == (400, True)


def test_days_are_compared_with_any_others(served: Served, folder: Path) -> None:
    plays = Counter(day_of(one) for one in logged(folder))
    days = sorted(plays)
    first, last, against = days[4], days[5], days[1]

    page = page_data(served.get(f"/?from={first}&to={last}&against={against}")[1])
    beside = page_data(served.get(f"/?from={first}&to={last}")[1])

    now, then = (sum(plays[day + dt.timedelta(days=n)] for n in range(2)) for day in (first, against))
    card = page["views"]["chosen-all"]["cards"][0]
    assert card["value"] == f"{now:,}"
    change = 100 * (now - then) / then
    assert card["change"] == f"{'+' if change > 0 else '−'}{abs(change):.1f} %"
    assert page["periods"][0]["versus"] == formatting.days(against, against + dt.timedelta(days=1))
    assert beside["periods"][0]["versus"] == "the 2 days before"
    assert served.get(f"/?against={against}")[0] == 400
    for end in (dt.date.min, dt.date.max):
        assert served.get(f"/?from={first}&to={last}&against={end}")[0] == 200
    html = served.get(f"/?artist=Kings&from={first}&to={last}&against={against}")[1]
    assert 'href="/?artist=Kings"' in html  # without days, nothing is compared


def test_a_play_leads_to_its_record_without_the_name_of_a_listener(served: Served, folder: Path) -> None:
    status, html, _ = served.get("/plays/103000000")
    with serving(folder, "--names") as named:
        with_names = named.get("/plays/103000000")[1]

    assert status == 200
    for words in ("2018-11-02-events.json", ", record ", "with this title", "listener 3"):
        assert words in html
    assert "Wilhelmina" not in html
    assert "Wilhelmina" in with_names


def test_what_is_not_there_is_a_404_that_says_what_is(served: Served) -> None:
    for path, words in (
        ("/plays/77", "there is no play 77"),
        ("/plays/x%27y", "is no id of a play"),
        ("/plays/99999999999999999999", "is no id of a play"),
        ("/ask/most_plaid_songs", "Did you mean most_played_songs?"),
        ("/ask/nosuch.csv", "lists them"),
    ):
        status, html, _ = served.get(path)

        assert (status, words in html.replace("&#39;", "'")) == (404, True), path


def test_headings_go_down_one_level_at_a_time_and_each_column_and_field_has_a_name(served: Served) -> None:
    for path in (
        "/", "/?artist=Kings", "/ask", "/ask/plays_by_day", "/ask/most_played_songs", "/find?q=n",
        "/find?q=x9", "/plays/103000000",
        f"/sql?q={quote('SELECT level, COUNT(*) AS n FROM songplay GROUP BY 1')}",
    ):  # fmt: skip
        html = served.get(path)[1]

        levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
        assert levels[0] == levels.count(1) == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), (path, levels)
        assert not re.search(r"<th[^>]*>\s*</th>", html), path
        for field in re.findall(
            r"(<label>[^<]*)?(?:<span>.*?</span>\s*)?<(?:input|textarea|select)([^>]*)>", html
        ):
            assert field[0] or "aria-label" in field[1] or 'type="hidden"' in field[1], (path, field)


def test_sql_is_asked_within_the_limits_of_a_query(served: Served) -> None:
    def asked(sql: str) -> tuple[int, str]:
        return served.get(f"/sql?q={quote(sql)}")[:2]

    status, html = asked("SELECT level, COUNT(*) AS plays FROM songplay GROUP BY level")
    assert (status, "<td" in html, 'id="answer"' in html) == (200, True, True)
    for sql in (
        "DELETE FROM songplay", "SELEC 1", "SELECT * FROM read_text('/etc/passwd')",
        "COPY songplay TO 'x.csv'", "ATTACH 'x.duckdb'", "SELECT * FROM 'sparkify.duckdb.lock'",
    ):  # fmt: skip
        status, html = asked(sql)
        assert (status, html.count('role="alert"'), "Traceback" in html) == (400, 1, False), sql
    many = asked("SELECT * FROM range(20000) AS r(n)")[1]
    assert many.count("<tr><td") == 1_000
    assert "There are more rows than these 1,000" in many


def test_another_site_cannot_have_sql_run_and_it_is_off_unless_asked_for(
    served: Served, folder: Path
) -> None:
    path = "/sql?q=SELECT%2041%2B1"
    linked = served.get(path, sec_fetch_site="cross-site", sec_fetch_dest="document")[1]
    assert "SELECT 41+1" in linked
    assert ">42<" not in linked
    assert ">42<" in served.get(path, sec_fetch_site="same-origin")[1]
    with serving(folder) as plain:
        assert plain.get("/sql?q=SELECT%201")[0] == 404
        assert 'href="/sql"' not in plain.get("/ask")[1]


def test_a_page_of_another_site_asks_for_nothing_behind_its_readers_back(served: Served) -> None:
    for kind in ("image", "script", "iframe", "empty"):
        for site in ("cross-site", "same-site"):
            for path in ("/", "/ask/rejects.csv", "/sql?q=SELECT%201"):
                assert served.get(path, sec_fetch_site=site, sec_fetch_dest=kind)[0] == 403
    assert served.get("/", sec_fetch_site="cross-site", sec_fetch_dest="document")[0] == 200
    assert served.get("/static/page.js", sec_fetch_site="same-origin", sec_fetch_dest="script")[0] == 200


def test_in_a_browser_every_click_leads_on(served: Served, browser: Any) -> None:
    with visit(browser, served.url + "/#all-all") as seen:
        seen.page.click("#songs ol.bars a >> nth=0")
        seen.settle()
        assert "title=" in seen.page.url
        assert seen.page.url.endswith("#all-all")
        plays = seen.text("#cards .value >> nth=0")
        seen.page.click("#users ol.bars a >> nth=0")
        seen.settle()
        assert "listener=" in seen.page.url
        seen.page.click("#cards .value a")
        assert int(plays) > seen.page.locator("tbody tr").count() > 0
        seen.page.click("tbody a >> nth=0")
        assert "/plays/" in seen.page.url
        assert seen.complaints == []
    with visit(browser, served.url + "/?from=2018-11-02&to=2018-11-05") as seen:
        tables = seen.page.eval_on_selector_all(".more a", "links => links.map(link => link.href)")
    assert [("from=" in one, "to=" in one) for one in tables if "retention" in one] == [(False, False)]
    assert any("from=2018-11-02&to=2018-11-05" in one for one in tables)


def test_in_a_browser_a_table_is_sorted_and_searched(served: Served, browser: Any) -> None:
    def column(seen: Any, n: int) -> list[str]:
        cells = seen.page.locator(f"tbody tr:not([hidden]) td:nth-child({n})").all_inner_texts()
        return [str(text) for text in cells]

    with visit(browser, served.url + "/ask/latest_plays") as seen:
        numbers = [text for text in column(seen, 3) if text != "-"]
        seen.page.click("th:nth-child(3) button")
        assert [text for text in column(seen, 3) if text != "-"] == sorted(numbers, key=int)
        assert seen.page.get_attribute("th:nth-child(3)", "aria-sort") == "ascending"
        seen.page.click("th:nth-child(3) button")
        assert [text for text in column(seen, 3) if text != "-"] == sorted(numbers, key=int, reverse=True)
        assert column(seen, 3)[-1] == "-"
        seen.page.fill("figure input[type=search]", "reVelry")
        assert set(column(seen, 5)) == {"Revelry"}
        assert seen.complaints == []


def test_pages_of_a_choice_in_a_browser(served: Served, browser: Any) -> None:
    for path, name in (
        ("/?artist=Kings", "artist"), ("/?listener=3&from=2018-11-02&to=2018-11-06", "listener"),
        ("/plays/103000000", "play"), ("/sql", "sql"), ("/ask/latest_plays?limit=20", "plays"),
    ):  # fmt: skip
        for width in (1440, 390) if name in ("artist", "plays") else (390,):
            with visit(browser, served.url + path, width) as seen:
                seen.screenshot(f"drill-{name}-{width}")
                assert (seen.strangers, seen.complaints, seen.overflow()) == ([], [], 0), (path, width)
