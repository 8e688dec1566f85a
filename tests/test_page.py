"""The report and the dashboard as a browser shows them: real headless Chromium, real and made-up data."""

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from sparkify.ask.questions import ask, find_question, list_questions
from sparkify.ask.report import gather, render
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.checks import check_everything
from sparkify.load.tables import create_tables
from tests.browser import as_url, visit
from tests.builders import Source, etl, play
from tests.serving import serving
from tests.test_report import fill
from tests.torture import long, times

NOW = dt.datetime(2026, 12, 1, 8)
MARKS = """Object.fromEntries([...document.querySelectorAll('.card .picture')].map(picture => [
    picture.closest('.card').id,
    picture.querySelectorAll('.point, .hm image, .lines path, .bars i, .strip i, .sums li').length]))"""
MAY_BE_EMPTY = ("/ask/unknown_keys", "/ask/warnings")
EMPTY_ON_REAL_DATA = (
    "/rejects", "/ask/rejects", "/ask/rejects_by_reason", "/ask/churn", "/ask/most_skipped_songs",
)  # fmt: skip
"""No reject is among them, nobody was a listener in a month before, and each song is heard to its end."""
PERIOD = r"-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d-paid"
"""In the name of a file: the days and the level that it is of."""
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Path]]:
    """Five weeks of a made-up service with faults, and its page."""
    from sparkify.simulate.service import Options, simulate

    folder = tmp_path_factory.mktemp("page")
    options = Options(120, None, 60, 500, dt.date(2026, 1, 1), 3, 0.02)
    simulate(folder / "music", options, lambda *_: None)
    with written(folder, folder / "music") as page:
        yield page


@pytest.fixture(scope="module")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Path]]:
    """The real data, and its page."""
    with written(tmp_path_factory.mktemp("real"), real_data, real_data / "s3_partial") as page:
        yield page


@contextmanager
def written(folder: Path, *sources: Path) -> Iterator[tuple[Engine, Path]]:
    """A warehouse of these sources, and its page."""
    engine = DuckDB(str(folder / "page.duckdb"))
    create_tables(engine)
    for source in sources:
        etl(engine, source)
    engine.close()  # a dashboard beside it reads too
    engine = DuckDB(str(folder / "page.duckdb"), read_only=True)
    file = folder / "page.html"
    file.write_text(render(gather(engine, lambda: check_everything(engine), NOW)), encoding="utf-8")
    yield engine, file
    engine.close()


@pytest.fixture(params=["real", "made_up"])
def page(request: pytest.FixtureRequest) -> tuple[str, Engine, Path]:
    engine, file = request.getfixturevalue(request.param)
    return request.param, engine, file


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 768, 390])
def test_the_page_is_whole_at_every_width_by_day_and_night(
    browser: Any, page: tuple[str, Engine, Path], width: int, scheme: Literal["light", "dark"]
) -> None:
    name, _, file = page

    with visit(browser, as_url(file), width, scheme) as seen:
        seen.screenshot(f"{name}-{width}-{scheme}")

        assert seen.overflow() == 0
        seen.unfold()
        assert (seen.strangers, seen.complaints, seen.overflow()) == ([], [], 0)
        marks = seen.page.evaluate(MARKS)
        bare = {card for card, count in marks.items() if not count}
        assert len(marks) >= 18
        assert bare <= ({"rejects"} if name == "real" else set())
        assert seen.page.evaluate(
            "[...document.querySelectorAll('h3')].every(h => h.textContent.trim().length > 4)"
        )
        tight = seen.page.evaluate(
            "[...document.querySelectorAll('.card, .cards > div')]"
            ".filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.id || c.className)"
        )
        assert tight == []
        half_empty = seen.page.evaluate(
            "[...document.querySelectorAll('.plot')].filter(p => p.offsetParent)"
            ".filter(p => p.parentElement.clientHeight - p.clientHeight > 60).map(p => p.closest('.card').id)"
        )
        assert half_empty == []


def test_the_switch_shows_other_numbers_and_each_is_its_questions_answer(
    browser: Any, page: tuple[str, Engine, Path]
) -> None:
    _, engine, file = page
    last = engine.query("SELECT MAX(start_time) AS t FROM songplay").scalar().date()
    shown: list[str] = []

    with visit(browser, as_url(file)) as seen:
        for days, level in itertools.product((7, 28, None), ("all", "paid", "free")):
            seen.page.click(f"button[data-period='{days or 'all'}']")
            seen.page.click(f"button[data-level='{level}']")

            first = last - dt.timedelta(days=days - 1) if days else None
            values = (first, last, None if level == "all" else level)
            plays, listeners, sessions = ask(engine, find_question("at_a_glance"), 1, *values).rows[0][:3]
            song, _, times = ask(engine, find_question("most_played_songs"), 1, *values).rows[0]
            cards = seen.page.eval_on_selector_all("#cards .value", "all => all.map(n => n.textContent)")
            assert cards[:3] == [f"{plays:,}", f"{listeners:,}", f"{sessions:,}"]
            assert seen.text("#songs li:first-child .number").split()[0] == f"{times:,}"
            assert song in seen.text("#songs h3")
            bars = "document.querySelector('#days .plot').data.flatMap(t => t.y).reduce((a, b) => a + b)"
            assert seen.page.evaluate(bars) == plays
            assert seen.text("#sums h3").startswith(f"{plays:,} plays, counted 11 ways")
            shown.append(cards[0])

        assert len(set(shown)) == 9
        assert seen.complaints == []


