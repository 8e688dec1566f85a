"""Keys of buckets: for S3 they are any text, and each object is read or named with a reason."""

import json
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparkify.config import S3
from sparkify.emulator.service import Emulator
from sparkify.engines.base import Engine
from sparkify.errors import RemoteError
from sparkify.source import store
from sparkify.source.listing import list_source, survey_source
from tests.builders import play
from tests.clusters import Bucket, Cluster, load_bucket
from tests.test_store import Proxy, standing_between
from tests.torture import long

ODD_KEYS = (
    "log_data//a.json",
    "log_data/old//a.json",
    "log_data///a.json",
    "log_data/./a.json",
    "log_data/../a.json",
    "log_data/x\x01y.json",
    "log_data/tab\t.json",
    "log_data/sp ace .json",
    "log_data/a+b.json",
    "log_data/a%2Fb.json",
    "log_data/100%.json",
    "log_data/a?b=1&c.json",
    "log_data/a#b.json",
    "log_data/log[1]*.json",
    "log_data/level=free/{a}.json",
    "log_data/é☃\u00a0.json",
    "log_data/back\\slash.json",
    "log_data/<&amp;>.json",
    "log_data/~'\"|.json",
)
PARTS = st.sampled_from([
    "", ".", "..", "...", "a", "A", "é☃", "%2F", "%", "+", " ", "=", "?", "#", "&", "*", "[1]", "\\", ":",
    "\x01", "\t", "\x7f", "~", "'", '"', "<", ";",
])  # fmt: skip


def put(emulator: Emulator, name: str, *keys: str) -> str:
    """A bucket of its own with these objects, the body of each being its key."""
    emulator.account.make_bucket(name)
    for key in keys:
        emulator.account.put(name, key, key.encode())
    return f"s3://{name}"


def assert_readable(uri: str, key: str, folder: Path) -> None:
    body = key.encode()
    [listed] = [one for one in store.list_bucket(f"{uri}/") if one.uri == f"{uri}/{key}"]

    assert store.find(listed.uri) == listed
    with store.open_file(listed.uri) as handle:
        assert handle.read() == body
        handle.seek(2)
        assert handle.read(3) == body[2:5]
    assert store.read_heads([listed.uri], 4) == [(body[:4], listed.version)]
    [path] = store.fetch([listed], folder).values()
    assert Path(path).read_bytes() == body


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_object_of_any_key_is_listed_and_read(
    cluster: Cluster, emulator: Emulator, tmp_path: Path, key: str
) -> None:
    uri = put(emulator, f"key-{ODD_KEYS.index(key)}", key, "log_data/plain.json")

    found = [file.uri for file in list_source(S3(source=uri))]

    assert found == sorted([f"{uri}/{key}", f"{uri}/log_data/plain.json"])
    assert_readable(uri, key, tmp_path)


@long
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(PARTS, min_size=1, max_size=5).map("/".join), min_size=1, max_size=3, unique=True))
def test_keys_made_of_odd_parts_are_listed_and_read(
    cluster: Cluster, emulator: Emulator, tmp_path: Path, names: list[str]
) -> None:
    keys = sorted(f"log_data/{name}b" for name in names)
    uri = put(emulator, f"odd-{uuid.uuid4().hex[:12]}", *keys)

    assert [one.uri for one in store.list_bucket(f"{uri}/log_data/")] == [f"{uri}/{key}" for key in keys]
    for key in keys:
        assert_readable(uri, key, tmp_path)


def test_a_listing_of_several_pages_is_whole(cluster: Cluster, emulator: Emulator) -> None:
    uri = put(emulator, "several-pages", *(f"log_data/{number:04}.json" for number in range(2001)))

    assert len(list_source(S3(source=uri))) == 2001


def test_one_odd_key_does_not_keep_the_others_from_being_loaded(
    bucket: Bucket, duckdb_warehouse: Engine
) -> None:
    bucket.log(play(0))
    bucket.put("log_data/old//notes.txt", b"notes")
    bucket.put("log_data//2018-11-02-events.json", json.dumps(play(1)).encode())

    summary = load_bucket(duckdb_warehouse, bucket.uri)

    assert summary.records.loaded == 2
    assert load_bucket(duckdb_warehouse, bucket.uri).run_id is None


