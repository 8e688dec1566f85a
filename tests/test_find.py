"""Finding by part of a name: what is found is what Python finds in the raw records."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sparkify.ask.find import SHOWN, find
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError
from tests.browser import visit
from tests.builders import Source, etl, event, play
from tests.serving import Served, serving
from tests.test_page import HOSTILE
from tests.test_processes import finish, start

SONGS = (
    ("Army Of Me", "Björk"), ("Jóga", "Björk"), ("100% Pure Love", "Crystal Waters"),
    ("100 Percent", "Beyoncé"),
    ("snake_case", "Señor Ñ"), ("snakeXcase", "SØREN"), ("Don't Stop", "O'Brien"), ("Sing", "Kings"),
    (None, "Kings"), ("Untitled", None), (None, None), (HOSTILE, HOSTILE), ("Группа Крови", "Кино"),
    ("ΣΊΣΥΦΟΣ", "Σίσυφος"), ("Alte Straße", "STRASSE"), ("Maẞ", None),
)  # fmt: skip
PLACES = (
    "Chicago-Naperville-Elgin, IL-IN-WI", "San José, CA", "Cañon City, CO", "Winston-Salem, NC", "Nowhere",
    None, "Kingston, XX",
)  # fmt: skip
STATES = {"IL": "Illinois", "CA": "California", "CO": "Colorado", "NC": "North Carolina"}
LISTENERS = {8: ("Zoë", "Bergström"), 18: ("Lily", "O'Koch"), 80: ("Kingsley", "8th"), 81: (None, None)}
TEXTS = (
    "björk", "BJORK", "bjork", "Bjo\u0308rk", "joga", "beyonce", "senor n", "soren", "SØREN", "king", "o'",
    "'", "%", "_", "0%", "e_c", "\\", "don't stop", "zoe berg", "8", "18", "koch", "script>",
    " sing ", "no such name", "КИНО", "крови",
    "ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ", "preston", "21",
    "san jose", "canon", "ca", "CA", "caro", "illinois", "il-in", "xx", "nowhere", "|",
    "straße", "STRASSE", "STRAẞE", "maß", "mass", "ss",
)  # fmt: skip


def fill(source: Source) -> None:
    """Each song is played once more than the one before, by one listener after the other."""
    songs = [song for times, song in enumerate(SONGS, 1) for song in [song] * times]
    plays = []
    for item, (title, artist) in enumerate(songs):
        user = sorted(LISTENERS)[item % len(LISTENERS)]
        first, last = LISTENERS[user]
        who = {"userId": str(user), "firstName": first, "lastName": last}
        plays.append(play(item, song=title, artist=artist, location=PLACES[item % len(PLACES)], **who))
    source.log(*plays, event(userId="21", firstName="Preston", lastName="Sanders", sessionId=400))


def bare(text: str | None) -> str:
    """A name in small letters without accents, as a reader would type it."""
    whole = unicodedata.normalize("NFD", (text or "").strip()).casefold().replace("ø", "o")
    return "".join(letter for letter in whole if not unicodedata.combining(letter))


def logged(folder: Path) -> list[dict[str, Any]]:
    """Every event of the logs, read by Python alone."""
    files = sorted(folder.glob("log_data/**/*.json"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines() if line]


def expected(folder: Path, text: str, names: bool) -> dict[str, Counter[Any]]:
    wanted, plays = bare(text), logged(folder)
    artists = Counter(one["artist"] for one in plays if one["artist"] and wanted in bare(one["artist"]))
    songs = Counter(
        (one["song"], one["artist"]) for one in plays if one["song"] and wanted in bare(one["song"])
    )
    listeners = Counter[int]()
    for one in plays:
        if one["userId"] == wanted or (
            names and wanted in bare(f"{one['firstName'] or ''} {one['lastName'] or ''}")
        ):
            listeners[int(one["userId"])] += one["page"] == "NextSong"
    heard = Counter(one["location"] for one in plays if one["location"] and one["page"] == "NextSong")
    places = Counter({place: n for place, n in heard.items() if wanted in bare(place)})
    states = Counter[str]()
    for place, n in heard.items():
        code = place.partition(", ")[2].split("-")[0]
        if code and (bare(code) == wanted or (code in STATES and wanted in bare(STATES[code]))):
            states[code] += n
    return {
        "artists": artists, "songs": songs, "listeners": listeners, "places": places, "states": states,
    }  # fmt: skip


@pytest.mark.parametrize("names", [True, False])
def test_what_is_found_is_what_the_raw_records_have_in_their_names(
    warehouse: Engine, source: Source, names: bool
) -> None:
    fill(source)
    etl(warehouse, source.folder)

    for text in TEXTS:
        found = {one.kind: one for one in find(warehouse, text, names=names)}

        for kind, counted in expected(source.folder, text, names).items():
            rows = found[kind].result.rows
            keys = [row[:2] if kind == "songs" else row[0] for row in rows]
            assert dict(zip(keys, (row[-1] for row in rows), strict=True)) == counted, (text, kind)
            assert found[kind].number == len(counted), (text, kind)
            assert [row[-1] for row in rows] == sorted(counted.values(), reverse=True), (text, kind)


def test_nothing_is_found_of_no_text_and_what_no_name_can_be_is_refused(warehouse: Engine) -> None:
    assert find(warehouse, "  ", names=True) == []
    for text in ("x" * 201, "a\0b"):
        with pytest.raises(ConfigError, match="at most 200 characters"):
            find(warehouse, text, names=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small warehouse, `sparkify.duckdb`, and more songs with one word than are shown."""
    found = tmp_path_factory.mktemp("find")
    source = Source(found / "music")
    fill(source)
    many = [play(n, song=f"Encore {n}", artist="Kings", sessionId=500, userId="8") for n in range(SHOWN + 3)]
    source.log(*many, day="2018-11-29")
    code, _, err = finish(start("etl", "--source", "music", cwd=found))
    assert code == 0, err
    return found


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving(folder) as dashboard:
        yield dashboard


