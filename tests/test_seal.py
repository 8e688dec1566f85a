"""The seal: what anything but sparkify changes is found, in whatever table, whatever is loaded after it."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import CheckError, ConfigError, WarehouseError
from sparkify.ledger import seal
from sparkify.ledger.digests import SEALED, SMALL, Changes, read_digest
from sparkify.ledger.seal import accept, read_chain, read_last
from sparkify.load import checks
from sparkify.load.checks import check_seal
from sparkify.load.deep import check_deep
from sparkify.load.forget import forget
from sparkify.load.publish import Outcome, publish
from sparkify.load.replay import replay
from sparkify.load.run import rebuild
from sparkify.load.tables import create_tables
from sparkify.load.undo import undo
from sparkify.sql import schema
from tests.breaks import CASES
from tests.builders import Noting, Run, Source, etl, logged_out, play, rows, song
from tests.conftest import open_warehouse

THE_KINDS = {
    # What passed every check: see the list. Table, what somebody does to it by hand.
    "artists": "UPDATE artists SET name = 'Nightbirds & Co' WHERE artist_id = 'AR1'",
    "etl_file": "UPDATE etl_file SET uri = uri || 'x' WHERE file_id = 1",
    "etl_reject": "UPDATE etl_reject SET raw_text = 'x' WHERE raw_text IS NOT NULL",
    "etl_run": "UPDATE etl_run SET loaded = duplicate, duplicate = loaded",
    "stg_events": "UPDATE stg_events SET record = 1",
    "etl_forgotten": "DELETE FROM etl_forgotten",
    "songplay": "INSERT INTO songplay (songplay_id, start_time, session_id, item_in_session) "
    "VALUES (9000001, '2150-01-01 00:00:00', 9, 1)",
}


@pytest.mark.parametrize("name", sorted(THE_KINDS.keys() & {*SMALL}))
def test_a_ledger_that_was_changed_for_one_run_leaves_a_warning(
    warehouse: Engine, source: Source, name: str
) -> None:
    fill(warehouse, source)
    held = rows(warehouse, f"SELECT * FROM {name}")
    warehouse.execute(THE_KINDS[name])
    source.log(play(7), day="2018-11-03")

    run = etl(warehouse, source.folder).run_id

    warehouse.execute(f"DELETE FROM {name} WHERE run_id < {run}")
    warehouse.insert(name, schema.table(name).column_names, held)
    [message] = [
        told
        for (told,) in rows(
            warehouse, f"SELECT message FROM etl_warning WHERE run_id = {run} AND kind = 'seal'"
        )
    ]
    assert message.startswith(f"something else than sparkify changed the warehouse: {name}: ")


class TakenBack(Exception):
    """What is done in a transaction is rolled back."""


def fill(engine: Engine, source: Source) -> None:
    """Something in every table: rejects, unknown keys, warnings, odd text, somebody forgotten, an attempt."""
    source.song(song())
    source.song(song("SO2", title="BjÃ¶rk", artist_name="Björk", artist_id="AR2"))
    source.log(
        play(0), play(1, song="BjÃ¶rk"), {**play(2), "odd": 7}, play(3, ts="?"), logged_out(itemInSession=9)
    )
    etl(engine, source.folder)
    source.log(play(0, sessionId=40, userId="16"), play(0, sessionId=41, userId="17"), "[]", day="2018-11-02")
    etl(engine, source.folder)
    forget(engine, 17, Noting())
    with pytest.raises(ConfigError):
        undo(engine, 99, Noting())


@pytest.fixture(scope="module", params=["duckdb", "redshift"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("filled")
    engine = open_warehouse(request, f"{folder}/sealed.duckdb")
    fill(engine, Source(folder / "music"))
    yield engine
    engine.close()


def found(engine: Engine) -> list[str]:
    """The tables that the seal says were changed."""
    return [row[0] for row in check_seal(engine).wrong.rows]


def found_after(engine: Engine, *statements: str) -> list[str]:
    changed: list[str] = []
    with pytest.raises(TakenBack), engine.transaction():
        for sql in statements:
            engine.native(sql)
        changed = found(engine)
        raise TakenBack
    return changed


def contents(engine: Engine, name: str) -> list[str]:
    return sorted(map(repr, rows(engine, f"SELECT * FROM {name}")))


def edits(name: str) -> Iterator[str]:
    """A row more, all rows less, and in each column another value, NULL for a value and a value for NULL."""
    table = schema.table(name)
    columns = ", ".join(table.column_names)
    yield f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {name} LIMIT 1"
    yield f"DELETE FROM {name}"
    for column in table.columns:
        other = {"text": "'x'", "timestamp": "TIMESTAMP '2018-10-01 00:00:00'"}.get(column.kind, "123")
        yield f"UPDATE {name} SET {column.name} = {other}"
        if not column.required:
            yield f"UPDATE {name} SET {column.name} = CASE WHEN {column.name} IS NULL THEN {other} END"
        if column.kind == "text" and not column.required:
            yield f"UPDATE {name} SET {column.name} = COALESCE({column.name}, '')"


@pytest.mark.parametrize("name", SEALED)
def test_a_change_of_any_column_of_any_table_is_named(filled: Engine, name: str) -> None:
    if name == "etl_lock":  # nobody's rows
        assert found_after(filled, "INSERT INTO etl_lock (lock_id) VALUES (1)") == ["etl_lock"]
        return
    before, digest = contents(filled, name), read_digest(filled, name)
    assert before
    assert found_after(filled, next(edits(name))) == [name]

    wrong = []
    for sql in edits(name):
        with pytest.raises(TakenBack), filled.transaction():
            filled.native(sql)
            is_changed = contents(filled, name) != before  # some set a value to what it is
            if (read_digest(filled, name) != digest) is not is_changed:
                wrong.append(sql)
            raise TakenBack

    assert wrong == []
    assert found(filled) == []


def test_values_swapped_between_rows_and_between_columns_are_seen(filled: Engine) -> None:
    swap = (
        "UPDATE stg_events SET song = other.song FROM stg_events AS other "
        "WHERE stg_events.file_id = other.file_id AND stg_events.record + other.record = 3"
    )
    assert found_after(filled, swap) == ["stg_events"]
    assert found_after(filled, "UPDATE songplay SET title = artist_name, artist_name = title") == ["songplay"]
    assert found_after(filled, "UPDATE songplay SET title = title || LEFT(artist_name, 1), artist_name = "
                       "SUBSTRING(artist_name, 2)") == ["songplay"]  # fmt: skip


@pytest.mark.parametrize("name", THE_KINDS)
def test_what_passed_every_check_is_seen(filled: Engine, name: str) -> None:
    assert found_after(filled, THE_KINDS[name]) == [name]


@pytest.mark.parametrize(("name", "sql"), CASES)
def test_whatever_a_check_sees_the_seal_sees(filled: Engine, name: str, sql: str) -> None:
    wanted = [one for one in SEALED if sql.split()[1 if sql.startswith("UPDATE") else 2] == one]

    assert found_after(filled, sql) == wanted, name


def test_what_was_changed_by_hand_is_never_sealed_by_what_comes_after(
    warehouse: Engine, source: Source
) -> None:
    fill(warehouse, source)
    for name in ("stg_events", "etl_file", "users", "text_form", "etl_reject"):
        column = {"etl_file": "modified", "users": "gender", "text_form": "folded", "etl_reject": "reason"}
        warehouse.execute(f"UPDATE {name} SET {column.get(name, 'auth')} = 'Z'")
    assert set(found(warehouse)) == {"stg_events", "etl_file", "users", "text_form", "etl_reject"}

    source.log(play(0, sessionId=50, userId="99"), day="2018-11-03")
    etl(warehouse, source.folder)

    assert set(found(warehouse)) == {"stg_events", "etl_file", "users", "text_form", "etl_reject"}
    with warehouse.transaction():
        accept(warehouse, "looked at")
    assert found(warehouse) == []
    assert [entry.command for entry, _ in read_chain(warehouse)][-2:] == ["etl", "accept"]


def test_a_row_that_was_planted_under_the_number_of_the_next_run_is_in_no_seal(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    columns = "run_id, file_id, record, reason, encoding, raw_text, replayed_in"
    warehouse.execute(f"INSERT INTO etl_reject ({columns}) VALUES (2, 2, 99, 'x', 'text', 'planted', 2)")
    source.log(play(1), "{broken", day="2018-11-02")

    etl(warehouse, source.folder)

    assert found(warehouse) == ["etl_reject"]


def test_a_rebuild_repairs_the_star_and_its_seal(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)
    warehouse.execute("UPDATE artists SET name = 'x'")
    warehouse.execute("DELETE FROM time")
    assert found(warehouse) == ["artists", "time"]
    assert [one.name for one in check_deep(warehouse) if not one.passed] == ["deep_artists", "deep_time"]

    rebuild(warehouse, Noting())

    assert found(warehouse) == []
    assert [one.sentence() for one in check_deep(warehouse) if not one.passed] == []


def test_the_seal_follows_whatever_comes_and_goes(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)
    source.log(play(0, sessionId=60), play(1, sessionId=60), '{"torn', day="2018-11-04")
    run = etl(warehouse, source.folder).run_id
    with (source.folder / "log_data/2018/11/2018-11-04-events.json").open("a") as file:
        file.write("")
    source.song(song("SO3", title="Undo", artist_name="Nightbirds", duration=200.5))
    etl(warehouse, source.folder)
    replay(warehouse, None, Noting())
    assert run
    undo(warehouse, run, Noting())
    assert found(warehouse) == []
    etl(warehouse, source.folder, also={"undone"})
    forget(warehouse, [15, 16], Noting())

    assert found(warehouse) == []
    assert [one.sentence() for one in check_deep(warehouse) if not one.passed] == []


def test_a_deep_check_names_the_row_and_a_text_that_is_no_normal_form(filled: Engine) -> None:
    def failed(sql: str) -> dict[str, list[tuple[object, ...]]]:
        """Nothing that stands is changed by looking."""
        filled.native(sql)
        wrong = {one.name: one.wrong.rows for one in check_deep(filled) if not one.passed}
        rebuild(filled, Noting())
        return wrong

    assert failed("UPDATE songs SET year = 1900 WHERE song_id = 'SO1'")["deep_songs"][0][:2] == (
        "missing",
        "SO1",
    )
    assert failed("INSERT INTO users SELECT * FROM users")["deep_users"][0][0] == "there twice"
    assert "deep_songplay" in failed("UPDATE songplay SET level = 'x'")
    assert found(filled) == []


def test_the_chain_tells_of_an_entry_that_was_changed_or_taken_out(filled: Engine) -> None:
    chain = read_chain(filled)
    assert {wrong for _, wrong in chain} == {""}
    assert [entry.command for entry, _ in chain[:5]] == ["create", "etl", "etl", "forget", "undo"]
    assert chain[4][0].what == "refused, not published"
    assert "7 read" in chain[1][0].what
    last = chain[-1][0].seal_id
    for sql in (
        "UPDATE etl_seal SET what = 'x' WHERE seal_id = 2",
        "UPDATE etl_seal SET sealed_at = '2018-11-01 00:00:00' WHERE seal_id = 3",
        "UPDATE etl_seal SET digests = REPLACE(digests, '1', '2')",
        "DELETE FROM etl_seal WHERE seal_id = 1",
        "DELETE FROM etl_seal WHERE seal_id = 2",
        "DELETE FROM etl_seal",
        "INSERT INTO etl_seal SELECT * FROM etl_seal",
    ):
        assert found_after(filled, sql)[0] == "etl_seal", sql
    assert "etl_seal" not in found_after(filled, f"DELETE FROM etl_seal WHERE seal_id = {last}")
    assert found_after(filled, f"DELETE FROM etl_seal WHERE seal_id >= {last - 1}") != []


def test_a_hash_function_of_another_version_is_no_change(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    hashed = type(warehouse).hashed
    monkeypatch.setattr(
        type(warehouse), "hashed", lambda self, rows, columns: hashed(self, rows, columns[::-1])
    )
    assert found(warehouse) != []
    for module in (seal, checks):
        monkeypatch.setattr(module, "read_hashing", lambda _: "another")

    assert "were not compared" in check_seal(warehouse).sentence()
    source.log(play(0, sessionId=2), day="2018-11-02")
    etl(warehouse, source.folder)

    assert found(warehouse) == []
    last = read_last(warehouse)
    assert last and "read again" in last.what


def test_a_run_that_is_rolled_back_leaves_no_seal(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    before = read_last(warehouse)

    def work(_: int, __: Changes) -> Outcome:
        warehouse.execute("DELETE FROM songplay")
        raise CheckError("no")

    with pytest.raises(CheckError):
        publish(warehouse, "etl", work, Noting())

    last = read_last(warehouse)
    assert before and last
    assert (last.previous, last.what) == (before.seal, "refused, not published")
    assert found(warehouse) == []


def test_check_and_log_say_it(loaded: Run, tmp_path: Path) -> None:
    assert loaded("check", "--deep").returncode == 0
    with duckdb.connect(tmp_path / "sparkify.duckdb") as connection:
        connection.execute("UPDATE artists SET name = 'The Nightbirds'")
        connection.execute("UPDATE etl_run SET seconds = seconds + 1000")

    checked = loaded("check", "--deep")

    assert checked.returncode == 1
    assert "seal failed: " in checked.stderr
    assert "artists: rows were changed; etl_run: rows were changed" in checked.stderr
    assert "deep_artists" in checked.stderr
    assert loaded("rebuild").returncode == 0
    assert "artists" not in loaded("check").stderr
    assert loaded("log", "--accept", "a colleague set the clock").returncode == 0
    assert loaded("check").returncode == 0
    shown = json.loads(loaded("log", "--format", "json").stdout)
    assert [(one["command"], one["link"]) for one in shown[:2]] == [("accept", "ok"), ("rebuild", "ok")]
    assert shown[0]["what"] == "a colleague set the clock"
    with duckdb.connect(tmp_path / "sparkify.duckdb") as connection:
        connection.execute("UPDATE etl_seal SET what = 'x' WHERE seal_id = 1")
    told = loaded("log")
    assert (told.returncode, told.stderr) == (
        1, "sparkify: seal 1: it was changed, or made with another key.\n",
    )  # fmt: skip


def test_an_attempt_without_an_outcome_is_in_the_digest(tmp_path: Path, source: Source) -> None:
    engine = DuckDB(str(tmp_path / "w.duckdb"))
    create_tables(engine)
    etl(engine, source.folder)
    before = read_digest(engine, "etl_attempt")

    engine.execute("CREATE TABLE forged AS SELECT * FROM etl_attempt")
    engine.execute("INSERT INTO forged (attempt_id, after_run, command) VALUES ('x', 1, 'forget')")
    engine.execute("DROP TABLE etl_attempt")
    engine.execute("ALTER TABLE forged RENAME TO etl_attempt")

    assert read_digest(engine, "etl_attempt") != before
    engine.close()


def test_no_table_is_left_out() -> None:
    assert {*SEALED, "etl_seal"} == set(schema.ALL)


@pytest.mark.parametrize("digests", ["x", '{"users": [1]}', "[]", '{"users": null}'])
def test_digests_that_cannot_be_read_are_one_line(filled: Engine, source: Source, digests: str) -> None:
    last = "seal_id = (SELECT MAX(seal_id) FROM etl_seal)"
    filled.execute(f"UPDATE etl_seal SET digests = :digests WHERE {last}", {"digests": digests})

    assert "cannot be read" in check_seal(filled).sentence()
    source.log(play(1), day="2018-11-29")
    with pytest.raises(WarehouseError, match=r"the digests of seal .* cannot be read"):
        etl(filled, source.folder)
