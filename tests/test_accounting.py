"""Can I trust it: the ledger in the report, and how much of it was proved when."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from sparkify.ask import kpis
from sparkify.ask.report import gather
from sparkify.engines.base import Engine
from sparkify.load.checks import check_everything
from sparkify.load.verdict import Verdict
from tests.builders import Source, etl, play, song

NOW = dt.datetime(2018, 12, 1, 8)


def proven(engine: Engine, *, prove: bool = False) -> dict[str, Any]:
    """What a page says of the ledger, and whether the checks `ran` for it."""
    ran: list[bool] = []

    def check() -> Sequence[Verdict]:
        ran.append(True)
        return check_everything(engine)

    trust: dict[str, Any] = gather(engine, check, NOW, prove=prove)["trust"]
    return trust | {"ran": bool(ran)}


def test_every_record_is_accounted_for(warehouse: Engine, source: Source) -> None:
    source.log(
        play(0), play(0), play(1), play(1, level="free", length="long"), "{broken", play(2, ts="yesterday")
    )
    source.song(song())
    etl(warehouse, source.folder)

    trust = proven(warehouse)

    assert trust["state"] == "good"
    assert trust["equation"] == {"read": 7, "loaded": 3, "duplicate": 1, "conflict": 1, "rejected": 2}
    assert [[part[:2] for part in line["parts"]] for line in trust["flow"]] == [
        [["events in 1 file", 6], ["songs in 1 file", 1]],
        [["loaded", 3], ["duplicate", 1], ["conflict, kept", 1], ["rejected, kept", 2]],
        [["plays", 2], ["songs", 1]],
        [["song known", 2]],
    ]
    assert sorted(row[0] for row in trust["rejects"]["rows"]) == ["malformed JSON", "ts is not a moment"]
    assert trust["runs"][0]["records"] == [7, 3, 1, 1, 2]
    assert "1 value without a column, or not fit for it, is kept in extra." in trust["facts"]


def test_wrong_rows_are_named_and_nothing_is_called_right(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    warehouse.execute("DELETE FROM users")

    trust = proven(warehouse)

    assert trust["title"].startswith("Not yet: ")
    failed = {check["name"]: check["wrong"] for check in trust["checks"] if not check["ok"]}
    assert (trust["state"], trust["badge"]) == ("bad", f"{len(failed)} checks found wrong rows")
    assert failed["songplay_user_exists"]
    assert "user_id 15" in failed["users_complete"]


def test_what_was_not_checked_for_a_page_is_not_called_right(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0), play(1))
    etl(warehouse, source.folder)
    small = proven(warehouse)
    monkeypatch.setattr("sparkify.ask.report.PROVEN", 1)

    large, asked = proven(warehouse), proven(warehouse, prove=True)

    assert [one["ran"] for one in (small, large, asked)] == [True, False, True]
    assert asked == small
    assert (small["state"], small["title"]) == ("good", "Yes: every record is accounted for")
    assert (large["state"], large["checks"]) == ("open", [])
    assert (large["title"], large["checks_title"]) == (
        "The record counts add up; the checks were not run", "The checks were not run for this page",
    )  # fmt: skip
    assert large["equation"] == small["equation"]


def test_a_run_that_does_not_add_up_is_called_that(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    warehouse.execute("UPDATE etl_run SET records_read = 2")

    trust = proven(warehouse)

    assert (trust["state"], trust["adds_up"], trust["runs"][0]["ok"]) == ("bad", False, False)


def test_pictures_that_count_other_plays_are_found_out() -> None:
    empty: dict[str, list[tuple[Any, ...]]] = {
        name: [] for name in ("plays_by_day_and_level", "plays_by_weekday_and_hour", "plays_by_state",
        "listeners_by_level_and_gender", "top_locations", "top_browsers", "top_devices", "session_lengths",
        "match_rate_by_day")
    }  # fmt: skip

    found = kpis.sums(empty | {"at_a_glance": [(3,)], "plays_by_day": [(None, 2), (None, 1)]})

    assert found[:3] == [("at a glance", 3), ("by day", 3), ("by day and level", 0)]
