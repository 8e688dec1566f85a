"""A store that fails in every way a network knows: a load is whole in the end, or it is not there at all."""

import contextlib
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sparkify.emulator.service import Emulator
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import RemoteError, RetryError
from sparkify.load.checks import check_everything
from sparkify.load.diff import digest_star
from sparkify.load.tables import create_tables
from sparkify.source import store
from tests.builders import Noting, Source, etl, play, rows, song
from tests.clusters import BUCKET, Cluster, upload
from tests.test_store import Proxy, load_bucket, standing_between
from tests.torture import survived, times

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
PASSING = ("500", "503", "reset", "cut", "slow")
"""What is over at the next request."""


class Faulty(Proxy):
    """Fails now and then, in one of the ways it is given."""

    ways: tuple[str, ...] = ()
    rate = 0.0
    where = BUCKET
    """What stands in the address of a request that may fail."""
    chance = random.Random(1)
    count = 0

    def do_GET(self) -> None:  # noqa: N802  # the name that the base class looks for
        kind = type(self)
        if self.where not in self.path or not self.ways or self.chance.random() >= self.rate:
            super().do_GET()
            return
        kind.count += 1
        getattr(self, f"_{self.chance.choice(self.ways)}")()

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815  # the names that the base class looks for

    def _500(self) -> None:
        self._answer(500, b"<Error><Code>InternalError</Code></Error>", {})

    def _503(self) -> None:
        self._answer(503, SLOW_DOWN, {})

    def _gone(self) -> None:
        self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>", {})

    def _denied(self) -> None:
        self._answer(403, b"<Error><Code>AccessDenied</Code></Error>", {})

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _cut(self) -> None:
        status, body, headers = self._fetched()
        self._answer(status, body[: len(body) // 2], headers | {"Content-Length": str(len(body))})
        self.close_connection = True

    def _slow(self) -> None:
        status, body, headers = self._fetched()
        time.sleep(self.chance.random() / 20)
        self._answer(status, body, headers)

    def _other(self) -> None:
        status, body, headers = self._fetched()
        self._answer(status, body, {k: '"another"' if k.lower() == "etag" else v for k, v in headers.items()})


@pytest.fixture
def faulty(emulator: Emulator, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Faulty]]:
    """A store that stands between; its class says how it fails."""
    handler = type("Handler", (Faulty,), {"behind": emulator.url, "trouble": [], "chance": random.Random(1)})
    with standing_between(handler, monkeypatch):
        yield handler


@pytest.fixture
def uri(emulator: Emulator, cluster: Cluster, source: Source, request: pytest.FixtureRequest) -> str:
    """A bucket with some songs and logs."""
    for number in range(8):
        source.song(song(f"SO{number}", title=f"Song {number}"))
    for day in range(1, 5):
        source.log(*(play(item, sessionId=day) for item in range(300)), "{broken", day=f"2018-11-{day:02}")
    return upload(emulator, request.node.name.partition("[")[0], source.folder)


@contextlib.contextmanager
def opened(file: Path) -> Iterator[Engine]:
    engine = DuckDB(str(file))
    try:
        create_tables(engine)
        yield engine
    finally:
        engine.close()


def test_faults_that_pass_cost_time_and_nothing_else(
    faulty: type[Faulty], uri: str, source: Source, new_warehouse: Callable[[], Engine]
) -> None:
    local = new_warehouse()
    etl(local, source.folder)
    truth = digest_star(local)
    faulty.ways, faulty.rate = PASSING, 0.25
    failed, tries = 0, times(3, 60)

    for _ in range(tries):
        engine = new_warehouse()
        for _ in range(20):
            try:
                load_bucket(engine, uri)
                break
            except RemoteError:
                failed += 1
                assert rows(engine, "SELECT COUNT(*) AS n FROM etl_run") == [(0,)]
        assert digest_star(engine) == truth
        assert rows(engine, "SELECT COUNT(*) AS n FROM etl_reject") == [(4,)]
        engine.close()

    assert faulty.count > 0
    survived(f"faults of a store that passed, {local.name}", faulty.count)
    assert failed <= tries


@pytest.mark.parametrize("where", ["list-type", "2018-11-03-events.json"], ids=["listing", "reading"])
@pytest.mark.parametrize("way", ["500", "503", "reset", "cut", "denied", "gone"])
def test_a_fault_that_stays_is_one_line_and_nothing_is_published(
    faulty: type[Faulty], uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, where: str
) -> None:
    monkeypatch.setattr(store, "RETRIES", {"max_retries": 2, "retry_timeout": store.timedelta(seconds=3)})
    faulty.ways, faulty.rate, faulty.where = (way,), 1.0, where

    with opened(tmp_path / "one.duckdb") as engine:
        with pytest.raises(RemoteError) as failed:
            load_bucket(engine, uri)

        assert faulty.count > 0
        assert len(str(failed.value).splitlines()) == 1
        assert rows(engine, "SELECT COUNT(*) AS n FROM etl_run") == [(0,)]
        assert rows(engine, "SELECT COUNT(*) AS n FROM stg_events") == [(0,)]


def test_an_object_of_another_version_waits_for_the_next_run(
    faulty: type[Faulty], uri: str, tmp_path: Path
) -> None:
    watching = Noting()
    faulty.ways, faulty.rate = ("other",), 0.5

    with opened(tmp_path / "one.duckdb") as engine:
        load_bucket(engine, uri, watching)
        waiting = sum("changed while it was read" in warning for warning in watching.warnings)
        faulty.rate = 0.0
        load_bucket(engine, uri)

        assert waiting > 0
        assert rows(engine, "SELECT COUNT(*) AS n FROM songplay") == [(1200,)]
        assert rows(engine, "SELECT COUNT(*) AS n FROM songs") == [(8,)]
        assert all(verdict.passed for verdict in check_everything(engine))


def test_an_object_that_came_short_is_run_again(uri: str, tmp_path: Path) -> None:
    listed = next(one for one in store.list_bucket(f"{uri}/log_data/"))

    with pytest.raises(RetryError, match=f"came short: {listed.size:,} of {listed.size + 1:,} bytes"):
        store.fetch([listed._replace(size=listed.size + 1)], tmp_path)
