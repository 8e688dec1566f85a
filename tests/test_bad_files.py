"""Files that are wrong, or only odd: what can be read is loaded, one bad file takes no other down."""

import gzip
import json
import os
from pathlib import Path

import pytest

from sparkify.engines.base import Engine
from tests.builders import Noting, Source, counts, etl, play, rejects, rows, song, without_rights


def test_blank_lines_are_no_records_but_count_as_lines(warehouse: Engine, source: Source) -> None:
    for padding, day in ((0, "2018-11-01"), (300, "2018-11-02")):
        session = 100 + padding
        more = [play(10 + item, sessionId=session) for item in range(padding)]
        source.log("", play(0, sessionId=session), "  ", "\r", play(1, sessionId=session), *more, "", day=day)

    summary = etl(warehouse, source.folder)

    assert summary.records.read == 304
    first_two = "SELECT file_id, record FROM stg_events WHERE item_in_session < 2 ORDER BY 1, 2"
    assert rows(warehouse, first_two) == [
        (1, 2), (1, 5), (2, 2), (2, 5),
    ]  # fmt: skip
    assert rows(warehouse, "SELECT MAX(record) AS last FROM stg_events") == [(305,)]


@pytest.mark.parametrize("padding", [0, 300])
def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(
    warehouse: Engine, source: Source, padding: int
) -> None:
    lines = [json.dumps(play(item)).encode() for item in range(2 + padding)]
    source.write(source.folder / "log_data" / "2018-11-01-events.json", b"\xef\xbb\xbf" + b"\r\n".join(lines))

    assert etl(warehouse, source.folder).records.loaded == 2 + padding


@pytest.mark.parametrize("padding", [0, 5000])
def test_gzip_is_read_as_what_it_is_whatever_its_name(
    warehouse: Engine, source: Source, padding: int
) -> None:
    first = [play(item) for item in range(1 + padding)]
    second = [play(item, sessionId=2) for item in range(1 + padding)]
    folder = source.folder / "log_data"
    for name, records in (("2018-11-01-events.json.gz", first), ("2018-11-02-events.json", second)):
        body = "\n".join(
            json.dumps({**r, "firstName": str(i)}) for i, r in enumerate([*records, "x"][:-1])
        ).encode()
        source.write(folder / name, gzip.compress(body))
    source.write(
        folder / "2018-11-03-events.json.gz",
        gzip.compress(b"{broken\n" + json.dumps(play(0, sessionId=3)).encode()),
    )

    summary = etl(warehouse, source.folder)

    assert summary.records.loaded == 3 + 2 * padding
    assert rows(warehouse, "SELECT record, reason, raw_text FROM etl_reject") == [
        (1, "malformed JSON", "{broken")
    ]


def test_one_file_that_cannot_be_read_does_not_take_the_others_down(
    warehouse: Engine, source: Source
) -> None:
    folder = source.folder / "log_data"
    packed = gzip.compress(b"\n".join(json.dumps(play(i)).encode() for i in range(50)))
    source.write(folder / "a-truncated.json.gz", packed[: len(packed) // 2])
    source.write(folder / "b-array.json", json.dumps([play(0), play(1)]).encode())
    source.write(folder / "c-utf16.json", json.dumps(play(0)).encode("utf-16"))
    source.write(folder / "e-empty.json", b"")
    (folder / "f-link.json").symlink_to(folder / "nowhere.json")
    os.mkfifo(folder / "g-pipe.json")  # passed over, or whoever opens it waits for ever
    source.log(play(0), play(1))
    watching = Noting()

    summary = etl(warehouse, source.folder, watching=watching)

    found = rows(
        warehouse,
        "SELECT f.uri, r.record, r.reason FROM etl_reject AS r JOIN etl_file AS f ON f.file_id = r.file_id "
        "ORDER BY 1",
    )
    assert [(Path(str(uri)).name, record, reason) for uri, record, reason in found] == [
        ("a-truncated.json.gz", 0, "truncated gzip"),
        ("b-array.json", 0, "a JSON array: one object a line is expected"),
        ("c-utf16.json", 0, "not UTF-8 (it starts as UTF-16 does)"),
        ("f-link.json", 0, "cannot be read: No such file or directory"),
    ]
    assert counts(summary) == {"read": 6, "loaded": 2, "duplicate": 0, "conflict": 0, "rejected": 4}
    assert etl(warehouse, source.folder).run_id is None
    assert any("e-empty.json is empty" in warning for warning in watching.warnings)


def test_many_alike_are_one_warning(duckdb_warehouse: Engine, source: Source) -> None:
    for number in range(3):
        source.song(b"", f"empty{number}")
    for day in ("2018-11-01", "2018-11-02"):
        source.log(play(0, sessionId=int(day[-1])) | {"deviceId": "d1"}, day=day)
    watching = Noting()

    etl(duckdb_warehouse, source.folder, watching=watching)

    empty, unknown = watching.warnings
    assert empty.endswith("empty0.json is empty, and so are 2 more files.")
    assert unknown.startswith('unknown key "deviceId" in 2 records, first in ')
    assert "line 1 and 1 more file: " in unknown


def test_many_rejected_whole_are_one_warning_for_each_reason(
    duckdb_warehouse: Engine, source: Source
) -> None:
    for number in range(3):
        source.song("{}", f"few{number}")
        source.write(source.folder / "song_data" / f"cut{number}.json.gz", gzip.compress(b"{}")[:-5])
        source.song(json.dumps([song()]), f"list{number}")
    source.log(play(0))
    watching = Noting()

    etl(duckdb_warehouse, source.folder, watching=watching)

    found = [one for one in watching.warnings if "reject" in one]
    assert len(found) == 3
    assert found[0].endswith("few0.json: 1 record, all rejected, and so are all 2 of 2 more files.")
    assert {one.partition(".json")[2] for one in found[1:]} == {
        ".gz and 2 more files: truncated gzip. Each whole file is one reject.",
        " and 2 more files: a JSON array: one object a line is expected. Each whole file is one reject.",
    }


def latin_1(count: int) -> bytes:
    lines = [json.dumps(play(item, song="Café"), ensure_ascii=False) for item in range(count)]
    return "\n".join(lines).encode("latin-1")


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (latin_1(5), "not UTF-8"),
        (latin_1(300), "not UTF-8"),
        ("\n".join(json.dumps(play(item)) for item in range(9)).encode("utf-16-le"), "not UTF-8"),
        (
            "\n".join(json.dumps(song(f"SO{n}"), indent=2) for n in range(3)).encode(),
            "JSON printed over several lines: one object a line is expected",
        ),
        (
            json.dumps(song(), indent=2)[:-20].encode(),
            "JSON printed over several lines: one object a line is expected",
        ),
    ],
    ids=["latin-1", "large latin-1", "utf-16", "songs", "cut song"],
)
def test_a_file_that_is_wrong_as_a_whole_is_one_reject(
    warehouse: Engine, source: Source, content: bytes, reason: str, packed: bool
) -> None:
    source.log(play(0), play(1))
    source.write(source.folder / "log_data" / "wrong.json", gzip.compress(content) if packed else content)

    summary = etl(warehouse, source.folder)

    assert rejects(warehouse) == [(0, reason)]
    assert counts(summary) == {"read": 3, "loaded": 2, "duplicate": 0, "conflict": 0, "rejected": 1}


