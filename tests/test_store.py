"""Buckets as a source: what lies there loads as from a folder, and what a store refuses is one line."""

import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sparkify.config import S3
from sparkify.emulator.service import Emulator
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import ConfigError, RemoteError
from sparkify.load.diff import digest_star
from sparkify.load.run import MaxRejects, Summary, load
from sparkify.load.tables import create_tables
from sparkify.source import local, store
from sparkify.source.listing import list_source
from tests.builders import Noting, Source, etl, play, song
from tests.clusters import BUCKET, Cluster, upload


class Proxy(BaseHTTPRequestHandler):
    """Before the store: answers what `trouble` says, and hands on everything else."""

    trouble: list[tuple[int, bytes]]
    behind: str

    def do_GET(self) -> None:
        if self.trouble and BUCKET in self.path:
            status, body = self.trouble.pop()
            self._answer(status, body, {})
            return
        self._answer(*self._fetched())

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815  # the names that the base class looks for

    def _fetched(self) -> tuple[int, bytes, dict[str, str]]:
        """What the store answers."""
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
        # Without a type of its own, urllib calls any body a form.
        headers = {"Content-Type": "application/octet-stream"} | dict(self.headers)
        request = urllib.request.Request(self.behind + self.path, sent, headers=headers)
        request.method = self.command
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), dict(error.headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", headers.get("Content-Length", str(len(body))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def forget_clients() -> None:
    """Make the next request look for its endpoint again."""
    store.store.cache_clear()
    store.client.cache_clear()


@contextmanager
def standing_between(handler: type[Proxy], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server of this kind before the store."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a reset may be what was asked for
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    forget_clients()
    yield
    forget_clients()
    server.shutdown()
    server.server_close()


@pytest.fixture
def trouble(
    emulator: Emulator, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[tuple[int, bytes]]]:
    """Answers that the store gives next, whatever it is asked; the last one first."""
    answers: list[tuple[int, bytes]] = []
    handler = type("Handler", (Proxy,), {"trouble": answers, "behind": emulator.url})
    with standing_between(handler, monkeypatch):
        yield answers


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = DuckDB(str(tmp_path / "test.duckdb"))
    create_tables(made)
    yield made
    made.close()


@pytest.fixture
def uri(emulator: Emulator, cluster: Cluster, source: Source, request: pytest.FixtureRequest) -> str:
    """A bucket with one song, a log of two plays and a bad line, and a longer log."""
    source.song(song())
    source.log(play(0), play(1), "{broken")
    source.log(*(play(item, sessionId=7) for item in range(400)), day="2018-11-02")
    return upload(emulator, request.node.name, source.folder)


def load_bucket(engine: Engine, uri: str, watching: Noting | None = None) -> Summary:
    return load(engine, list_source(S3(source=uri)), MaxRejects(9), watching or Noting())


def test_a_bucket_loads_as_a_folder_does(engine: Engine, uri: str, source: Source, tmp_path: Path) -> None:
    local = DuckDB(str(tmp_path / "local.duckdb"))
    create_tables(local)

    there, here = load_bucket(engine, uri), etl(local, source.folder)

    assert vars(there.records) == vars(here.records)
    assert digest_star(engine) == digest_star(local)
    assert engine.query("SELECT raw_text FROM etl_reject").rows == [("{broken",)]
    local.close()


def test_an_object_is_known_by_its_etag(
    engine: Engine, uri: str, source: Source, emulator: Emulator, request: pytest.FixtureRequest
) -> None:
    load_bucket(engine, uri)

    assert load_bucket(engine, uri).run_id is None
    source.log(play(0), play(1), "{broken", play(2))
    upload(emulator, request.node.name, source.folder)
    grown = load_bucket(engine, uri)

    assert (grown.files["grown"], grown.records.read) == (1, 1)


def test_an_object_that_changes_between_listing_and_reading_waits_for_the_next_run(
    engine: Engine, uri: str, source: Source, emulator: Emulator, request: pytest.FixtureRequest
) -> None:
    listed = list_source(S3(source=uri))
    source.log(*(play(item, sessionId=7) for item in range(401)), day="2018-11-02")
    upload(emulator, request.node.name, source.folder)
    watching = Noting()

    first = load(engine, listed, MaxRejects(9), watching)
    second = load_bucket(engine, uri)

    assert first.rows["songplay"] == 2
    assert any("2018-11-02-events.json changed while it was read" in line for line in watching.warnings)
    assert second.rows["songplay"] == 403


@pytest.mark.parametrize(
    "answer",
    [
        (503, b"<Error><Code>SlowDown</Code></Error>"),
        (500, b"<Error><Code>InternalError</Code></Error>"),
        (429, b""),
    ],
    ids=["slow down", "internal error", "too many requests"],
)
def test_a_store_that_is_busy_is_asked_again(
    engine: Engine, uri: str, trouble: list[tuple[int, bytes]], answer: tuple[int, bytes]
) -> None:
    trouble += [answer, answer]

    summary = load_bucket(engine, uri)

    assert trouble == []
    assert summary.rows["songplay"] == 402


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, b"<Error><Code>AccessDenied</Code></Error>"), "access denied. Check the credentials"),
        ((404, b"<Error><Code>NoSuchKey</Code></Error>"), "does not exist. Check the bucket"),
    ],
)
def test_a_store_that_refuses_is_one_clear_line_and_nothing_is_published(
    engine: Engine, uri: str, trouble: list[tuple[int, bytes]], answer: tuple[int, bytes], said: str
) -> None:
    listed = list_source(S3(source=uri))
    trouble += [answer] * 3

    with pytest.raises(RemoteError) as caught:
        load(engine, listed, MaxRejects(9), Noting())

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert engine.query("SELECT COUNT(*) AS n FROM etl_file").scalar() == 0


def test_a_bucket_that_does_not_exist_is_named(emulator: Emulator, engine: Engine) -> None:
    with pytest.raises(RemoteError, match="there is no bucket nobody-made-this"):
        load_bucket(engine, "s3://nobody-made-this/app")
    for uri in ("s3://", "s3:///app", "s3://my music/app"):
        with pytest.raises(ConfigError, match="names no bucket"):
            load_bucket(engine, uri)


def test_a_prefix_without_data_is_no_source(emulator: Emulator, engine: Engine, cluster: Cluster) -> None:
    with pytest.raises(ConfigError, match="holds neither song_data/ nor log_data/"):
        load_bucket(engine, f"s3://{BUCKET}/nothing/here")


def test_files_are_fetched_side_by_side(emulator: Emulator, tmp_path: Path, cluster: Cluster) -> None:
    for number in range(8):
        emulator.account.put(BUCKET, f"side/{number}.json", b"x" * 10)
    at_once, most = [0], [0]
    real = store._fetch

    def slow(uri: str, version: str, target: Path) -> str | None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.05)
        at_once[0] -= 1
        return real(uri, version, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_fetch", slow)
        paths = store.fetch(list(store.list_bucket(f"s3://{BUCKET}/side/")), tmp_path)

    assert len(paths) == 8
    assert most[0] > 1


def test_a_small_file_is_read_whole_however_little_a_read_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "song.json"
    file.write_bytes(b"0123456789")
    read = os.read
    monkeypatch.setattr(os, "read", lambda handle, size: read(handle, min(size, 3)))

    assert local.read_small(str(file), 10)[0] == b"0123456789"
    assert local.read_small(str(file), 20)[0] == b"0123456789"
