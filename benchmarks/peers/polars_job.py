"""Hand-written Polars: scan, five frames, Parquet files."""

import sys
from pathlib import Path

import polars as pl

from common import EVENTS, SKIPS_BAD, SONGS, Answers, gather_songs, say

LACKS = "no database, no rejects, no ledger, no lineage, no checks, no transaction"
KINDS = {"VARCHAR": pl.String, "INTEGER": pl.Int64, "BIGINT": pl.Int64, "DOUBLE": pl.Float64}


def schema(columns: dict[str, str]) -> dict[str, pl.DataType]:
    return {name: KINDS[kind] for name, kind in columns.items()}


def load(source: Path, out: Path) -> None:
    files = sorted((source / "log_data").rglob("*.json"))
    events = pl.read_ndjson(files, schema=schema(EVENTS), ignore_errors=SKIPS_BAD)
    records = pl.read_ndjson(gather_songs(source, out / "songs.json"), schema=schema(SONGS))
    events.write_parquet(out / "stg_events.parquet")
    records.write_parquet(out / "stg_songs.parquet")
    songs = records.unique("song_id", keep="first").select(
        "song_id", "title", "artist_id", "year", "duration", "artist_name"
    )
    songs.write_parquet(out / "songs.parquet")
    records.unique("artist_id", keep="first").select(
        "artist_id",
        pl.col("artist_name").alias("name"),
        "artist_location",
        "artist_latitude",
        "artist_longitude",
    ).write_parquet(out / "artists.parquet")
    events.filter(pl.col("userId") != "").sort("ts").unique(
        "userId", keep="last", maintain_order=True
    ).select(
        pl.col("userId").cast(pl.Int64).alias("user_id"), "firstName", "lastName", "gender", "level"
    ).write_parquet(out / "users.parquet")
    plays = (
        events.filter(pl.col("page") == "NextSong")
        .join(
            songs.unique(["title", "artist_name", "duration"], keep="first").select(
                "song_id", "artist_id", "title", "artist_name", "duration"
            ),
            left_on=["song", "artist", "length"], right_on=["title", "artist_name", "duration"], how="left",
        )
        .select(
            (pl.col("sessionId") * 1_000_000 + pl.col("itemInSession")).alias("songplay_id"),
            pl.from_epoch("ts", time_unit="ms").alias("start_time"),
            pl.col("userId").replace("", None).cast(pl.Int64).alias("user_id"),
            "level", "song_id", "artist_id", pl.col("sessionId").alias("session_id"), "location", "userAgent",
            pl.col("song").alias("title"), pl.col("artist").alias("artist_name"), "length",
        )
    )  # fmt: skip
    plays.write_parquet(out / "songplay.parquet")
    start = pl.col("start_time")
    plays.select("start_time").unique().with_columns(
        start.dt.hour().alias("hour"), start.dt.day().alias("day"), start.dt.week().alias("week"),
        start.dt.month().alias("month"), start.dt.year().alias("year"), (start.dt.weekday() % 7).alias("weekday"),
    ).write_parquet(out / "time.parquet")  # fmt: skip


def answer(out: Path) -> Answers:
    plays = pl.scan_parquet(out / "songplay.parquet")
    top = (
        plays.group_by("title", "artist_name").len().sort(["len", "title", "artist_name"], descending=[True, False, False])
        .head(1).collect().row(0)
    )  # fmt: skip
    users = pl.scan_parquet(out / "users.parquet").select(pl.len()).collect().item()
    return {"plays": plays.select(pl.len()).collect().item(), "users": users, "top_song": list(top)}


if __name__ == "__main__":
    say(sys.argv, load, answer)
