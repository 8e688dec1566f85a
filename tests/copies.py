"""A session of its own on the emulator's cluster, and a COPY of objects put there for one test."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.engine import Redshift
from tests.clusters import BUCKET, Cluster


@pytest.fixture
def session(cluster: Cluster) -> Iterator[Redshift]:
    """A session in an empty schema."""
    engine = cluster.connect(f"test_{uuid.uuid4().hex[:12]}")
    yield engine
    engine.close()


class Files:
    """Objects in a folder of their own, and a COPY of them."""

    def __init__(self, emulator: Emulator, cluster: Cluster, session: Redshift) -> None:
        self._standin, self._cluster, self._session = emulator, cluster, session
        self.folder = uuid.uuid4().hex

    @property
    def role(self) -> str:
        """The role that the cluster may read in."""
        return self._cluster.role

    def put(self, name: str, body: str | bytes) -> str:
        self._standin.account.put(
            BUCKET, f"{self.folder}/{name}", body.encode() if isinstance(body, str) else body
        )
        return f"s3://{BUCKET}/{self.folder}/{name}"

    def copy(
        self,
        columns: str,
        source: str = "",
        options: str = "JSON 'auto'",
        role: str = "",
        order: str = "ORDER BY 1",
    ) -> list[tuple[Any, ...]]:
        """COPY into a new table of these columns; return its rows."""
        self._session.native("DROP TABLE IF EXISTS t")
        self._session.native(f"CREATE TABLE t ({columns})")
        place = source or f"s3://{BUCKET}/{self.folder}/"
        self._session.native(f"COPY t FROM '{place}' IAM_ROLE '{role or self._cluster.role}' {options}")
        return self._session.native(f"SELECT * FROM t {order}").rows

    def errors(self) -> list[tuple[Any, ...]]:
        return self._session.native(
            "SELECT line_number, column_name, error_code FROM sys_load_error_detail "
            "WHERE query_id = pg_last_copy_id() ORDER BY 1"
        ).rows


@pytest.fixture
def files(emulator: Emulator, cluster: Cluster, session: Redshift) -> Files:
    return Files(emulator, cluster, session)