@long
def test_the_dashboard_of_the_same_warehouse_shows_the_same_and_answers_every_question(
    browser: Any, page: tuple[str, Engine, Path]
) -> None:
    name, _, file = page
    with visit(browser, as_url(file)) as seen:
        cards = seen.text("#cards")
    with serving(file.parent, "--warehouse", "page.duckdb") as served:
        with visit(browser, served.url) as seen:
            assert seen.text("#cards") == cards
            bare = {card for card, count in seen.page.evaluate(MARKS).items() if not count}
            assert bare <= ({"rejects"} if name == "real" else set())
            assert seen.page.evaluate("document.querySelector('#week .plot')._fullData[0].zmin") == 0
        asked = [f"/ask/{one.name}" for one in list_questions()[:: times(4, 1)]]
        for path in ("", "/runs", "/rejects", *asked):
            with visit(browser, served.url + path, 390, "dark") as seen:
                assert (seen.strangers, seen.complaints, seen.overflow()) == ([], [], 0), path
                rows = seen.page.locator("tbody tr td:not([colspan])").count()
                empty = MAY_BE_EMPTY + EMPTY_ON_REAL_DATA * (name == "real")
                assert rows or path in empty, path
                ticks = seen.page.eval_on_selector_all(
                    ".xtick, .cbaxis text", "all => all.map(n => n.textContent)"
                )
                assert not [tick for tick in ticks if re.search(r"\d+m$|\.", tick)], path
        for question in ("weekly_retention", "plays_by_day", "most_popular_artists"):
            with visit(browser, f"{served.url}/ask/{question}") as seen:
                seen.screenshot(f"dashboard-{name}-{question}")


def test_a_phone_folds_all_but_the_first_section_and_nothing_else_does(
    browser: Any, made_up: tuple[Engine, Path]
) -> None:
    url, height = as_url(made_up[1]), "document.documentElement.scrollHeight"
    with visit(browser, url) as seen:
        assert seen.page.locator(".fold:not([open])").count() == 0
    with visit(browser, url, 390) as seen:
        folded, titles = seen.page.evaluate(height), seen.page.locator(".fold > summary").all_inner_texts()
        assert titles == ["What is played", "When", "Who and where", "Business", "Can I trust it?"]
        assert seen.page.locator(".fold[open] > summary").all_inner_texts() == titles[:1]
        seen.page.click(".badge")
        expect(seen.page.locator("#trust")).to_have_attribute("open", "")
        assert seen.page.locator("#matching .plot").count() == 1
        seen.unfold()
        assert seen.page.evaluate(height) > 3 * folded
    with visit(browser, url + "#trust", 390) as seen:
        assert seen.page.locator(".fold[open] > summary").all_inner_texts() == [titles[0], titles[-1]]
    with visit(browser, url, 390) as seen:
        seen.page.emulate_media(media="print")
        expect(seen.page.locator(".fold:not([open])")).to_have_count(0)
        expect(seen.page.locator(".plot .main-svg").last).to_be_visible()


def test_each_picture_is_saved_as_a_png_without_a_network(
    browser: Any, made_up: tuple[Engine, Path], tmp_path: Path
) -> None:
    with visit(browser, as_url(made_up[1]) + "#28-paid") as seen:
        drawn = {card for card, marks in seen.page.evaluate(MARKS).items() if marks} - {"sums"}
        cards = {
            str(card.get_attribute("id")): card for card in seen.page.locator(".card:has(.more button)").all()
        }
        assert cards.keys() == drawn
        for name, card in cards.items():
            with seen.page.expect_download() as download:
                card.locator(".more button").click()
            file = tmp_path / download.value.suggested_filename
            download.value.save_as(file)
            content = file.read_bytes()
            wide, high = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
            assert (content[:8], wide) == (b"\x89PNG\r\n\x1a\n", 2 * 960), name
            assert (high > 2 * 200, len(content) > 15_000) == (True, True), name
            is_of_period = name not in ("missing", "rejects", "retention")
            assert re.fullmatch(rf"sparkify-{name}{PERIOD if is_of_period else ''}\.png", file.name), (
                file.name
            )
        assert (seen.strangers, seen.complaints) == ([], [])
    with serving(made_up[1].parent, "--warehouse", "page.duckdb") as served:
        for question in ("plays_by_day", "most_played_songs", "plays_by_weekday_and_hour"):
            with visit(browser, f"{served.url}/ask/{question}") as seen:
                with seen.page.expect_download() as download:
                    seen.page.click("#answer .more button")
                assert download.value.suggested_filename == f"sparkify-{question}.png"
                assert (seen.strangers, seen.complaints) == ([], [])


