"""The temporary tables between files and DuckDB's staging: raw records, and where each of them is from."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from sparkify.engines.base import STAGING_TABLE
from sparkify.engines.duckdb.inserting import insert_columns
from sparkify.source.file import Dataset
from sparkify.sql.schema import table

FLOAT = r"^-?[0-9]+\.[0-9]+(e[+-]?[0-9]+)?$|^-?[0-9]+e[+-]?[0-9]+$|^0$"
"""How DuckDB writes a number in a column of text that may have stood there otherwise: 1.10, 1e3, -0."""


class RawTables:
    """The raw records of one dataset, as `raw_events` or `raw_songs` shows them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> None:
        self.connection = connection
        self.staging, self.name = STAGING_TABLE[dataset], f"raw_{dataset}"
        columns = table(self.staging).reported
        self.columns = [column.name for column in columns]
        self.texts = [column.name for column in columns if column.kind == "text"]
        self.numbers = [column.name for column in columns if column.kind != "text"]
        self.counts = _counts(self.columns, self.texts)

    def create(self) -> None:
        texts = ", ".join(f"{name} VARCHAR" for name in self.columns)
        for statement in (
            f"CREATE OR REPLACE TEMP TABLE raw_plain (part INTEGER, {texts})",
            f"CREATE OR REPLACE TEMP TABLE raw_rewritten ({texts}, extra VARCHAR)",
            "CREATE OR REPLACE TEMP TABLE raw_place (file_id INTEGER, shift BIGINT)",
            "CREATE OR REPLACE TEMP TABLE raw_part (part INTEGER, file_id INTEGER, shift BIGINT)",
            "CREATE OR REPLACE TEMP TABLE raw_record "
            "(place BIGINT, file_id INTEGER, record INTEGER, vals INTEGER, aside INTEGER, unit INTEGER)",
            "CREATE OR REPLACE TEMP TABLE raw_kept (file_id INTEGER, shift BIGINT, records BIGINT)",
            "CREATE OR REPLACE TEMP TABLE raw_good (file_id INTEGER, record INTEGER, place BIGINT)",
        ):
            self.sql(statement)

    def show(self) -> None:
        """Let the raw table show all records not in staging for good; it showed lane 1 its files."""
        raw = _raw_records(self.columns, self.texts, self.numbers)
        self.sql(f"CREATE OR REPLACE TEMP VIEW {self.name} AS {raw}")

    def finish(self, good: str) -> None:
        """Number the rows lane 1 accepted."""
        if self.sql("SELECT 1 FROM raw_kept LIMIT 1"):
            self._number_kept(good)
            self.sql(
                f"UPDATE {self.staging} SET extra = e.extra FROM (SELECT g.place, r.extra "
                f"FROM {self.name} AS r JOIN raw_good AS g USING (file_id, record) "
                f"WHERE r.extra IS NOT NULL) AS e WHERE {self.staging}.rowid = e.place"
            )

    def _number_kept(self, good: str) -> None:
        """Give the rows that were kept their lines: those of their file's good records, in the same order.

        Where there are not as many, the file's rows are deleted again.
        """
        self.sql(
            "INSERT INTO raw_good SELECT file_id, record, "
            "shift + row_number() OVER (PARTITION BY file_id ORDER BY record) AS place "
            f"FROM ({good}) JOIN raw_kept USING (file_id)"
        )
        other = self.sql(
            "SELECT list(k.file_id) FROM raw_kept AS k LEFT JOIN "
            "(SELECT file_id, count(*) AS records FROM raw_good GROUP BY file_id) AS g USING (file_id) "
            "WHERE g.records IS DISTINCT FROM k.records"
        )[0][0]
        if other:
            self.delete((self.staging, "raw_kept", "raw_good"), other)
        self.sql(
            f"UPDATE {self.staging} SET record = g.record FROM raw_good AS g "
            f"WHERE {self.staging}.rowid = g.place AND {self.staging}.file_id = g.file_id "
            f"AND {self.staging}.record IS NULL"
        )

    def sql(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, parameters).fetchall()

    def count(self, sql: str, parameters: Sequence[Any]) -> dict[int, tuple[int, int, dict[str, int], int]]:
        """{file or part: (first row, rows, values of each column, texts that might have been numbers)}"""
        return {
            number: (first, rows, dict(zip(self.columns, counts, strict=True)), floats)
            for number, first, rows, *counts, floats in self.sql(sql, parameters)
        }

    def delete(self, names: Sequence[str], file_ids: Sequence[int]) -> None:
        for name in names:
            self.sql(f"DELETE FROM {name} WHERE list_contains($1::INTEGER[], file_id)", [file_ids])

    def insert_rows(self, name: str, columns: Sequence[str], rows: Sequence[tuple[int, ...]]) -> None:
        self.insert(name, dict(zip(columns, zip(*rows, strict=True), strict=False)))

    def insert(self, name: str, columns: Mapping[str, Any]) -> None:
        if columns:
            import numpy as np

            arrays = {column: np.array(values, dtype=np.int64) for column, values in columns.items()}
            insert_columns(self.connection, name, arrays)


def _counts(columns: Sequence[str], texts: Sequence[str]) -> str:
    """The values of each column; and how many texts might have been numbers, which DuckDB rewrites."""
    floats = " + ".join(
        f"count(CASE WHEN {name} BETWEEN '-' AND ':' "
        f"THEN nullif(regexp_matches({name}, '{FLOAT}'), false) END)"
        for name in texts
    )
    return f"{', '.join(f'count({name})' for name in columns)}, {floats}"


def _raw_records(columns: Sequence[str], texts: Sequence[str], numbers: Sequence[str]) -> str:
    """All raw records with their file and line, how many values they hold, and whether they are staged."""
    names = ", ".join(columns)
    values = " + ".join(
        [
            *(f"({name} IS NOT NULL)::INTEGER" for name in texts),
            *(f"(coalesce({name}, '') <> '')::INTEGER" for name in numbers),
        ]
    )
    return (
        "SELECT raw.*, (g.place IS NOT NULL)::INTEGER AS is_staged FROM ("
        f"SELECT p.file_id, CAST(r.rowid - p.shift AS INTEGER) AS record, {names}, "
        f"NULL::VARCHAR AS extra, {values} AS vals, 0 AS aside, 0 AS unit "
        "FROM raw_plain AS r JOIN raw_part AS p ON p.part = r.part "
        f"UNION ALL SELECT m.file_id, m.record, {names}, r.extra, m.vals, m.aside, m.unit "
        "FROM raw_rewritten AS r JOIN raw_record AS m ON m.place = r.rowid) AS raw "
        "LEFT JOIN raw_good AS g ON g.file_id = raw.file_id AND g.record = raw.record"
    )
