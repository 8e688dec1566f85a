"""A key given twice, and its column added later: the same as if the column had been there."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.checks import check_warehouse
from sparkify.load.tables import create_tables, prepare_tables
from tests.builders import Source, etl, play, rows
from tests.programs import other_sql

LAST = "    extra           VARCHAR(65535) "
WRITTEN = ('""', '" "', "7", "7.5", "7.0", "1e400", "null", '"7.5"', '"x"')


def held(engine: Engine) -> list[list[tuple[Any, ...]]]:
    asked = (
        "SELECT record, tempo, extra FROM stg_events ORDER BY record",
        "SELECT values_read, values_aside, rejected FROM etl_file",
        "SELECT values_aside FROM etl_run",
    )
    return [rows(engine, sql) for sql in asked]


@pytest.mark.parametrize("kind", ["DOUBLE PRECISION", "INTEGER", "TIMESTAMP", "VARCHAR(8)"])
def test_a_key_given_twice_is_read_as_if_its_column_had_been_there(
    source: Source, tmp_path: Path, kind: str
) -> None:
    source.log(
        *(
            f'{json.dumps(play(number))[:-1]}, "tempo": {first}, "tempo": {second}}}'
            for number, (first, second) in enumerate(itertools.product(WRITTEN, repeat=2))
        ),
        json.dumps(play(999))[:-1] + ', "tempo": 1, "tempo": "", "tempo": 2, "tempo": ""}',
    )
    later, fresh = DuckDB(":memory:"), DuckDB(":memory:")
    create_tables(later)
    etl(later, source.folder)
    with other_sql(tmp_path, {"tables/stg_events.sql": (LAST, f"    tempo {kind},  -- beats\n{LAST}")}):
        prepare_tables(later)
        create_tables(fresh)
        etl(fresh, source.folder)

        assert held(later) == held(fresh)
        assert all(one.passed for one in check_warehouse(later))
    later.close()
    fresh.close()