def test_a_legend_has_the_colours_of_its_picture(browser: Any, made_up: tuple[Engine, Path]) -> None:
    colours = """(row) => [
        [...row.querySelectorAll(".strip i")].map((box) => getComputedStyle(box).backgroundColor),
        [...row.querySelectorAll(".legend li")].map((li) => getComputedStyle(li, "::before").backgroundColor),
        [...row.querySelectorAll(".legend li")].map((li) => getComputedStyle(li).backgroundColor),
    ]"""
    for scheme in ("light", "dark"):
        with visit(browser, as_url(made_up[1]), scheme=scheme) as seen:
            rows = seen.page.locator(".strips > div, .flow-line").all()
            assert len(rows) > 3
            for row in rows:
                boxes, swatches, grounds = row.evaluate(colours)
                assert boxes == swatches
                assert len(set(boxes)) == len(boxes)
                assert set(grounds) == {"rgba(0, 0, 0, 0)"}


def test_ages_are_told_as_of_the_moment_of_reading(browser: Any, made_up: tuple[Engine, Path]) -> None:
    with visit(browser, as_url(made_up[1])) as seen:
        made = dt.datetime.fromisoformat(seen.page.get_attribute(".lead time:last-of-type", "datetime"))
        for later, told in ((-1, "in the future"), (9, "just now"), (60, "1 minute ago"),
                            (5400, "2 hours ago"), (86_400 * 3, "3 days ago"),
                            (86_400 * 1461, "4 years ago")):  # fmt: skip
            seen.page.clock.set_fixed_time(made + dt.timedelta(seconds=later))
            seen.page.reload()
            seen.settle()

            assert seen.text(".lead time:last-of-type") == told


def test_the_choice_outlives_a_reload(browser: Any, made_up: tuple[Engine, Path]) -> None:
    with visit(browser, as_url(made_up[1])) as seen:
        seen.page.click("button[data-period='7']")
        seen.page.click("button[data-level='free']")
        before = seen.text("#cards")

        seen.page.reload()
        seen.settle()

        assert seen.text("#cards") == before
        assert seen.page.get_attribute("button[data-period='7']", "aria-checked") == "true"


def test_it_prints_in_black_on_white_even_at_night(
    browser: Any, made_up: tuple[Engine, Path], tmp_path: Path
) -> None:
    with visit(browser, as_url(made_up[1]), 760, "dark") as seen:
        seen.page.emulate_media(media="print")
        seen.page.wait_for_timeout(300)

        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        axis = seen.page.evaluate("getComputedStyle(document.querySelector('#days .xtick text')).fill")
        assert axis == "rgb(91, 104, 120)"
        assert seen.overflow() == 0
        seen.page.pdf(path=tmp_path / "page.pdf")
        assert (tmp_path / "page.pdf").stat().st_size > 50_000


def test_what_the_app_wrote_is_text_and_nothing_else(browser: Any, source: Source, tmp_path: Path) -> None:
    hostile = {"song": HOSTILE, "artist": HOSTILE, "location": HOSTILE, "level": HOSTILE[-16:]}
    source.log(*(play(n, **hostile) for n in range(3)))

    with written(tmp_path, source.folder) as (_, file), visit(browser, as_url(file)) as seen:
        assert HOSTILE in seen.text("#songs li .name")
        assert seen.page.title().startswith("Sparkify")
        assert (seen.strangers, seen.complaints) == ([], [])
        assert seen.page.evaluate("document.querySelectorAll('main img').length") == 0


@pytest.mark.parametrize("case", ["empty", "one_day", "one_listener"])
def test_little_data_makes_a_sensible_page(browser: Any, source: Source, tmp_path: Path, case: str) -> None:
    if case == "one_day":
        fill(source, days=1)
    if case == "one_listener":
        source.log(play(0))

    with written(tmp_path, source.folder) as (_, file):
        for width in (1440, 390):
            with visit(browser, as_url(file), width) as seen:
                seen.screenshot(f"{case}-{width}")
                seen.unfold()
                assert (seen.strangers, seen.complaints, seen.overflow()) == ([], [], 0)
                assert "Can I trust it?" in seen.text("main")
                assert ("Nothing was played yet" in seen.text("h1")) == (case == "empty")
                assert ("No run is published yet" in seen.text("main")) == (case == "empty")
                texts = "all => all.map(n => n.textContent)"
                ticks = seen.page.eval_on_selector_all(".ytick text, .cbaxis text", texts)
                assert not [tick for tick in ticks if re.fullmatch(r"\d+m", tick)]
                assert "NaN" not in seen.text("body")
                assert "undefined" not in seen.text("body")
                if case != "empty":
                    ticks = seen.page.eval_on_selector_all("#days .xtick text", texts)
                    assert ticks == ["0", "3", "6", "9", "12", "15", "18", "21"]
                    widths = "all => all.map(n => n.getBoundingClientRect().width)"
                    bars = seen.page.eval_on_selector_all("#days .point path", widths)
                    assert [bar for bar in bars if 5 < bar < width / 24], bars
