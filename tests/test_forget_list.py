"""Who is forgotten, whatever the warehouse holds of them, and what a receipt claims."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.comments import create_warehouse
from sparkify.load.forget import forget
from sparkify.load.tables import create_tables
from sparkify.load.undo import undo
from sparkify.progress import Silent
from tests.builders import Noting, Run, Source, etl, play, rows
from tests.test_forget import deliver, found_in_files, theirs, traces
from tests.test_undo import reloaded


@pytest.mark.parametrize("leave", ["undo", "reload", "never"])
def test_a_listener_is_forgotten_before_with_and_after_their_records(
    tmp_path: Path, source: Source, leave: str
) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    engine = DuckDB(f"{folder}/byte.duckdb")
    create_tables(engine)
    log = (
        source.log(theirs(0, firstName="Zyxwvutria e\u0301"), theirs(1))
        if leave != "never"
        else source.log(play(0))
    )
    etl(engine, source.folder)
    kept = log.read_bytes()
    if leave == "undo":
        undo(engine, 1, Silent())
    elif leave == "reload":
        source.log(play(0))
        reloaded(engine, log)
    if leave != "never":
        assert found_in_files(folder)  # in blocks that are free

    receipt = forget(engine, 77, Noting())

    assert (receipt.events, receipt.is_rewritten) == (0, True)
    assert found_in_files(folder) == set()
    log.write_bytes(kept)
    source.log(theirs(5), day="2018-11-09")
    etl(engine, source.folder, also={"changed", "undone"})
    assert traces(engine) == []
    assert ("2018-11-09" in str(rows(engine, "SELECT uri FROM etl_file"))) is True
    engine.close()
    assert found_in_files(folder) == set()


def test_the_list_of_the_forgotten_goes_to_a_new_warehouse(
    loaded: Run, source: Source, tmp_path: Path
) -> None:
    loaded("forget", "15", "--yes")
    loaded("forget", "99", "--yes")
    listed = loaded("forget", "--list")
    (tmp_path / "forgotten.csv").write_text(listed.stdout)

    done = loaded(
        "forget", "--import", "forgotten.csv", "--yes", "--warehouse", "new.duckdb", "--format", "json"
    )
    assert loaded("etl", "--source", "music", "--warehouse", "new.duckdb").returncode == 0

    assert json.loads(done.stdout)["user_ids"] == [15, 99]
    with closing(DuckDB(f"{tmp_path}/new.duckdb", read_only=True)) as engine:
        assert rows(engine, "SELECT user_id FROM etl_forgotten ORDER BY 1") == [(15,), (99,)]
        assert rows(engine, "SELECT COUNT(*) AS n FROM users") == [(0,)]
        assert rows(engine, "SELECT COUNT(*) AS n FROM songplay") == [(2,)]
    for bad in (
        "15\nLily\n",
        "\xff",
        "1.5\n",
        ",user_id,run_id\n0,15,3\n",
        "user_id,run_id\n,16\n17,4\n",
        ",\n",
    ):
        (tmp_path / "bad.csv").write_bytes(bad.encode("latin-1"))
        refused = loaded("forget", "--import", "bad.csv", "--yes", "--warehouse", "new.duckdb")
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert loaded("forget").returncode == loaded("forget", "15", "--list").returncode == 2


def test_the_receipt_names_what_others_made_and_nobody_searched(source: Source, tmp_path: Path) -> None:
    deliver(source)
    engine = DuckDB(f"{tmp_path}/mart.duckdb")
    create_warehouse(engine)
    etl(engine, source.folder)
    assert forget(engine, 16, Noting()).not_searched == []
    for statement in (
        "CREATE SCHEMA dbt", "CREATE TABLE dbt.users AS SELECT * FROM users",
        "CREATE SCHEMA pg_internal", "CREATE TABLE pg_internal.mart AS SELECT * FROM users",
        "CREATE VIEW main.seen AS SELECT * FROM users WHERE last_name = 'Koch'",
        "CREATE TYPE who AS ENUM ('Lily Koch')", "CREATE MACRO is_vip(x) AS x = 'Lily Koch'",
        "ALTER TABLE etl_run ADD COLUMN note VARCHAR", "COMMENT ON TABLE users IS 'Lily Koch was here'",
        "COMMENT ON COLUMN stg_events.page IS 'Lily Koch'", "COMMENT ON VIEW events IS 'Lily Koch'",
        "CREATE SEQUENCE lily",
        "CREATE INDEX koch ON songplay((CASE WHEN user_id = 15 THEN 'Lily Koch' END))",
        "CREATE VIEW pg_internal.hers AS SELECT 'Lily Koch' AS name", 'CREATE SCHEMA "Lily Koch"',
        "CREATE OR REPLACE VIEW listening AS SELECT 'Lily Koch' AS name",
        "ALTER TABLE users ALTER COLUMN first_name SET DEFAULT 'Lily Koch'",
    ):  # fmt: skip
        engine.native(statement)

    receipt = forget(engine, 77, Noting())

    assert receipt.not_searched == [
        "dbt.users", "view main.seen", "column etl_run.note", "definition of users",
        "definition of listening",
        "comment on events", "comment on stg_events.page", "comment on users", "index main.koch",
        "macro main.is_vip", "pg_internal.mart", "schema Lily Koch", "schema dbt", "schema pg_internal",
        "sequence main.lily", "type main.who", "view pg_internal.hers",
    ]  # fmt: skip
    engine.close()


def test_the_receipt_in_words_says_what_is_proved_and_where_nobody_looked(
    loaded: Run, tmp_path: Path
) -> None:
    alone = loaded("forget", "15", "--yes").stdout
    with closing(DuckDB(f"{tmp_path}/sparkify.duckdb")) as engine:
        engine.native("CREATE TABLE of_mine AS SELECT first_name FROM users")

    beside = loaded("forget", "16", "--yes").stdout

    for told in (alone, beside):
        assert re.search(r"^ +storage +the file was rewritten: no freed block is left in it$", told, re.M)
        assert re.search(r"^ +not ours +your own files still hold them, and so do copies", told, re.M)
    assert "not searched" not in alone
    assert re.search(r"^ +not searched +main\.of_mine: look there, and then forget again$", beside, re.M)
