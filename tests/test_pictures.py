"""What a picture shows beside its numbers: what is not whole, what falls, and text that can be read on it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparkify.ask.periods import chosen_period, find_periods
from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Engine
from tests.browser import as_url, visit
from tests.serving import serving
from tests.test_page import written

ENDS = """all => all.map(one => [one.className, one]).map(
    ([kind, one]) => [kind, one.getBoundingClientRect().left, one.getBoundingClientRect().right])"""
SHARES = """() => {
    const [map, texts] = document.querySelector("#retention .plot").data;
    const text = (x, i) => [x, texts.y[i], texts.text[i], texts.textfont.color[i]];
    return { z: map.z, y: map.y, x: map.x, scale: map.colorscale, said: texts.x.map(text) };
}"""


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Path]]:
    """Five weeks of a made-up service, and its page."""
    from sparkify.simulate.service import Options, simulate

    folder = tmp_path_factory.mktemp("pictures")
    simulate(folder / "music", Options(120, None, 60, 500, dt.date(2026, 1, 1), 3, 0.02), lambda *_: None)
    with written(folder, folder / "music") as page:
        yield page


def test_a_share_can_be_read_on_its_colour(browser: Any, made_up: tuple[Engine, Path]) -> None:
    """WCAG 2.2, 1.4.3: text of this size stands out from what is behind it by 4.5 to 1."""
    for scheme in ("light", "dark"):
        with visit(browser, as_url(made_up[1]), scheme=scheme) as seen:
            picture = seen.page.evaluate(SHARES)
            shares = {
                (x, y): share
                for y, row in zip(picture["y"], picture["z"], strict=True)
                for x, share in zip(picture["x"], row, strict=True)
                if share is not None
            }
            assert {(x, y) for x, y, *_ in picture["said"]} == shares.keys()
            for x, y, text, colour in picture["said"]:
                share = shares[x, y]
                assert text == f"{int(share + 0.5)} %"
                behind = mixed([rgb(one) for _, one in picture["scale"]], share / 100)
                assert contrast(behind, rgb(colour)) >= 4.5, (scheme, share, colour)


def rgb(code: str) -> list[float]:
    digits = code[1:] if len(code) == 7 else "".join(2 * digit for digit in code[1:])
    return [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]


def mixed(scale: list[list[float]], share: float) -> list[float]:
    """The colour at a share of a scale, between the two that are next to it."""
    low = min(int(share * (len(scale) - 1)), len(scale) - 2)
    rest = share * (len(scale) - 1) - low
    return [a + (b - a) * rest for a, b in zip(scale[low], scale[low + 1], strict=True)]


def contrast(one: list[float], other: list[float]) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(colour: list[float]) -> float:
        parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_what_falls_runs_to_the_left_and_what_is_not_whole_has_a_ring(
    browser: Any, made_up: tuple[Engine, Path]
) -> None:
    engine, file = made_up
    with serving(file.parent, "--warehouse", "page.duckdb") as served:
        with visit(browser, f"{served.url}/ask/rising_artists?from=2026-02-12&to=2026-02-18") as seen:
            boxes = seen.page.locator("#answer .bar i").evaluate_all(ENDS)
        with visit(browser, f"{served.url}/ask/signups_by_week") as seen:
            rings = seen.page.evaluate("document.querySelector('#answer .plot').data.at(-1).x")
            told = seen.text("#answer .note")

    falls = {right for kind, _, right in boxes if kind == "less"}
    rises = {left for kind, left, _ in boxes if kind != "less"}
    assert falls
    assert rises
    assert max(falls) - min(rises) < 1  # pixels: they begin at one zero
    assert max(rises) - min(rises) < 1
    weeks = ask(engine, find_question("signups_by_week")).rows
    assert rings == [str(week) for week, *_, held in weeks if held != "whole"]
    assert rings
    assert told == f"{len(rings)} weeks are not wholly in the log: a ring each."


def test_days_that_begin_with_the_log_are_told_of_where_others_are_compared_with_them() -> None:
    """Its first day may be there from its evening on."""
    first, last = dt.date(2018, 11, 1), dt.date(2018, 11, 14)
    log = (first, last)

    assert chosen_period(dt.date(2018, 11, 8), last, log).versus == "the 7 days before, when the log begins"
    assert chosen_period(dt.date(2018, 11, 9), last, log).versus == "the 6 days before"
    assert (
        chosen_period(dt.date(2018, 11, 2), dt.date(2018, 11, 2), log).versus
        == "the day before, when the log begins"
    )
    assert (
        chosen_period(dt.date(2018, 11, 9), None, log, first).versus == "1 to 6 Nov 2018, when the log begins"
    )
    assert [one.versus for one in find_periods(first, last)] == [
        "the 7 days before, when the log begins",
        "",
        "",
    ]
