"""dlt every night: files that are newer than the newest it knows, merged by their key; then the star in SQL."""

import sys
from pathlib import Path

import dlt
import duckdb
from dlt.sources.filesystem import filesystem, read_jsonl

from common import gather_songs, say
from duckdb_bare import STAR

LACKS = "no validation of types, no check of counts; a record that a rewritten file no longer has stays"


def load(source: Path, out: Path) -> None:
    database = str(out / "dlt.duckdb")
    pipeline = dlt.pipeline(
        "music", destination=dlt.destinations.duckdb(database), dataset_name="staging",
        pipelines_dir=str(out / "pipelines"),
    )  # fmt: skip
    files = filesystem(bucket_url=(source / "log_data").as_uri(), file_glob="**/*.json")
    files.apply_hints(incremental=dlt.sources.incremental("modification_date"))
    logs = (files | read_jsonl(chunksize=50_000)).with_name("stg_events")
    logs.apply_hints(write_disposition="merge", primary_key=("sessionId", "itemInSession", "userId"))
    gather_songs(source, out / "songs.json")
    songs = filesystem(bucket_url=out.as_uri(), file_glob="songs.json") | read_jsonl(chunksize=50_000)
    songs.apply_hints(write_disposition="replace")
    pipeline.run([logs, songs.with_name("stg_songs")], loader_file_format="parquet")
    connection = duckdb.connect(database)
    connection.begin()
    connection.execute(
        "CREATE OR REPLACE VIEW stg_events AS SELECT *, user_id AS userId, first_name AS firstName, "
        "last_name AS lastName, session_id AS sessionId, item_in_session AS itemInSession, "
        "user_agent AS userAgent FROM staging.stg_events"
    )
    connection.execute("CREATE OR REPLACE VIEW stg_songs AS FROM staging.stg_songs")
    for statement in STAR.split(";"):
        connection.execute(statement.replace("CREATE TABLE", "CREATE OR REPLACE TABLE"))
    connection.commit()
    connection.close()


if __name__ == "__main__":
    say(sys.argv, load, None)
