"""What a star holds, whoever made it: plays, users, plays of those who pay, the most played song and its plays."""

import json
import sys
from pathlib import Path

import duckdb


def main(out: Path) -> None:
    connection = duckdb.connect()
    files = [*out.glob("*.duckdb")]
    for name in ("songplay", "users"):
        if files:
            continue
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{out / name}.parquet')")
    if files:
        connection = duckdb.connect(str(files[0]), read_only=True)
    plays, users, paid = connection.execute(
        "SELECT COUNT(*), (SELECT COUNT(*) FROM users), COUNT(*) FILTER (level = 'paid') FROM songplay"
    ).fetchall()[0]
    top = connection.execute(
        "SELECT title, artist_name, COUNT(*) FROM songplay GROUP BY ALL ORDER BY 3 DESC, 1, 2 LIMIT 1"
    ).fetchall()[0]
    print(json.dumps({"plays": plays, "users": users, "paid": paid, "top_song": list(top)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
