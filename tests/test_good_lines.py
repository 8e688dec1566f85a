"""No look at a file as a whole costs a line of it that is a record: each is loaded, wherever it stands."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.load.diff import digest_star
from sparkify.load.feed import Feed
from tests.builders import Source, etl, play, rows, song
from tests.test_undo import Make, assert_sound

GOOD = json.dumps(play(1)).encode()
LATIN_1 = json.dumps(play(3, artist="Björk"), ensure_ascii=False).encode("latin-1")
UTF_16 = json.dumps(play(4)).encode("utf-16-le")
TORN = sorted(
    {
        GOOD[:1],
        GOOD[:2],
        GOOD[:9],
        GOOD[-1:],
        GOOD[-9:],
        b"\xef\xbb\xbf{",
        b" { ",
        b"{\r",
        b"[",
        b" [ ",
        b"[1",
        b"[]",
    }
)
"""What may be left of a record, from its front or its back, and what else a file may begin with."""
HEADS = [
    *TORN, b"{\n[", b"[\n{", b"\xff\xfe" + UTF_16, b"\xfe\xff\0{", b"{\n" + LATIN_1,
    b"\n".join([LATIN_1] * 5), b"\n".join([LATIN_1] * 400), b"\n".join([b"\0"] * 9),
    b"[\n" + b"\n".join([LATIN_1] * 9), b"{\n" * 9,
]  # fmt: skip
ENDS = [b"\n", b"", b"\n]", b"]\n", b"\n}", b"\n{", b"\n" + LATIN_1, b"\n" + GOOD[:30]]


def good_lines(content: bytes) -> list[int]:
    """The numbers of the lines that are a play."""
    found = []
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            value: Any = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except ValueError:
            continue
        if isinstance(value, dict) and "ts" in value:
            found.append(number)
    return found


def bodies() -> list[bytes]:
    plays = b"\n".join(json.dumps(play(number)).encode() for number in range(10, 14))
    turned = [GOOD[::-1], GOOD[1:-1]]
    return [
        *(head + b"\n" + plays + ENDS[at % len(ENDS)] for at, head in enumerate([*HEADS, *turned])),
        *(plays + b"\n" + GOOD + end for end in ENDS),
        *(b"[\n" + plays + end for end in ENDS),
    ]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_good_line_is_loaded_whatever_stands_around_it(
    warehouse: Engine, source: Source, packed: bool
) -> None:
    wanted = {}
    for number, body in enumerate(bodies()):
        name = f"{number:03}.json"
        wanted[name] = good_lines(body)
        source.write(source.folder / "log_data" / name, gzip.compress(body) if packed else body)
    assert all(len(lines) >= 3 for lines in wanted.values())

    etl(warehouse, source.folder, max_rejects="100%", feed=Feed(refuses_rejected_files=False))

    read = "SELECT f.uri, {0}.record FROM {0} JOIN etl_file AS f ON f.file_id = {0}.file_id ORDER BY 1, 2"
    loaded: dict[str, list[int]] = {name: [] for name in wanted}
    for uri, line in rows(warehouse, read.format("stg_events")):
        loaded[Path(str(uri)).name].append(line)
    assert loaded == wanted
    assert 0 not in [line for _, line in rows(warehouse, read.format("etl_reject"))]
    assert_sound(warehouse)


@pytest.mark.parametrize("head", [*TORN, b"\n".join([LATIN_1] * 5)])
def test_a_log_that_begins_badly_grows_like_any_other(
    new_warehouse: Make, source: Source, head: bytes
) -> None:
    engine, once = new_warehouse(), new_warehouse()
    log = source.folder / "log_data" / "2018-11-01-events.json"
    content = b""
    for more in (head + b"\n" + GOOD + b"\n", json.dumps(play(20)).encode() + b"\n", GOOD[:40], GOOD[40:]):
        content += more
        source.write(log, content)
        etl(engine, source.folder, max_rejects="100%")

    etl(once, source.folder, max_rejects="100%")
    assert digest_star(engine) == digest_star(once)
    assert len(rows(engine, "SELECT record FROM stg_events")) == len(good_lines(content))
    assert_sound(engine)


def test_an_array_is_one_reject_but_where_an_object_of_it_is_a_line(
    new_warehouse: Make, source: Source
) -> None:
    """The last object has no comma behind it: it is loaded, whenever the file is looked at."""
    engine, once = new_warehouse(), new_warehouse()
    objects = [json.dumps(play(number)) for number in range(4)]
    source.log(json.dumps([play(5)], indent=2), day="2018-11-02")
    for end in ("", "\n]", "\n]\n"):
        source.log("[\n" + ",\n".join(objects) + end)
        etl(engine, source.folder, max_rejects="100%")
    etl(once, source.folder, max_rejects="100%")

    for one in (engine, once):
        assert rows(one, "SELECT item_in_session FROM songplay") == [(3,)]
        assert rows(one, "SELECT file_id, record FROM etl_reject WHERE reason LIKE 'a JSON array%'") == [
            (2, 0)
        ]
        assert rows(one, "SELECT COUNT(*) AS n FROM etl_reject") == [(6,)]
    assert digest_star(engine) == digest_star(once)


PRINTED = json.dumps(song(), indent=2)
OBJECTS = [
    PRINTED,
    PRINTED.replace("\n", "", 1),
    f"\n\n{PRINTED}",
    f"\ufeff{PRINTED}\n",
    PRINTED.replace("\n", "\r\n"),
]


@pytest.mark.parametrize("text", OBJECTS)
def test_an_object_that_is_still_being_printed_is_one_record_when_it_is_whole(
    new_warehouse: Make, source: Source, text: str
) -> None:
    engine, once = new_warehouse(), new_warehouse()
    body, files = text.encode(), [source.folder / "song_data" / f"{cut}.json" for cut in range(9)]
    source.log(play(0))
    for at in (0, 1, 2):  # each file is seen twice before it is whole
        for cut, file in enumerate(files):
            size = len(body) if at == 2 else len(body) * (cut + at * 4) // 16
            source.write(file, body[:size].replace(b"SO1", f"SO{cut}".encode()))
        etl(engine, source.folder, max_rejects="100%", feed=Feed(refuses_rejected_files=False))

    etl(once, source.folder)
    assert digest_star(engine) == digest_star(once)
    assert rows(engine, "SELECT COUNT(*) AS n FROM songs") == [(9,)]
    assert_sound(engine)


@pytest.mark.parametrize("text", OBJECTS)
def test_an_object_that_got_only_blanks_behind_it_is_the_same_file(
    warehouse: Engine, source: Source, text: str
) -> None:
    file = source.song(text.encode(), "printed")
    etl(warehouse, source.folder)
    for more in ("\n", " \r\n\n"):
        file.write_bytes(file.read_bytes() + more.encode())
        assert etl(warehouse, source.folder).run_id is None
    source.log(play(0))
    assert etl(warehouse, source.folder).run_id == 2
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songs") == [(1,)]
