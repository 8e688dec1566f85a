"""Each check finds what it is for: the star is broken on purpose, and exactly that must be seen."""

import datetime as dt
from collections.abc import Iterator, Sequence

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import CheckError
from sparkify.ledger.digests import Changes
from sparkify.load.checks import check_everything, check_freshness
from sparkify.load.diff import digest_star
from sparkify.load.feed import Feed
from sparkify.load.models import Model, replace_rows
from sparkify.load.publish import Outcome, publish
from sparkify.load.star import RunRange, count_duplicates
from sparkify.progress import Silent
from sparkify.sql import Statement, names
from sparkify.sql.schema import STAGING, STAR, table
from tests.breaks import BREAKS, CASES
from tests.builders import NOON, Source, etl, event, play, rows, song
from tests.clusters import Bucket, load_bucket
from tests.conftest import ENGINES, open_warehouse


def test_every_check_has_a_way_to_be_broken_here() -> None:
    assert sorted(BREAKS) == list(names("checks"))


def test_a_sound_warehouse_passes_every_check(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)

    assert all(verdict.passed for verdict in check_everything(warehouse))


def test_no_run_is_published_unchecked_whatever_its_work_was(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)

    def work(run_id: int, changes: Changes) -> Outcome:
        warehouse.execute("DELETE FROM time")
        return Outcome()

    with pytest.raises(CheckError, match="songplay_time_exists"):
        publish(warehouse, "undo", work, Silent())

    assert all(verdict.passed for verdict in check_everything(warehouse))


