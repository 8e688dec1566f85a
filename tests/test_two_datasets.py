"""A file that is read as songs and as events, since two settings name one folder, or were swapped once."""

import json
from pathlib import Path

import pytest

from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.load.run import MaxRejects, load, reload
from sparkify.source.listing import list_source
from tests.builders import Noting, play, rows, song
from tests.test_undo import assert_sound

ALL = MaxRejects.parse("100%")


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with a file of two plays and a song."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "all.json").write_text("\n".join(json.dumps(one) for one in (play(0), play(1), song())))
    return folder


def load_as(engine: Engine, *, logs: Path | str = "", songs: Path | str = "") -> None:
    load(engine, list_source(S3(log_data=str(logs), song_data=str(songs))), ALL, Noting())


def assert_loaded(engine: Engine) -> None:
    assert rows(engine, "SELECT COUNT(*) AS plays, COUNT(song_id) AS matched FROM songplay") == [(2, 2)]
    assert rows(engine, "SELECT COUNT(*) AS songs FROM songs") == [(1,)]
    assert_sound(engine)


def test_each_reading_of_a_file_is_loaded_and_reloaded(warehouse: Engine, mixed: Path) -> None:
    load_as(warehouse, logs=mixed)
    load_as(warehouse, logs=mixed, songs=mixed)
    assert_loaded(warehouse)

    reload(warehouse, [str(mixed / "all.json")], ALL, Noting())
    assert_loaded(warehouse)


def test_folders_that_were_swapped_once_are_loaded_as_what_they_are(
    warehouse: Engine, tmp_path: Path
) -> None:
    logs, songs = tmp_path / "log_data", tmp_path / "song_data"
    for folder, records in ((logs, [play(0), play(1)]), (songs, [song()])):
        folder.mkdir()
        (folder / "a.json").write_text("\n".join(map(json.dumps, records)))
    load_as(warehouse, logs=songs, songs=logs)
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_reject") == [(3,)]

    load_as(warehouse, logs=logs, songs=songs)

    assert_loaded(warehouse)
