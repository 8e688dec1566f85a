"""What only an engine that is another machine can do wrong: lost connections, others at work, tiny files."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparkify.config import S3, Config, Iam
from sparkify.config import Cluster as ClusterSettings
from sparkify.config import Redshift as RedshiftSettings
from sparkify.engines.base import NewFile
from sparkify.engines.duckdb import DuckDB
from sparkify.engines.redshift import Redshift
from sparkify.errors import BusyError, ConfigError, ProvisionError, QueryError, RetryError
from sparkify.load.diff import diff_star, digest_star
from sparkify.load.files import list_source, make_plan
from sparkify.load.run import MaxRejects, Summary, load
from sparkify.load.staging import preview
from sparkify.load.tables import create_tables
from sparkify.progress import Silent
from sparkify.provision.target import find_target
from sparkify.standin.service import StandIn
from tests.builders import Record, Source, etl, logged_out, play, rows, song
from tests.clusters import BUCKET, READ, Cluster


class Bucket:
    """A folder in the test's bucket, filled as the app fills it."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin
        self.prefix = f"app-{uuid.uuid4().hex[:8]}"
        self.uri = f"s3://{BUCKET}/{self.prefix}"

    def log(self, *records: Record | str, day: str = "2018-11-01", end: str = "") -> str:
        lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
        return self.put(f"log_data/{day[:4]}/{day[5:7]}/{day}-events.json{end}", "\n".join(lines).encode())

    def song(self, record: Record) -> str:
        return self.put(f"song_data/A/{record['song_id']}.json", json.dumps(record).encode())

    def put(self, name: str, body: bytes) -> str:
        self._standin.account.put(BUCKET, f"{self.prefix}/{name}", body)
        return f"{self.uri}/{name}"


@pytest.fixture
def bucket(standin: StandIn, cluster: Cluster) -> Bucket:
    return Bucket(standin)


@pytest.fixture
def engine(cluster: Cluster) -> Iterator[Redshift]:
    """An empty warehouse on the cluster."""
    made = cluster.connect(f"test_{uuid.uuid4().hex[:12]}")
    create_tables(made)
    yield made
    made.close()


def load_bucket(engine: Any, uri: str) -> Summary:
    return load(engine, list_source(S3(source=uri)), MaxRejects.parse("1000"), Silent(), lambda _: None)


def fill(bucket: Bucket) -> None:
    """Two days, a malformed line, a wrong type, a repeated record, songs."""
    bucket.song(song())
    bucket.song(song("SO2", title="Revelry", year=2008))
    bucket.log(play(0), play(1, song="Revelry"), "{broken", play(2, ts="soon"), logged_out(itemInSession=9))
    bucket.log(play(3), play(0), day="2018-11-02")


def objects(standin: StandIn, prefix: str) -> list[str]:
    return list(standin.account.names(BUCKET, prefix))


def test_a_bucket_loads_alike_on_both_engines(engine: Redshift, bucket: Bucket, tmp_path: Path) -> None:
    fill(bucket)
    local = DuckDB(str(tmp_path / "local.duckdb"))
    create_tables(local)

    there, here = load_bucket(engine, bucket.uri), load_bucket(local, bucket.uri)

    assert vars(there.records) == vars(here.records)
    assert (there.records.read, there.records.rejected, there.records.duplicate) == (9, 2, 1)
    assert all(one.equal for one in diff_star(engine, local))
    sql = (
        "SELECT f.uri, r.record, r.reason, r.raw_text FROM etl_reject AS r "
        "JOIN etl_file AS f ON f.file_id = r.file_id ORDER BY 1, 2"
    )
    assert rows(engine, sql) == rows(local, sql)
    assert [record for _, record, _, _ in rows(engine, sql)] == [3, 4]
    local.close()


def test_a_plain_copy_finds_malformed_records_and_fetches_their_text(
    engine: Redshift, bucket: Bucket
) -> None:
    uri = bucket.log(play(0), "{broken", play(1))

    load_bucket(engine, bucket.uri)

    found = rows(
        engine, "SELECT f.uri, r.record, r.reason, r.raw_text FROM etl_reject AS r JOIN etl_file AS f "
        "ON f.file_id = r.file_id",
    )  # fmt: skip
    assert found == [(uri, 2, "malformed JSON", "{broken")]
    assert rows(engine, "SELECT DISTINCT file_id FROM stg_events") == [(None,)], "a plain COPY brought these"


