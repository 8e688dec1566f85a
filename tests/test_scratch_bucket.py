"""Whose the scratch bucket is, and how it is reached: each request names our account, and TLS is demanded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest

from sparkify.aws import Clients
from sparkify.config import Config
from sparkify.emulator.account import ACCOUNT, REGION
from sparkify.emulator.service import Emulator
from sparkify.errors import RemoteError
from sparkify.provision import scratch
from sparkify.source import store
from tests.accounts import launch, names_of
from tests.builders import Run, Source, play, song
from tests.clusters import BUCKET, Cluster

SETTINGS = """[WAREHOUSE]
ENGINE = redshift
[ETL]
COMPACT = always
[CLUSTER]
NAME = owned
NODES = 2
POLL = 0.1
"""


class Request(NamedTuple):
    """A request for something in a bucket."""

    what: str
    path: str
    owner: str


@pytest.fixture
def seen(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Requests to S3, whichever process they come from."""
    found: list[Request] = []
    refuse: Callable[[dict[str, Any]], Any] = emulator._refuse_bucket

    def note(environ: dict[str, Any]) -> Any:
        path, query = environ["PATH_INFO"].lstrip("/"), environ.get("QUERY_STRING", "")
        what = f"{environ['REQUEST_METHOD']} {query.partition('=')[0]}".strip()
        found.append(Request(what, path, environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", "")))
        return refuse(environ)

    monkeypatch.setattr(emulator, "_refuse_bucket", note)
    monkeypatch.setattr(emulator.clusters, "seconds", 0.05)
    return found


def test_from_launch_over_a_load_to_delete_each_request_names_the_owner(
    seen: list[Request], run: Run, source: Source, tmp_path: Path
) -> None:
    source.song(song())
    source.log(play(0), play(1))
    (tmp_path / "dwg.cfg").write_text(SETTINGS)

    for command in (
        ("cluster", "launch", "--yes"), ("cluster", "configure", "--cidr", "127.0.0.1"),
        ("etl", "--source", "music"),
        ("doctor",), ("cluster", "status"), ("cluster", "delete", "--yes"),
    ):  # fmt: skip
        done = run(*command)
        assert done.returncode == 0, done.stderr

    bucket = f"sparkify-owned-scratch-{ACCOUNT}-{REGION}"
    ours = [one for one in seen if one.path.partition("/")[0] == bucket]
    unnamed = {(one.what, one.path.rstrip("/")) for one in ours if one.owner != ACCOUNT}
    # What makes a bucket can name no owner; what asks for its region reads nothing.
    assert unnamed == {("PUT", bucket), ("HEAD", bucket)}
    parts = [one for one in ours if one.path.rpartition("/")[2].startswith("part")]
    assert [one.what for one in parts] and {one.what for one in parts} == {"PUT"}
    assert {"POST delete", "PUT policy", "DELETE"} <= {one.what for one in ours}


def test_a_file_of_several_parts_names_the_owner_with_each(
    emulator: Emulator, cluster: Cluster, seen: list[Request], tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (9 << 20))

    store.put(f"s3://{BUCKET}/owned/large", large, ACCOUNT)

    parts = [one for one in seen if one.path.endswith("owned/large")]
    assert {one.what.partition(" ")[0] for one in parts} == {"POST", "PUT"}
    assert len(parts) >= 4 and {one.owner for one in parts} == {ACCOUNT}
    assert emulator.account.body(BUCKET, "owned/large") == large.read_bytes()
    store.remove([f"s3://{BUCKET}/owned/large"], ACCOUNT)


def test_nothing_is_written_into_a_bucket_that_another_account_took(
    emulator: Emulator, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"s3://{BUCKET}/owned/manifest"
    emulator.account.put(BUCKET, "owned/manifest", b"theirs")
    monkeypatch.setitem(emulator.account.owners, BUCKET, "210987654321")

    for act in (lambda: store.put(uri, b"ours", ACCOUNT), lambda: store.remove([uri], ACCOUNT)):
        with pytest.raises(RemoteError, match=rf"or removed: .* the bucket is of account {ACCOUNT}\.$"):
            act()

    assert emulator.account.body(BUCKET, "owned/manifest") == b"theirs"
    store.remove([uri])


def test_more_objects_than_one_call_takes_are_removed(emulator: Emulator, cluster: Cluster) -> None:
    keys = [f"owned/{number}" for number in range(1001)]
    for key in keys:
        emulator.account.put(BUCKET, key, b"")

    store.remove([f"s3://{BUCKET}/{key}" for key in keys], ACCOUNT)

    assert list(emulator.account.names(BUCKET, "owned/")) == []


def test_the_bucket_is_closed_to_requests_without_tls(clients: Clients, account: Config) -> None:
    launch(clients, account)

    bucket = names_of(account).bucket(ACCOUNT, REGION)
    (rule,) = json.loads(boto3.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (rule["Effect"], rule["Principal"], rule["Action"]) == ("Deny", "*", "s3:*")
    assert rule["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert rule["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    china = scratch.tls_only("aws-cn", "music")["Statement"][0]
    assert china["Resource"] == ["arn:aws-cn:s3:::music", "arn:aws-cn:s3:::music/*"]
