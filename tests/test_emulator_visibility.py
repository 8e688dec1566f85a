"""Whose rows system views show (AWS: "Visibility of data in system tables and views", SVV_TABLE_INFO)."""

import dataclasses
import uuid
from collections.abc import Iterator

import pytest

from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError, RightsError
from tests.clusters import Cluster
from tests.copies import Files


@pytest.fixture
def two(session: Redshift, cluster: Cluster) -> Iterator[tuple[Redshift, Redshift]]:
    """Two regular users, who may load into table `t` of the session's schema."""
    found = []
    session.native("CREATE TABLE t (a INTEGER)")
    for _ in range(2):
        name = f"regular_{uuid.uuid4().hex[:8]}"
        session.native(f"CREATE USER {name} PASSWORD 'Only4Tests'")
        session.native(f"GRANT ALL ON SCHEMA {session._schema} TO {name}")
        session.native(f"GRANT ALL ON t TO {name}")
        address = dataclasses.replace(cluster.address, user=name, password="Only4Tests")
        found.append(Cluster(address, cluster.role).connect(session._schema))
    yield found[0], found[1]
    for engine in found:
        engine.close()


def test_a_user_sees_the_errors_of_their_own_copies_and_a_superuser_all(
    session: Redshift, two: tuple[Redshift, Redshift], files: Files
) -> None:
    own, other = two
    place = files.put("a.json", '{"a": "x"}')
    count = f"SELECT COUNT(*) FROM sys_load_error_detail WHERE file_name = '{place}'"
    loads = f"SELECT COUNT(*) FROM sys_load_detail WHERE file_name = '{place}'"

    own.native(f"COPY t FROM '{place}' IAM_ROLE '{files.role}' JSON 'auto' MAXERROR 5")

    for sql in (count, loads):
        assert [engine.native(sql).rows for engine in (own, other, session)] == [[(1,)], [(0,)], [(1,)]]


def test_svv_table_info_is_for_superusers_and_those_to_whom_it_is_granted(
    session: Redshift, two: tuple[Redshift, Redshift]
) -> None:
    own, other = two
    (name,) = own.native("SELECT CURRENT_USER").rows[0]
    session.native(f"GRANT SELECT ON svv_table_info TO {name}")

    assert session.native("SELECT COUNT(*) FROM svv_table_info").rows != [(0,)]
    assert own.native("SELECT COUNT(*) FROM svv_table_info").rows != [(0,)]
    with pytest.raises((QueryError, RightsError), match="permission denied"):
        other.native("SELECT COUNT(*) FROM svv_table_info")
