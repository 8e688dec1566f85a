"""A warehouse against what is known of its source: truth.json, and the star by brute force."""

import datetime as dt
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.load.checks import check_everything
from sparkify.load.replay import replay
from sparkify.load.run import MaxRejects, reload
from sparkify.load.undo import undo
from sparkify.simulate.service import Options, simulate
from tests import oracle
from tests.builders import Noting, etl, rows


@pytest.mark.parametrize("options", [
    Options(listeners=80, days=10, songs=400, faults=0.03),
    Options(listeners=50, days=1, songs=60, faults=0.2, seed=5),
    Options(events=3000, days=40, songs=300, faults=0.01, seed=9, start=dt.date(2024, 2, 20)),
])  # fmt: skip
def test_a_warehouse_of_a_faulty_service_holds_the_truth(
    tmp_path: Path, warehouse: Engine, options: Options
) -> None:
    music = tmp_path / "music"
    simulate(music, options)
    truth = json.loads((music / "truth.json").read_text())

    for number, run in enumerate(truth["runs"], 1):
        if run["source"]:
            shutil.copytree(tmp_path / "music.later" / run["source"], music, dirs_exist_ok=True)
        summary = etl(warehouse, music, "100%")

        counted = summary.records
        assert {name: getattr(counted, name) for name in run["records"]} == run["records"]
        assert run["values"] == {
            "read": counted.values, "set_aside": counted.values_aside, "misfits": counted.misfits,
        }  # fmt: skip
        assert {one.key: one.records for one in summary.unknown_keys} == run["unknown_keys"]
        assert not summary.absent_keys
        assert summary.rows == run["star"]
        assert {"song": summary.matched_song, "artist": summary.matched_artist} == run["matched"]
        assert _files(warehouse, music, number) == run["files"]
        assert rows(warehouse, "SELECT COUNT(*) AS n FROM users WHERE level = 'paid'") == [
            (run["paid_users"],)
        ]
        top = rows(
            warehouse,
            "SELECT title, artist_name, COUNT(*) AS plays FROM songplay "
            "GROUP BY title, artist_name ORDER BY plays DESC, title, artist_name LIMIT 10",
        )
        assert [list(row) for row in top] == run["most_played_songs"]
        assert all(verdict.passed for verdict in check_everything(warehouse))
    if truth["rewritten"]:
        shutil.copytree(tmp_path / "music.later" / "rewritten", music, dirs_exist_ok=True)
        with pytest.raises(LoadError, match=truth["rewritten"]):
            etl(warehouse, music, "100%")


def test_undoing_reloading_and_retrying_lead_from_one_truth_to_the_other(
    tmp_path: Path, duckdb_warehouse: Engine
) -> None:
    music = tmp_path / "music"
    simulate(music, Options(listeners=60, days=8, songs=300, faults=0.05, seed=4))
    first, second = json.loads((music / "truth.json").read_text())["runs"]
    early = tmp_path / "early"
    shutil.copytree(music, early)
    etl(duckdb_warehouse, music, "100%")
    shutil.copytree(tmp_path / "music.later" / "late", music, dirs_exist_ok=True)
    etl(duckdb_warehouse, music, "100%")

    undone = undo(duckdb_warehouse, 2, Noting())
    assert (undone.rows, undone.matched_song) == (first["star"], first["matched"]["song"])
    assert_same(duckdb_warehouse, early)
    again = etl(duckdb_warehouse, music, "100%", also=["undone"])
    assert (again.rows, again.matched_song) == (second["star"], second["matched"]["song"])
    log = next(iter(sorted((music / "log_data").rglob("*.json"))))
    again = reload(duckdb_warehouse, [str(log)], MaxRejects.parse("100%"), Noting())
    assert (again.rows, again.matched_song) == (second["star"], second["matched"]["song"])
    replay(duckdb_warehouse, None, Noting())
    assert_same(duckdb_warehouse, music)


