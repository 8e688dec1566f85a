"""Conflicts: records with the key of another record, and other content."""

from collections.abc import Mapping

from sparkify.engines.base import Reader, Result, limit_of
from sparkify.engines.relations import definition

_OF_FILES = (
    "SELECT {key} FROM {table} AS s LEFT JOIN etl_file AS f ON f.file_id = s.file_id "
    "LEFT JOIN etl_run AS r ON r.run_id = s.run_id "
    "WHERE (f.conflict > 0 OR (s.file_id IS NULL AND r.conflict > 0)) "
    "AND (:run IS NULL OR s.run_id = :run) GROUP BY {key}"
)
"""SELECT of the keys of files and runs that have conflicts."""


def ranked(counted: Mapping[str, str], also: str = "") -> str:
    """SELECT that tells duplicates and conflicts among the records of counted keys, and what is `also` shown.

    A sort on Redshift carries every column that is named.
    """
    columns = f"c.dataset, c.natural_key, c.content, c.run_id, c.file_id, c.record{also}"
    record = f"SELECT {columns} FROM ({definition('counted_record', counted, 'ledger')}) AS c"
    return definition("ranked_record", {"counted_record": record}, "ledger")


def list_conflicts(reader: Reader, run: int | None, limit: int | None) -> Result:
    """The conflicts of every run or of one: each key with all its records, the first and the others."""
    events = _OF_FILES.format(key="s.session_id, s.item_in_session", table="stg_events")
    songs = _OF_FILES.format(key="s.song_id", table="stg_songs")
    keys = {"counted_event": events, "counted_song": songs}
    return reader.query(
        f"""
        WITH
        ranked AS ({ranked(keys, ", c.label, c.ts, c.page, c.title, c.artist")}),
        conflicting AS (
            SELECT DISTINCT r.dataset, r.natural_key
            FROM ranked AS r
            WHERE r.place > 1 AND r.same = 1
        )
        SELECT
            r.dataset,
            r.label AS natural_key,
            CASE WHEN r.place = 1 THEN 'first' ELSE 'conflict' END AS came,
            r.run_id, f.uri, r.record, r.ts, r.page, r.title, r.artist
        FROM ranked AS r
        JOIN conflicting AS c ON c.dataset = r.dataset AND c.natural_key = r.natural_key
        LEFT JOIN etl_file AS f ON f.file_id = r.file_id
        WHERE r.same = 1
        ORDER BY r.dataset, r.natural_key, r.place
        LIMIT :limit
        """,
        {"run": run, "limit": limit_of(limit)},
    )
