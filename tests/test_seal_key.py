"""Seals with a key: who has it not can neither make one nor pass for somebody who has."""

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError
from sparkify.ledger import seal
from sparkify.ledger.seal import accept, read_last
from sparkify.load.checks import check_seal
from sparkify.load.tables import drop_tables
from tests.builders import Source, etl, play, rows


def test_with_a_key_nobody_else_can_make_a_seal(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    monkeypatch.setenv(seal.VARIABLE, "a long secret")
    assert "the last seal has no key" in check_seal(warehouse).sentence()
    source.log(play(0, sessionId=2), day="2018-11-02")
    etl(warehouse, source.folder)
    assert check_seal(warehouse).passed

    monkeypatch.setenv(seal.VARIABLE, "another")
    assert "made with another key" in check_seal(warehouse).sentence()
    monkeypatch.delenv(seal.VARIABLE)
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
    assert check_seal(warehouse).passed  # whoever has no key can be deceived
    monkeypatch.setenv(seal.VARIABLE, "a long secret")
    assert not check_seal(warehouse).passed


def test_a_wrong_key_seals_nothing(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_SEAL_KEY", "right")
    source.log(play(0))
    etl(warehouse, source.folder)
    source.log(play(1), day="2018-11-02")
    with warehouse.transaction():
        accept(warehouse, "with a key")

    for wrong in ("Right", "\udcff"):  # a key may be any bytes
        monkeypatch.setenv("SPARKIFY_SEAL_KEY", wrong)
        with pytest.raises(ConfigError, match="was not made with this SPARKIFY_SEAL_KEY"):
            etl(warehouse, source.folder)
        assert not check_seal(warehouse).passed

    monkeypatch.setenv("SPARKIFY_SEAL_KEY", "right")
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
    monkeypatch.setenv("SPARKIFY_SEAL_KEY", "right")
    source.log(play(0))
    etl(warehouse, source.folder)
    source.log(play(1), day="2018-11-02")

    for value in ("", "wrong"):
        monkeypatch.setenv("SPARKIFY_SEAL_KEY", value)
        for act in (lambda: etl(warehouse, source.folder), lambda: drop_tables(warehouse)):
            with pytest.raises(ConfigError, match="SPARKIFY_SEAL_KEY"):
                act()

    assert rows(warehouse, "SELECT * FROM etl_attempt") == []
    monkeypatch.setenv("SPARKIFY_SEAL_KEY", "right")
    assert etl(warehouse, source.folder).run_id == 2
    assert check_seal(warehouse).passed
