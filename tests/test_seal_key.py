"""Seals with a key: who has it not can neither make one nor pass for somebody who has."""

import json
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import ConfigError
from sparkify.ledger.seal import BEFORE, VARIABLE, accept, read_chain, read_last, sealed
from sparkify.load.checks import check_seal
from sparkify.load.comments import create_warehouse
from sparkify.load.forget import forget
from sparkify.load.run import rebuild
from sparkify.load.tables import drop_tables, migrate
from sparkify.load.undo import undo
from sparkify.progress import Silent
from sparkify.sql.schema import STAR
from tests.builders import Run, Source, etl, play, rows, song
from tests.test_seal import THE_KINDS, fill


def seal_with(key: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on with this key."""
    monkeypatch.setenv(VARIABLE, key)
    with engine.transaction():
        accept(engine, "from here on with a key")


def test_with_a_key_nobody_else_can_make_a_seal(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    monkeypatch.setenv(VARIABLE, "a long secret")
    assert "the last seal has no key" in check_seal(warehouse).sentence()
    source.log(play(0, sessionId=2), day="2018-11-02")
    seal_with("a long secret", warehouse, monkeypatch)
    etl(warehouse, source.folder)
    assert check_seal(warehouse).passed

    monkeypatch.setenv(VARIABLE, "another")
    assert "made with another key" in check_seal(warehouse).sentence()
    monkeypatch.delenv(VARIABLE)
    assert "were not proved" in check_seal(warehouse).sentence()
    assert check_seal(warehouse).passed
    source.log(play(0, sessionId=3), day="2018-11-03")
    before = rows(warehouse, "SELECT COUNT(*) AS n FROM stg_events")
    with pytest.raises(ConfigError, match="sealed with a key: set SPARKIFY_SEAL_KEY"):
        etl(warehouse, source.folder)
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM stg_events") == before

    last = read_last(warehouse)
    assert last
    forged = last._replace(is_keyed=0, what="nothing")
    warehouse.execute(
        f"UPDATE etl_seal SET is_keyed = 0, what = 'nothing', seal = '{forged.computed()}' "
        f"WHERE seal_id = {last.seal_id}"
    )
    assert "it has no key, and the one before has" in check_seal(warehouse).sentence()
    monkeypatch.setenv(VARIABLE, "a long secret")
    assert not check_seal(warehouse).passed


def test_a_wrong_key_seals_nothing(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_with("right", warehouse, monkeypatch)
    source.log(play(0))
    etl(warehouse, source.folder)
    source.log(play(1), day="2018-11-02")

    for wrong in ("Right", "\udcff"):  # a key may be any bytes
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(ConfigError, match="was not made with this SPARKIFY_SEAL_KEY"):
            etl(warehouse, source.folder)
        assert not check_seal(warehouse).passed

    monkeypatch.setenv(VARIABLE, "right")
    etl(warehouse, source.folder)
    assert check_seal(warehouse).passed


def test_a_seal_says_plainly_whether_it_has_a_key(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    warehouse.execute("UPDATE etl_seal SET is_keyed = 5")

    assert "it was changed, or made with another key" in check_seal(warehouse).sentence()


def test_without_the_key_nothing_is_written_not_even_an_attempt_and_nothing_dropped(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_with("right", warehouse, monkeypatch)
    source.log(play(0))
    etl(warehouse, source.folder)
    source.log(play(1), day="2018-11-02")

    for value in ("", "wrong"):
        monkeypatch.setenv(VARIABLE, value)
        for act in (lambda: etl(warehouse, source.folder), lambda: drop_tables(warehouse)):
            with pytest.raises(ConfigError, match=VARIABLE):
                act()

    assert rows(warehouse, "SELECT * FROM etl_attempt") == []
    monkeypatch.setenv(VARIABLE, "right")
    assert etl(warehouse, source.folder).run_id == 2
    assert check_seal(warehouse).passed


@pytest.mark.parametrize("washed", [0, 1], ids=["no seal is left", "sealed again without the key"])
def test_a_key_that_was_washed_off_comes_back_only_if_somebody_accepts_what_is_there(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch, washed: int
) -> None:
    seal_with("right", warehouse, monkeypatch)
    source.log(play(0), play(1))
    etl(warehouse, source.folder)
    source.log(play(2), day="2018-11-02")

    monkeypatch.delenv(VARIABLE)
    warehouse.execute("DELETE FROM etl_seal")
    warehouse.execute("UPDATE stg_events SET first_name = 'Forged'")
    if washed:
        with warehouse.transaction():
            accept(warehouse, "create")
        assert check_seal(warehouse).passed  # whoever has no key can be deceived

    monkeypatch.setenv(VARIABLE, "right")
    before = [
        rows(warehouse, f"SELECT * FROM {table}") for table in ("stg_events", "etl_attempt", "etl_seal")
    ]
    for act in (
        lambda: etl(warehouse, source.folder),
        lambda: undo(warehouse, 1, Silent()),
        lambda: forget(warehouse, [7], Silent()),
        lambda: drop_tables(warehouse),
    ):
        with pytest.raises(ConfigError, match=r"restore a copy .* `sparkify log --accept WHY` seals"):
            act()
    assert before == [
        rows(warehouse, f"SELECT * FROM {table}") for table in ("stg_events", "etl_attempt", "etl_seal")
    ]
    assert not check_seal(warehouse).passed

    with warehouse.transaction():
        accept(warehouse, "I looked at it")
    assert etl(warehouse, source.folder).run_id == 2
    assert check_seal(warehouse).passed


def test_what_migrates_a_warehouse_or_adds_to_its_layout_gives_it_no_key(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)

    monkeypatch.setenv(VARIABLE, "right")
    warehouse.execute("UPDATE etl_version SET version = version - 1")
    migrate(warehouse)
    with warehouse.transaction(), sealed(warehouse, "settings", "a setting"):
        warehouse.execute("DELETE FROM etl_play_page")
    last = read_last(warehouse)

    assert last
    assert (last.command, last.is_keyed) == ("settings", 0)
    with pytest.raises(ConfigError, match="the last seal has no key"):
        etl(warehouse, source.folder)


@pytest.mark.parametrize("name", sorted(THE_KINDS))
def test_with_a_key_no_run_goes_on_from_what_was_changed_by_hand(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whoever changes a table for the time of one run would have it sealed what it did by the change."""
    fill(warehouse, source)
    seal_with("right", warehouse, monkeypatch)
    source.log(play(0), day="2018-11-03")
    warehouse.execute(THE_KINDS[name])
    before = rows(warehouse, "SELECT MAX(seal_id) AS last FROM etl_seal")

    for act in (
        lambda: etl(warehouse, source.folder),
        lambda: undo(warehouse, 1, Silent()),
        lambda: forget(warehouse, [4711], Silent()),  # nobody's: no star would be built
    ):
        with pytest.raises(
            ConfigError, match=f"something else than sparkify changed the warehouse: .*{name}"
        ):
            act()

    if name in STAR:
        rebuild(warehouse, Silent())
    else:
        with pytest.raises(ConfigError, match=name):
            rebuild(warehouse, Silent())
        assert (
            rows(warehouse, "SELECT MAX(seal_id) AS last FROM etl_seal") > before
        )  # the attempts are sealed
        with warehouse.transaction():
            accept(warehouse, "I looked at it")


def test_without_the_key_no_link_is_said_to_be_proved(
    run: Run, source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source.log(play(0))
    monkeypatch.setenv(VARIABLE, "right")
    engine = DuckDB(f"{tmp_path}/sparkify.duckdb")
    create_warehouse(engine)
    etl(engine, source.folder)
    engine.close()
    monkeypatch.delenv(VARIABLE)

    said = run("log", "--format", "json")

    assert said.returncode == 0
    assert {one["link"] for one in json.loads(said.stdout)} == {"not proved: it needs SPARKIFY_SEAL_KEY"}


def test_with_a_key_no_run_goes_on_from_an_entry_that_was_changed_until_somebody_accepts_it(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(warehouse, source)
    seal_with("right", warehouse, monkeypatch)
    for number in (3, 4):
        source.log(play(number), day=f"2018-11-0{number}")
        etl(warehouse, source.folder)
    changed = rows(warehouse, "SELECT MAX(seal_id) - 1 AS seal_id FROM etl_seal")[0][0]
    warehouse.execute(f"UPDATE etl_seal SET what = 'nothing' WHERE seal_id = {changed}")
    source.log(play(5), day="2018-11-05")

    with pytest.raises(ConfigError, match=f"etl_seal: seal {changed}: it was changed"):
        etl(warehouse, source.folder)

    with warehouse.transaction():
        accept(warehouse, "I looked at it")
    assert etl(warehouse, source.folder).records.loaded == 1
    assert BEFORE not in read_last(warehouse).tables  # type: ignore[union-attr]  # there is one
    assert check_seal(warehouse).passed
    assert [entry.seal_id for entry, wrong in read_chain(warehouse) if wrong] == [changed]


@pytest.mark.parametrize(
    "accepted",
    ["", "UPDATE etl_seal SET what = 'a' WHERE seal_id = 2", "DELETE FROM etl_seal WHERE seal_id = 3"],
)
@pytest.mark.parametrize(
    "later",
    [
        "UPDATE etl_seal SET what = 'b' WHERE seal_id = 2",
        "UPDATE etl_seal SET sealed_at = '2018-11-01 00:00:00' WHERE seal_id = 1",
        "DELETE FROM etl_seal WHERE seal_id = 1",
        "DELETE FROM etl_seal WHERE seal_id = 2",
        "DELETE FROM etl_seal WHERE seal_id <= 4",
    ],
)
def test_who_accepts_broken_links_accepts_no_other_ones(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch, accepted: str, later: str
) -> None:
    fill(warehouse, source)
    if accepted:
        warehouse.execute(accepted)
    seal_with("right", warehouse, monkeypatch)
    assert check_seal(warehouse).passed
    source.log(play(5), day="2018-11-05")
    etl(warehouse, source.folder)
    warehouse.execute(later)
    source.log(play(6), day="2018-11-06")

    with pytest.raises(ConfigError, match="etl_seal: seal"):
        etl(warehouse, source.folder)

    assert not check_seal(warehouse).passed
    with warehouse.transaction():
        accept(warehouse, "I looked at it")
    assert etl(warehouse, source.folder).records.loaded == 1
    assert check_seal(warehouse).passed


def test_with_a_key_no_run_goes_on_in_columns_of_other_types(
    new_warehouse: Any, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB hashes TRUE and 1 alike."""
    engine = new_warehouse()
    if not isinstance(engine, DuckDB):
        pytest.skip("Redshift changes the type of no column that holds numbers (ALTER TABLE)")
    source.song(song(year=1))
    etl(engine, source.folder)
    seal_with("right", engine, monkeypatch)
    engine.native("ALTER TABLE stg_songs ALTER year TYPE BOOLEAN")
    source.song(song("SO2", year=1999))

    with pytest.raises(ConfigError, match="stg_songs: a column has another type"):
        etl(engine, source.folder)

    engine.native("ALTER TABLE stg_songs ALTER year TYPE INTEGER")
    assert etl(engine, source.folder).records.loaded == 1