def passed_over(uri: str) -> list[tuple[str, str]]:
    return [
        (one.uri.removeprefix(f"{uri}/"), one.reason) for one in survey_source(S3(source=uri)).passed_over
    ]


def test_what_is_not_loaded_is_named_in_a_bucket_too(bucket: Bucket) -> None:
    bucket.log(play(0))
    for name in (
        "log_data/old//notes.txt",
        "log_data/a.json.xz",
        "log_data/.ipynb_checkpoints/a.json",
        "log_data/.ipynb_checkpoints/b.json",
        "log_data/_temporary/0/part.json",
        "log_data/.a.json",
        "log_data/a.json/",
        "logs/a.json",
        "logs/b.json",
        "log_data.zip",
        "log",
        "/a.json",
        ".Trash/a.json",
    ):
        bucket.put(name, b"{}")

    assert passed_over(bucket.uri) == [
        (".Trash/", "hidden or temporary"),
        ("/", "beside song_data/ and log_data/"),
        ("log", "beside song_data/ and log_data/"),
        ("log_data.zip", "beside song_data/ and log_data/"),
        ("log_data/.a.json", "hidden or temporary"),
        ("log_data/.ipynb_checkpoints/", "hidden or temporary"),
        ("log_data/_temporary/", "hidden or temporary"),
        ("log_data/a.json.xz", "compressed as xz, which is not read"),
        ("log_data/a.json/", "not a JSON file"),
        ("log_data/old//notes.txt", "not a JSON file"),
        ("logs/", "beside song_data/ and log_data/"),
    ]


def test_a_hidden_prefix_above_the_source_hides_nothing(cluster: Cluster, emulator: Emulator) -> None:
    uri = put(emulator, "hidden-prefix", "_work/.app/log_data/a.json")

    found = survey_source(S3(source=f"{uri}/_work/.app"))

    assert len(found.files) == 1
    assert found.passed_over == []


def test_empty_objects_that_show_folders_are_no_files(bucket: Bucket) -> None:
    bucket.log(play(0))
    for name in (
        "",
        "song_data/",
        "log_data/",
        "log_data/2018/",
        "log_data/a.json/",
        "log_data/2018_$folder$",
    ):
        bucket.put(name, b"")

    found = survey_source(S3(source=bucket.uri))

    assert len(found.files) == 1
    assert found.passed_over == []


def test_where_only_the_two_folders_may_be_listed_the_load_goes_on(
    bucket: Bucket, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Strict(Proxy):
        behind = emulator.url
        trouble: list[tuple[int, bytes]] = []  # noqa: RUF012  # nothing is put in

        def do_GET(self) -> None:  # noqa: N802  # the name that the base class looks for
            if "delimiter" in self.path:
                self._answer(403, b"<Error><Code>AccessDenied</Code></Error>", {})
            else:
                super().do_GET()

    bucket.log(play(0))
    with standing_between(Strict, monkeypatch):
        found = survey_source(S3(source=bucket.uri))

    assert len(found.files) == 1
    assert [(one.uri, one.is_expected) for one in found.passed_over] == [(bucket.uri, True)]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "AccessDenied", "access denied. Check the credentials"),
        (404, "NoSuchKey", "does not exist. Check the bucket and the path."),
        (400, "Strange", "cannot be reached: .*Strange.* Try again later"),
    ],
)
def test_what_is_refused_of_an_odd_key_is_one_clear_line(
    bucket: Bucket, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, status: int, code: str, said: str
) -> None:
    body = f"<Error><Code>{code}</Code></Error>".encode()
    handler = type("Handler", (Proxy,), {"behind": emulator.url, "trouble": []})
    uri = bucket.put("log_data//a.json", b"{}")

    with standing_between(handler, monkeypatch):
        handle = store.open_file(uri)
        handler.trouble.append((status, body))
        with pytest.raises(RemoteError, match=said) as caught:
            handle.read()

    assert str(caught.value).startswith(f"{uri} ")
    assert "\n" not in str(caught.value)


def test_an_object_of_an_odd_key_that_is_gone_is_named(bucket: Bucket) -> None:
    with pytest.raises(RemoteError, match=r"log_data//a\.json does not exist"):
        store.find(f"{bucket.uri}/log_data//a.json")
