"""A connection that is cut while a cluster's warehouse is changed: the change is whole, or is done again."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sparkify.config import S3
from sparkify.engines.redshift.engine import Redshift
from sparkify.load.checks import check_everything, check_seal
from sparkify.load.diff import digest_star
from sparkify.load.forget import forget
from sparkify.load.replay import replay
from sparkify.load.run import MaxRejects, reload
from sparkify.load.tables import create_tables
from sparkify.load.undo import undo
from sparkify.progress import Silent
from sparkify.source.listing import list_source
from tests.builders import rows
from tests.clusters import Bucket, Cluster, cut_at, fill, load_bucket
from tests.torture import long, survived, times


def _at_once(_: float) -> None:
    """No pause between attempts."""


def _reload(engine: Redshift, bucket: Bucket) -> None:
    uris = [file.uri for file in list_source(S3(source=bucket.uri)) if file.dataset == "events"]
    reload(engine, uris, MaxRejects.parse("1000"), Silent(), _at_once)


CHANGES: dict[str, Callable[[Redshift, Bucket], Any]] = {
    "etl": lambda engine, bucket: load_bucket(engine, bucket.uri),
    "undo": lambda engine, _: undo(engine, 1, Silent(), _at_once),
    "forget": lambda engine, _: forget(engine, 15, Silent(), _at_once),
    "replay": lambda engine, _: replay(engine, None, Silent(), _at_once),
    "reload": _reload,
}
LEDGER = (
    "SELECT records_read, loaded, duplicate, rejected FROM etl_file ORDER BY file_id",
    "SELECT run_id, records_read, loaded, duplicate, rejected FROM etl_run ORDER BY run_id",
)
STRIDES = {"etl": 59, "reload": 29, "undo": 29, "forget": 23, "replay": 7}
"""Cut at every so many statements in the short form; at every single one in the long one."""


@pytest.mark.parametrize(
    "change",
    [pytest.param(one, marks=() if one in ("etl", "replay") else long) for one in CHANGES],
)
def test_a_change_whose_connection_is_cut_is_whole_in_the_end(
    cluster: Cluster, bucket: Bucket, change: str
) -> None:
    fill(bucket)

    def ready() -> Redshift:
        engine = cluster.connect(f"test_{uuid.uuid4().hex[:12]}")
        create_tables(engine)
        if change != "etl":
            load_bucket(engine, bucket.uri)
        return engine

    undisturbed = ready()
    CHANGES[change](undisturbed, bucket)
    truth = digest_star(undisturbed), *(rows(undisturbed, ledger) for ledger in LEDGER)
    undisturbed.close()

    for at in range(1, 900, times(STRIDES[change], 1)):
        engine = ready()
        with cut_at(engine, at) as seen:
            CHANGES[change](engine, bucket)

        assert (digest_star(engine), *(rows(engine, ledger) for ledger in LEDGER)) == truth
        assert all(verdict.passed for verdict in [*check_everything(engine), check_seal(engine)])
        engine.close()
        if len(seen) < at:
            break
        survived(f"connections cut during {change}", 1)
    assert len(seen) < at > 25
