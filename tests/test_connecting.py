"""How a cluster is reached: whose host it is, by which credentials, over which wire."""

import dataclasses
import gc
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparkify.aws import Clients, make_clients
from sparkify.config import Cluster as ClusterSettings
from sparkify.config import Config, Iam, Warehouse
from sparkify.config import Redshift as RedshiftSettings
from sparkify.config_sources import load_config
from sparkify.connection import open_engine
from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.connect import PROBE_EVERY, PROBES, Address, connect
from sparkify.engines.redshift.engine import Redshift
from sparkify.engines.registry import OpenOptions
from sparkify.errors import ConfigError, ProvisionError, RemoteError
from sparkify.load.tables import create_tables
from sparkify.provision.endpoint import endpoint_of, read_endpoint
from sparkify.provision.target import find_target, require_scratch
from tests.builders import Source, play, rows, song
from tests.clusters import Cluster, sever


def foreign(cluster: Cluster, /, **settings: Any) -> Config:
    """A configuration that leads to the cluster as to somebody else's."""
    own: dict[str, Any] = {"host": cluster.address.host, "port": cluster.address.port} | settings
    return Config(warehouse=Warehouse(engine="redshift"), redshift=RedshiftSettings(**own))


@pytest.fixture
def clients(emulator: Emulator) -> Clients:
    return make_clients()


@pytest.mark.parametrize(
    ("host", "told"),
    [
        (
            "examplecluster.abc123xyz789.us-west-2.redshift.amazonaws.com",
            "cluster examplecluster in us-west-2",
        ),
        ("A-B.c9.eu-central-1.redshift.amazonaws.com.", "cluster a-b in eu-central-1"),
        ("music.c9.cn-northwest-1.redshift.amazonaws.com.cn", "cluster music in cn-northwest-1"),
        (
            "default.123456789012.us-east-1.redshift-serverless.amazonaws.com",
            "workgroup default in us-east-1 of account 123456789012",
        ),
        (
            "music.123456789012.cn-north-1.redshift-serverless.amazonaws.com.cn",
            "workgroup music in cn-north-1 of account 123456789012",
        ),
        ("warehouse.example.com", "None"),
        ("127.0.0.1", "None"),
        ("localhost", "None"),
        ("us-west-2.redshift.amazonaws.com", "None"),
        ("a.b.us-west-2.redshift.amazonaws.com.example.com", "None"),
        ("a.b.us-west-2.redshift.amazonaws.org", "None"),
        ("evil.a.b.us-west-2.redshift.amazonaws.com", "None"),
    ],
)
def test_a_hosts_name_tells_whose_it_is(host: str, told: str) -> None:
    assert str(read_endpoint(host)) == told


def test_what_is_named_wins_over_what_the_host_tells() -> None:
    host = "my-endpoint.c9.eu-west-1.redshift.amazonaws.com"

    assert str(endpoint_of(host, "music", "", "us-west-2")) == "cluster music in eu-west-1"
    assert str(endpoint_of("alias.example.com", "", "wg", "us-west-2")) == "workgroup wg in us-west-2"
    assert endpoint_of("alias.example.com", "", "", "us-west-2") is None


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("HOST = jdbc:redshift://a.b.us-west-2.redshift.amazonaws.com:5439/dev", "a host's name alone"),
        ("HOST = a.b.us-west-2.redshift.amazonaws.com:5439", "a host's name alone"),
        ("SSLMODE = require", "is not one of verify-full, verify-ca"),
        ("SSLMODE = disable", "is not one of verify-full, verify-ca"),
        ("KEEPALIVE = soon", "a number of seconds"),
        ("QUERY_GROUP = it's", "a label without quotes"),
        ("WORKGROUP = A", "3 to 64 lower case letters"),
    ],
)
def test_a_setting_of_another_form_is_refused(setting: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "dwg.cfg").write_text(f"[REDSHIFT]\n{setting}\n")

    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path / "dwg.cfg", {}, {})


def test_where_the_warehouse_is_must_be_known(clients: Clients, cluster: Cluster) -> None:
    with pytest.raises(ProvisionError, match="no cluster nowhere"):
        find_target(clients, Config(cluster=ClusterSettings(name="nowhere")))
    for settings, said in (
        ({"host": "a.example.com"}, "give USER and SPARKIFY_REDSHIFT__PASSWORD, or AUTH = iam"),
        ({"host": "a.example.com", "auth": "iam"}, r"does not tell which cluster.*CLUSTER or WORKGROUP"),
        ({"host": "a.example.com", "user": "me"}, "USER is given without PASSWORD"),
        ({"cluster": "music"}, r"CLUSTER = music says what is behind HOST, which is not given"),
        ({"workgroup": "music"}, r"WORKGROUP = music says what is behind HOST, which is not given"),
    ):
        with pytest.raises(ConfigError, match=said):
            find_target(clients, Config(redshift=RedshiftSettings(**settings)))  # type: ignore[arg-type]  # texts all
    given = RedshiftSettings(host="localhost", port=5440, user="me", password="mine", scratch="s3://a/b")
    found = find_target(clients, Config(redshift=given, iam=Iam(arn="arn:x")))
    assert (found.host, found.port, found.user, found.role, found.slices) == (
        "localhost", 5440, "me", "arn:x", 8,
    )  # fmt: skip


