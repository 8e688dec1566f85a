"""Values are conserved: each is in its column, in `extra`, or its record is kept among the rejects.

The logs are made of everything that could lead a reader astray; what must become of them is said by
`values_oracle`, which shares nothing with the program.
"""

import datetime as dt
import gzip
import itertools
import json
import random
import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from sparkify.config import S3
from sparkify.engines import duckdb_batch, duckdb_stage
from sparkify.engines.base import Engine, NewFile
from sparkify.engines.duckdb import DuckDB
from sparkify.engines.reading import look
from sparkify.engines.record import default_paths, record_reader
from sparkify.engines.redshift import Redshift
from sparkify.engines.tally import BOM, ByteCounter
from sparkify.load.feed import Feed
from sparkify.load.files import list_source
from sparkify.load.rejects import decoded
from sparkify.load.run import MaxRejects, load
from sparkify.load.tables import create_tables
from tests import values_oracle as oracle
from tests.builders import Noting, rows, song
from tests.clusters import Bucket, Cluster
from tests.odd_logs import (
    CHANGES,
    CONSTANTS,
    HALVES,
    INTEGERS,
    LINES,
    NESTED,
    NEW_KEYS,
    NUMBERS,
    REALS,
    STYLES,
    TEXTS,
    WITH_NULL,
    odd_log,
    whole,
    written,
)
from tests.torture import survived, times

NOW = dt.datetime(2026, 11, 28, 12)
FEED = Feed(refuses_rejected_files=False, clock=lambda: NOW)
LARGE = 230
"""So many records are more than 64 KB, below which a file is read record by record."""


def read(engine: Engine, source: str | Path) -> None:
    """One run that refuses nothing."""
    load(engine, list_source(S3(source=str(source))), MaxRejects.parse("1000000"), Noting(), feed=FEED)


def in_folder(folder: Path, bodies: list[bytes], kind: str = "log_data") -> None:
    for number, body in enumerate(bodies):
        packed = body.startswith(b"\x1f\x8b")
        file = folder / kind / f"{number:03}.json{'.gz' if packed else ''}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)


def memory() -> DuckDB:
    engine = DuckDB(":memory:")
    create_tables(engine)
    return engine


def staged(engine: Engine, table: str = "stg_events") -> dict[tuple[str, int], dict[str, Any]]:
    """Each staged record by file and line."""
    answer = engine.query(
        f"SELECT f.uri, t.* FROM {table} AS t JOIN etl_file AS f ON f.file_id = t.file_id ORDER BY 1, 2, 3, 4"
    )
    found = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    by_place = {(row["uri"].rpartition("/")[2], row["record"]): row for row in found}
    assert len(by_place) == len(found), "two rows say that they are of one line"
    return by_place


def refused(engine: Engine) -> dict[tuple[str, int], tuple[str, str, str]]:
    """Reason, encoding and text of each reject by file and line."""
    found = rows(
        engine,
        "SELECT f.uri, r.record, r.reason, r.encoding, r.raw_text FROM etl_reject AS r "
        "JOIN etl_file AS f ON f.file_id = r.file_id",
    )
    by_place = {(uri.rpartition("/")[2], record): tuple(more) for uri, record, *more in found}
    assert len(by_place) == len(found), "one line is rejected twice"
    return by_place


