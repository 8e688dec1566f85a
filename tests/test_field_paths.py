"""Which key fills which column, and which pages are plays: said once, for both engines."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.engines.base import Engine, Paths
from sparkify.engines.record import RecordReader
from sparkify.errors import ConfigError
from sparkify.ledger.state import write_play_pages
from sparkify.load.checks import check_everything, check_warehouse
from sparkify.load.deep import check_deep
from sparkify.load.feed import Feed, read_paths
from sparkify.load.forget import forget
from sparkify.load.run import rebuild
from sparkify.load.tables import use_play_pages
from sparkify.progress import Silent
from tests.builders import Record, Source, etl, play, rows, song

MANY = 300
"""Plays that make a file larger than what is gathered with others."""
PATHS = [
    "artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location",
    "method", "page", "registration", "sessionId", "track", "status", "ts", "userAgent",
]  # fmt: skip


@pytest.mark.parametrize("many", [2, MANY], ids=["small", "large"])
def test_which_key_fills_which_column_is_said_by_a_jsonpaths_file(
    warehouse: Engine, source: Source, tmp_path: Path, many: int
) -> None:
    events = tmp_path / "events.json"
    events.write_text(json.dumps({"jsonpaths": [*(f"$['{key}']" for key in PATHS), "$.user.id"]}))
    songs = tmp_path / "songs.json"
    keys = ["artist_id", "artist_latitude", "artist_location", "artist_longitude", "band", "duration",
            "num_songs", "song_id", "title", "year"]  # fmt: skip
    songs.write_text(json.dumps({"jsonpaths": [f"$.{key}" for key in keys]}))
    source.log(*(_nested(play(item)) for item in range(many)))
    record = song()
    source.song(record | {"band": record.pop("artist_name")}, name="TR1")
    feed = Feed({"events": read_paths(str(events), "events"), "songs": read_paths(str(songs), "songs")})

    etl(warehouse, source.folder, feed=feed)

    found = rows(warehouse, "SELECT user_id, title, song_id, COUNT(*) AS n FROM songplay GROUP BY 1, 2, 3")
    assert found == [(15, "Undo", "SO1", many)]
    assert rows(warehouse, "SELECT DISTINCT extra FROM stg_events") == [('{"user.plan":"gold"}',)]


@pytest.mark.parametrize(
    ("path", "write"),
    [("$.uid", '"uid": {}'), ("$.user.id", '"user": {{"id": {}, "name": "Lily"}}')],
    ids=["another key", "a path"],
)
def test_who_is_forgotten_is_found_where_the_jsonpaths_file_says(
    warehouse: Engine, source: Source, tmp_path: Path, path: str, write: str
) -> None:
    """The app's own userId is somebody else's, and means nothing in this feed."""
    events = tmp_path / "events.json"
    keys = [*(f"$.{'song' if key == 'track' else key}" for key in PATHS), path]
    events.write_text(json.dumps({"jsonpaths": keys}))
    feed = Feed({"events": read_paths(str(events), "events"), "songs": Feed().paths["songs"]})

    def line(item: int, *ids: int, **more: object) -> str:
        written = "".join(write.format(one) + ", " for one in ids)
        return json.dumps(play(item, userId="16", **more)).replace("{", "{" + written, 1)

    source.log(line(0, 777_001), line(1, 777_001, ts="?"), line(2, 15, ts="?"), line(3, 777_001, 15))
    etl(warehouse, source.folder, feed=feed)

    forget(warehouse, 777_001, Silent(), feed=feed)

    held = [repr(rows(warehouse, f"SELECT * FROM {name}")) for name in ("stg_events", "etl_reject")]
    assert [text.count("777001") for text in held] == [0, 0]
    assert '"uid": 15' in held[1] or '"id": 15' in held[1]
    assert rows(warehouse, "SELECT user_id FROM stg_events ORDER BY record") == [(None,), (15,)]
    source.log(line(4, 777_001, ts="?"), line(5, 777_001, 15), day="2018-11-02")
    etl(warehouse, source.folder, feed=feed)
    held = [repr(rows(warehouse, f"SELECT * FROM {name}")) for name in ("stg_events", "etl_reject")]
    assert [text.count("777001") for text in held] == [0, 0]


def test_the_apps_own_key_names_a_listener_too_where_another_one_is_configured(
    warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    events = tmp_path / "events.json"
    keys = [*(f"$.{'song' if key == 'track' else key}" for key in PATHS), "$.uid"]
    events.write_text(json.dumps({"jsonpaths": keys}))
    feed = Feed({"events": read_paths(str(events), "events"), "songs": Feed().paths["songs"]})
    nobodys = play(0, userId="777001", firstName="Lilyzz")
    others = play(1, userId="777001") | {"uid": "16", "mood": "blue"}
    source.log(nobodys, others, play(2, userId="16") | {"uid": "15"})
    etl(warehouse, source.folder, feed=feed)

    receipt = forget(warehouse, 777_001, Silent(), feed=feed)

    def left() -> str:
        return repr(rows(warehouse, "SELECT * FROM stg_events") + rows(warehouse, "SELECT * FROM songplay"))

    assert "777001" not in left()
    assert "Lilyzz" not in left()
    assert rows(warehouse, "SELECT user_id, location, extra FROM stg_events ORDER BY record")[:2] == [
        (None, None, None), (16, nobodys["location"], '{"mood":"blue"}'),
    ]  # fmt: skip
    assert (receipt.plays, receipt.plays_left) == (3, 3)
    assert check_deep(warehouse) and all(
        one.passed for one in [*check_deep(warehouse), *check_warehouse(warehouse)]
    )
    source.log(nobodys | {"sessionId": 9}, others | {"sessionId": 9}, day="2018-11-02")
    etl(warehouse, source.folder, feed=feed)
    assert "777001" not in left()
    assert "Lilyzz" not in left()
    assert all(one.passed for one in check_warehouse(warehouse))


def _nested(record: Record) -> Record:
    renamed = {"track" if key == "song" else key: value for key, value in record.items() if key != "userId"}
    return renamed | {"user": {"id": record["userId"], "plan": "gold"}}


def test_a_path_leads_through_lists_and_objects(warehouse: Engine, source: Source, tmp_path: Path) -> None:
    events = tmp_path / "events.json"
    paths = [f"$.{key}" for key in PATHS if key not in ("track", "sessionId")]
    places = {12: "$.ctx[0].of.id", 13: "$.tracks[1].names[0].t"}
    for at, path in sorted(places.items()):
        paths.insert(at, path)
    events.write_text(json.dumps({"jsonpaths": [*paths, "$.userId"]}))
    kept = [
        play(item, song=None, sessionId=None) | {"ctx": [{"of": {"id": 7}}], "tracks": tracks}
        for item, tracks in enumerate(([{}, {"names": [{"t": "Undo"}]}], [{}]))
    ]
    source.log(*kept)
    (source.folder / "log_data/2018/11/2018-11-09-events.json").write_text(
        json.dumps(kept[0] | {"itemInSession": 2}).replace('"t": "Undo"', '"t": "Undo", "t": null')
    )

    etl(warehouse, source.folder, feed=Feed({"events": read_paths(str(events), "events")}))

    assert rows(warehouse, "SELECT session_id, item_in_session, title FROM songplay ORDER BY 2") == [
        (7, 0, "Undo"), (7, 1, None), (7, 2, "Undo"),
    ]  # fmt: skip
    assert all(one.passed for one in check_warehouse(warehouse))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"jsonPaths": []}', 'its one key must be "jsonpaths"'),
        ('{"jsonpaths": ["$.a"]}', "has 1 paths, stg_songs takes 10"),
        ("nonsense", "is not JSON"),
        (json.dumps({"jsonpaths": ["b", *(f"$.{key}" for key in "cdefghijk")]}), "'b' is not a path"),
        (json.dumps({"jsonpaths": ["$.c", *(f"$.{key}" for key in "cdefghijk")]}), "names one path twice"),
    ],
)  # fmt: skip
def test_a_jsonpaths_file_that_cannot_be_used_is_one_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "paths.json").write_text(content)

    with pytest.raises(ConfigError, match="SONG_JSONPATH") as caught:
        read_paths(str(tmp_path / "paths.json"), "songs")
    assert said in str(caught.value)


def test_several_pages_may_be_plays_and_a_change_asks_for_a_rebuild(
    warehouse: Engine, source: Source
) -> None:
    use_play_pages(warehouse, ("NextSong", "Replay"))
    source.log(play(0), play(1, page="Replay"), play(2, page="Home"))

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT item_in_session FROM songplay ORDER BY 1") == [(0,), (1,)]
    with pytest.raises(ConfigError, match="`sparkify rebuild`"):
        use_play_pages(warehouse, ("NextSong",))
    rebuild(warehouse, Silent(), play_pages=("NextSong",))
    assert rows(warehouse, "SELECT item_in_session FROM songplay ORDER BY 1") == [(0,)]
    assert all(verdict.passed for verdict in check_everything(warehouse))
    write_play_pages(warehouse, ("Home",))
    assert not all(verdict.passed for verdict in check_everything(warehouse))


VALUES = st.text("abc", min_size=1, max_size=3)
OBJECTS = st.recursive(
    VALUES, lambda inner: st.dictionaries(st.sampled_from("pqr"), inner, min_size=1, max_size=3), max_leaves=8
)
ABOVE_AND_BELOW = [("p",), ("p", "q"), ("p", "q", "r"), ("p", "r"), ("q",), ("r", "p")]


@given(st.dictionaries(st.sampled_from("pqr"), OBJECTS, min_size=1), st.permutations(ABOVE_AND_BELOW))
def test_a_path_above_another_takes_nothing_from_it_in_whatever_order(
    record: dict[str, Any], order: list[tuple[str, ...]]
) -> None:
    """Each column has what stands at its path, if that is no object; every value is in one place."""
    paths: Paths = {f"c{ABOVE_AND_BELOW.index(path)}": path for path in order}

    found = RecordReader(paths, numbers=()).read(json.dumps(record).encode())

    taken = json.loads(found.line)
    extra = json.loads(taken.pop("sparkify_extra", "{}"))
    for column, path in paths.items():
        there: Any = record
        for step in path:
            there = there.get(step) if isinstance(there, dict) else None
        assert taken.get(column) == (None if isinstance(there, dict) else there)
        if isinstance(there, dict):
            reason = f"{'.'.join(path)} is a list or an object"
            assert reason in {one["reason"] for one in extra["_set_aside"]}
    aside = [one["value"] for one in extra.pop("_set_aside", [])]
    assert sorted(map(repr, _leaves([taken, extra, aside]))) == sorted(map(repr, _leaves(record)))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [
            leaf for each in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(each)
        ]
    return [value]


@pytest.mark.parametrize("many", [2, MANY], ids=["small", "large"])
@pytest.mark.parametrize(
    "keys",
    [("Song", "song"), ("filename", "file_index"), ("sparkify_extra", "sparkify_level"), ("rowid", "ROWID")],
    ids=" and ".join,
)
def test_keys_that_an_engine_takes_for_one_or_for_its_own_are_told_apart(
    warehouse: Engine, source: Source, tmp_path: Path, many: int, keys: tuple[str, str]
) -> None:
    """DuckDB's reader knows no case, and calls columns of its own `filename` and `file_index`."""
    named = dict(zip(("track", "artist"), keys, strict=True))
    events = tmp_path / "events.json"
    events.write_text(json.dumps({"jsonpaths": [f"$.{named.get(key, key)}" for key in [*PATHS, "userId"]]}))
    plays = [play(item) for item in range(many)]
    source.log(*(one | {keys[0]: one.pop("song"), keys[1]: one.pop("artist")} for one in plays))
    feed = Feed({"events": read_paths(str(events), "events"), "songs": Feed().paths["songs"]})

    etl(warehouse, source.folder, feed=feed)

    found = rows(warehouse, "SELECT title, artist_name, COUNT(*) AS n FROM songplay GROUP BY 1, 2")
    assert found == [("Undo", "Nightbirds", many)]
    assert rows(warehouse, "SELECT extra FROM stg_events WHERE extra IS NOT NULL") == []
