"""`etl --rebuild` publishes two runs: whoever hears of the one hears of the other."""

import json
from pathlib import Path

import pytest

from sparkify.api import Warehouse, connect
from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.load.checks import check_warehouse
from sparkify.load.run import after, rebuild_if_other
from sparkify.progress import Silent
from tests.builders import Run, Source, etl, event, play, song

PAGES = {"etl.play_page": "Help,NextSong"}


@pytest.fixture
def filled(source: Source, tmp_path: Path) -> Warehouse:
    """A warehouse whose star was built with other pages than `PAGES`."""
    source.log(play(0), event(page="Help", itemInSession=1))
    source.song(song())
    connect(tmp_path / "sparkify.duckdb").load(source.folder)
    return connect(tmp_path / "sparkify.duckdb", settings=PAGES)


def configure(folder: Path, pages: str) -> None:
    (folder / "dwg.cfg").write_text(f"[ETL]\nPLAY_PAGE = {pages}\n")


def test_a_load_that_is_refused_after_a_rebuild_says_that_the_rebuild_stands(
    filled: Warehouse, source: Source
) -> None:
    source.log(play(2, ts="soon"), day="2018-11-02")

    with pytest.raises(LoadError) as raised:
        filled.load(source.folder, rebuild=True, max_rejects="0")

    said = str(raised.value)
    assert "othing was published" not in said
    assert ": nothing more was published. " in said
    assert said.splitlines()[0].endswith(" Run 2, which rebuilt the star schema before, is published.")
    with pytest.raises(LoadError, match=": nothing was published\\. ") as again:
        filled.load(source.folder, rebuild=True, max_rejects="0")
    assert "Run 2" not in str(again.value)


def test_whoever_interrupts_the_load_hears_of_the_rebuild(filled: Warehouse) -> None:
    from sparkify.cli.options import interruptible
    from sparkify.connection import opened

    with opened(filled.config, read_only=False) as engine:
        rebuilt = rebuild_if_other(engine, Silent(), filled.config.etl.play_pages)
    for summary, says in (
        (rebuilt, "nothing more was published; run 2, which rebuilt"),
        (None, "nothing was"),
    ):
        with (
            pytest.raises(KeyboardInterrupt, match=says),
            interruptible("nothing was published"),
            after(summary),
        ):
            raise KeyboardInterrupt


def test_the_summary_says_which_run_rebuilt(run: Run, filled: Warehouse, tmp_path: Path) -> None:
    configure(tmp_path, PAGES["etl.play_page"])

    first = json.loads(run("etl", "--source", "music", "--rebuild", "--format", "json").stdout)
    second = json.loads(run("etl", "--source", "music", "--rebuild", "--format", "json").stdout)

    assert (first["run_id"], first["rebuilt_by"]) == (None, 2)
    assert (second["run_id"], second["rebuilt_by"]) == (None, None)
    configure(tmp_path, "NextSong")
    assert "the star schema first, by run 3" in run("etl", "--source", "music", "--rebuild").stdout


def test_a_dry_run_says_that_the_star_would_be_rebuilt_or_the_load_refused(
    run: Run, filled: Warehouse, tmp_path: Path
) -> None:
    differs = "[ETL] PLAY_PAGE is Help, NextSong, and the star was built with NextSong"
    for command, does in (
        (("plan",), ": `sparkify etl` refuses to load."),
        (("etl", "--dry-run"), ": `sparkify etl` refuses to load."),
        (
            ("etl", "--dry-run", "--rebuild"),
            ": `sparkify etl --rebuild` rebuilds it first, a run of its own.",
        ),
    ):
        configure(tmp_path, PAGES["etl.play_page"])
        done = run(*command, "--source", "music")
        assert (done.returncode, done.stderr) == (0, f"warning: {differs}{does}\n")
        configure(tmp_path, "NextSong")
        assert run(*command, "--source", "music").stderr == ""


def test_check_says_that_the_star_was_built_with_other_pages(
    run: Run, filled: Warehouse, tmp_path: Path
) -> None:
    assert run("check").returncode == 0
    configure(tmp_path, PAGES["etl.play_page"])

    done = run("check")

    assert done.returncode == 1
    assert (
        "play_pages failed: 1 wrong row, the first: built_with NextSong, play_page Help, Next" in done.stderr
    )
    assert [one.name for one in filled.check() if not one.passed] == ["play_pages"]
    assert run("rebuild").returncode == 0
    assert run("check").returncode == 0


def test_a_warehouse_without_events_may_be_of_any_pages(warehouse: Engine, source: Source) -> None:
    assert all(one.passed for one in check_warehouse(warehouse, ["Home"]))
    source.log(play(0))
    etl(warehouse, source.folder)
    assert [one.name for one in check_warehouse(warehouse, ["Home"]) if not one.passed] == ["play_pages"]
    assert all(one.passed for one in check_warehouse(warehouse, ["NextSong"]))
