"""What a refusal, a warning or an answer says holds for all that it speaks of, and its advice works."""

import json
from pathlib import Path

from sparkify.engines.base import Engine
from sparkify.load.feed import Feed
from sparkify.load.replay import replay
from tests.builders import Noting, Run, Source, etl, play, rows


def test_a_decimal_keeps_its_digits_in_json(loaded: Run) -> None:
    values = ("0.1234567890123456789", "12345678901234567890.12", "0.50", "7.00")
    columns = ", ".join(f"CAST('{one}' AS DECIMAL(38, 19)) AS c{at}" for at, one in enumerate(values[:1]))
    columns += ", " + ", ".join(
        f"CAST('{one}' AS DECIMAL(38, 2)) AS d{at}" for at, one in enumerate(values[1:])
    )

    [row] = json.loads(loaded("query", f"SELECT {columns}", "--format", "json").stdout)

    assert [*row.values()] == [values[0], values[1], 0.5, 7]


def test_a_replay_warns_of_conflicts_as_a_load_does(warehouse: Engine, source: Source) -> None:
    lines = [json.dumps(play(0, song=title)).replace("sessionId", "sid") for title in ("Undo", "Redo")]
    source.log(*lines)
    etl(warehouse, source.folder)
    paths = {
        "events": dict(Feed().paths["events"]) | {"session_id": ("sid",)},
        "songs": Feed().paths["songs"],
    }
    watching = Noting()

    summary = replay(warehouse, None, watching, feed=Feed(paths))  # type: ignore[arg-type]  # of a dataset

    assert summary.records.conflict == 1
    assert any("1 record has the key of another record" in one for one in watching.warnings)


def test_events_without_a_play_are_counted_over_all_files(warehouse: Engine, source: Source) -> None:
    for day, number in ((1, 1), (2, 30)):
        source.log(*(play(n, page="Home", sessionId=day) for n in range(number)), day=f"2018-11-0{day}")
    watching = Noting()

    etl(warehouse, source.folder, watching=watching)

    assert any(
        "no play among the 31 events of " in one and "and 1 more file" in one for one in watching.warnings
    )
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(0,)]


def test_the_advice_of_a_refusal_works(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(*["x"] * 200, day="2018-11-03")
    source.log(*map(play, range(50)), day="2018-11-02")
    refused = run("etl", "--source", "music")
    assert (refused.returncode, "--max-rejects 200, and [ETL] REJECTED_FILES = allow" in refused.stderr) == (
        1,
        True,
    )

    (tmp_path / "dwg.cfg").write_text("[ETL]\nREJECTED_FILES = allow\n")

    assert run("etl", "--source", "music", "--max-rejects", "200").returncode == 0


def test_reload_and_replay_take_no_other_pages_of_plays(loaded: Run, source: Source, tmp_path: Path) -> None:
    log = next((source.folder / "log_data").rglob("*.json"))
    (tmp_path / "dwg.cfg").write_text("[ETL]\nPLAY_PAGE = Home\n")

    for command in (("reload", str(log)), ("rejects", "replay")):
        refused = loaded(*command)
        assert (refused.returncode, "was built with NextSong" in refused.stderr) == (2, True), command


def test_a_name_that_is_no_number_and_a_warehouse_that_is_not_there_are_told_apart(
    loaded: Run, tmp_path: Path
) -> None:
    for command in (
        ("forget", "chloe"),
        ("ask", "plays_by_hour", "--listener", "chloe"),
        ("explain", "play", "chloe"),
    ):
        assert "`sparkify find` looks up" in loaded(*command).stderr, command
    (tmp_path / "dwg.cfg").write_text("[WAREHOUSE]\nSNAPSHOT = yes\n")
    assert (
        "there is no warehouse none.duckdb"
        in loaded("ask", "at_a_glance", "--warehouse", "none.duckdb").stderr
    )
    assert "`sparkify tables create`" in loaded("ask", "at_a_glance").stderr