def assert_conserved(engine: Engine, bodies: dict[str, bytes], rules: dict[str, oracle.Rule]) -> int:
    """Every value of these files is where it must be; how many values that are."""
    table = "stg_events" if rules is oracle.EVENTS else "stg_songs"
    held, rejected = staged(engine, table), refused(engine)
    counted = {
        uri.rpartition("/")[2]: tuple(counts)
        for uri, *counts in rows(engine, "SELECT uri, values_read, values_aside, values_erased FROM etl_file")
    }
    total, places = 0, set()
    for name, body in bodies.items():
        values = aside = 0
        for number, expected in oracle.judge(body, NOW, rules).items():
            place = name, number
            places.add(place)
            shown = f"{name} line {number}: {expected.line[:2000]!r}"
            if expected.is_rejected:
                assert place in rejected, f"not rejected: {shown}"
                assert place not in held, f"rejected and staged: {shown}"
                _, encoding, text = rejected[place]
                kept = decoded(encoding, text)
                whole = expected.line if encoding != "head" else expected.line[: len(kept)]
                assert kept == whole and kept, f"the text of the reject is another: {shown}"
                continue
            assert place in held, f"not staged ({rejected.get(place)}): {shown}"
            assert place not in rejected, f"rejected and staged: {shown}"
            assert_same(held[place], expected, shown, rules)
            values += expected.values
            aside += len(expected.unknown) + sum(expected.aside.values())
        assert counted[name] == (values, aside, 0), f"{name} holds {values} values, {aside} of them aside"
        total += values
    assert set(held) | set(rejected) == places, "there is a row for no line"
    return total


def assert_same(
    row: dict[str, Any], expected: oracle.Expected, shown: str, rules: dict[str, oracle.Rule]
) -> None:
    for rule in rules.values():
        value, wanted = row[rule.column], expected.columns.get(rule.column)
        assert oracle.is_same(value, wanted), f"{rule.column} is {value!r}, not {wanted!r}: {shown}"
    unknown, aside = oracle.opened(row["extra"])
    assert unknown == {key: oracle.plain(value) for key, value in expected.unknown.items()}, shown
    assert aside == expected.aside, shown


def conserve(bodies: list[bytes]) -> int:
    """Load these logs, and see that all is there."""
    engine = memory()
    with tempfile.TemporaryDirectory() as folder:
        in_folder(Path(folder), bodies)
        read(engine, folder)
    try:
        return assert_conserved(
            engine, {f"{n:03}.json": body for n, body in enumerate(bodies)}, oracle.EVENTS
        )
    finally:
        engine.close()


KINDS = [*CHANGES, *LINES]


TOGETHER = [
    ["integers", "new texts"], ["reals", "twice"], ["moments", "own keys"], ["long", "new nested"],
    ["halves", "rename and empty"], ["trailing comma", "integers"], ["marked", "new texts"],
    ["places", "twice"],
]  # fmt: skip


@pytest.mark.parametrize("plain", [3, LARGE], ids=["tiny", "large"])
def test_values_of_every_kind_are_conserved(plain: int) -> None:
    chance = random.Random(plain)
    kinds = [*([kind] for kind in KINDS), *TOGETHER]

    values = conserve([odd_log(chance, 100 + number, 20, plain, kind) for number, kind in enumerate(kinds)])

    survived("values looked for", values)


@pytest.mark.parametrize("seed", range(times(2, 150)))
def test_values_are_conserved_whatever_comes_together(seed: int) -> None:
    chance = random.Random(seed)

    values = conserve([
        odd_log(chance, 100 + number, chance.choice((1, 4, 20)), chance.choice((2, LARGE)))
        for number in range(12)
    ])  # fmt: skip

    survived("values looked for", values)


@settings(
    max_examples=times(12, 400),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes: an example is a run
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    chance=st.randoms(use_true_random=False),
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
    plain=st.sampled_from((2, LARGE)),
)
def test_values_are_conserved_in_any_log(chance: random.Random, kinds: list[str], plain: int) -> None:
    values = conserve([odd_log(chance, 1, 6, plain, kinds)])

    survived("values looked for", values)


class Lane:
    """How a file is made to go one way."""

    def __init__(self, name: str, tiny: int, tries_first: bool) -> None:
        self.name, self.tiny, self.tries_first = name, tiny, tries_first


LANES = (Lane("plain", 0, True), Lane("raw table", 0, False), Lane("record by record", 1 << 40, True))
STAGED = "SELECT * FROM stg_events ORDER BY file_id, record"
REFUSED = "SELECT file_id, record, reason, encoding, raw_text FROM etl_reject ORDER BY file_id, record"
COUNTED = (
    "SELECT file_id, lines, records_read, loaded, duplicate, conflict, rejected, values_read, values_aside, "
    "values_erased FROM etl_file ORDER BY file_id"
)


