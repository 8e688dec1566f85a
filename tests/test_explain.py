"""From a play back to its file, and why it matched its song."""

import json

import pytest

from sparkify.ask.explain import explain_play
from sparkify.engines.base import Engine
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import ConfigError
from tests.builders import NOON, Run, Source, etl, event, play, song
from tests.clusters import Bucket, load_bucket


def test_a_play_leads_back_to_run_file_record_and_raw_values(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1, song="BjÃ¶rk "), day="2018-11-01")
    etl(warehouse, source.folder)
    earlier = source.log("", play(1, song=" Björk", ts=NOON), day="2018-11-02")
    etl(warehouse, source.folder)

    found = explain_play(warehouse, 38_000_001)

    assert [(one.run_id, one.command, one.record) for one in found.records] == [(2, "etl", 2), (1, "etl", 2)]
    assert found.records[0].uri == str(earlier)
    assert (found.records[0].values["song"], found.play["title"]) == (" Björk", "Björk")
    assert found.records[0].values["ts"] == found.play["start_time"]
    assert found.records[1].values["song"] == "BjÃ¶rk "


MATCHES = [
    ({}, "SO1: the only song with this title and artist", "AR1: that of the song"),
    (
        {"song": "Twice", "length": 100.0},
        "SO3: of 2 songs with this title and artist the nearest in length, 1.00 s apart",
        "AR1: that of the song",
    ),
    (
        {"artist": "Nobody"},
        "none: the catalogue has this title, but by Nightbirds",
        "none: no song of the catalogue credits this name",
    ),
    (
        {"song": "Unheard"},
        "none: the catalogue has 3 of this artist, but not with this title",
        "AR1: the only artist who is credited under this name",
    ),
    (
        {"song": "Unheard", "artist": "Sol"},
        "none: the catalogue has 2 of this artist, but not with this title",
        "none: 2 artists are credited under this name",
    ),
    (
        {"song": "Unheard", "artist": "Nobody"},
        "none: the catalogue has neither this title nor this artist",
        "none: no song of the catalogue credits this name",
    ),
    (
        {"artist": None},
        "none: the app reported no artist",
        "none: no song of the catalogue credits this name",
    ),
]


def test_a_match_is_explained_and_so_is_its_absence(warehouse: Engine, source: Source) -> None:
    source.song(song())
    source.song(song("SO2", title="Twice", duration=90.0))
    source.song(song("SO3", title="Twice", duration=101.0))
    source.song(song("SO4", title="Day", artist_id="AR4", artist_name="Sol"))
    source.song(song("SO5", title="Night", artist_id="AR5", artist_name="Sol"))
    source.log(*(play(item, **heard) for item, (heard, _, _) in enumerate(MATCHES)))
    etl(warehouse, source.folder)

    found = [explain_play(warehouse, 38_000_000 + item) for item in range(len(MATCHES))]

    assert [(one.song, one.artist) for one in found] == [(song, artist) for _, song, artist in MATCHES]


def test_of_many_candidates_it_is_said_how_many_are_not_shown(loaded: Run, source: Source) -> None:
    few = loaded("explain", "play", "38000000")
    for number in range(12):
        source.song(song(f"SO{number:02}", title=f"Undo {number}"))
    loaded("etl", "--source", "music")

    many = loaded("explain", "play", "38000000")

    assert "more" not in few.stdout
    assert many.stdout.endswith("\n  and 3 more\n")


def test_what_is_no_play_is_said(warehouse: Engine, source: Source) -> None:
    source.log(play(0), event(itemInSession=5, page="Help"))
    etl(warehouse, source.folder)

    with pytest.raises(ConfigError, match=r"event 38000005 is not a play: its page is Help\."):
        explain_play(warehouse, 38_000_005)
    with pytest.raises(ConfigError, match=r"there is no play 38000009\. "):
        explain_play(warehouse, 38_000_009)


def test_a_play_that_a_plain_copy_brought_leads_back_to_its_run(redshift: Redshift, bucket: Bucket) -> None:
    bucket.log(play(0))
    load_bucket(redshift, bucket.uri)

    [record] = explain_play(redshift, 38_000_000).records

    assert (record.run_id, record.uri, record.record) == (1, None, None)


def test_an_explanation_is_printed_for_people_and_for_programs(loaded: Run) -> None:
    text = loaded("explain", "play", "38000000")
    as_object = loaded("explain", "play", "38000000", "--format", "json")
    nowhere = loaded("explain", "play", "9")

    assert "Play 38000000: Undo by Nightbirds" in text.stdout
    assert "log_data/2018/11/2018-11-01-events.json record 1" in text.stdout
    assert '  user_agent       "Mozilla/5.0 (X11; Linux x86_64) Chrome/36.0" -> Mozilla/5.0' in text.stdout
    assert json.loads(as_object.stdout)["records"][0]["values"]["first_name"] == "Lily"
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)


def test_nothing_of_a_record_steers_the_terminal(run: Run, source: Source) -> None:
    odd = "\x1b[2J\x1b]0;pwned\x07"
    for number in (1, 2):
        source.song(song(f"SO{number}{odd}", artist_id=f"AR{odd}", title=f"Undo{odd}", artist_name=f"N{odd}"))
    source.log(play(0, song=f"Undo{odd}", artist=f"N{odd}", userAgent=odd, firstName=odd))
    assert run("etl", "--source", "music").returncode == 0

    table = ("--format", "table")
    for command in (
        ("explain", "play", "38000000"), ("ask", "most_played_songs", *table), ("find", "Undo", *table),
        ("rejects", *table), ("query", "SELECT * FROM songs", *table), ("forget", "15", "--yes"),
        ("etl", "--source", "music"), ("plan", "--source", "music", *table),
    ):  # fmt: skip
        done = run(*command)
        assert (done.returncode, "\x1b" in done.stdout + done.stderr) == (0, False), command