def test_who_only_asks_needs_neither_role_nor_scratch_and_who_loads_is_told(
    clients: Clients, cluster: Cluster
) -> None:
    own = foreign(cluster, user="admin", password="Only4Tests")

    engine = open_engine(own, OpenOptions())

    assert rows(engine, "SELECT 1 AS a") == [(1,)]
    engine.close()
    with pytest.raises(ConfigError, match=r"to load by way of \[REDSHIFT\] HOST, give \[REDSHIFT\] SCRATCH"):
        require_scratch(clients, own)


def test_a_cluster_of_others_is_pointed_to_by_host(clients: Clients, cluster: Cluster) -> None:
    with pytest.raises(
        ProvisionError, match=r"not ours.*set \[REDSHIFT\] HOST to its endpoint \(localhost\)"
    ):
        find_target(clients, Config(cluster=ClusterSettings(name="test")))


@pytest.fixture
def workgroup(emulator: Emulator, cluster: Cluster) -> Iterator[str]:
    emulator.workgroups.others["music-wg"] = emulator.clusters._known["test"]
    yield "music-wg"
    emulator.workgroups.others.clear()


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's hosts are this machine."""
    look_up = socket.getaddrinfo

    def here(host: Any, *rest: Any, **options: Any) -> Any:
        return look_up("localhost" if str(host).endswith(".amazonaws.com") else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", here)


@pytest.mark.usefixtures("resolved")
def test_iam_opens_any_cluster_and_any_workgroup_without_a_password(cluster: Cluster, workgroup: str) -> None:
    suffix = "us-west-2.redshift{}.amazonaws.com"
    for settings in (
        {"host": f"test.c9x8.{suffix.format('')}", "sslmode": "verify-ca"},
        {"host": f"{workgroup}.123456789012.{suffix.format('-serverless')}", "sslmode": "verify-ca"},
        {"host": "localhost", "cluster": "test"},
        {"host": "localhost", "workgroup": workgroup},
    ):
        engine = open_engine(foreign(cluster, auth="iam", **settings), OpenOptions())

        assert rows(engine, "SELECT CURRENT_USER") == [("IAM:root",)], settings
        engine.close()


def test_credentials_that_expired_are_asked_for_again(
    cluster: Cluster, emulator: Emulator, workgroup: str
) -> None:
    for behind in ({"cluster": "test"}, {"workgroup": workgroup}):
        engine = open_engine(foreign(cluster, auth="iam", **behind), OpenOptions())
        assert isinstance(engine, Redshift)
        emulator.clusters._known["test"].issued.expire()

        assert rows(engine, "SELECT 1 AS a") == [(1,)]
        sever(engine)
        assert rows(engine, "SELECT CURRENT_USER") == [("IAM:root",)]
        engine.close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_password_that_expired_opens_nothing(cluster: Cluster, emulator: Emulator) -> None:
    target = find_target(make_clients(), foreign(cluster, auth="iam", cluster="test"))
    address = dataclasses.replace(cluster.address, user=target.user, password=target.password)
    connect(address).close()
    emulator.clusters._known["test"].issued.expire()

    with pytest.raises(RemoteError, match="refuses the login of IAM:root"):
        connect(address)
    gc.collect()  # to which the driver leaves the socket of a login that was refused


def test_a_warehouse_that_the_account_does_not_have_is_named(clients: Clients, cluster: Cluster) -> None:
    for behind, said in (
        ({"cluster": "nowhere"}, "has no cluster nowhere in us-west-2"),
        ({"workgroup": "nowhere"}, "has no workgroup nowhere in us-west-2"),
    ):
        with pytest.raises(ConfigError, match=rf"{said}. Check \[REDSHIFT\] HOST"):
            find_target(clients, foreign(cluster, auth="iam", **behind))


def test_a_tunnel_needs_verify_ca_and_the_message_says_so(cluster: Cluster) -> None:
    tunnel = dataclasses.replace(cluster.address, host="127.0.0.1")

    with pytest.raises(RemoteError, match=r"is of another name.*SSLMODE = verify-ca") as failed:
        connect(tunnel)
    assert "cluster configure" not in str(failed.value)
    connect(dataclasses.replace(tunnel, sslmode="verify-ca")).close()


def test_a_certificate_of_no_known_authority_is_refused_by_either_mode(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    for mode in ("verify-full", "verify-ca"):
        with pytest.raises(RemoteError, match="is of no authority that is trusted here"):
            connect(dataclasses.replace(cluster.address, sslmode=mode))  # type: ignore[arg-type]  # both are


def test_what_to_do_about_a_host_that_does_not_answer_depends_on_whose_it_is(
    clients: Clients, cluster: Cluster
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    target = find_target(clients, foreign(cluster, port=port, user="admin", password="x"))

    with pytest.raises(
        RemoteError, match=rf"localhost:{port} cannot be reached: .*Check \[REDSHIFT\] HOST"
    ) as no:
        connect(Address(target.host, port, "x", "x", "x", advice=target.advice))
    assert "cluster configure" not in str(no.value)


def test_verify_ca_is_warned_of_but_for_a_tunnel(
    cluster: Cluster, caplog: pytest.LogCaptureFixture, resolved: None
) -> None:
    user: dict[str, Any] = {"user": "admin", "password": "Only4Tests", "sslmode": "verify-ca"}
    open_engine(foreign(cluster, **user, host="127.0.0.1"), OpenOptions()).close()
    quiet = caplog.text
    open_engine(foreign(cluster, **user, host="a.b.us-west-2.redshift.amazonaws.com"), OpenOptions()).close()

    assert quiet == ""
    assert "another server could pose as a.b.us-west-2" in caplog.text


@pytest.mark.parametrize("seconds", [60, 240, 0])
def test_an_idle_connection_is_probed(cluster: Cluster, seconds: int) -> None:
    made = connect(dataclasses.replace(cluster.address, keepalive=seconds))
    wire = made._usock

    assert bool(wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) is (seconds > 0)
    if seconds:
        found = [
            wire.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ]
        assert found == [seconds, PROBE_EVERY, PROBES]
    made.close()


def test_the_settings_reach_the_wire(cluster: Cluster) -> None:
    engine = open_engine(foreign(cluster, user="admin", password="Only4Tests", keepalive=77), OpenOptions())

    assert isinstance(engine, Redshift)
    assert engine._connection._usock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 77
    engine.close()


def test_a_session_has_its_query_group(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    run: Any = Redshift._run

    def hear(engine: Redshift, sql: str, **options: Any) -> Any:
        said.append(sql)
        return run(engine, sql, **options)

    monkeypatch.setattr(Redshift, "_run", hear)
    cluster.connect("public", query_group="nightly load").close()

    assert said[-1] == "SET query_group TO 'nightly load'"


def test_a_schema_that_somebody_else_made_needs_no_right_to_make_one(cluster: Cluster) -> None:
    owner = cluster.connect(f"Given_{uuid.uuid4().hex[:8]}")
    name = f"user_{uuid.uuid4().hex[:8]}"
    owner.native(f"CREATE USER {name} PASSWORD 'Only4Tests'")
    owner.native(f"GRANT ALL ON SCHEMA {owner._schema} TO {name}")
    address = dataclasses.replace(cluster.address, user=name, password="Only4Tests")

    engine = Cluster(address, cluster.role).connect(owner._schema.title())

    assert len(create_tables(engine)) > 10
    assert engine._schema == owner._schema.lower()
    engine.close()
    owner.close()


SETTINGS = """[WAREHOUSE]
ENGINE = redshift
[CLUSTER]
DATABASE = sparkify
[IAM]
ARN = {arn}
[REDSHIFT]
HOST = {host}
PORT = {port}
SCHEMA = {schema}
SCRATCH = s3://sparkify-test/scratch
USER = admin
"""


def test_a_cluster_of_others_is_loaded_asked_and_shown_in_two_schemas(
    cluster: Cluster, source: Source, tmp_path: Path
) -> None:
    source.log(play(0), play(1, song="Revelry"), "{broken")
    source.song(song())
    first, second = (f"own_{uuid.uuid4().hex[:8]}" for _ in range(2))

    def run(schema: str, *command: str) -> str:
        place = cluster.address
        settings = SETTINGS.format(arn=cluster.role, host=place.host, port=place.port, schema=schema)
        (tmp_path / "dwg.cfg").write_text(settings)
        done = subprocess.run(
            [sys.executable, "-m", "sparkify.cli.main", *command],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env=os.environ | {"SPARKIFY_REDSHIFT__PASSWORD": place.password},
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    run(first, "etl", "--source", str(source.folder), "--max-rejects", "1")
    run(second, "tables", "create")

    assert run(first, "query", "SELECT COUNT(*) AS n FROM songplay", "--format", "csv").split() == ["n", "2"]
    assert run(second, "query", "SELECT COUNT(*) AS n FROM songplay", "--format", "csv").split() == ["n", "0"]
    who = run(first, "query", "SELECT CURRENT_USER AS who", "--format", "csv").split()[1]
    assert who == f"sparkify_reader_sparkify_{first}"
    assert "{broken" in run(first, "ask", "rejects", "--format", "csv")
    assert "most_played" not in run(first, "ask", "most_played_songs", "--format", "csv")
    run(first, "check")
    run(first, "report", "--out", "report.html")
    assert "No check was run for this page" not in (tmp_path / "report.html").read_text()
    run(first, "doctor")
    run(second, "tables", "drop", "--yes")
    assert run(first, "query", "SELECT COUNT(*) AS n FROM songplay", "--format", "csv").split() == ["n", "2"]
