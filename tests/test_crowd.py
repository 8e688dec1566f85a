"""Many readers and a writer at once: each reads one published state, whole, and everybody gets a turn."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sparkify.engines.redshift.engine import Redshift
from sparkify.load.checks import check_everything, check_seal
from tests.builders import Source, play, rows, song
from tests.clusters import Bucket, Cluster, fill, load_bucket
from tests.test_processes import finish, start
from tests.torture import survived, times

READ = """
import json, sys, time
from sparkify.engines.duckdb.engine import DuckDB

until, seen = time.monotonic() + float(sys.argv[1]), []
while time.monotonic() < until:
    engine = DuckDB("sparkify.duckdb", read_only=True, wait=60)
    seen.append(engine.query(
        "SELECT (SELECT COUNT(*) FROM songplay) AS plays, (SELECT COUNT(*) FROM stg_events) AS events, "
        "(SELECT SUM(loaded) FROM etl_file) AS loaded, (SELECT COUNT(*) FROM etl_run) AS runs, "
        "(SELECT COUNT(*) FROM time) AS moments"
    ).rows[0])
    engine.close()
    time.sleep(0.01)
print(json.dumps([[int(value) for value in row] for row in seen]))
"""

COUNT = "SELECT COUNT(*) AS plays FROM songplay"


def test_readers_see_one_run_or_the_next_and_the_writer_is_not_starved(
    source: Source, tmp_path: Path
) -> None:
    source.song(song())
    source.log(*(play(item, sessionId=1) for item in range(100)), day="2018-11-01")
    assert finish(start("etl", "--source", "music", cwd=tmp_path))[0] == 0
    count, seconds = times(4, 20), times(6, 60)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READ, str(seconds)],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(count)
    ]  # fmt: skip

    runs = 1
    while any(reader.poll() is None for reader in readers):
        runs += 1
        source.log(
            *(play(item, sessionId=runs) for item in range(100)),
            day=f"2018-{runs // 28 + 1:02}-{runs % 28 + 1:02}",
        )
        load = start("etl", "--source", "music", "--wait", "60", cwd=tmp_path)
        code, plays, err = finish(start("query", COUNT, "--wait", "60", cwd=tmp_path))
        assert code == 0, err
        assert int(plays.split()[1]) in (100 * (runs - 1), 100 * runs)
        code, _, err = finish(load)
        assert code == 0, err

    reads = 0
    for reader in readers:
        out, err = reader.communicate()
        assert (reader.returncode, err) == (0, "")
        seen = json.loads(out)
        for plays, events, loaded, published, moments in seen:
            assert plays == events == moments * published == published * 100
            assert loaded == plays + 1
        assert [row[3] for row in seen] == sorted(row[3] for row in seen), "never an older one after a newer"
        assert len(seen) > 1
        reads += len(seen)
    assert runs > 2
    survived("reads beside a writer", reads)
    survived("runs beside readers", runs)


def test_two_loads_of_a_cluster_at_once_load_everything_once(
    cluster: Cluster, redshift: Redshift, bucket: Bucket
) -> None:
    fill(bucket)
    other = cluster.connect(redshift.query("SELECT CURRENT_SCHEMA() AS name").scalar(), wait=60)

    with ThreadPoolExecutor(2) as pool:
        summaries = list(pool.map(lambda engine: load_bucket(engine, bucket.uri), (redshift, other)))

    assert sorted(summary.run_id or 0 for summary in summaries) == [0, 1]
    assert rows(redshift, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]
    assert rows(redshift, "SELECT SUM(loaded + duplicate) AS n FROM etl_run") == rows(
        redshift, "SELECT (SELECT COUNT(*) FROM stg_events) + (SELECT COUNT(*) FROM stg_songs) AS n"
    )
    assert all(verdict.passed for verdict in [*check_everything(redshift), check_seal(redshift)])
    other.close()
