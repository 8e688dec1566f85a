"""The rules that built the star have a version: with other rules nothing is added to it before a rebuild."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlglot

from sparkify import sql
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, WarehouseError
from sparkify.ledger.state import read_rules
from sparkify.load import rules, text
from sparkify.load.checks import check_everything
from sparkify.load.diff import digest_star
from sparkify.load.forget import forget
from sparkify.load.replay import replay
from sparkify.load.run import MaxRejects, rebuild, rebuild_if_other, reload
from sparkify.load.tables import use_play_pages
from sparkify.load.undo import undo
from sparkify.progress import Silent
from tests.builders import Run, Source, etl, event, play, rows, song
from tests.programs import other_sql

NEAREST = "ORDER BY ABS(COALESCE(c.duration - f.length, 1000000)), c.song_id"


def other_program(folder: Path, name: str, old: str, new: str) -> AbstractContextManager[None]:
    """The program of the day after: one definition says `new` where it said `old`."""
    return other_sql(folder, {f"star/{name}.sql": (old, new)})


@pytest.fixture
def filled(warehouse: Engine, source: Source) -> Engine:
    source.log(play(0, length=199.0), "{broken")
    source.song(song("SO1", duration=240.0))
    source.song(song("SO2", duration=200.0))
    etl(warehouse, source.folder)
    return warehouse


def failed(engine: Engine) -> list[str]:
    return [verdict.name for verdict in check_everything(engine) if not verdict.passed]


def test_whoever_adds_to_a_star_that_other_rules_built_is_refused(
    filled: Engine, source: Source, tmp_path: Path
) -> None:
    before = digest_star(filled)
    file = source.log(play(1), day="2018-11-02")
    commands: list[Callable[[], object]] = [
        lambda: etl(filled, source.folder),
        lambda: undo(filled, 1, Silent()),
        lambda: replay(filled, None, Silent()),
        lambda: reload(filled, [str(file)], MaxRejects(9), Silent()),
    ]

    with other_program(tmp_path, "play_match", NEAREST, "ORDER BY c.song_id"):
        assert failed(filled) == ["rules"]
        for command in commands:
            with pytest.raises(
                WarehouseError, match=r"`sparkify rebuild` builds it .*etl --rebuild`"
            ) as raised:
                command()
            assert "\n" not in str(raised.value)

        assert digest_star(filled) == before
        assert rows(filled, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]
    assert failed(filled) == []


def test_a_rebuild_takes_the_new_rules_and_loading_goes_on(
    filled: Engine, source: Source, new_warehouse: Callable[[], Engine], tmp_path: Path
) -> None:
    with other_program(tmp_path, "play_match", NEAREST, "ORDER BY c.song_id"):
        rebuild(filled, Silent())

        assert failed(filled) == []
        assert rows(filled, "SELECT song_id FROM songplay") == [("SO1",)]
        source.log(play(1), day="2018-11-02")
        etl(filled, source.folder)
        fresh = new_warehouse()
        etl(fresh, source.folder)
        assert digest_star(filled) == digest_star(fresh)
    assert failed(filled) == ["rules"]


def test_a_load_with_rebuild_rebuilds_first_where_other_rules_or_pages_built_the_star(
    filled: Engine, source: Source, new_warehouse: Callable[[], Engine], tmp_path: Path
) -> None:
    pages = ("Help", "NextSong")
    commands = "SELECT run_id, command FROM etl_run WHERE run_id > 1 ORDER BY run_id"
    assert rebuild_if_other(filled, Silent(), ("NextSong",)) is None
    with other_program(tmp_path, "play_match", NEAREST, "ORDER BY c.song_id"):
        source.log(play(1), event(page="Help", itemInSession=2), day="2018-11-02")

        for _ in range(2):
            rebuild_if_other(filled, Silent(), ("NextSong",))
            etl(filled, source.folder)

        assert rows(filled, commands) == [(2, "rebuild"), (3, "etl")]
        assert failed(filled) == []
        fresh = new_warehouse()
        use_play_pages(fresh, pages)
        assert (
            rebuild_if_other(fresh, Silent(), ("Home",)) is None
        )  # without events there is nothing to rebuild
        etl(fresh, source.folder)
        with pytest.raises(ConfigError, match="`sparkify etl --rebuild` does so before it loads"):
            use_play_pages(filled, pages)
        assert rebuild_if_other(filled, Silent(), pages) is not None
        use_play_pages(filled, pages)
        assert digest_star(filled) == digest_star(fresh)


def test_forgetting_a_listener_builds_the_star_by_the_new_rules(filled: Engine, tmp_path: Path) -> None:
    with other_program(tmp_path, "play_match", NEAREST, "ORDER BY c.song_id"):
        forget(filled, 15, Silent())

        assert failed(filled) == []
        assert rows(filled, "SELECT song_id FROM songplay") == [("SO1",)]


def test_comments_and_blanks_are_no_rules(tmp_path: Path) -> None:
    digest = rules.rules_digest()

    with other_program(tmp_path / "1", "time", "SELECT\n", "-- Whatever.\n\n  SELECT  -- each\n"):
        assert rules.rules_digest() == digest
    with other_program(tmp_path / "2", "time", "DISTINCT ", ""):
        assert rules.rules_digest() != digest
    assert rules.rules_digest() == digest
    tokens = (
        token.text for one in sql.statements("star") for token in sqlglot.tokenize(one.text, "redshift")
    )
    assert not any("--" in text for text in tokens)


def test_the_first_load_notes_the_rules(warehouse: Engine, source: Source) -> None:
    assert read_rules(warehouse) is None
    assert failed(warehouse) == []
    source.log(play(0))

    etl(warehouse, source.folder)

    assert read_rules(warehouse) == rules.rules_digest()


def built_by_another_program(run: Run, folder: Path) -> None:
    import duckdb

    with duckdb.connect(folder / "sparkify.duckdb") as connection:
        connection.execute("UPDATE etl_version SET rules = 'other'")
    accepted = run("log", "--accept", "another program built it")  # or `check` would tell of this hand too
    assert accepted.returncode == 0, accepted.stderr


def test_the_command_line_says_it_in_one_line(loaded: Run, tmp_path: Path) -> None:
    built_by_another_program(loaded, tmp_path)

    refused = loaded("etl", "--source", "music")
    checked = loaded("check")
    rebuilt = loaded("rebuild")

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "`sparkify etl --rebuild` does so before it loads" in refused.stderr
    assert checked.returncode == 1
    assert "sparkify: rules failed: " in checked.stderr
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert loaded("check").returncode == 0
    assert loaded("etl", "--source", "music").returncode == 0


def test_etl_rebuild_on_the_command_line_rebuilds_and_loads(
    loaded: Run, source: Source, tmp_path: Path
) -> None:
    built_by_another_program(loaded, tmp_path)
    source.log(play(7), day="2018-11-09")

    done = loaded("etl", "--source", "music", "--rebuild")
    again = loaded("etl", "--source", "music", "--rebuild")

    assert done.returncode == 0, done.stderr
    assert "note: run 2 rebuilt the star schema" in done.stderr
    assert (again.returncode, "rebuilt" in again.stderr) == (0, False)
    assert loaded("check").returncode == 0
    told = loaded("runs", "--format", "csv").stdout.splitlines()
    assert [line.split(",")[:2] for line in told[1:3]] == [["3", "etl"], ["2", "rebuild"]]


def test_another_rule_of_text_is_another_rule_and_a_rebuild_writes_all_text_by_it(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.song(song(artist_name="J\u00d3GA"))
    source.log(play(0, artist="J\u00f3ga"))
    etl(warehouse, source.folder)
    matched = "SELECT COUNT(artist_id) AS n FROM songplay"
    assert rows(warehouse, matched) == [(1,)]

    monkeypatch.setattr(text, "fold", text.normal)
    monkeypatch.setattr(text, "RULE", text.RULE + 1)
    rules.rules_digest.cache_clear()
    source.log(play(1, artist="J\u00f3ga"), day="2018-11-02")
    with pytest.raises(WarehouseError, match="other rules"):
        etl(warehouse, source.folder)
    rebuild(warehouse, Silent())
    etl(warehouse, source.folder)

    assert rows(warehouse, matched) == [(0,)]
    assert rows(warehouse, "SELECT folded FROM text_form ORDER BY 1") == [("J\u00d3GA",), ("J\u00f3ga",)]
    assert failed(warehouse) == []
    rules.rules_digest.cache_clear()


def test_whoever_changes_the_rule_of_text_raises_its_version() -> None:
    """What the rule makes of these texts is that of its version."""
    texts = (
        "Bj\u00f6rk", "Bjo\u0308rk", "BjÃ¶rk", " \u00a0a\u200b", "STRASSE Straße", "ΣΊΣΥΦΟΣ Σίσυφος", "ﬁ Å Ⅷ",
        "İIıi", "voilÃ\u00a0", "\u1e9e", "a\u0301\u0327", "\ufeffx\ufeff", "", "ⓐ", "ΐ",
    )  # fmt: skip
    made = "\n".join(f"{text.normal(one)}|{text.fold(one)}" for one in texts)

    assert (text.RULE, hashlib.sha256(made.encode()).hexdigest()[:12]) == (1, "fd32440666f9")
