"""What a plain COPY could get wrong: it ends in the same staging, ledger and rejects as reading by hand."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sparkify.config import S3
from sparkify.emulator.service import Emulator
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.redshift import copy
from sparkify.engines.redshift.engine import Redshift
from sparkify.engines.redshift.errors import translated
from sparkify.errors import ConfigError, QueryError, RetryError
from sparkify.load.diff import digest_star
from sparkify.load.run import MaxRejects, load
from sparkify.load.tables import create_tables, drop_tables
from sparkify.progress import Silent
from sparkify.source.file import NewFile
from sparkify.source.listing import list_source
from sparkify.source.scan import FileScan, scan_file
from tests.builders import Source, etl, play, rows, song
from tests.clusters import Bucket, fill, load_bucket, sever

CONFLICT = "could not complete because of conflict with concurrent transaction"
LEDGER = (
    "SELECT uri, records_read, rejected, problem FROM etl_file ORDER BY uri, file_id",
    "SELECT f.uri, r.record, r.reason, r.raw_text FROM etl_reject AS r "
    "JOIN etl_file AS f ON f.file_id = r.file_id ORDER BY 1, 2",
    "SELECT COUNT(*) AS n FROM stg_events",
    "SELECT COUNT(*) AS n FROM stg_songs",
    "SELECT records_read, loaded, duplicate, rejected FROM etl_run ORDER BY run_id",
)


@pytest.fixture
def local(tmp_path: Path) -> Any:
    made = DuckDB(str(tmp_path / "local.duckdb"))
    create_tables(made)
    yield made
    made.close()


def same(left: Engine, right: Engine) -> None:
    for sql in LEDGER:
        assert rows(left, sql) == rows(right, sql)
    assert digest_star(left) == digest_star(right)


def lines(*records: Any) -> bytes:
    return b"\n".join(
        r if isinstance(r, bytes) else json.dumps(r, ensure_ascii=False).encode() for r in records
    )


ODD: dict[str, Callable[[Bucket], Any]] = {
    "a damaged gzip": lambda b: b.put("log_data/1.json.gz", gzip.compress(lines(play(5)))[:-9]),
    "a sound gzip": lambda b: b.put("log_data/1.json.gz", gzip.compress(lines(play(5), b"{x"))),
    "a value that is too long": lambda b: b.log(play(5, artist="x" * 1500), day="2018-11-05"),
    "a value longer than the column": lambda b: b.log(play(5, artist="x" * 600), day="2018-11-05"),
    "a byte order mark and CRLF": lambda b: b.put(
        "log_data/1.json", b"\xef\xbb\xbf" + lines(play(5), play(6)).replace(b"\n", b"\r\n")
    ),
    "songs in one array": lambda b: b.put(
        "song_data/1.json", json.dumps([song("SO8"), song("SO9")]).encode()
    ),
    "a pretty song": lambda b: b.put("song_data/1.json", json.dumps(song("SO8"), indent=1).encode()),
    "blank lines": lambda b: b.put("log_data/1.json", lines(b"", play(5), b"  ", b"{x", b"", play(6))),
    "nothing": lambda b: b.put("log_data/1.json", b""),
    "numbers and nested values": lambda b: b.put(
        "log_data/1.json",
        lines(play(5, song=112), play(6, song=["q"]), play(7, song=True), play(8, ts="1.5")),
    ),
    "bytes that are not UTF-8": lambda b: b.put("log_data/1.json", lines(play(5), b'{"page": "\xff"}')),
}


@pytest.mark.parametrize("what", sorted(ODD))
def test_an_odd_file_ends_alike_on_both_engines(
    redshift: Redshift, local: Engine, bucket: Bucket, what: str
) -> None:
    bucket.log(play(0), play(1))
    ODD[what](bucket)

    load_bucket(redshift, bucket.uri)
    load_bucket(local, bucket.uri)

    same(redshift, local)


GROWN: dict[str, tuple[bytes, bytes]] = {
    "by whole lines": (lines(play(0), play(1)), b"\n" + lines(b"", play(2), b"{x", play(3))),
    "after blank lines": (lines(b"", play(0), b"", play(1)) + b"\n", lines(b"{x", play(2))),
    "by the rest of a cut line": (lines(play(0), play(1))[:-9], lines(play(1))[-9:] + b"\n" + lines(play(2))),
    "by a blank and a cut line": (b"\n" + lines(play(0), play(1))[:-9], lines(play(1))[-9:]),
}


@pytest.mark.parametrize("how", sorted(GROWN))
def test_a_log_that_grew_goes_on_where_it_ended(
    redshift: Redshift, local: Engine, bucket: Bucket, how: str
) -> None:
    first, rest = GROWN[how]
    for body in (first, first + rest):
        bucket.put("log_data/2018-11-01-events.json", body)
        load_bucket(redshift, bucket.uri)
        load_bucket(local, bucket.uri)

    same(redshift, local)


def test_a_file_that_changes_between_listing_and_copy_waits_for_the_next_run(
    redshift: Redshift, local: Engine, bucket: Bucket
) -> None:
    bucket.log(play(0))
    bucket.log(play(9), day="2018-11-02")
    for engine in (redshift, local):
        listed = list_source(S3(source=bucket.uri))
        bucket.log(play(0), play(1), day="2018-11-01" if engine is redshift else "2018-11-03")

        load(engine, listed, MaxRejects(9), Silent())
        load_bucket(engine, bucket.uri)

        assert rows(engine, "SELECT item_in_session FROM stg_events ORDER BY 1")[:1] == [(0,)]
    assert rows(redshift, "SELECT COUNT(*) AS n FROM stg_events") == [(3,)]
    assert rows(redshift, "SELECT records_read FROM etl_run ORDER BY run_id") == [(1,), (2,)]


def test_more_errors_than_a_copy_may_have_are_rejected_one_by_one(
    redshift: Redshift, local: Engine, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "MAX_ERRORS", 3)
    bucket.log(play(0), "{a", "{b", "{c", "{d", play(1))

    load_bucket(redshift, bucket.uri)
    load_bucket(local, bucket.uri)

    same(redshift, local)


def test_tables_that_are_called_like_our_temporary_ones_are_left_alone(
    warehouse: Engine, bucket: Bucket
) -> None:
    names = ("raw_events", "raw_songs", "play_match", "affected_event", "affected_play", "file_duplicate")
    for name in names:
        warehouse.native(f"CREATE TABLE {name} (kept INTEGER)")
    fill(bucket)

    load_bucket(warehouse, bucket.uri)
    bucket.log(play(5), day="2018-11-09")
    load_bucket(warehouse, bucket.uri)

    sql = "SELECT table_name FROM information_schema.columns WHERE column_name = 'kept' ORDER BY 1"
    assert rows(warehouse, sql) == [(name,) for name in sorted(names)]


def test_tables_of_somebody_else_are_not_dropped(new_warehouse: Callable[[], Engine]) -> None:
    engine = new_warehouse()
    engine.native("DROP VIEW load_state")
    engine.native("DROP TABLE etl_version")

    with pytest.raises(ConfigError, match="no warehouse of ours"):
        drop_tables(engine)

    assert rows(engine, "SELECT COUNT(*) AS n FROM users") == [(0,)]


def test_a_reader_whose_connection_was_cut_still_may_only_read(redshift: Redshift) -> None:
    redshift._read_only = True
    run, cut = redshift._run, []

    def cutting(sql: str, **options: Any) -> Any:
        if sql.startswith("SELECT") and not cut:
            cut.append(sql)
            sever(redshift)
        return run(sql, **options)

    redshift._run = cutting  # type: ignore[method-assign]  # the wire is cut here
    with pytest.raises(RetryError):
        redshift.native("SELECT user_id INTO stolen FROM users")
    redshift._read_only = False

    assert rows(
        redshift, "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_name = 'stolen'"
    ) == [(0,)]


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        ("40001", "could not serialize", RetryError),
        ("40P01", "deadlock detected", RetryError),
        ("57P01", "terminating connection", RetryError),
        ("XX000", "1023", RetryError),
        ("XX000", "1018 relation not found", RetryError),
        ("XX000", CONFLICT, RetryError),
        ("XX000", "could not open relation with OID 155466714", RetryError),
        ("XX000", "table 3380474 dropped by concurrent transaction", RetryError),
        ("XX000", "Assert", QueryError),
        ("XX000", f"a text that says {CONFLICT}", QueryError),
        ("22P02", CONFLICT, QueryError),
        ("22P02", "value 1023 is bad", QueryError),
    ],
)
def test_what_others_did_to_a_transaction_is_tried_again(code: str, said: str, kind: type[Exception]) -> None:
    from redshift_connector.error import ProgrammingError

    error = translated(ProgrammingError({"C": code, "M": said}), "SELECT 1")

    assert type(error) is kind


def test_what_the_detail_says_of_others_counts_too() -> None:
    from redshift_connector.error import ProgrammingError

    told = {"C": "XX000", "M": "1023", "D": "Serializable isolation violation on table - 117 (pid:9)"}

    assert type(translated(ProgrammingError(told), "COMMIT")) is RetryError
    assert type(translated(ProgrammingError(told | {"M": "problem"}), "COMMIT")) is RetryError


@pytest.mark.parametrize("at", ["LOCK TABLE", "COPY", "INSERT INTO songplay", "COMMIT"])
def test_a_conflict_with_others_runs_the_whole_transaction_again(
    redshift: Redshift, bucket: Bucket, emulator: Emulator, at: str
) -> None:
    fill(bucket)
    waited: list[float] = []
    wire = emulator.clusters._known["test"].wire
    assert wire
    wire.faults.append((at, "XX000", CONFLICT))

    files = list_source(S3(source=bucket.uri))
    summary = load(redshift, files, MaxRejects.parse("1000"), Silent(), waited.append)

    assert (wire.faults, waited) == ([], [1.0])
    assert (summary.run_id, summary.records.loaded) == (1, 6)
    assert rows(redshift, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]


def test_a_cluster_too_leaves_a_log_that_is_written_to_for_the_next_run(
    redshift: Redshift, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = source.log(play(0), play(1))
    source.log(play(0, sessionId=2), day="2018-11-02")

    def look_while_it_grows(file: NewFile) -> FileScan:
        seen = scan_file(file)
        if file.uri == str(busy):
            busy.write_bytes(busy.read_bytes() + b"\n" + json.dumps(play(900)).encode())
        return seen

    with monkeypatch.context() as patch:
        patch.setattr("sparkify.engines.redshift.parts.scan_file", look_while_it_grows)
        first = etl(redshift, source.folder)
    second, third = etl(redshift, source.folder), etl(redshift, source.folder)

    assert (first.records.loaded, second.records.loaded, third.run_id) == (1, 3, None)
