"""dlt: the filesystem source's way, read_jsonl into DuckDB by its parquet loader; staging only, then SQL."""

import sys
from pathlib import Path

import dlt
import duckdb
from dlt.sources.filesystem import filesystem, read_jsonl

from common import Answers, gather_songs, say
from duckdb_bare import STAR

LACKS = "no validation of types, no check of counts; its ledger knows loads, not files' contents"


def load(source: Path, out: Path) -> None:
    database = str(out / "dlt.duckdb")
    pipeline = dlt.pipeline(
        "music", destination=dlt.destinations.duckdb(database), dataset_name="staging",
        pipelines_dir=str(out / "pipelines"),
    )  # fmt: skip
    logs = filesystem(bucket_url=(source / "log_data").as_uri(), file_glob="**/*.json") | read_jsonl(
        chunksize=50_000
    )
    gather_songs(source, out / "songs.json")
    songs = filesystem(bucket_url=out.as_uri(), file_glob="songs.json") | read_jsonl(chunksize=50_000)
    pipeline.run([logs.with_name("stg_events"), songs.with_name("stg_songs")], loader_file_format="parquet")
    connection = duckdb.connect(database)
    connection.execute(
        "CREATE VIEW stg_events AS SELECT *, user_id AS userId, first_name AS firstName, "
        "last_name AS lastName, session_id AS sessionId, item_in_session AS itemInSession, "
        "user_agent AS userAgent FROM staging.stg_events"
    )
    connection.execute("CREATE VIEW stg_songs AS FROM staging.stg_songs")
    for statement in STAR.split(";"):
        connection.execute(statement)
    connection.close()


def answer(out: Path) -> Answers:
    import duckdb_bare

    (out / "bare.duckdb").unlink(missing_ok=True)
    (out / "dlt.duckdb").rename(out / "bare.duckdb")
    return duckdb_bare.answer(out)


if __name__ == "__main__":
    say(sys.argv, load, answer)
