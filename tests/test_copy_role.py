"""A COPY in a role that AWS does not know yet is run again; one that stays unknown says why."""

import uuid
from collections.abc import Iterator

import pytest

from sparkify.config import S3
from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import RetryError
from sparkify.load.publish import RETRY_AFTER
from sparkify.load.run import MaxRejects, load
from sparkify.load.tables import create_tables
from sparkify.progress import Silent
from sparkify.source.listing import list_source
from tests.builders import play
from tests.clusters import Bucket, Cluster

NONE = MaxRejects.parse("0")


@pytest.fixture(params=["never", "always"], ids=["copied", "gathered"])
def engine(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Redshift]:
    made = cluster.connect(f"test_{uuid.uuid4().hex[:12]}", compact=request.param)
    create_tables(made)
    yield made
    made.close()


def test_a_role_that_is_known_after_a_while_costs_a_pause_and_nothing_else(
    engine: Redshift, bucket: Bucket, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.log(play(0))
    monkeypatch.setattr(emulator.account, "role_delay", 1e9)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        emulator.account.role_delay = 0.0

    done = load(engine, list_source(S3(source=bucket.uri)), NONE, Silent(), sleep)

    assert pauses == [RETRY_AFTER[0]]
    assert done.records.loaded == 1


def test_a_role_that_stays_unknown_ends_the_run_with_what_it_lacks(
    engine: Redshift, bucket: Bucket, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.log(play(0))
    monkeypatch.setattr(emulator.account, "role_delay", 1e9)

    with pytest.raises(RetryError, match=r"take on the role .*it is new, or does not trust Redshift\."):
        load(engine, list_source(S3(source=bucket.uri)), NONE, Silent(), lambda _: None)