class TakenBack(Exception):
    """Raised to end a transaction as if it had never been."""


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A sound warehouse."""
    folder = tmp_path_factory.mktemp("filled")
    engine = open_warehouse(request, str(folder / "filled.duckdb"))
    fill(engine, Source(folder / "music"))
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=ENGINES)
def standing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, Source]]:
    """A warehouse that holds a first day, and the source of it. Nothing of what is tried here stays in it."""
    folder = tmp_path_factory.mktemp("standing")
    engine = open_warehouse(request, str(folder / "standing.duckdb"))
    source = Source(folder / "music")
    source.song(song("SO0", title="Before", artist_id="AR0", artist_name="The First"))
    source.log(play(0, sessionId=1, userId="1", ts=NOON - 86_400_000), day="2018-10-31")
    etl(engine, source.folder)
    yield engine, source
    engine.close()


@pytest.fixture
def copied(redshift: Redshift, bucket: Bucket) -> Redshift:
    """A sound warehouse in which no record says which file it came from."""
    bucket.song(song())
    bucket.log(play(0), play(1))
    load_bucket(redshift, bucket.uri)
    assert rows(redshift, "SELECT COUNT(file_id) AS n, COUNT(*) AS all_of_them FROM stg_events") == [(0, 2)]
    return redshift


@pytest.mark.parametrize(("name", "sql"), CASES)
def test_a_broken_star_fails_its_check(filled: Engine, name: str, sql: str) -> None:
    with pytest.raises(TakenBack), filled.transaction():
        filled.native(sql)
        failed = {verdict.name: verdict for verdict in check_everything(filled) if not verdict.passed}
        raise TakenBack

    assert name in failed
    assert f"{name} failed: " in failed[name].sentence()


@pytest.mark.parametrize(("name", "sql"), CASES)
def test_a_run_that_breaks_the_star_is_not_published(
    standing: tuple[Engine, Source], monkeypatch: pytest.MonkeyPatch, name: str, sql: str
) -> None:
    warehouse, source = standing
    before = digest_star(warehouse)

    def count_and_break(engine: Engine, span: RunRange) -> tuple[int, int]:
        counted = count_duplicates(engine, span)
        engine.execute(sql.replace("file_id = 2", "file_id = 4"))
        return counted

    monkeypatch.setattr("sparkify.load.run.count_duplicates", count_and_break)
    with pytest.raises(CheckError, match=f"(^|[^a-z_]){name} failed: "):
        fill(warehouse, source)

    assert digest_star(warehouse) == before


def test_a_value_that_is_lost_from_any_column_is_missed(duckdb_warehouse: Engine, source: Source) -> None:
    fill(duckdb_warehouse, source)
    columns = [(name, c.name) for name in STAGING for c in table(name).reported if not c.required]
    seen = []
    for name, column in columns:
        with pytest.raises(TakenBack), duckdb_warehouse.transaction():
            duckdb_warehouse.execute(f"UPDATE {name} SET {column} = NULL")
            failed = [verdict.name for verdict in check_everything(duckdb_warehouse) if not verdict.passed]
            seen += [(name, column)] if "values_conserved" in failed else []
            raise TakenBack

    assert seen == columns


def test_a_warehouse_that_was_emptied_with_its_ledger_is_missed_by_its_runs(
    warehouse: Engine, source: Source
) -> None:
    fill(warehouse, source)
    for name in ("etl_file", "stg_events", "stg_songs", *STAR):
        warehouse.execute(f"DELETE FROM {name}")

    failed = [verdict for verdict in check_everything(warehouse) if not verdict.passed]

    assert [(verdict.name, verdict.wrong.rows) for verdict in failed] == [
        ("records_have_file", [(1, None, "run", 6)])
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM etl_file WHERE dataset = 'events'",
        "UPDATE etl_file SET undone_in = 2 WHERE dataset = 'songs'",
        "UPDATE stg_events SET run_id = 99",
    ],
)
def test_records_of_a_plain_copy_are_known_by_their_run_and_dataset(copied: Redshift, sql: str) -> None:
    with pytest.raises(TakenBack), copied.transaction():
        copied.native(sql)
        failed = [verdict.name for verdict in check_everything(copied) if not verdict.passed]
        raise TakenBack

    assert "records_have_file" in failed
    assert all(verdict.passed for verdict in check_everything(copied))


def test_songs_that_come_later_have_the_plays_before_them_checked(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    source.song(song())

    def replace_others(model: Model, *, is_everything: bool) -> Sequence[Statement]:
        found = replace_rows(model, is_everything=is_everything)
        return (
            found
            if model.table != "songplay"
            else [Statement("nothing", "", "DROP TABLE IF EXISTS none")] * 2
        )

    monkeypatch.setattr("sparkify.load.star.replace_rows", replace_others)

    with pytest.raises(CheckError, match="songplay_is_matched failed: "):
        etl(warehouse, source.folder)


def test_a_stalled_feed_is_not_fresh(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)
    now = dt.datetime(2018, 11, 2, 12, 0)

    assert check_freshness(warehouse, dt.timedelta(hours=36), now).passed
    assert not check_freshness(warehouse, dt.timedelta(hours=2), now).passed
    assert not check_freshness(warehouse, dt.timedelta(hours=36), now.replace(year=2017)).passed


def test_an_event_of_the_future_hides_no_stalled_feed(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)
    source.log(event(ts=NOON + 9_999 * 86_400_000), day="2018-11-02")
    etl(warehouse, source.folder, feed=Feed(clock=lambda: dt.datetime(2046, 3, 18)))
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM stg_events WHERE ts > '2046-01-01'") == [(1,)]

    assert not check_freshness(warehouse, dt.timedelta(hours=36), dt.datetime(2019, 1, 1)).passed


def test_an_empty_warehouse_is_sound_but_not_fresh(warehouse: Engine) -> None:
    assert all(verdict.passed for verdict in check_everything(warehouse))
    assert not check_freshness(warehouse, dt.timedelta(days=9999), dt.datetime(2018, 11, 2)).passed


def fill(warehouse: Engine, source: Source) -> None:
    source.song(song(artist_location="Reykjavík", artist_latitude=64.1, artist_longitude=-21.9))
    unlisted = play(1, song="Unlisted")
    shared = [play(3), play(3, userId="16", ts=NOON + 700_000)]
    source.log(play(0), unlisted, event(itemInSession=2, page="Help", userId="16"), *shared)
    etl(warehouse, source.folder)
