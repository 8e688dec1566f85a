"""The made-up service: its files are the app's, its listeners believable, and its truth is the truth."""

import datetime as dt
import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, LoadError
from sparkify.load.checks import check_everything
from sparkify.simulate.service import Options, simulate
from tests.builders import etl, event, rows, song

SMALL = Options(listeners=80, days=10, songs=400)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small service without faults."""
    target = tmp_path_factory.mktemp("simulate") / "music"
    simulate(target, SMALL)
    return target


@pytest.fixture(scope="module")
def events(music: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in _logs(music) for line in file.read_text().split("\n")]


def _logs(folder: Path) -> list[Path]:
    return sorted((folder / "log_data").rglob("*.json"))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _sessions(events: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    sessions: dict[int, list[dict[str, Any]]] = {}
    for one in events:
        sessions.setdefault(one["sessionId"], []).append(one)
    return sessions


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    options = Options(listeners=20, days=5, songs=50, faults=0.05)
    simulate(tmp_path / "a", options)
    simulate(tmp_path / "b", options)
    simulate(tmp_path / "c", Options(listeners=20, days=5, songs=50, faults=0.05, seed=2))

    assert _digest(tmp_path / "a") == _digest(tmp_path / "b") != _digest(tmp_path / "c")
    assert _digest(tmp_path / "a.later") == _digest(tmp_path / "b.later")


def test_every_event_has_the_apps_keys_in_the_apps_order_and_types(events: list[dict[str, Any]]) -> None:
    template = event()

    for one in events:
        assert list(one) == list(template)
        assert isinstance(one["userId"], str)
        assert isinstance(one["ts"], int) and one["ts"] % 1000 == 796
        out = one["auth"] == "Logged Out"
        personal = [one[key] for key in ("firstName", "gender", "location", "registration", "userAgent")]
        assert all(value is None for value in personal) if out else None not in personal
        assert (one["userId"] == "") == out
        assert one["level"] in ("free", "paid")
        assert isinstance(one["registration"], float | None)
        assert (one["song"] is None) == (one["artist"] is None) == (one["length"] is None)
        assert (one["page"] == "NextSong") == (one["song"] is not None)


def test_lines_look_as_the_real_ones_do(music: Path, real_data: Path) -> None:
    def shape(text: str) -> list[str]:
        return list(json.loads(text))

    ours, theirs = _logs(music)[0].read_text(), _logs(real_data)[0].read_text()

    assert shape(ours.split("\n")[0]) == shape(theirs.split("\n")[0])
    assert not ours.endswith("\n") and not theirs.endswith("\n")
    assert "Mozilla\\/5.0" in ours and "Mozilla\\/5.0" in theirs
    methods = {(e["auth"], e["page"], e["method"], e["status"]) for e in map(json.loads, ours.split("\n"))}
    real = {
        (e["auth"], e["page"], e["method"], e["status"])
        for file in _logs(real_data)
        for e in map(json.loads, file.read_text().split("\n"))
    }
    assert methods <= real


def test_song_files_lie_and_look_as_the_source_has_them(music: Path) -> None:
    files = sorted((music / "song_data").rglob("*.json"))

    assert len(files) == 400
    for file in files:
        record = json.loads(file.read_text())
        assert list(record) == list(song())
        assert file.name.startswith("TR") and len(file.stem) == 18
        assert file.parent.relative_to(music / "song_data") == Path(*file.name[2:5])
        assert (record["artist_latitude"] is None) == (record["artist_longitude"] is None)
        assert len(record["song_id"]) == len(record["artist_id"]) == 18


@pytest.mark.parametrize("wanted", [1, 7, 1000])
def test_as_many_events_as_were_asked_for(tmp_path: Path, wanted: int) -> None:
    simulate(tmp_path / "music", Options(events=wanted, days=3, songs=20))

    lines = [line for file in _logs(tmp_path / "music") for line in file.read_text().split("\n")]
    assert len(lines) == wanted


def test_a_log_holds_one_utc_day_in_order(music: Path) -> None:
    files = _logs(music)

    assert len(files) == 10
    for file in files:
        moments = [json.loads(line)["ts"] for line in file.read_text().split("\n")]
        days = {dt.datetime.fromtimestamp(ts / 1000, dt.UTC).date().isoformat() for ts in moments}
        assert days == {file.name.removesuffix("-events.json")}
        assert moments == sorted(moments)


def test_a_session_is_one_listeners_and_counts_its_items_from_zero(events: list[dict[str, Any]]) -> None:
    for session in _sessions(events).values():
        assert [one["itemInSession"] for one in session] == list(range(len(session)))
        assert len({one["userId"] for one in session} - {""}) <= 1


def test_a_level_changes_at_a_submit_and_nowhere_else(events: list[dict[str, Any]]) -> None:
    changes = {("free", "Submit Upgrade"): "paid", ("paid", "Submit Downgrade"): "free"}
    last: dict[str, dict[str, Any]] = {}
    seen = 0
    ordered = sorted(events, key=lambda one: (one["ts"], one["sessionId"], one["itemInSession"]))
    for one in (one for one in ordered if one["userId"]):
        if before := last.get(one["userId"]):
            expected = changes.get((before["level"], before["page"]), before["level"])
            assert one["level"] == expected
            seen += before["page"].startswith("Submit")
        last[one["userId"]] = one

    assert seen > 0
    for one in events:
        assert (one["level"], one["page"]) not in {("paid", "Upgrade"), ("free", "Downgrade")}


def test_session_ids_follow_the_time_only_loosely(music: Path, events: list[dict[str, Any]]) -> None:
    sessions = len(_sessions(events))
    for file in _logs(music)[2:8]:
        ids = [json.loads(line)["sessionId"] for line in file.read_text().split("\n")]

        assert max(ids) - min(ids) > sessions / 2


def test_listening_has_a_rhythm_a_long_tail_and_songs_that_no_metadata_lists(tmp_path: Path) -> None:
    simulate(tmp_path / "music", Options(events=60_000, days=28, songs=2000))
    plays = [
        one
        for file in _logs(tmp_path / "music")
        for one in map(json.loads, file.read_text().split("\n"))
        if one["page"] == "NextSong"
    ]
    moments = [dt.datetime.fromtimestamp(one["ts"] / 1000, dt.UTC) for one in plays]
    hours, weekdays = Counter(m.hour for m in moments), Counter(m.weekday() for m in moments)
    songs = Counter((one["song"], one["artist"]) for one in plays).most_common()
    listed = {
        (record["title"], record["artist_name"])
        for file in (tmp_path / "music" / "song_data").rglob("*.json")
        for record in [json.loads(file.read_text())]
    }

    assert hours[16] > 2 * hours[3]
    assert weekdays[2] > 1.5 * weekdays[6]
    assert sum(count for _, count in songs[: len(songs) // 10]) > 0.25 * len(plays)
    assert 0.5 < sum((one["song"], one["artist"]) in listed for one in plays) / len(plays) < 0.95
    assert len({one["userAgent"] for one in plays}) > 5
    assert len({one["location"] for one in plays}) > 20


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

        assert vars(summary.records) == run["records"]
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
        f"SELECT uri, records_read, loaded, duplicate, rejected FROM etl_file WHERE run_id = {run_id}",
    )
    files = {}
    for uri, read, loaded, duplicate, bad in counted:
        records = rejected.get(uri, [])
        assert bad == len(records)
        path = str(Path(uri).relative_to(folder))
        files[path] = {"read": read, "loaded": loaded, "duplicate": duplicate, "rejected": records}
    return files


def test_faults_of_every_kind_are_planted_where_truth_says(tmp_path: Path) -> None:
    simulate(tmp_path / "music", Options(listeners=100, days=5, songs=300, faults=0.1))
    planted = json.loads((tmp_path / "music" / "truth.json").read_text())["planted"]

    assert set(Counter(one["fault"] for one in planted)) == {
        "cut off", "a time that is no number", "no page", "blank line", "doubly encoded text",
        "the same record again", "a duration that is no number", "no title", "the same song again",
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


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")

    with pytest.raises(ConfigError, match="not empty"):
        simulate(tmp_path / "mine", SMALL)

    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_an_interrupted_simulation_leaves_no_half_service(tmp_path: Path) -> None:
    def interrupt(step: str) -> None:
        if step == "writing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "music", SMALL, interrupt)
    assert not list(tmp_path.iterdir())

    simulate(tmp_path / "music", SMALL)
    assert {path.name for path in tmp_path.iterdir()} == {"music"}