def through(lane: Lane, folder: Path) -> list[list[tuple[Any, ...]]]:
    """All that a run leaves of these files, if they go this way."""
    engine = memory()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb_stage, "TINY", lane.tiny)
        if not lane.tries_first:
            patch.setattr(duckdb_batch.Batch, "accept_plain", lambda _, reads, __: reads)
        read(engine, folder)
    try:
        return [rows(engine, sql) for sql in (STAGED, REFUSED, COUNTED)]
    finally:
        engine.close()


@pytest.mark.parametrize("seed", range(times(3, 150)))
def test_every_lane_gives_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    kinds = [[kind] for kind in KINDS] if seed == 0 else [[] for _ in range(20)]
    logs = [odd_log(chance, 100 + n, 6, 3, kind) for n, kind in enumerate(kinds)]
    in_folder(tmp_path, [gzip.compress(log) if chance.random() < 0.2 else log for log in logs])

    first, *others = [through(lane, tmp_path) for lane in LANES]

    for lane, other in zip(LANES[1:], others, strict=True):
        for held, expected in zip(other, first, strict=True):
            differing = [pair for pair in zip(held, expected, strict=False) if repr(pair[0]) != repr(pair[1])]
            assert differing[:1] == [] and len(held) == len(expected), f"{lane.name}, not {LANES[0].name}"
    survived("logs that went through all lanes", len(logs))


KEPT: dict[str, str] = {
    "an empty text under a key that no column takes": '"mood":""',
    "an empty text under a key like a column's, after a quote": '"x\\"userId":""',
    "an empty text beside the one that counts": '"song":""',
    "an empty text beside a number": '"userId":""',
    "half of a surrogate pair under a key that no column takes": '"mood":"\\ud83d"',
    "a key that is half of a surrogate pair": '"\\ud83d":1',
    "lower-case nan, which DuckDB takes": '"mood":nan',
    "600 objects in one another": '"mood":' + '{"a":' * 600 + "1" + "}" * 600,
    "3000 lists in one another": '"mood":' + "[" * 3000 + "]" * 3000,
}


@pytest.mark.parametrize("more", KEPT.values(), ids=KEPT)
def test_what_once_got_lost_or_ended_the_run_is_kept(tmp_path: Path, more: str) -> None:
    lines = [written(whole(1, item), STYLES[1]) for item in range(LARGE)]
    lines[100] = lines[100][:-1] + f",{more}}}"
    for folder, few in (("tiny", lines[99:102]), ("large", lines)):
        in_folder(tmp_path / folder, ["\n".join(few).encode()])
        engine = memory()

        read(engine, tmp_path / folder)

        [(read_, staged_, rejected)] = rows(
            engine,
            "SELECT records_read, (SELECT COUNT(*) FROM stg_events) AS s, rejected FROM etl_file",
        )
        assert read_ == staged_ + rejected == len(few)
        if more.count("[") + more.count("{") < 100:
            assert_conserved(engine, {"000.json": "\n".join(few).encode()}, oracle.EVENTS)
        else:
            [(reason,)] = rows(engine, "SELECT reason FROM etl_reject")
            assert reason in (
                "malformed JSON",
                "lists or objects in it lie more than 200 deep in one another",
            )
        engine.close()


def test_a_moment_just_after_1970_is_not_taken_for_another_unit(tmp_path: Path) -> None:
    """20 minutes after 1970 are 1,200,000,000 microseconds, which as seconds would be 2008."""
    early = ('"1970-01-01T00:20:00Z"', "1500.5", '"1970-01-12T00:00:00"', "1.5e3")
    lines = []
    for item, moment in enumerate(early):
        pairs = whole(1, item)
        pairs[15][1] = moment
        lines.append(written(pairs, STYLES[0]))
    in_folder(tmp_path, ["\n".join(lines).encode()])
    engine = memory()

    read(engine, tmp_path)

    reason = "ts is before 2000, or more than two days ahead of the clock"
    assert rows(engine, "SELECT record, reason FROM etl_reject ORDER BY 1") == [
        (n, reason) for n in (1, 2, 3, 4)
    ]
    engine.close()