@pytest.mark.parametrize("compact", ["always", "never"])
def test_gathering_first_changes_nothing_but_the_lineage(
    cluster: Cluster, bucket: Bucket, standin: StandIn, compact: str, tmp_path: Path
) -> None:
    fill(bucket)
    engine = cluster.connect(f"test_{uuid.uuid4().hex[:12]}", compact=compact)
    create_tables(engine)
    local = DuckDB(str(tmp_path / "local.duckdb"))
    create_tables(local)
    load_bucket(local, bucket.uri)

    load_bucket(engine, bucket.uri)

    assert digest_star(engine) == digest_star(local)
    lineage = {file_id is not None for (file_id,) in rows(engine, "SELECT DISTINCT file_id FROM stg_songs")}
    assert lineage == {compact == "always"}
    assert objects(standin, "scratch") == [], "what a COPY needed is removed afterwards"
    engine.close()
    local.close()


def test_many_small_files_are_gathered_and_few_are_not(
    engine: Redshift, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [NewFile(n, f"s3://{BUCKET}/a{n}.json", "", 500, "tag") for n in range(1001)]

    many = engine.preview("songs", files)
    few = engine.preview("songs", files[:1000])

    assert "COPY raw_songs (file_id, record," in many[0]
    assert few[0].startswith("COPY raw_songs (artist_id,")


def test_what_copy_will_be_told_can_be_read_first(engine: Redshift, bucket: Bucket, cluster: Cluster) -> None:
    fill(bucket)
    bucket.log(play(7), day="2018-11-03", end=".gz")

    statements = preview(engine, make_plan(list_source(S3(source=bucket.uri)), engine))

    assert [one.split(" ")[1] for one in statements] == ["raw_songs", "raw_events", "raw_events"]
    for one in statements:
        assert f"IAM_ROLE '{cluster.role}' REGION 'us-west-2'" in one
        assert "MANIFEST" in one
    assert "FORMAT JSON 'auto'" in statements[0]
    assert "events.jsonpaths'" in statements[1]
    assert ["GZIP" in one for one in statements] == [False, False, True]
    assert not any(cluster.address.password in one for one in statements)


def test_a_jsonpaths_file_with_another_top_key_is_refused_before_any_copy(
    cluster: Cluster, bucket: Bucket
) -> None:
    bucket.log(play(0))
    for body, said in (
        (b'{"jsonPaths": []}', 'its one key must be "jsonpaths"'),
        (b'{"jsonpaths": []}', "0 paths"),
    ):
        engine = cluster.connect(f"test_{uuid.uuid4().hex[:12]}", jsonpaths=bucket.put("paths.json", body))
        create_tables(engine)

        with pytest.raises(ConfigError, match=said):
            load_bucket(engine, bucket.uri)

        assert rows(engine, "SELECT COUNT(*) AS n FROM stg_events") == [(0,)]
        engine.close()


def test_a_connection_that_is_cut_at_any_statement_loads_everything_once(
    engine: Redshift, bucket: Bucket, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bucket)
    load_bucket(engine, bucket.uri)
    undisturbed, count = digest_star(engine), 0

    for at in range(1, 500, 7):
        other = cluster.connect(f"test_{uuid.uuid4().hex[:12]}")
        create_tables(other)
        run, count = other._run, 0

        def cut(sql: str, at: int = at, run: Any = run, other: Redshift = other, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == at:
                other._connection._usock.close()
            return run(sql, **options)

        monkeypatch.setattr(other, "_run", cut)
        load_bucket(other, bucket.uri)

        assert digest_star(other) == undisturbed
        assert rows(other, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]
        other.close()
        if count < at:
            break
    assert 50 < count < at


def test_a_commit_whose_answer_was_lost_is_not_loaded_again(
    engine: Redshift, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bucket)
    run, lost = engine._run, []

    def deaf(sql: str, **options: Any) -> Any:
        answer = run(sql, **options)
        if sql == "COMMIT" and not lost:
            lost.append(sql)
            raise RetryError("the connection to the cluster was lost")
        return answer

    monkeypatch.setattr(engine, "_run", deaf)

    summary = load_bucket(engine, bucket.uri)

    assert lost
    assert summary.run_id is None, "the second attempt finds everything in the ledger"
    assert rows(engine, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]


def test_who_comes_second_waits_and_then_sees_what_the_first_one_loaded(
    engine: Redshift, cluster: Cluster, bucket: Bucket
) -> None:
    fill(bucket)
    hasty = cluster.connect(engine._schema, wait=0.3)
    with engine.transaction(lock="etl_file"):
        rows(engine, "SELECT COUNT(*) AS n FROM etl_file")
        with pytest.raises(BusyError, match="held by another run"):
            load_bucket(hasty, bucket.uri)
    load_bucket(engine, bucket.uri)

    second = load_bucket(hasty, bucket.uri)

    assert second.run_id is None
    hasty.close()


def test_a_reader_may_ask_and_nothing_else(engine: Redshift, cluster: Cluster) -> None:
    reader = cluster.connect(engine._schema, read_only=True)

    assert reader.native("-- how many\nSELECT COUNT(*) AS n FROM users").rows == [(0,)]
    for sql in ("DELETE FROM users", "DROP TABLE users", "; DROP TABLE users", "COPY users FROM 's3://a/b'"):
        with pytest.raises(QueryError):
            reader.native(sql)
    with pytest.raises(QueryError):
        reader.native("WITH a AS (SELECT 1) SELECT 1; DROP TABLE users")
    assert rows(engine, "SELECT COUNT(*) AS n FROM users") == [(0,)]
    reader.close()


def test_readers_of_the_configuration_may_read(cluster: Cluster, standin: StandIn) -> None:
    for user in ("IAM:alice", "analysts"):
        standin.clusters._run(standin.clusters._add_user(user))
    readers = ["PUBLIC", "IAM:alice", "GROUP analysts"]
    engine = cluster.connect(f"test_{uuid.uuid4().hex[:12]}", readers=readers)

    create_tables(engine)

    granted = rows(
        engine, "SELECT DISTINCT privilege_type, grantee FROM information_schema.table_privileges "
        f"WHERE table_schema = '{engine._schema}' AND table_name = 'songplay' AND privilege_type = 'SELECT' "
        "AND grantee <> grantor ORDER BY 2",
    )  # fmt: skip
    assert granted == [("SELECT", "IAM:alice"), ("SELECT", "PUBLIC"), ("SELECT", "analysts")]
    engine.close()


def test_files_of_this_machine_are_gathered_for_the_cluster(engine: Redshift, source: Source) -> None:
    source.log(play(0), play(1))

    etl(engine, source.folder)

    assert rows(engine, "SELECT COUNT(*) AS n FROM songplay") == [(2,)]


def test_where_the_warehouse_is_must_be_known(standin: StandIn, cluster: Cluster) -> None:
    from sparkify.aws import make_clients

    clients = make_clients()
    with pytest.raises(ProvisionError, match="no cluster nowhere"):
        find_target(clients, Config(cluster=ClusterSettings(name="nowhere")))
    with pytest.raises(ConfigError, match="give USER, SCRATCH"):
        find_target(clients, Config(redshift=RedshiftSettings(host="localhost")))
    given = RedshiftSettings(host="localhost", port=5440, user="me", password="mine", scratch="s3://a/b")
    found = find_target(clients, Config(redshift=given, iam=Iam(arn="arn:x")))
    assert (found.host, found.port, found.user, found.role, found.slices) == (
        "localhost",
        5440,
        "me",
        "arn:x",
        8,
    )


def test_the_test_bucket_is_all_that_the_role_may_read(engine: Redshift, standin: StandIn) -> None:
    assert READ["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    standin.account._s3.create_bucket("elsewhere", "us-west-2")
    standin.account.put("elsewhere", "app/log_data/2018-11-01-events.json", json.dumps(play(0)).encode())

    with pytest.raises(QueryError, match="Access Denied"):
        load_bucket(engine, "s3://elsewhere/app")
    assert rows(engine, "SELECT COUNT(*) AS n FROM etl_file") == [(0,)]
