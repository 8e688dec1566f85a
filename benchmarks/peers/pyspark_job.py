"""PySpark on this machine's cores: local[2], JSON in, Parquet out."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as f

from common import EVENTS, SONGS, Answers, gather_songs, say

LACKS = "no database, no rejects, no ledger, no lineage, no checks, no transaction"


def spark() -> SparkSession:
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "8g")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )


def schema(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind.replace('VARCHAR', 'STRING')}" for name, kind in columns.items())


def load(source: Path, out: Path) -> None:
    session = spark()
    session.sparkContext.setLogLevel("ERROR")
    logs = [str(file) for file in sorted((source / "log_data").rglob("*.json"))]
    session.read.schema(schema(EVENTS)).json(logs).write.parquet(str(out / "stg_events"))
    session.read.schema(schema(SONGS)).json(str(gather_songs(source, out / "songs.json"))).write.parquet(
        str(out / "stg_songs")
    )
    events, records = (session.read.parquet(str(out / name)) for name in ("stg_events", "stg_songs"))
    songs = records.dropDuplicates(["song_id"]).select(
        "song_id", "title", "artist_id", "year", "duration", "artist_name"
    )
    songs.write.parquet(str(out / "songs"))
    records.dropDuplicates(["artist_id"]).select(
        "artist_id", "artist_name", "artist_location", "artist_latitude", "artist_longitude"
    ).write.parquet(str(out / "artists"))
    latest = Window.partitionBy("userId").orderBy(f.desc("ts"))
    events.where("userId <> ''").withColumn("n", f.row_number().over(latest)).where("n = 1").select(
        f.col("userId").cast("bigint"), "firstName", "lastName", "gender", "level"
    ).write.parquet(str(out / "users"))
    by_name = songs.dropDuplicates(["title", "artist_name", "duration"]).select(
        "song_id", "artist_id", f.col("title").alias("song"), f.col("artist_name").alias("artist"),
        f.col("duration").alias("length"),
    )  # fmt: skip
    events.where("page = 'NextSong'").join(by_name, ["song", "artist", "length"], "left").select(
        (f.col("sessionId") * 1_000_000 + f.col("itemInSession")).alias("songplay_id"),
        f.timestamp_millis("ts").alias("start_time"), f.expr("nullif(userId, '')").alias("user_id"), "level",
        "song_id", "artist_id", "sessionId", "location", "userAgent", "song", "artist", "length",
    ).write.parquet(str(out / "songplay"))  # fmt: skip
    session.read.parquet(str(out / "songplay")).select("start_time").distinct().select(
        "start_time", f.hour("start_time"), f.dayofmonth("start_time"), f.weekofyear("start_time"),
        f.month("start_time"), f.year("start_time"), f.dayofweek("start_time"),
    ).toDF("start_time", "hour", "day", "week", "month", "year", "weekday").write.parquet(
        str(out / "time")
    )  # fmt: skip
    session.stop()


def answer(out: Path) -> Answers:
    session = spark()
    plays = session.read.parquet(str(out / "songplay"))
    top = plays.groupBy("song", "artist").count().orderBy(f.desc("count"), "song", "artist").first()
    users = session.read.parquet(str(out / "users")).count()
    found = {"plays": plays.count(), "users": users, "top_song": list(top)}
    session.stop()
    return found


if __name__ == "__main__":
    say(sys.argv, load, answer)