def test_a_line_that_changes_its_fate_does_not_let_another_take_its_place(tmp_path: Path) -> None:
    """Of as many rows as there must be, none may be of a record that was rejected.

    Lane 1 takes the one record without what is too long to keep, and refuses the other for a mark before it.
    """
    lines = [written(whole(1, item), STYLES[1]) for item in range(LARGE)]
    lines[7] = lines[7][:-1] + ',"mood":"' + "x" * 100_000 + '"}'
    lines[9] = "\ufeff" + lines[9]
    body = "\n".join(lines).encode()
    in_folder(tmp_path, [body])
    engine = memory()

    read(engine, tmp_path)

    assert_conserved(engine, {"000.json": body}, oracle.EVENTS)
    engine.close()


def test_of_an_object_of_which_a_column_takes_a_part_the_rest_is_kept() -> None:
    """And nothing of it is confused with a key that is written as its path."""
    paths = default_paths("events") | {"user_id": ("user", "id")}
    pairs = [pair for pair in whole(1, 0) if pair[0] != '"userId"']
    line = written([*pairs, ['"user"', '{"id":15,"x":5,"x":6}'], ['"user.x"', "7"]], STYLES[1])

    record = record_reader("events", paths).read(line.encode())

    unknown, aside = oracle.opened(record.extra)
    assert unknown == {"user.x": "6"}
    assert aside == {("user.x", "5"): 1, ("user.x", "7"): 1}
    assert (record.values, record.aside) == (18 + 3, 3)


pieces = st.sampled_from([
    b'"', b'":', b'": ', b":", b" ", b"\\", b'\\"', b"null", b'""', b"1", b"-1", b"-", b"tr", b"fa", b"nu",
    b"NaN", b"[", b"{", b"}", b",", b"\n", b"userId", b'"userId":""', b'"song": ""', b"\\u0000", b"\\u00",
    b" " * 70, b"x" * 70, b"\t", b'"a":1', b'"a": 1', b'"mood":""', b'x"userId":""', BOM, b"\r",
    b'\\"userId":""',
])  # fmt: skip


@settings(max_examples=times(400, 20_000), deadline=None)
@example(parts=[b'{"a"', b" " * 140, b":1}"], sizes=[72])
@example(parts=[b"x" * 60, b'"userId":""', b"x" * 60], sizes=[66, 3, 90])
@given(parts=st.lists(pieces, max_size=40), sizes=st.lists(st.integers(1, 90), min_size=1, max_size=5))
def test_the_byte_tally_is_that_of_brute_force_however_the_file_is_cut(
    parts: list[bytes], sizes: list[int]
) -> None:
    text = b"".join(parts) + b"\n"
    counter, at = ByteCounter(0), 0
    for size in itertools.cycle(sizes):
        if at >= len(text):
            break
        counter.add(text[at : at + size])
        at += size
    counter.finish()

    if counter.plain:
        found = oracle.tally(text, is_spaced=counter._is_spaced)
        assert (counter.tally.keys, counter.tally.nulls) == (found.keys, found.nulls)
        assert {k: n for k, n in counter.tally.empty.items() if k} == {
            k: n for k, n in found.empty.items() if k
        }
        assert sum(counter.tally.empty.values()) == sum(found.empty.values())
        assert oracle.is_safe(text, is_spaced=counter._is_spaced)
    assert counter.lines == text.count(b"\n") + (bool(text) and not text.endswith(b"\n"))


