"""pandas, vectorised: a frame per file, concatenated, merged, written as Parquet."""

import sys
from pathlib import Path

import pandas as pd

from common import Answers, gather_songs, say

LACKS = "no database, no rejects, no ledger, no lineage, no checks, no transaction"


def load(source: Path, out: Path) -> None:
    files = sorted((source / "log_data").rglob("*.json"))
    events = pd.concat(
        (pd.read_json(file, lines=True, dtype={"userId": str}, convert_dates=False) for file in files),
        ignore_index=True,
    )
    records = pd.read_json(
        gather_songs(source, out / "songs.json"), lines=True, dtype={"title": str, "artist_name": str}
    )
    events.to_parquet(out / "stg_events.parquet")
    records.to_parquet(out / "stg_songs.parquet")
    songs = records.drop_duplicates("song_id")[
        ["song_id", "title", "artist_id", "year", "duration", "artist_name"]
    ]
    songs.to_parquet(out / "songs.parquet")
    records.drop_duplicates("artist_id")[
        ["artist_id", "artist_name", "artist_location", "artist_latitude", "artist_longitude"]
    ].to_parquet(out / "artists.parquet")
    known = events[events["userId"] != ""].sort_values("ts").drop_duplicates("userId", keep="last")
    known[["userId", "firstName", "lastName", "gender", "level"]].to_parquet(out / "users.parquet")
    plays = events[events["page"] == "NextSong"].merge(
        songs.drop_duplicates(["title", "artist_name", "duration"]),
        how="left", left_on=["song", "artist", "length"], right_on=["title", "artist_name", "duration"],
    )  # fmt: skip
    plays["songplay_id"] = plays["sessionId"] * 1_000_000 + plays["itemInSession"]
    plays["start_time"] = pd.to_datetime(plays["ts"], unit="ms")
    plays[
        ["songplay_id", "start_time", "userId", "level", "song_id", "artist_id", "sessionId", "location",
         "userAgent", "song", "artist", "length"]
    ].to_parquet(out / "songplay.parquet")  # fmt: skip
    time = plays[["start_time"]].drop_duplicates()
    parts = time["start_time"].dt
    time.assign(
        hour=parts.hour, day=parts.day, week=parts.isocalendar().week, month=parts.month, year=parts.year,
        weekday=(parts.dayofweek + 1) % 7,
    ).to_parquet(out / "time.parquet")  # fmt: skip


def answer(out: Path) -> Answers:
    plays = pd.read_parquet(out / "songplay.parquet", columns=["song", "artist"])
    counts = plays.value_counts(["song", "artist"]).reset_index()
    top = counts.sort_values(["count", "song", "artist"], ascending=[False, True, True]).iloc[0]
    users = len(pd.read_parquet(out / "users.parquet", columns=["userId"]))
    return {"plays": len(plays), "users": users, "top_song": [top["song"], top["artist"], int(top["count"])]}


if __name__ == "__main__":
    say(sys.argv, load, answer)
