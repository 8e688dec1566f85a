"""Records and files torn up by chance: each line is loaded or rejected at its place, and nothing breaks."""

import gzip
import json
import random
from collections.abc import Callable, Iterator

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.checks import check_everything
from sparkify.load.feed import Feed
from sparkify.load.tables import create_tables
from tests.builders import Source, etl, play, rejects, rows, song
from tests.torture import survived, times

BLANKS = b" \t\r\n"
NAMES = ("artist", "song", "ts", "userId", "sessionId", "length", "page", "status", "registration")
VALUES = (
    b"NaN", b"Infinity", b"-Infinity", b"1e400", b"9" * 400, b"-0", b"0x10", b"1_0", b"true", b"null", b"[]",
    b"{}", b'""', b'" "', b'"\\ud83d"', b'"\\u0000"', b'"\xff\xfe"', b'"caf\xe9"', b'"\xed\xa0\x80"',
    b'"' + b"x" * 5000 + b'"', b"[" * 3000 + b"]" * 3000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b"'a'",
    b'"7 "', b'" 7"', b'"\\n"', b'"\t"', b"7.0", b"7e0", b"-1", b"99999999999999999999",
)  # fmt: skip


def _flip(line: bytes, chance: random.Random) -> bytes:
    torn = bytearray(line)
    for _ in range(chance.choice((1, 1, 2, 8))):
        torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
    return bytes(torn)


def _cut(line: bytes, chance: random.Random) -> bytes:
    return line[: chance.randrange(1, len(line))]


def _value(line: bytes, chance: random.Random) -> bytes:
    record = json.loads(line)
    name = chance.choice(NAMES)
    record[name] = "HERE"
    return json.dumps(record).encode().replace(b'"HERE"', chance.choice(VALUES), 1)


def _insert(line: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(line))
    pieces = (b"\0", b"\xef\xbb\xbf", b"\r", b"}", b"{", b'"', b"\\", b",", b"\x1f\x8b", b"\xc3")
    return line[:at] + chance.choice(pieces) + line[at:]


def _twice(line: bytes, chance: random.Random) -> bytes:
    name = chance.choice(NAMES).encode()
    return line[:-1] + b', "' + name + b'": ' + chance.choice(VALUES) + b"}"


def _huge(line: bytes, chance: random.Random) -> bytes:
    return line.replace(b"Undo", b"U" * chance.choice((1024, 1025, 70_000)), 1)


ANY = Feed(refuses_rejected_files=False)
TEARS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip,
    _flip,
    _cut,
    _value,
    _value,
    _insert,
    _twice,
    _huge,
)


def _torn_log(chance: random.Random, session: int, length: int) -> tuple[bytes, set[int]]:
    """A log in which every other line is torn; and the numbers of the lines that are whole."""
    lines: list[bytes] = []
    for item in range(length):
        line = json.dumps(play(item, sessionId=session), ensure_ascii=chance.random() < 0.5).encode()
        lines.append(chance.choice(TEARS)(line, chance) if item % 2 else line)
    end = chance.choice((b"\n", b"\n", b"\r\n", b"\n\n"))
    body = (b"\xef\xbb\xbf" if chance.random() < 0.1 else b"") + end.join(lines) + chance.choice((b"", end))
    whole = {
        number for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
        if line.strip(BLANKS) in lines[::2]
    }  # fmt: skip
    return body, whole


def _lines(body: bytes) -> set[int]:
    return {
        number for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
        if line.strip(BLANKS)
    }  # fmt: skip


@pytest.fixture
def memory() -> Iterator[Engine]:
    engine = DuckDB(":memory:")
    create_tables(engine)
    yield engine
    engine.close()