def _files(warehouse: Engine, folder: Path, run_id: int) -> dict[str, dict[str, Any]]:
    """What the ledger says of the files of a run, as truth.json puts it."""
    rejected: dict[str, list[int]] = {}
    for uri, record in rows(
        warehouse,
        "SELECT f.uri, r.record FROM etl_reject AS r JOIN etl_file AS f ON f.file_id = r.file_id "
        f"WHERE r.run_id = {run_id} ORDER BY r.record",
    ):
        rejected.setdefault(uri, []).append(record)
    counted = rows(
        warehouse,
        "SELECT uri, rejected, records_read, loaded, duplicate, conflict, values_read, values_aside "
        f"FROM etl_file WHERE run_id = {run_id}",
    )
    files = {}
    for uri, bad, *counts in counted:
        records = rejected.get(uri, [])
        assert bad == len(records)
        names = ("read", "loaded", "duplicate", "conflict", "values", "set_aside")
        path = str(Path(uri).relative_to(folder))
        files[path] = {**dict(zip(names, counts, strict=True)), "rejected": records}
    return files


def test_faults_of_every_kind_are_planted_where_truth_says(tmp_path: Path) -> None:
    simulate(tmp_path / "music", Options(listeners=100, days=5, songs=300, faults=0.1))
    planted = json.loads((tmp_path / "music" / "truth.json").read_text())["planted"]

    assert set(Counter(one["fault"] for one in planted)) == {
        "cut off", "a time that is no number", "no page", "blank line", "doubly encoded text",
        "the same record again", "the same event at another time", "an unknown key",
        "a value that does not fit", "no title", "the same song again", "the same song with another year",
        "one record over several lines", "an empty file",
    }  # fmt: skip
    for one in planted:
        places = [tmp_path / "music" / one["file"], tmp_path / "music.later" / "late" / one["file"]]
        text = next(file.read_text() for file in reversed(places) if file.is_file())
        if one["fault"] == "cut off":
            with pytest.raises(json.JSONDecodeError):
                json.loads(text.split("\n")[one["line"] - 1])
        if one["fault"] == "blank line":
            assert text.split("\n")[one["line"] - 1] == ""


PLAYS = """
    SELECT songplay_id, start_time, user_id, level, song_id, artist_id, title, artist_name
    FROM songplay ORDER BY songplay_id
"""


def assert_same(warehouse: Engine, folder: Path) -> list[oracle.Play]:
    expected = oracle.plays(folder)
    held = rows(warehouse, PLAYS)
    assert len(held) == len(expected)
    assert [row for row in zip(held, expected, strict=True) if row[0] != tuple(row[1])] == []
    return expected


@pytest.mark.parametrize("seed", [3, 11])
def test_every_play_of_a_faulty_service_has_its_song_artist_level_and_listener(
    tmp_path: Path, warehouse: Engine, seed: int
) -> None:
    music = tmp_path / "music"
    simulate(music, Options(listeners=60, days=6, songs=500, faults=0.1, seed=seed))
    etl(warehouse, music, "100%")
    first = assert_same(warehouse, music)

    shutil.copytree(tmp_path / "music.later" / "late", music, dirs_exist_ok=True)
    etl(warehouse, music, "100%")
    second = assert_same(warehouse, music)

    assert len(second) > len(first)
    assert {one.song_id is None for one in second} == {True, False}
    assert any(one.song_id is None and one.artist_id for one in second)


def test_every_play_of_the_real_data_has_its_song_artist_level_and_listener(
    real_data: Path, warehouse: Engine
) -> None:
    etl(warehouse, real_data)

    expected = assert_same(warehouse, real_data)

    assert len(expected) == 6820
    assert sum(one.song_id is not None for one in expected) == 1


def test_the_real_data_holds_as_many_repaired_plays_as_its_readme_counts(
    real_data: Path, warehouse: Engine
) -> None:
    etl(warehouse, real_data)

    repaired = rows(
        warehouse,
        "SELECT COUNT(*) AS n FROM songplay AS p JOIN stg_events AS e "
        "ON e.session_id * 1000000 + e.item_in_session = p.songplay_id "
        "WHERE p.title <> TRIM(e.song) OR p.artist_name <> TRIM(e.artist)",
    )
    assert repaired == [(326,)]
