"""What was erased is gone to the last byte, and a summary tells of it."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify.engines.duckdb import engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import SparkifyError, WarehouseError
from sparkify.load.forget import forget
from sparkify.load.tables import create_tables
from tests.builders import Noting, Run, Source, etl, play, rows

ODD = "Zq15"
"""What only the forgotten listener's values hold."""


def test_not_even_a_part_of_a_value_is_left_at_the_end_of_a_block(
    run: Run, source: Source, tmp_path: Path
) -> None:
    """DuckDB fills its blocks with what its memory held: so a process that never held it writes the file."""
    theirs = {"firstName": ODD, "lastName": ODD * 3, "location": ODD * 5, "userAgent": ODD * 9}
    for round in range(3):
        source.log(
            *(
                play(item, sessionId=10 * round + item % 8, userId="15" if item % 8 else "16")
                | (theirs if item % 8 else {})
                for item in range(2_000)
            ),
            day=f"2018-11-0{round + 1}",
        )
        assert run("etl", "--source", "music", "--warehouse", f"{round}.duckdb").returncode == 0
        file = tmp_path / f"{round}.duckdb"
        assert ODD.encode() in file.read_bytes()

        assert run("forget", "15", "--yes", "--warehouse", f"{round}.duckdb").returncode == 0

        assert ODD.encode() not in file.read_bytes()


def test_a_summary_tells_of_values_that_were_erased(loaded: Run, source: Source) -> None:
    assert loaded("forget", "15", "--yes").returncode == 0
    source.log(play(0, sessionId=70) | {"mood": "blue"}, play(0, sessionId=71, userId="16"), day="2018-11-21")

    done = loaded("etl", "--source", "music")

    [line] = [line for line in done.stdout.splitlines() if line.strip().startswith("values")]
    counted = re.findall(r"([\d,]+) (?:read|in columns|erased)", line)
    read, columns, erased = (int(one.replace(",", "")) for one in counted)
    assert read == columns + erased
    assert erased > 5


def test_what_another_program_writes_while_the_file_is_rewritten_is_not_lost(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0), play(1, userId="16"))
    warehouse = DuckDB(f"{tmp_path}/w.duckdb")
    create_tables(warehouse)
    etl(warehouse, source.folder)
    really = engine.rewrite

    def write_meanwhile(file: str, *more: Any) -> None:
        really(file, *more)
        with duckdb.connect(file) as other:
            other.execute("CREATE TABLE mart AS SELECT 1 AS a")

    monkeypatch.setattr(engine, "rewrite", write_meanwhile)
    with pytest.raises(WarehouseError, match=r"listener 15 is forgotten, but .* another program wrote"):
        forget(warehouse, 15, Noting())
    monkeypatch.undo()

    assert forget(warehouse, 15, Noting()).is_rewritten
    assert rows(warehouse, "SELECT a FROM mart") == [(1,)]
    assert rows(warehouse, "SELECT user_id FROM users") == [(16,)]
    warehouse.close()


def test_no_code_of_the_current_folder_is_run(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "duckdb.py").write_text("open('pwned', 'w').write('x')\nraise SystemExit(0)\n")
    (tmp_path / "run.py").write_text(
        "import sys\nsys.path.pop(0)\nfrom sparkify.cli.main import main\nmain()\n"
    )

    done = loaded("forget", "15", "--yes", script="run.py")

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "pwned").exists()


def test_a_reject_of_a_log_with_a_song_id_is_nobody_elses(
    loaded: Run, source: Source, tmp_path: Path
) -> None:
    mail = "lily@example.com"
    whole = {"song_id": "SO1", "email": mail, "pad": "x" * 66_000, "userId": "15"}
    cut = f'{{"song_id":"SO1","email":"{mail}","userI'
    source.log(cut, json.dumps(whole), json.dumps({"song_id": "SO1", "email": mail}), day="2018-11-22")
    assert loaded("etl", "--source", "music").returncode == 0

    assert loaded("forget", "15", "--yes").returncode == 0

    assert mail.encode() not in (tmp_path / "sparkify.duckdb").read_bytes()
    source.log(cut, day="2018-11-23")
    assert loaded("etl", "--source", "music").returncode == 0
    assert mail not in loaded("rejects", "--format", "csv").stdout


def test_tables_that_call_macros_of_the_file_are_rewritten_too(source: Source, tmp_path: Path) -> None:
    source.log(play(0, userId="15"))
    mart = DuckDB(f"{tmp_path}/mart.duckdb")
    create_tables(mart)
    etl(mart, source.folder)
    for statement in (
        "CREATE MACRO positive(x) AS x > 0", "CREATE MACRO seven() AS 7", "CREATE MACRO next(x) AS x + 1",
        "CREATE TABLE checked (a INTEGER CHECK (positive(a)), b INTEGER DEFAULT (seven()), "
        "c INTEGER GENERATED ALWAYS AS (next(a)))",
        "CREATE INDEX by_next ON checked (next(b))", "INSERT INTO checked (a) VALUES (1)",
    ):  # fmt: skip
        mart.native(statement)

    assert forget(mart, 15, Noting()).is_rewritten

    assert rows(mart, "SELECT a, b, c FROM checked") == [(1, 7, 2)]
    with pytest.raises(SparkifyError, match="CHECK"):
        mart.native("INSERT INTO checked (a) VALUES (-1)")
    mart.close()
