"""Names of files and days: any name is a file's own, and a day without a log is noticed."""

import csv
import datetime as dt
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.ledger.files import read_ledger
from sparkify.load.files import make_plan
from sparkify.load.reload import plan_reload
from sparkify.source.listing import SourceFile, list_source, missing_days
from sparkify.source.local import local_path, local_uri
from sparkify.source.store import find, open_file
from tests.builders import Run, Source, etl, play, rows
from tests.test_undo import assert_sound, reloaded

BAD_BYTE = os.fsdecode(b"2018-11-01-\xff.json")
ODD_NAMES = (
    "log[1].json",
    "a*b.json",
    "a?b.json",
    "{a,b}.json",
    "level=free/a.json",
    "100%.json",
    "a%FF.json",
    "~.json",
    "sp ace.json",
    "é☃.json",
    "new\nline.json",
    "back\\slash.json",
    "'quote\".json",
    BAD_BYTE,
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_of_any_name_is_found_again_by_its_uri(source: Source, name: str) -> None:
    file = source.write(source.folder / "log_data" / name, name.encode(errors="surrogateescape"))

    [found] = list_source(S3(source=str(source.folder)))

    assert local_path(found.uri) == str(file)
    assert find(found.uri).size == found.size == file.stat().st_size
    with open_file(found.uri) as handle:
        assert handle.read() == file.read_bytes()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_the_ledger_knows_a_file_of_any_name(warehouse: Engine, source: Source, name: str) -> None:
    file = source.write(source.folder / "log_data" / name, b"{}")
    [found] = list_source(S3(source=str(source.folder)))
    columns = (
        "file_id", "uri", "dataset", "run_id", "size", "modified", "content_hash", "records_read", "loaded",
        "duplicate", "rejected",
    )  # fmt: skip
    row = (1, found.uri, "events", 1, found.size, found.modified, "x" * 64, 0, 0, 0, 0)

    warehouse.insert("etl_file", columns, [row])

    assert [planned.state for planned in make_plan([found], warehouse).files] == ["known"]
    [planned] = plan_reload([str(file)], read_ledger(warehouse))
    assert planned.file == found


def test_a_name_that_is_not_utf8_is_printed_by_plan_and_by_the_warning(run: Run, source: Source) -> None:
    for name in (BAD_BYTE, os.fsdecode(b"\xff.log")):
        source.write(source.folder / "log_data" / name, b"{}")

    table, rows = (run("plan", "--source", "music", "--format", style) for style in ("table", "csv"))

    assert "1 file of events" in table.stdout, table.stderr
    assert "log_data/%FF.log" in table.stdout
    assert [row["uri"].rpartition("/")[2] for row in csv.DictReader(io.StringIO(rows.stdout))] == [
        "2018-11-01-%FF.json",
        "%FF.log",
    ]


@given(st.lists(st.binary(min_size=1, max_size=12), min_size=2, max_size=4, unique=True))
def test_every_path_has_a_uri_of_its_own_that_is_text(names: list[bytes]) -> None:
    paths = ["/music/" + os.fsdecode(name.replace(b"\0", b"%")) for name in names]

    uris = [local_uri(path) for path in paths]

    assert [local_path(uri) for uri in uris] == paths
    assert len(set(uris)) == len(set(paths))
    for path, uri in zip(paths, uris, strict=True):
        assert uri.encode().decode() == uri
        assert uri == path or not path.isprintable()


def test_a_path_that_is_text_is_its_own_uri() -> None:
    for path in ("/music/100%.json", "/music/a%FF.json", "/file:/a.json", "/music/é\n.json"):
        assert local_uri(path) == path


def day(number: int) -> dt.date:
    return dt.date(2018, 11, number)


def log(number: int) -> SourceFile:
    return SourceFile(f"/m/log_data/{day(number)}-events.json", "events", 1, "1")


def test_the_days_before_a_new_day_that_no_file_is_named_for_are_missing() -> None:
    files = [log(1), log(2), log(5), log(6), log(8)]

    assert missing_days(files, []) == [day(3), day(4), day(7)]


def test_a_gap_is_told_of_once() -> None:
    files = [log(1), log(4), log(5)]

    assert missing_days(files, [day(1)]) == [day(2), day(3)]
    assert missing_days(files, [day(1), day(4), day(5)]) == []


def test_the_days_of_the_ledger_count_even_if_their_files_are_gone() -> None:
    assert missing_days([log(7)], [day(4)]) == [day(5), day(6)]
    assert missing_days([log(4)], [day(3)]) == []


def test_a_late_day_in_a_gap_tells_only_of_what_is_missing_before_it() -> None:
    assert missing_days([log(3)], [day(1), day(6)]) == []  # all four were told when the 6th came
    assert missing_days([log(1), log(2)], [day(5)]) == [day(3), day(4)]  # which came first
    assert missing_days([log(1), log(9)], [day(3), day(6)]) == [day(2), day(7), day(8)]


def test_songs_and_logs_without_a_day_have_no_missing_days() -> None:
    song = SourceFile("/m/song_data/2018-11-09.json", "songs", 1, "1")
    undated = SourceFile("/m/log_data/events.json", "events", 1, "1")

    assert missing_days([log(1), log(2), song, undated], []) == []
    assert missing_days([], []) == []


def test_a_link_within_the_source_is_reloaded_as_the_file_that_it_is(
    warehouse: Engine, source: Source
) -> None:
    log = source.log(play(0), play(1))
    link = log.with_name("latest.json")
    link.symlink_to(log.name)
    etl(warehouse, source.folder)
    log.write_text("\n".join(json.dumps(play(n, sessionId=77)) for n in range(2)))

    assert reloaded(warehouse, log, link).files["reloaded"] == 2

    assert rows(warehouse, "SELECT DISTINCT session_id FROM songplay") == [(77,)]
    assert_sound(warehouse)
    for file in (link, log, link):
        reloaded(warehouse, file)
    replaced = "SELECT uri FROM etl_file WHERE replaced_in >= 3 ORDER BY replaced_in"
    assert [Path(str(uri)).name for (uri,) in rows(warehouse, replaced)] == [link.name, log.name, link.name]
