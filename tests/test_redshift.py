"""What only an engine that is another machine can do wrong: lost connections, others at work, tiny files."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from sparkify.config import S3, Config
from sparkify.emulator.service import Emulator
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import BusyError, ConfigError, QueryError, RemoteError, RetryError
from sparkify.load.diff import diff_star, digest_star
from sparkify.load.feed import make_feed
from sparkify.load.files import make_plan
from sparkify.load.staging import preview
from sparkify.load.tables import create_tables
from sparkify.source.file import NewFile
from sparkify.source.listing import list_source
from tests.builders import Source, counts, etl, play, rows
from tests.clusters import BUCKET, READ, Bucket, Cluster, fill, load_bucket


def objects(emulator: Emulator, prefix: str) -> list[str]:
    return list(emulator.account.names(BUCKET, prefix))


def test_a_bucket_loads_alike_on_both_engines(redshift: Redshift, bucket: Bucket, tmp_path: Path) -> None:
    fill(bucket)
    local = DuckDB(str(tmp_path / "local.duckdb"))
    create_tables(local)

    there, here = load_bucket(redshift, bucket.uri), load_bucket(local, bucket.uri)

    assert counts(there) == counts(here)
    assert counts(here) == {"read": 9, "loaded": 6, "duplicate": 1, "conflict": 0, "rejected": 2}
    assert all(one.equal for one in diff_star(redshift, local))
    sql = (
        "SELECT f.uri, r.record, r.reason, r.raw_text FROM etl_reject AS r "
        "JOIN etl_file AS f ON f.file_id = r.file_id ORDER BY 1, 2"
    )
    assert rows(redshift, sql) == rows(local, sql)
    assert [record for _, record, _, _ in rows(redshift, sql)] == [3, 4]
    local.close()


def test_only_the_files_in_which_something_is_wrong_are_read_by_us(
    redshift: Redshift, bucket: Bucket
) -> None:
    uri = bucket.log("", play(0), "{broken", play(1))
    bucket.log(play(2), day="2018-11-02")

    load_bucket(redshift, bucket.uri)

    found = rows(
        redshift, "SELECT f.uri, r.record, r.reason, r.raw_text FROM etl_reject AS r JOIN etl_file AS f "
        "ON f.file_id = r.file_id",
    )  # fmt: skip
    assert found == [(uri, 3, "malformed JSON", "{broken")]
    lineage = rows(redshift, "SELECT item_in_session, record FROM stg_events ORDER BY item_in_session")
    assert lineage == [(0, 2), (1, 4), (2, None)]


@pytest.mark.parametrize("compact", ["always", "never"])
def test_gathering_first_changes_nothing_but_the_lineage(
    cluster: Cluster, bucket: Bucket, emulator: Emulator, compact: str, tmp_path: Path
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
    assert objects(emulator, "scratch") == [], "what a COPY needed is removed afterwards"
    engine.close()
    local.close()


def test_many_small_files_are_gathered_and_few_are_not(
    redshift: Redshift, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [NewFile(n, f"s3://{BUCKET}/a{n}.json", "", 500, "tag") for n in range(1001)]

    many = redshift.preview("songs", files)
    few = redshift.preview("songs", files[:1000])

    assert "COPY raw_songs (file_id, record," in many[0]
    assert few[0].startswith("-- 1,000 files of songs, each as it is\nCOPY raw_songs (artist_id,")
    assert many[0].startswith("-- 1,001 files of songs gathered into parts first\n")


def test_what_copy_will_be_told_can_be_read_first(
    redshift: Redshift, bucket: Bucket, cluster: Cluster
) -> None:
    fill(bucket)
    bucket.log(play(7), day="2018-11-03", end=".gz")

    statements = preview(redshift, make_plan(list_source(S3(source=bucket.uri)), redshift))

    assert [one.partition("COPY ")[2].split(" ")[0] for one in statements] == [
        "raw_songs", "raw_keys_songs", "raw_events", "raw_keys_events", "raw_events", "raw_keys_events",
    ]  # fmt: skip
    for one in statements:
        assert f"IAM_ROLE '{cluster.role}' REGION 'us-west-2'" in one
        assert "MANIFEST" in one
    formats = [one.partition("FORMAT JSON ")[2].split()[0].rpartition("/")[2] for one in statements]
    assert formats == ["songs.jsonpaths'", "'noshred'", *["events.jsonpaths'", "'noshred'"] * 2]
    assert ["GZIP" in one for one in statements] == [False, False, False, False, True, True]
    assert not any(cluster.address.password in one for one in statements)


def test_a_jsonpaths_file_with_another_top_key_is_refused_before_any_copy(bucket: Bucket) -> None:
    for body, said in (
        (b'{"jsonPaths": []}', 'its one key must be "jsonpaths"'),
        (b'{"jsonpaths": []}', "has 0 paths, stg_events takes 18: "),
    ):
        config = Config(s3=S3(source=bucket.uri, log_jsonpath=bucket.put("paths.json", body)))

        with pytest.raises(ConfigError, match=said):
            make_feed(config)


def test_a_commit_whose_answer_was_lost_is_told_as_the_run_that_it_was(
    redshift: Redshift, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bucket)
    run, lost = redshift._run, []

    def deaf(sql: str, **options: Any) -> Any:
        answer = run(sql, **options)
        if sql == "COMMIT" and not lost:
            lost.append(sql)
            raise RetryError("the connection to the cluster was lost")
        return answer

    monkeypatch.setattr(redshift, "_run", deaf)

    summary = load_bucket(redshift, bucket.uri)

    assert lost
    assert (summary.run_id, summary.records.rejected) == (1, 2)
    assert rows(redshift, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]


def test_who_comes_second_waits_and_then_sees_what_the_first_one_loaded(
    redshift: Redshift, cluster: Cluster, bucket: Bucket
) -> None:
    fill(bucket)
    hasty, at_once = (cluster.connect(redshift._schema, wait=wait) for wait in (0.3, 0))
    with redshift.transaction(lock="etl_lock"):
        rows(redshift, "SELECT COUNT(*) AS n FROM etl_file")
        for other in (hasty, at_once):
            with pytest.raises(BusyError, match="held by another run"):
                load_bucket(other, bucket.uri)
    at_once.close()
    load_bucket(redshift, bucket.uri)

    second = load_bucket(hasty, bucket.uri)

    assert second.run_id is None
    hasty.close()


def test_a_reader_may_ask_and_nothing_else(redshift: Redshift, cluster: Cluster) -> None:
    reader = cluster.connect(redshift._schema, read_only=True)

    assert reader.native("-- how many\nSELECT COUNT(*) AS n FROM users").rows == [(0,)]
    for sql in ("DELETE FROM users", "DROP TABLE users", "; DROP TABLE users", "COPY users FROM 's3://a/b'"):
        with pytest.raises(QueryError):
            reader.native(sql)
    with pytest.raises(QueryError):
        reader.native("WITH a AS (SELECT 1) SELECT 1; DROP TABLE users")
    assert rows(redshift, "SELECT COUNT(*) AS n FROM users") == [(0,)]
    reader.close()


def test_files_of_this_machine_are_gathered_for_the_cluster(redshift: Redshift, source: Source) -> None:
    source.log(play(0), play(1))

    etl(redshift, source.folder)

    assert rows(redshift, "SELECT COUNT(*) AS n FROM songplay") == [(2,)]


def test_the_test_bucket_is_all_that_the_role_may_read(redshift: Redshift, emulator: Emulator) -> None:
    assert READ["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    emulator.account._s3.create_bucket("elsewhere", "us-west-2")
    emulator.account.put("elsewhere", "app/log_data/2018-11-01-events.json", json.dumps(play(0)).encode())

    with pytest.raises(RemoteError, match=r"may not read these files in the role .*Access Denied"):
        load_bucket(redshift, "s3://elsewhere/app")
    assert rows(redshift, "SELECT COUNT(*) AS n FROM etl_file") == [(0,)]