@pytest.mark.parametrize("seed", range(times(4, 130)))
def test_a_torn_line_is_loaded_or_rejected_at_its_place(memory: Engine, source: Source, seed: int) -> None:
    chance = random.Random(seed)
    bodies: dict[str, bytes] = {}
    whole: dict[str, set[int]] = {}
    for number in range(times(4, 10)):
        file = source.folder / "log_data" / f"{number}-events.json"
        body, whole[str(file)] = _torn_log(chance, 1000 * seed + number, chance.choice((5, 60, 400)))
        bodies[str(file)] = body
        source.write(file, gzip.compress(body) if chance.random() < 0.2 else body)

    summary = etl(memory, source.folder, feed=ANY)

    tally = summary.records
    assert tally.read == tally.loaded + tally.duplicate + tally.conflict + tally.rejected
    staged, refused = _places(memory, "stg_events"), _places(memory, "etl_reject")
    for uri, body in bodies.items():
        if refused.get(uri) == [0]:
            assert uri not in staged, "a file is rejected as a whole or not"
            continue
        assert sorted(staged.get(uri, []) + refused.get(uri, [])) == sorted(_lines(body)), uri
        assert whole[uri] <= set(staged.get(uri, [])), uri
    assert all(verdict.passed for verdict in check_everything(memory))
    survived("torn records", sum(len(_lines(body)) // 2 for body in bodies.values()))


def _places(engine: Engine, table: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for uri, record in rows(
        engine, f"SELECT f.uri, t.record FROM {table} AS t JOIN etl_file AS f ON f.file_id = t.file_id"
    ):
        found.setdefault(uri, []).append(record)
    return found


@pytest.mark.parametrize("seed", range(times(2, 60)))
def test_a_torn_song_is_loaded_or_rejected_and_none_vanishes(
    memory: Engine, source: Source, seed: int
) -> None:
    chance = random.Random(seed)
    for number in range(40):
        whole = json.dumps(song(f"SO{number}"), indent=chance.choice((None, None, 2))).encode()
        torn = chance.choice((_flip, _cut, _insert))(whole, chance)
        source.song(torn if number % 2 else whole, f"{number:02}")

    tally = etl(memory, source.folder, feed=ANY).records

    assert tally.read == tally.loaded + tally.duplicate + tally.conflict + tally.rejected >= 40
    per_file = (
        "SELECT f.records_read, (SELECT COUNT(*) FROM stg_songs AS s WHERE s.file_id = f.file_id) + "
        "(SELECT COUNT(*) FROM etl_reject AS r WHERE r.file_id = f.file_id) AS places, f.rejected "
        "FROM etl_file AS f ORDER BY f.uri"
    )
    held = rows(memory, per_file)
    assert [(read, places) for read, places, _ in held] == [(read, read) for read, _, _ in held]
    assert len(held) == 40
    assert [rejected for read, _, rejected in held[::2]] == [0] * 20
    assert all(verdict.passed for verdict in check_everything(memory))
    survived("torn songs", 20)


def _torn_files(chance: random.Random) -> list[bytes]:
    return [
        gzip.compress(b"\0" * (64 << 20), 9),  # bombs: 64 MB that come as 64 kB
        gzip.compress(b'{"song": "' + b"x" * (64 << 20) + b'"}', 9),
        chance.randbytes(chance.randrange(1, 90_000)),
        gzip.compress(chance.randbytes(500))[: chance.randrange(1, 400)],
        b"\x1f\x8b" + chance.randbytes(300),
        json.dumps([play(n) for n in range(50)]).encode(),
        "\n".join(json.dumps(play(n)) for n in range(50)).encode("utf-16"),
        b"\n" * chance.randrange(100_000),
        b"[" * 200_000,
        b"",
        json.dumps(song(), indent=chance.randrange(9)).encode()[: chance.randrange(1, 300)],
    ]


@pytest.mark.parametrize("seed", range(times(2, 30)))
def test_no_torn_file_takes_a_whole_one_down(memory: Engine, source: Source, seed: int) -> None:
    chance = random.Random(seed)
    torn = _torn_files(chance)
    for number, body in enumerate(torn):
        folder = chance.choice(("log_data", "song_data"))
        source.write(source.folder / folder / f"{number}-torn.json", body)
    source.log(*(play(item, sessionId=7) for item in range(400)), day="2018-11-09")
    source.song(song("SO7"))

    summary = etl(memory, source.folder, feed=ANY)

    tally = summary.records
    assert tally.read == tally.loaded + tally.duplicate + tally.conflict + tally.rejected
    assert rows(memory, "SELECT COUNT(*) AS n FROM songplay WHERE session_id = 7") == [(400,)]
    assert rows(memory, "SELECT COUNT(*) AS n FROM songs WHERE song_id = 'SO7'") == [(1,)]
    balanced = (
        "SELECT COUNT(*) AS n FROM etl_file WHERE records_read <> loaded + duplicate + conflict + rejected"
    )
    assert rows(memory, balanced) == [(0,)]
    assert all(verdict.passed for verdict in check_everything(memory))
    survived("torn files", len(torn))


def test_four_megabytes_are_the_bound_of_a_record(memory: Engine, source: Source) -> None:
    sizes = (1024, 1025, 65_000, 65_535, 4 << 20, 5 << 20)
    lines = [json.dumps(play(n, song="x" * size)) for n, size in enumerate(sizes)]
    source.log(*lines, json.dumps(play(9)))

    etl(memory, source.folder)

    long = "the values that no column takes are longer than 65,535 bytes"
    assert [(record, reason.partition(" (")[0]) for record, reason in rejects(memory)] == [
        (4, long), (5, "longer than 4 MB"), (6, "longer than 4 MB"),
    ]  # fmt: skip
    assert rows(
        memory, "SELECT record, LENGTH(song) AS n, extra IS NULL AS whole FROM stg_events ORDER BY 1"
    ) == [(1, 1024, True), (2, None, False), (3, None, False), (7, 4, True)]