def test_a_log_with_two_bad_lines_is_validated_line_by_line(warehouse: Engine, source: Source) -> None:
    source.log(b'{"a": "\xff"}', b'{"b": "\xff"}', play(0))

    etl(warehouse, source.folder)

    assert rejects(warehouse) == [(1, "not UTF-8"), (2, "not UTF-8")]


def test_keys_of_an_object_over_several_lines_are_compared(warehouse: Engine, source: Source) -> None:
    renamed = song()
    renamed["name_of_artist"] = renamed.pop("artist_name")
    file = source.song(json.dumps(renamed, indent=4), "pretty")
    watching = Noting()

    etl(warehouse, source.folder, watching=watching)

    assert [warning.replace(str(file), "pretty.json") for warning in watching.warnings] == [
        'unknown key "name_of_artist" in 1 record, first in pretty.json line 1: no column takes it, '
        "its values are kept in extra, or with a reject. Was it renamed?",
    ]
    assert rows(warehouse, "SELECT name, records FROM etl_key WHERE kind = 'absent'") == [("artist_name", 1)]


def test_a_file_that_was_fixed_is_taken_in(warehouse: Engine, source: Source) -> None:
    file = source.folder / "log_data" / "2018-11-01-events.json.gz"
    packed = gzip.compress(json.dumps(play(0)).encode())
    source.write(file, packed[:20])
    first = etl(warehouse, source.folder)
    source.write(file, packed)

    second = etl(warehouse, source.folder)

    assert (first.records.rejected, second.records.loaded, second.records.rejected) == (1, 1, 0)


def test_a_file_without_read_permission_is_named(source: Source, tmp_path: Path) -> None:
    source.log(play(0)).chmod(0)
    source.log(play(1), day="2018-11-02")

    done = without_rights(tmp_path, "etl", "--source", "music", "--max-rejects", "1")

    assert done.returncode == 0, done.stderr
    assert "2 read = 1 loaded + 0 duplicate + 1 rejected" in done.stdout
    assert "2018-11-01-events.json: cannot be read: Permission denied" in done.stdout + done.stderr


def test_a_song_printed_over_several_lines_is_one_record(warehouse: Engine, source: Source) -> None:
    source.song(json.dumps(song("SO1"), indent=4), "pretty")
    source.song("\n\n" + json.dumps(song("SO2", title=None), indent=4), "bad")
    source.song(json.dumps(song("SO3")) + "\n" + json.dumps(song("SO4")), "two")

    summary = etl(warehouse, source.folder)

    assert counts(summary) == {"read": 4, "loaded": 3, "duplicate": 0, "conflict": 0, "rejected": 1}
    assert rows(warehouse, "SELECT song_id, record FROM stg_songs ORDER BY 1") == [
        ("SO1", 1),
        ("SO3", 1),
        ("SO4", 2),
    ]
    [(record, reason, text)] = rows(warehouse, "SELECT record, reason, raw_text FROM etl_reject")
    assert (record, reason) == (3, "title is missing")
    assert json.loads(str(text)) == song("SO2", title=None)
