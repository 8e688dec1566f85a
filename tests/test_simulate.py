"""The made-up service: its files are the app's, its listeners believable, and its truth is the truth."""

import datetime as dt
import hashlib
import json
import statistics
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from sparkify.cli.main import cli
from sparkify.errors import ConfigError
from sparkify.simulate import listening
from sparkify.simulate.listeners import make_listeners
from sparkify.simulate.listening import Events
from sparkify.simulate.service import Options, simulate
from sparkify.simulate.sessions import draw_sessions
from tests.builders import event, song

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


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service large enough for shares to mean something: 60,000 events of some 630 listeners."""
    target = tmp_path_factory.mktemp("simulate") / "month"
    simulate(target, Options(events=60_000, days=28, songs=2000))
    return target


@pytest.fixture(scope="module")
def month_events(month: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in _logs(month) for line in file.read_text().split("\n")]


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


def test_the_values_of_the_truth_are_those_of_its_files(tmp_path: Path) -> None:
    simulate(tmp_path / "music", Options(listeners=40, days=4, songs=300, faults=0.2))
    truth = json.loads((tmp_path / "music" / "truth.json").read_text())
    first, late = truth["runs"]
    known, unknown = event().keys() | song().keys(), Counter()

    for path, counted in first["files"].items():
        text = (tmp_path / "music" / path).read_text()
        lines = [text] if path.startswith("song_data") else text.split("\n")
        good = [
            json.loads(line)
            for number, line in enumerate(lines, 1)
            if line and number not in counted["rejected"]
        ]
        held = [
            (key, value)
            for one in good
            for key, value in one.items()
            if value is not None and (key, value) != ("userId", "")
        ]
        assert counted["values"] == len(held), path
        assert counted["read"] == len(good) + len(counted["rejected"]), path
        unknown.update(key for key, _ in held if key not in known)

    assert first["unknown_keys"] == unknown
    assert first["values"]["set_aside"] == unknown.total() + first["values"]["misfits"]
    assert all(sum(run["records"].values()) == 2 * run["records"]["read"] for run in (first, late))
    assert min(first["records"].values()) > 0


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


def test_sessions_that_take_longer_than_thought_do_not_run_over_the_last_day() -> None:
    rng = np.random.default_rng(1)
    listeners = make_listeners(50, dt.date(2026, 1, 1), 1, rng)
    sessions = draw_sessions(2000, listeners, 10.0, 1, 0, rng)

    events = listening.join(list(listening.listen(sessions, listeners.paid, np.array([1500]), rng)))

    assert len(events) == 2000
    assert events.second.max() < 86_400


@pytest.mark.parametrize("faults", [0.0, 0.01])
def test_no_block_of_events_grows_with_the_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: float
) -> None:
    made: list[int] = []
    make = Events.__init__

    def watch(events: Events, *columns: Any) -> None:
        make(events, *columns)
        made.append(len(events))

    def largest(days: int) -> int:
        made.clear()
        simulate(tmp_path / f"{days}", Options(listeners=100, days=days, songs=10, faults=faults))
        return max(made)

    monkeypatch.setattr(listening, "BATCH", 32)
    monkeypatch.setattr(Events, "__init__", watch)

    assert largest(100) < 2 * largest(10)


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


def test_listeners_have_one_session_after_the_other(month_events: list[dict[str, Any]]) -> None:
    """But for the last ones of the period, which may be moved back over others."""
    last_ts = month_events[-1]["ts"]
    times: dict[str, list[tuple[int, int]]] = {}
    for session in _sessions(month_events).values():
        users = {one["userId"] for one in session} - {""}
        if users and session[-1]["ts"] < last_ts - 86_400_000:
            times.setdefault(users.pop(), []).append((session[0]["ts"], session[-1]["ts"]))

    between = [after[0] - before[1] for spans in times.values() for before, after in pairwise(sorted(spans))]
    assert len(between) > 2000
    assert min(between) >= 300_000


def test_a_level_changes_at_a_submit_and_nowhere_else(month_events: list[dict[str, Any]]) -> None:
    changes = {("free", "Submit Upgrade"): "paid", ("paid", "Submit Downgrade"): "free"}
    last: dict[str, dict[str, Any]] = {}
    seen = 0
    ordered = sorted(month_events, key=lambda one: (one["ts"], one["sessionId"], one["itemInSession"]))
    for one in (one for one in ordered if one["userId"]):
        if before := last.get(one["userId"]):
            expected = changes.get((before["level"], before["page"]), before["level"])
            assert one["level"] == expected
            seen += before["page"].startswith("Submit")
        last[one["userId"]] = one

    assert seen > 10
    for one in month_events:
        assert (one["level"], one["page"]) not in {("paid", "Upgrade"), ("free", "Downgrade")}


@pytest.mark.parametrize("listeners", [97, 1500])
def test_session_ids_follow_the_time_as_loosely_as_the_real_ones(tmp_path: Path, listeners: int) -> None:
    """In the real month: a correlation of 0.90, and a day spans 0.44 of all ids, its middle 0.18."""
    simulate(tmp_path / "music", Options(listeners=listeners, songs=100))
    began: dict[int, int] = {}
    days = []
    for file in _logs(tmp_path / "music"):
        events = [json.loads(line) for line in file.read_text().split("\n")]
        days.append(sorted({one["sessionId"] for one in events}))
        for one in events:
            began.setdefault(one["sessionId"], one["ts"])
    in_time = [began[session] for session in sorted(began)]
    rank = {session: at for at, session in enumerate(sorted(began, key=lambda one: (began[one], one)))}
    ranks = [rank[session] for session in sorted(began)]

    assert sorted(began) == list(range(3, len(began) + 3))
    assert 0.85 < statistics.correlation(range(len(ranks)), ranks) < 0.98
    assert in_time != sorted(in_time)
    assert 0.12 < statistics.median(_middle(ids) for ids in days) / len(began) < 0.28
    assert 0.3 < statistics.median(ids[-1] - ids[0] for ids in days) / len(began) < 0.65


def _middle(ids: list[int]) -> int:
    """How much the middle four fifths of sorted ids span."""
    return ids[len(ids) * 9 // 10] - ids[len(ids) // 10]


def test_listening_has_a_rhythm_a_long_tail_and_songs_that_no_metadata_lists(
    month: Path, month_events: list[dict[str, Any]]
) -> None:
    plays = [one for one in month_events if one["page"] == "NextSong"]
    moments = [dt.datetime.fromtimestamp(one["ts"] / 1000, dt.UTC) for one in plays]
    hours, weekdays = Counter(m.hour for m in moments), Counter(m.weekday() for m in moments)
    songs = Counter((one["song"], one["artist"]) for one in plays).most_common()
    listed = {(record["title"], record["artist_name"]) for record in _songs(month)}

    days = [len(file.read_text().split("\n")) for file in _logs(month)]

    assert min(days) / statistics.mean(days) > 0.3 and max(days) / statistics.mean(days) < 2.2
    assert 2 < hours[16] / hours[3] < 8
    assert 1.5 < weekdays[2] / weekdays[6] < 6
    assert 0.25 < sum(count for _, count in songs[: len(songs) // 10]) / len(plays) < 0.75
    assert 0.5 < sum((one["song"], one["artist"]) in listed for one in plays) / len(plays) < 0.95
    assert 5 < len({one["userAgent"] for one in plays}) < 100
    assert 20 < len({one["location"] for one in plays}) < 400


def _songs(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in (folder / "song_data").rglob("*.json")]


def test_listeners_join_leave_and_have_a_second_device_now_and_then(
    month_events: list[dict[str, Any]],
) -> None:
    day = 86_400_000
    start = month_events[0]["ts"] // day * day
    listeners: dict[str, list[dict[str, Any]]] = {}
    for one in month_events:
        if one["userId"]:
            listeners.setdefault(one["userId"], []).append(one)
    joined = [events for events in listeners.values() if events[0]["registration"] >= start]
    busy = [events for events in listeners.values() if len({one["sessionId"] for one in events}) >= 8]
    left = [events for events in busy if events[-1]["ts"] < start + 21 * day]
    two_devices = [events for events in busy if len({one["userAgent"] for one in events}) == 2]

    assert len(busy) > 100
    assert all(events[0]["ts"] // day >= events[0]["registration"] // day for events in joined)
    assert 0.1 < len(joined) / len(listeners) < 0.3
    assert 0.03 < len(left) / len(busy) < 0.2
    assert 0.15 < len(two_devices) / len(busy) < 0.45
    assert all(len({one["userAgent"] for one in events}) <= 2 for events in listeners.values())


def test_some_songs_credit_a_guest(month: Path) -> None:
    credited = [record["artist_name"] for record in _songs(month)]

    assert 0.03 < sum(" Featuring " in name for name in credited) / len(credited) < 0.12


@pytest.mark.parametrize("end", ["yesterday", "2019-03-01"])
def test_the_last_day_may_be_said_instead_of_the_first(tmp_path: Path, end: str) -> None:
    yesterday = str(dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1))

    made = ["simulate", f"{tmp_path}/music", "--listeners", "99", "--songs", "9", "--days", "3", "--end", end]
    assert CliRunner().invoke(cli, made).exit_code == 0

    logs = sorted(path.name[:10] for path in tmp_path.glob("music/log_data/*/*/*.json"))
    assert (len(logs), logs[-1]) == (3, yesterday if end == "yesterday" else end)
    for more, said in (
        ("--end 0001-01-05", "leave the years"),
        ("--end 2019-01-05 --start 2019-01-01", "exclude"),
    ):
        refused = CliRunner().invoke(cli, ["simulate", f"{tmp_path}/more", *more.split()])
        assert said in refused.output + str(refused.exception)


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