@pytest.mark.parametrize("seed", range(times(40, 2000)))
def test_a_log_that_looks_plain_holds_nothing_that_a_fast_reader_drops(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    body = odd_log(chance, 1, 4, 3)
    file = tmp_path / "log.json"
    file.write_bytes(body)

    seen = look(NewFile(1, str(file), str(file), len(body), ""))

    if seen.plain:
        for _, line in oracle.lines(body):
            for _, value in oracle.pairs_of(line) or ():
                assert not isinstance(value, list) and value is not oracle.NOTHING, line
                assert "\0" not in str(value), line


RESULTS = (
    "SELECT {columns} FROM stg_events ORDER BY session_id, item_in_session, ts, extra",
    "SELECT f.uri, r.record, r.reason, r.encoding, r.raw_text FROM etl_reject AS r "
    "JOIN etl_file AS f ON f.file_id = r.file_id ORDER BY 1, 2",
)


def seen_in(engine: Engine) -> list[list[tuple[Any, ...]]]:
    columns = ", ".join([*(rule.column for rule in oracle.EVENTS.values()), "extra"])
    staged_, refused_ = (rows(engine, sql.format(columns=columns)) for sql in RESULTS)
    return [sorted(staged_, key=repr), refused_]


@pytest.mark.parametrize("compact", ["never", "always"])
@pytest.mark.parametrize("seed", range(times(1, 25)))
def test_both_engines_keep_the_same_of_the_same_files(
    cluster: Cluster, bucket: Bucket, compact: str, seed: int
) -> None:
    chance = random.Random(seed)
    kinds = [[kind] for kind in KINDS] if seed == 0 else [[] for _ in range(12)]
    for number, kind in enumerate(kinds):
        body = odd_log(chance, 100 + number, 6, 2, kind)
        packed = chance.random() < 0.3
        name = f"log_data/{number:03}.json{'.gz' if packed else ''}"
        bucket.put(name, gzip.compress(body) if packed else body)
    there = cluster.connect(f"test_{uuid.uuid4().hex[:12]}", compact=compact)
    create_tables(there)
    here = memory()

    read(there, bucket.uri)
    read(here, bucket.uri)

    for held, expected in zip(seen_in(there), seen_in(here), strict=True):
        differing = [pair for pair in itertools.zip_longest(held, expected) if repr(pair[0]) != repr(pair[1])]
        assert differing[:2] == []
    there.close()
    here.close()
    survived("logs that both engines read alike", len(kinds))


def test_a_plain_copy_is_not_trusted_with_what_it_does_not_show(redshift: Redshift, bucket: Bucket) -> None:
    """One file a run: a COPY that meets no error, and records in which every column fits."""
    here = memory()
    kinds = (
        "new texts",
        "new empty texts",
        "new constants",
        "rename",
        "twice, once empty",
        "drop nulls",
        "texts",
    )
    for number, kind in enumerate(kinds):
        chance = random.Random(number)
        bucket.put(f"log_data/{number:03}.json", odd_log(chance, 100 + number, 6, 2, [kind]))

        read(redshift, bucket.uri)
        read(here, bucket.uri)

        assert seen_in(redshift) == seen_in(here), kind
    here.close()


def _odd_song(chance: random.Random, number: int) -> bytes:
    pairs = [[f'"{key}"', json.dumps(value)] for key, value in song(f"SO{number}").items()]
    for _ in range(chance.choice((0, 1, 1, 2))):
        pair = chance.choice(pairs)
        change = chance.choice(("value", "new", "twice", "gone"))
        value = chance.choice((*TEXTS, *HALVES, *WITH_NULL, *NUMBERS, *NESTED, *CONSTANTS, *REALS, *INTEGERS))
        if change == "value":
            pair[1] = value
        elif change == "gone":
            pairs.remove(pair)
        else:
            key = pair[0] if change == "twice" else chance.choice(NEW_KEYS)
            pairs.insert(chance.randrange(len(pairs) + 1), [key, value])
    return written(pairs, chance.choice(STYLES)).encode()


@pytest.mark.parametrize("seed", range(times(1, 60)))
def test_values_of_songs_are_conserved(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    bodies = [_odd_song(chance, number) for number in range(150)]
    bodies.append(b"\n".join(_odd_song(chance, 1000 + number) for number in range(500)))  # a file of many
    in_folder(tmp_path, bodies, "song_data")
    engine = memory()

    read(engine, tmp_path)

    values = assert_conserved(engine, {f"{n:03}.json": body for n, body in enumerate(bodies)}, oracle.SONGS)
    engine.close()
    survived("values looked for", values)