def found_links(html: str) -> list[dict[str, str]]:
    """Where the cells of the tables lead."""
    links = re.findall(r'<td[^>]*><a href="([^"]+)"', html)
    return [
        {name: one[0] for name, one in parse_qs(urlsplit(unescape(link)).query).items()} for link in links
    ]


def is_of(one: dict[str, Any], chosen: dict[str, str]) -> bool:
    """Whether an event is a play of what an address chooses."""
    has = {
        "artist": one["artist"], "title": one["song"], "place": one["location"],
        "state": (one["location"] or "").partition(", ")[2].split("-")[0],
    }  # fmt: skip
    return one["page"] == "NextSong" and all(has[name] == value for name, value in chosen.items())


def test_each_thing_found_leads_to_the_overview_of_its_plays(served: Served, folder: Path) -> None:
    plays = logged(folder / "music")

    status, html, _ = served.get(f"/find?{urlencode({'q': 'king'})}")
    of_states = served.get("/find?q=CALIFORNIA")[1]

    assert status == 200
    links = [*found_links(html), *found_links(of_states)]
    for one in ({"artist": "Kings"}, {"place": "Kingston, XX"}, {"state": "XX"}, {"state": "CA"}):
        assert one in links
    for chosen in links:
        its = [one for one in plays if is_of(one, chosen)]
        overview = served.get(f"/?{urlencode(chosen)}")[1]
        assert f'"value":"{len(its)}"' in overview, chosen
    assert {"listener": "18"} in found_links(served.get("/find?q=18")[1])


def test_a_listener_is_found_by_name_only_where_names_are_shown(served: Served, folder: Path) -> None:
    hidden = served.get("/find?q=koch")[1]
    with serving(folder, "--names") as named:
        shown = named.get("/find?q=koch")[1]

    assert "No artist, no title, no place and no state" in hidden
    assert "Koch" not in hidden.replace("koch", "")
    assert "Koch" in shown
    assert found_links(shown) == [{"listener": "18"}]
    assert "Bergström" not in served.get("/find?q=8")[1]


def test_a_listener_has_a_name_where_names_are_shown(served: Served, folder: Path) -> None:
    hidden = served.get("/?listener=18")[1]
    with serving(folder, "--names") as named:
        shown, nobody = (named.get(f"/?listener={number}")[1] for number in (18, 77))

    assert "<h1>Played by listener 18</h1>" in hidden
    assert "<h1>Played by Lily O&#39;Koch, listener 18</h1>" in shown
    assert "<h1>Played by listener 77</h1>" in nobody


def test_what_is_cut_says_how_many_there_are_and_nothing_says_what_to_do(served: Served) -> None:
    many = served.get("/find?q=encore")[1]
    nothing = served.get("/find?q=no+such+name")[1]
    empty = served.get("/find")[1]

    assert f"There are {SHOWN + 3}; these {SHOWN} are played most." in many
    assert many.count("<tr><td") == SHOWN
    assert "Try a shorter part of the name" in nothing
    assert "Find by part of a name" in empty
    assert '<form class="choose" action="/find"' in served.get("/?artist=Kings")[1]


def test_odd_texts_are_a_clear_page(served: Served) -> None:
    for query, status in (
        ("q=%00", 400), ("q=" + "x" * 5000, 400), ("q=%ED%A0%80", 200), ("q=%FF%FE", 200),
        ("q=%27%3B--", 200), ("q=%F0%9F%8E%B5", 200), ("q=a&q=b", 200), ("q=%u0041", 200), ("q=%C4%B0", 200),
    ):  # fmt: skip
        found, html, _ = served.get(f"/find?{query}")

        assert (found, "Traceback" in html) == (status, False), query
    html = served.get(f"/find?{urlencode({'q': HOSTILE})}")[1]
    assert "<script>document.title" not in html
    assert {"title": HOSTILE, "artist": HOSTILE} in found_links(html)


def test_in_a_browser_what_is_typed_is_found(served: Served, browser: Any) -> None:
    for width in (1440, 390):
        with visit(browser, served.url, width) as seen:
            seen.page.fill(".nav input[type=search]", "bjork")
            seen.page.press(".nav input[type=search]", "Enter")
            seen.page.wait_for_url("**/find?q=bjork")
            seen.screenshot(f"find-{width}")
            assert seen.page.input_value(".nav input[type=search]") == "bjork"
            assert (seen.strangers, seen.complaints, seen.overflow()) == ([], [], 0)
            seen.page.click("td a >> nth=0")
            seen.settle()
            assert "artist=Bj%C3%B6rk" in seen.page.url
