"""Readers of a cluster: what they see, what they are refused, tried as somebody would who wants more."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Literal

import pytest
from starlette.requests import Request

from sparkify.ask.dashboard import _failed
from sparkify.ask.live import Asked, Live
from sparkify.ask.questions import ask, find_question, list_questions
from sparkify.ask.report import gather, render
from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.engine import Redshift
from sparkify.engines.redshift.rights import reader_of
from sparkify.errors import ConfigError, QueryError, RightsError
from sparkify.load.checks import check_everything
from sparkify.load.tables import OURS, SHARED, create_tables, prepare_tables, require_tables
from sparkify.sql import schema as ddl
from sparkify.sql.schema import STAR
from tests.builders import rows
from tests.clusters import Bucket, Cluster, fill, load_bucket, sever
from tests.conftest import ROOT
from tests.packed import unpacked
from tests.reader_attacks import ESCAPES, FORBIDDEN, HIDDEN


@pytest.fixture
def loaded(redshift: Redshift, bucket: Bucket) -> Redshift:
    fill(bucket)
    load_bucket(redshift, bucket.uri)
    return redshift


@pytest.fixture
def reader(loaded: Redshift, cluster: Cluster) -> Iterator[Redshift]:
    """The owner's login, asking with a reader's rights, as `query` and the dashboard do."""
    engine = cluster.connect(loaded._schema, rights="reader", read_only=True)
    yield engine
    engine.close()


@pytest.fixture
def analyst(loaded: Redshift, cluster: Cluster) -> Iterator[Redshift]:
    """A login of its own, which READERS names: nothing but its rights keeps it from writing."""
    name = f"analyst_{uuid.uuid4().hex[:8]}"
    loaded.native(f"CREATE USER {name} PASSWORD 'Only4Tests'")
    owner = cluster.connect(loaded._schema, readers=[name])
    prepare_tables(owner)
    owner.close()
    engine = as_user(cluster, name, loaded._schema)
    yield engine
    engine.close()


def as_user(cluster: Cluster, name: str, schema: str) -> Redshift:
    address = dataclasses.replace(cluster.address, user=name, password="Only4Tests")
    return Cluster(address, cluster.role).connect(schema)


def backend(engine: Redshift) -> int:
    return int(rows(engine, "SELECT pg_backend_pid() AS pid")[0][0])


def test_a_superuser_who_asks_is_no_superuser(reader: Redshift, loaded: Redshift) -> None:
    name = f"sparkify_reader_sparkify_{loaded._schema}"

    assert rows(reader, "SELECT CURRENT_USER, SESSION_USER") == [(name, name)]
    assert rows(reader, f"SELECT usesuper FROM pg_user WHERE usename = '{name}'") == [(False,)]
    assert rows(reader, "SELECT COUNT(*) AS n FROM songplay")[0][0] == 3


def test_every_question_but_those_for_records_and_messages_is_answered_to_a_reader(
    reader: Redshift, analyst: Redshift, loaded: Redshift
) -> None:
    private = {one.name for one in list_questions() if one.is_private}

    for engine in (reader, analyst):
        require_tables(engine, SHARED)
        for question in list_questions():
            if question.name in private:
                with pytest.raises(RightsError, match=r"docs/connecting\.md says what readers see"):
                    ask(engine, question)
            else:
                assert ask(engine, question) == ask(loaded, question), question.name
    assert private == {"rejects", "runs", "warnings"}


@pytest.mark.parametrize("who", ["reader", "analyst"])
def test_what_readers_do_not_see(who: str, loaded: Redshift, request: pytest.FixtureRequest) -> None:
    loaded.native("CREATE SCHEMA IF NOT EXISTS secret")
    loaded.native("CREATE TABLE IF NOT EXISTS secret.plans (plan VARCHAR(10))")
    engine: Redshift = request.getfixturevalue(who)

    for sql in HIDDEN:
        with pytest.raises(RightsError):
            engine.native(sql)
        rows(loaded, sql)  # the owner is answered


@pytest.mark.parametrize("who", ["reader", "analyst"])
def test_what_readers_cannot_do(who: str, loaded: Redshift, request: pytest.FixtureRequest) -> None:
    engine: Redshift = request.getfixturevalue(who)
    before = rows(loaded, "SELECT COUNT(*) AS n FROM songplay")

    for sql in FORBIDDEN:
        with pytest.raises(QueryError):
            engine.native(sql)
        assert rows(loaded, "SELECT COUNT(*) AS n FROM songplay") == before


def test_a_query_cannot_take_the_owners_rights_back(reader: Redshift) -> None:
    who = rows(reader, "SELECT CURRENT_USER")

    for sql in ESCAPES:
        with pytest.raises(QueryError):
            reader.native(sql)
        assert rows(reader, "SELECT CURRENT_USER") == who
        with pytest.raises(RightsError):
            rows(reader, "SELECT raw_text FROM etl_reject")


@pytest.mark.parametrize("who", ["reader", "analyst"])
def test_a_reader_ends_nobody_elses_session(
    who: str, loaded: Redshift, request: pytest.FixtureRequest
) -> None:
    engine: Redshift = request.getfixturevalue(who)

    with pytest.raises(QueryError):
        engine._sql(f"SELECT pg_terminate_backend({backend(loaded)}) AS done")  # not stopped by us
    with loaded.transaction():  # in which a session that was lost would not be opened again
        assert rows(loaded, "SELECT COUNT(*) AS n FROM users")[0][0] > 0


@pytest.mark.parametrize(
    "call",
    [
        "pg_terminate_backend({})", '"PG_Cancel_Backend"({})', "reboot_cluster()",
        "change_query_priority({}, 'Low')", "change_session_priority({}, 'Low')",
        "change_user_priority('a', 'Low')",
    ],
)  # fmt: skip
def test_a_question_that_acts_is_refused_with_all_rights_of_the_login_too(
    call: str, cluster: Cluster, loaded: Redshift
) -> None:
    asking = cluster.connect("public", read_only=True)
    sql = f"SELECT {call.format(backend(loaded))} AS done"

    with pytest.raises(QueryError, match=r"may not stand here: a question may only read\."):
        asking.native(sql)

    asking.close()
    with loaded.transaction():
        assert rows(loaded, "SELECT COUNT(*) AS n FROM users")[0][0] > 0


def test_a_session_that_is_opened_again_is_a_readers_too(reader: Redshift) -> None:
    who = rows(reader, "SELECT CURRENT_USER")
    sever(reader)

    assert rows(reader, "SELECT CURRENT_USER") == who


def test_a_warehouse_without_a_reader_is_not_asked_by_a_superuser(cluster: Cluster) -> None:
    owner = cluster.connect(f"test_{uuid.uuid4().hex[:12]}")

    with pytest.raises(ConfigError, match=r"has no reader yet.*`sparkify tables create` makes"):
        cluster.connect(owner._schema, rights="reader", read_only=True)
    owner.close()


def test_readers_are_let_in_by_the_next_load_and_lose_what_an_older_program_gave(
    loaded: Redshift, cluster: Cluster
) -> None:
    name = f"late_{uuid.uuid4().hex[:8]}"
    loaded.native(f"CREATE USER {name} PASSWORD 'Only4Tests'")
    loaded.native(f'GRANT USAGE ON SCHEMA "{loaded._schema}" TO {name}')
    loaded.native(f"GRANT SELECT ON {', '.join(OURS)} TO {name}")
    late = as_user(cluster, name, loaded._schema)
    assert rows(late, "SELECT COUNT(*) AS n FROM etl_forgotten")
    owner = cluster.connect(loaded._schema, readers=[name])

    prepare_tables(owner)
    prepare_tables(owner)

    assert rows(late, "SELECT COUNT(*) AS n FROM songplay")[0][0] == 3
    for hidden in ("etl_forgotten", "stg_songs"):
        with pytest.raises(RightsError):
            rows(late, f"SELECT COUNT(*) AS n FROM {hidden}")
    owner.close()
    late.close()


def test_public_a_group_and_a_role_are_readers_as_a_user_is(cluster: Cluster, loaded: Redshift) -> None:
    mark = uuid.uuid4().hex[:8]
    loaded.native(f"CREATE GROUP group_{mark}")
    loaded.native(f"CREATE ROLE role_{mark}")
    loaded.native(f'CREATE USER "IAM:{mark}" PASSWORD DISABLE')
    readers = ["PUBLIC", f"IAM:{mark}", f"GROUP group_{mark}", f"role role_{mark}"]
    engine = cluster.connect(loaded._schema, readers=readers)

    prepare_tables(engine)

    found = rows(
        engine, "SELECT grantee, table_name FROM information_schema.table_privileges "
        f"WHERE table_schema = '{engine._schema}' AND privilege_type = 'SELECT' AND grantee <> grantor",
    )  # fmt: skip
    names = {"PUBLIC", f"IAM:{mark}", f"group_{mark}", f"role_{mark}", engine._reader}
    assert set(found) == {(name, table) for name in names for table in SHARED}
    engine.native(f"REVOKE SELECT ON {', '.join(OURS)} FROM PUBLIC")
    engine.close()


def test_the_page_for_readers_says_what_they_see() -> None:
    """Each table and view that is granted is in docs/connecting.md, and no other."""
    lines = (ROOT / "docs" / "connecting.md").read_text().split("| table | readers see |")[1].splitlines()
    told = {
        name.split("(")[0].strip(): sees
        for table, sees in (line.strip("| ").split(" | ", 1) for line in lines[2:] if line.startswith("| "))
        for name in table.split(",")
    }

    for name in OURS:
        assert (told.get(name, "nothing") == "nothing") == (name not in SHARED), name


def test_a_reader_whom_the_cluster_does_not_know_is_named_before_anything_is_loaded(
    loaded: Redshift, cluster: Cluster
) -> None:
    owner = cluster.connect(loaded._schema, readers=["nobody_at_all"])

    with pytest.raises(ConfigError, match=r'\[REDSHIFT\] READERS: role "nobody_at_all" does not exist'):
        prepare_tables(owner)
    owner.close()


def test_who_may_write_but_owns_nothing_loads_and_leaves_the_readers_as_they_are(
    loaded: Redshift, cluster: Cluster, emulator: Emulator
) -> None:
    name = f"loader_{uuid.uuid4().hex[:8]}"
    loaded.native(f"CREATE USER {name} PASSWORD 'Only4Tests'")
    loaded.native(f'GRANT ALL ON SCHEMA "{loaded._schema}" TO {name}')
    loaded.native(f"GRANT ALL ON {', '.join(OURS)} TO {name}")
    loader = as_user(cluster, name, loaded._schema)
    asked = cluster.connect(loaded._schema, rights="reader", read_only=True)
    wire = emulator.clusters._known["test"].wire
    assert wire
    wire.faults.append(("GRANT USAGE", "42501", "permission denied for schema"))  # PostgreSQL only warns

    prepare_tables(loader)

    assert wire.faults == []
    assert rows(asked, "SELECT COUNT(*) AS n FROM songplay")[0][0] == 3
    asked.close()
    loader.close()


def test_two_warehouses_of_one_database_keep_their_readers_apart(cluster: Cluster, loaded: Redshift) -> None:
    other = cluster.connect(f"test_{uuid.uuid4().hex[:12]}")
    create_tables(other)
    asked = cluster.connect(other._schema, rights="reader", read_only=True)

    assert rows(asked, "SELECT COUNT(*) AS n FROM songplay") == [(0,)]
    with pytest.raises(RightsError):
        asked.native(f"SELECT COUNT(*) AS n FROM {loaded._schema}.songplay")
    asked.close()
    other.close()


def test_the_dashboard_asks_as_a_reader_and_checks_and_shows_rejects_as_the_owner(
    loaded: Redshift, cluster: Cluster
) -> None:
    asked: list[str] = []

    def opener(rights: Literal["login", "reader"]) -> Redshift:
        asked.append(rights)
        return cluster.connect(loaded._schema, rights=rights, read_only=True)

    live = Live(
        lambda _: opener("reader"), lambda _: check_everything(loaded), private=lambda _: opener("login")
    )
    closed = Live(lambda _: opener("reader"), lambda _: None)

    page, without = live.page(), closed.page()
    assert set(asked) == {"reader", "login"}
    assert (len(page["trust"]["checks"]) > 20, without["trust"]["checks"]) == (True, [])
    assert "rights of a reader" in " ".join(without["trust"]["facts"])
    found = live.answer(Asked(find_question("rejects")))
    assert ("raw_text" in found.columns, len(found.rows) > 0) == (False, True)  # it may name a listener
    assert asked[-1] == "login"
    with pytest.raises(RightsError):
        closed.answer(Asked(find_question("rejects")))
    assert closed.runs(9).rows == [row[:-1] for row in live.runs(9).rows] != []
    assert without["trust"]["runs"] == page["trust"]["runs"]


def test_a_readers_page_says_what_is_the_owners_and_names_no_command_that_a_reader_may_not_run(
    analyst: Redshift, loaded: Redshift
) -> None:
    now = dt.datetime(2018, 11, 30)
    loaded.insert("etl_warning", ("run_id", "kind", "message"), [(1, "empty", "secret.json is empty.")])

    page = gather(analyst, lambda: None, now, as_owner=lambda _: None)
    owners = unpacked(render(gather(loaded, lambda: None, now)))
    text = unpacked(render(page))

    assert page["trust"]["notices"]["more"] == 1
    assert ("1 more:" in text, "The messages may name files" in text) == (False, True)
    assert ("secret.json" in text, "secret.json" in owners) == (False, True)
    assert "<code>--check</code>" not in text
    assert "The messages may name files" not in owners
    assert "<code>--check</code>" in owners


def test_a_reader_is_told_whose_login_a_command_needs(analyst: Redshift) -> None:
    with pytest.raises(RightsError, match="needs the login of the warehouse's owner"):
        require_tables(analyst)


def test_the_dashboard_forbids_a_reader_what_is_the_owners() -> None:
    app = SimpleNamespace(state=SimpleNamespace(takes_sql=False))
    asked = Request({"type": "http", "query_string": b"", "app": app})
    answer = _failed(asked, RightsError("permission denied for table etl_reject"))

    assert answer.status_code == 403
    assert b"Only the owner of the warehouse sees this" in answer.body


def test_readers_see_the_star_and_the_views_and_no_column_that_holds_messages_names_or_records() -> None:
    assert set(SHARED) == {*STAR, *ddl.VIEWS}
    shown = {column for name in ddl.VIEWS for column, _ in ddl.view(name)[1]}
    assert not shown & {"uri", "raw_text", "message", "first_name", "last_name", "content_hash", "extra"}
    assert [name for name in ddl.VIEWS if "reason" in dict(ddl.view(name)[1])] == ["load_rejects"]


def test_each_warehouse_has_a_reader_of_its_own_however_long_its_name() -> None:
    long = "d" * 64
    names = {reader_of(long, schema) for schema in ("s" * 60, "s" * 60 + "1", "s" * 60 + "2", "ü" * 60)}

    assert len(names) == 4
    assert all(len(name.encode()) <= 127 for name in names)
