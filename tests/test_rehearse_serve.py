"""The emulator that stays up: what it prints works as it stands, and nothing is left of it."""

import contextlib
import gc
import json
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sparkify.emulator import session as emulator_session
from sparkify.emulator.service import Emulator
from sparkify.errors import QueryError
from tests.builders import Run, Source, play, song
from tests.clusters import Cluster

COMMAND = [sys.executable, "-m", "sparkify.cli.main"]
needs_psql = pytest.mark.skipif(not any(Path(d, "psql").exists() for d in os.environ["PATH"].split(":")),
                                reason="there is no psql here")  # fmt: skip


def start(folder: Path, *options: str, scratch: Path | None = None) -> "subprocess.Popen[str]":
    command = [*COMMAND, "rehearse", "--serve", "--port", "0", "--source", "music", *options]
    return subprocess.Popen(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, **({"TMPDIR": str(scratch)} if scratch else {})},
    )  # fmt: skip


def described(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The JSON that it prints when it is ready."""
    assert process.stdout
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return dict(json.loads(text))
    raise AssertionError(process.stderr.read() if process.stderr else "")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One that is up, with two plays and a song; its variables are in a file."""
    folder = tmp_path_factory.mktemp("served")
    source = Source(folder / "music")
    source.log(play(0), play(1))
    source.song(song())
    with start(folder, "--format", "json", "--env-file", "emulator.env") as process:
        yield {**described(process), "folder": folder}
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0


def connect(served: dict[str, Any], **changes: Any) -> Any:
    import redshift_connector

    how = {name: served[name] for name in ("host", "port", "database", "user", "password")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", served["sslrootcert"])
        return redshift_connector.connect(**{**how, "ssl": True, "sslmode": "verify-full", **changes})


def refused(served: dict[str, Any], **changes: Any) -> str:
    """Why there is no connection; the driver leaves its socket to the garbage collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            connect(served, **changes)
        except Exception as error:  # noqa: BLE001  # the driver's own
            said = str(error)
            del error
        gc.collect()
    return said


def wire(served: dict[str, Any], *messages: bytes) -> bytes:
    """What the server answers to these bytes until it closes; the client says nothing more and stays."""
    with socket.create_connection((served["host"], served["port"]), timeout=10) as client:
        client.sendall(b"".join(messages))
        answer = b""
        while more := client.recv(1 << 16):
            answer += more
        return answer


@needs_psql
def test_the_line_for_psql_works_as_it_stands(source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    scratch = Path(tempfile.mkdtemp())
    scratch.chmod(0o711)  # PostgreSQL runs as somebody else if we are root
    with start(tmp_path, scratch=scratch) as process:
        assert process.stdout and process.stderr
        line = next(line for line in process.stdout if line.startswith("psql "))
        statements = "-tAc 'SELECT 1; SELECT version()' -c 'SELECT current_database()'"
        said = subprocess.run(
            f"{line.strip()} {statements}", shell=True, capture_output=True, text=True, check=True
        ).stdout
        process.send_signal(signal.SIGTERM)
        last = process.stderr.read().splitlines()[-1]

    assert re.fullmatch(r"1\nPostgreSQL 8\.0\.2 .*Redshift .*\ndev\n", said)
    assert (process.returncode, last) == (0, "The emulator has ended; nothing of it is left.")
    assert list(scratch.iterdir()) == [], "temporary files are gone too"
    scratch.rmdir()


def test_a_script_starts_it_uses_it_and_ends_it_by_a_signal(source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    sparkify = f"{sys.executable} -m sparkify.cli.main"
    script = f"""
        {sparkify} rehearse --serve --port 0 --source music --env-file emulator.env --format json \\
            > ready.json &
        until grep -qs '^}}' ready.json; do kill -0 $! || exit 9; sleep 0.1; done
        ( . ./emulator.env && {sparkify} tables create ) || exit 8
        echo "here: $PGHOST, $SPARKIFY_WAREHOUSE__ENGINE."
        kill -TERM $!
        wait $!
    """

    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("here: , .\n"), "in brackets the variables stay in a shell of their own"
    assert done.stderr.splitlines()[-1] == "The emulator has ended; nothing of it is left."
    port = json.loads((tmp_path / "ready.json").read_text())["port"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("localhost", port), timeout=5)


def test_the_process_is_named(served: dict[str, Any]) -> None:
    os.kill(served["pid"], 0)


def test_its_variables_are_all_that_sparkify_needs(served: dict[str, Any]) -> None:
    file = served["folder"] / "emulator.env"
    script = f". {file} && {sys.executable} -m sparkify.cli.main"

    for command in ("tables create", "etl", "ask most_played_songs --format csv"):
        done = subprocess.run(
            f"{script} {command}",
            shell=True,
            cwd=served["folder"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    assert done.stdout.splitlines()[1].endswith(",2")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_its_bucket_holds_the_files(served: dict[str, Any]) -> None:
    s3 = boto3.client("s3", endpoint_url=served["endpoint_url"], region_name=served["region"],
                      aws_access_key_id="x", aws_secret_access_key="x")  # fmt: skip

    found = s3.list_objects_v2(Bucket=served["bucket"].removeprefix("s3://"), Prefix="app/")["Contents"]

    assert served["source"] == f"{served['bucket']}/app"
    assert len(found) == 2


def test_a_wrong_password_is_refused_in_redshifts_words(served: dict[str, Any]) -> None:
    assert 'password authentication failed for user "awsuser"' in refused(served, password="wrong")


def test_a_database_that_is_not_there_is_called_by_its_own_name(served: dict[str, Any]) -> None:
    assert 'database "nosuch" does not exist' in refused(served, database="nosuch")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(",
        "SELECT nope",
        "COPY t FROM 's3://x/y' JSON",
        "SELECT CAST(1)",
        "SELECT '",
        "SELECT 1 +",
    ],
)
def test_a_session_outlives_a_statement_that_fails(served: dict[str, Any], sql: str) -> None:
    connection = connect(served)
    connection.autocommit = True
    cursor = connection.cursor()

    with pytest.raises(Exception, match="'C': '"):
        cursor.execute(sql)

    cursor.execute("SELECT 1")
    assert cursor.fetchall() == ([1],)
    connection.close()


def test_a_fault_of_the_emulator_is_an_error_and_the_session_goes_on(
    emulator: Emulator, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(sql: str) -> None:
        raise IndexError(sql)

    session = cluster.connect("public")
    with monkeypatch.context() as broken:
        broken.setattr(emulator_session, "rewrite", fail)
        with pytest.raises(QueryError, match="emulator: this statement cannot be read"):
            session.native("SELECT 1")

    assert session.native("SELECT 1").rows == [(1,)]
    session.close()


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        struct.pack("!i", 4),
        struct.pack("!i", -1) + b"x" * 20,
    ],
)
def test_what_speaks_another_protocol_is_dropped(served: dict[str, Any], first: bytes) -> None:
    wire(served, first)

    connect(served).close()


def test_what_is_no_tls_after_all_is_dropped(served: dict[str, Any]) -> None:
    with socket.create_connection((served["host"], served["port"]), timeout=10) as client:
        client.sendall(struct.pack("!ii", 8, 80877103))
        assert client.recv(1) == b"S"
        client.sendall(b"not TLS at all" * 100)
        with contextlib.suppress(ConnectionResetError):
            while client.recv(1 << 16):
                pass

    connect(served).close()


def test_an_old_protocol_is_told_so(served: dict[str, Any]) -> None:
    answer = wire(served, struct.pack("!iHH", 8, 2, 0))

    assert b"unsupported frontend protocol 2.0" in answer


def test_a_client_that_vanishes_lets_go_of_its_locks(served: dict[str, Any]) -> None:
    gone, other = connect(served), connect(served)
    other.autocommit = True
    cursor = other.cursor()
    cursor.execute("CREATE TABLE held (a INTEGER)")
    gone.cursor().execute("LOCK TABLE held")

    gone._usock.shutdown(socket.SHUT_RDWR)
    for end in (gone._sock, gone._usock):
        with contextlib.suppress(OSError):
            end.close()

    cursor.execute("SET statement_timeout TO 5000")
    cursor.execute("INSERT INTO held VALUES (1)")
    cursor.execute("DROP TABLE held")
    other.close()


@needs_psql
def test_a_statement_can_be_cancelled(served: dict[str, Any]) -> None:
    eight = " UNION ALL ".join(["SELECT 1"] * 8)
    joined = " CROSS JOIN ".join(f"n AS n{i}" for i in range(9))
    process = subprocess.Popen(
        ["psql", "-c", f"WITH n AS ({eight}) SELECT COUNT(*) FROM {joined}"], text=True,
        env={**os.environ, **served["env"]}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(1)

    process.send_signal(signal.SIGINT)

    assert "canceling statement due to user request" in process.communicate(timeout=20)[1]


def test_fifty_sessions_at_once(served: dict[str, Any]) -> None:
    sessions = [connect(served) for _ in range(50)]

    for number, one in enumerate(sessions):
        cursor = one.cursor()
        cursor.execute("SELECT %s::INTEGER", (number,))
        assert cursor.fetchall() == ([number],)
        one.close()


def test_a_port_that_is_taken_is_named(run: Run, source: Source) -> None:
    source.log(play(0))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("rehearse", "--serve", "--source", "music", "--port", str(port))

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"sparkify: port {port} is taken. Choose another by --port, or --port 0 for a free one."
    )


def test_a_folder_that_postgresql_cannot_use_is_one_line(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    long = tmp_path / ("x" * 100)  # a socket's path has about 100 characters
    long.mkdir()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(long))
        done = run("rehearse", "--serve", "--source", "music", "--port", "0")

    assert done.returncode == 1
    assert re.fullmatch(r"sparkify: PostgreSQL.* TMPDIR must be .*", done.stderr.splitlines()[-1])


def test_options_of_serve_alone_are_refused_without_it(run: Run) -> None:
    done = run("rehearse", "--port", "1")

    assert done.returncode == 2
    assert done.stderr.startswith("sparkify: --port belongs to --serve.")


def asked(connection: Any, message: bytes) -> bytes:
    """What the server answers to one message of an open session."""
    connection._usock.sendall(message)
    return bytes(connection._usock.recv(1 << 16))


def test_an_empty_statement_is_answered_as_one(served: dict[str, Any]) -> None:
    connection = connect(served)

    answer = asked(connection, b"Q" + struct.pack("!i", 5) + b"\0")
    connection.close()

    assert answer.startswith(b"I" + struct.pack("!i", 4)), "EmptyQueryResponse"


def test_a_message_that_is_none_ends_the_session_with_an_error(served: dict[str, Any]) -> None:
    connection = connect(served)

    answer = asked(connection, b"F" + struct.pack("!i", 4))
    for end in (connection._sock, connection._usock):
        end.close()

    assert b"C08P01\0" in answer


def test_a_session_begins_as_one_of_redshift_does(served: dict[str, Any]) -> None:
    connection = connect(served)
    told = dict(connection.parameter_statuses)
    connection.close()

    assert (told[b"server_version"], told[b"client_encoding"]) == (b"8.0.2", b"UNICODE")
