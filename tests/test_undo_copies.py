"""Reload and undo where a plain COPY brought the records, and no row says which file it came from."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from sparkify.config import S3
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import LoadError
from sparkify.load.diff import digest_star
from sparkify.load.run import MaxRejects, load, reload
from sparkify.load.tables import create_tables
from sparkify.load.undo import undo
from sparkify.source.listing import list_source
from tests.builders import Noting, logged_out, play, rows, song
from tests.clusters import Bucket, Cluster, load_bucket
from tests.test_undo import assert_sound

Make = Callable[[], Redshift]


@pytest.fixture
def fresh(cluster: Cluster) -> Iterator[Make]:
    """Makes empty warehouses on the cluster."""
    engines = []

    def make() -> Redshift:
        engines.append(cluster.connect(f"test_{uuid.uuid4().hex[:12]}"))
        create_tables(engines[-1])
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def reloaded(engine: Redshift, *uris: str) -> dict[str, int]:
    return reload(engine, uris, MaxRejects.parse("100"), Noting()).files


def fill(bucket: Bucket) -> tuple[str, str]:
    """A night of two logs and two songs, and a night of one log with a reject, which brings lineage."""
    bucket.song(song())
    bucket.song(song("SO2", title="Revelry"))
    first = bucket.log(play(0), play(1, song="Revelry"), logged_out(sessionId=4))
    second = bucket.log(play(1), play(2), day="2018-11-02")
    return first, second


def test_a_reload_loads_again_what_came_in_one_copy_with_the_file(fresh: Make, bucket: Bucket) -> None:
    engine, other = fresh(), fresh()
    fill(bucket)
    load_bucket(engine, bucket.uri)
    bucket.log(play(9), "{broken", day="2018-11-03")
    load_bucket(engine, bucket.uri)
    assert rows(engine, "SELECT COUNT(*) AS n FROM stg_events WHERE file_id IS NULL") == [(5,)]
    rewritten = bucket.log(play(1, userId="17"), day="2018-11-02")

    files = reloaded(engine, rewritten)

    load_bucket(other, bucket.uri)
    assert files == {"reloaded": 2}, "the two logs, and neither the songs nor the other night"
    assert digest_star(engine) == digest_star(other)
    assert rows(engine, "SELECT run_id, COUNT(*) AS n FROM stg_events GROUP BY run_id ORDER BY 1") == [
        (2, 1), (3, 4),
    ]  # fmt: skip
    assert_sound(engine, ("etl_run",))
    assert load_bucket(engine, bucket.uri).run_id is None


def test_a_file_with_lineage_is_reloaded_alone(fresh: Make, bucket: Bucket) -> None:
    engine, other = fresh(), fresh()
    fill(bucket)
    bucket.log(play(9), "{broken", day="2018-11-03")
    load_bucket(engine, bucket.uri)
    fixed = bucket.log(play(9), play(10), day="2018-11-03")

    files = reloaded(engine, fixed)

    load_bucket(other, bucket.uri)
    assert files == {"reloaded": 1}
    assert digest_star(engine) == digest_star(other)
    assert_sound(engine, ("etl_run",))


def test_another_file_that_was_rewritten_must_be_named_too(fresh: Make, bucket: Bucket) -> None:
    engine = fresh()
    first, second = fill(bucket)
    load_bucket(engine, bucket.uri)
    before = digest_star(engine)
    bucket.log(play(0, song="Other"))
    bucket.log(play(1, song="Other"), day="2018-11-02")

    with pytest.raises(LoadError, match=rf"{first} came in one COPY .* name it too"):
        reloaded(engine, second)
    assert digest_star(engine) == before
    files = list_source(S3(source=bucket.uri))
    summary = load(engine, files, MaxRejects.parse("0"), Noting(), also={"changed"})

    assert summary.files["changed"] == 2
    assert rows(engine, "SELECT DISTINCT title FROM songplay") == [("Other",)]
    assert_sound(engine, ("etl_run",))


def test_a_run_that_copied_is_undone_and_its_duplicates_become_records(fresh: Make, bucket: Bucket) -> None:
    engine, never = fresh(), fresh()
    fill(bucket)
    load_bucket(engine, bucket.uri)
    bucket.log(play(1), play(2), play(5), day="2018-11-04")
    load_bucket(engine, bucket.uri)

    undo(engine, 1, Noting())

    assert rows(engine, "SELECT loaded, duplicate FROM etl_run WHERE run_id = 2") == [(3, 0)]
    assert load_bucket(engine, bucket.uri).files["undone"] == 4
    later = [file for file in list_source(S3(source=bucket.uri)) if "11-04" in file.uri]
    load(never, later, MaxRejects.parse("0"), Noting())
    assert digest_star(engine) == digest_star(never)
    assert_sound(engine, ("etl_run",))
