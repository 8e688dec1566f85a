"""The protocol, message by message: what is pipelined, fails in the middle, or is one transaction.

PostgreSQL's documentation, "Message Flow": what it answers is written here as it was answered by one.
"""

import uuid
from collections.abc import Iterator

import pytest

from sparkify.emulator.grammar import documented
from sparkify.emulator.lexer import statements
from sparkify.emulator.rewriting import rewrite
from tests.clusters import Bucket, Cluster
from tests.wire import FLUSH, SYNC, Wire, execute, parse, query, run, said


@pytest.fixture
def wire(cluster: Cluster) -> Iterator[Wire]:
    wire = Wire(cluster.address)
    yield wire
    wire.close()


@pytest.fixture
def table(wire: Wire) -> Iterator[str]:
    name = f"w_{uuid.uuid4().hex[:8]}"
    wire.ask(query(f"CREATE TABLE {name} (n INTEGER)"))
    yield name
    wire.ask(SYNC, query("ROLLBACK"), query(f"DROP TABLE {name}"), ends=3)


def test_what_is_pipelined_is_answered_in_order_up_to_the_first_error(wire: Wire, table: str) -> None:
    insert = f"INSERT INTO {table} VALUES (1)"

    assert wire.ask(run("SELECT 1", "SELECT 1/0", "SELECT 2"), SYNC) == "1 2 D1 C[SELECT 1] 1 E22012 ZI"
    assert wire.ask(run(insert, "SELECT 1/0"), SYNC) == "1 2 C[INSERT 0 1] 1 E22012 ZI"
    assert wire.ask(run("VACUUM", "SELECT 3"), SYNC) == "1 2 C[VACUUM] 1 2 D3 C[SELECT 1] ZI"
    assert wire.ask(run("SELECT 4"), FLUSH, run(f"SELECT COUNT(*) FROM {table}"), SYNC) == (
        "1 2 D4 C[SELECT 1] 1 2 D0 C[SELECT 1] ZI"
    )


def test_an_error_is_said_before_the_sync(wire: Wire) -> None:
    """PostgreSQL: the frontend may wait for it (elog.c flushes errors)."""
    assert wire.ask(parse("SELEC"), FLUSH, SYNC) == "E42601 ZI"
    wire._socket.sendall(parse("SELEC"))

    assert wire._receive()[0] == b"E"
    assert wire.ask(SYNC) == "ZI"


@pytest.mark.parametrize("wrong", ["SELECT 1/0", "SELEC"])
def test_after_an_error_a_query_is_skipped_up_to_sync_too(wire: Wire, wrong: str) -> None:
    said = wire.ask(run(wrong), query("SELECT 5"), SYNC).removeprefix("1 ")

    assert said in ("E22012 ZI", "E42601 ZI")
    assert wire.ask(query("SELECT 6")) == "T D6 C[SELECT 1] ZI"


def test_a_table_that_is_created_in_a_pipeline_that_fails_is_not_there(wire: Wire) -> None:
    name = f"w_{uuid.uuid4().hex[:8]}"

    assert wire.ask(run(f"CREATE TABLE {name} (n INTEGER)", "SELECT 1/0"), SYNC) == (
        "1 2 C[CREATE TABLE] 1 E22012 ZI"
    )
    assert wire.ask(query(f"SELECT n FROM {name}")) == "E42P01 ZI"


def test_the_state_of_a_transaction_is_known_before_the_sync(wire: Wire, table: str) -> None:
    """psycopg 3 sends BEGIN without a Sync when it pipelines."""
    insert = f"INSERT INTO {table} VALUES (1)"

    assert wire.ask(run("BEGIN", "VACUUM"), SYNC) == "1 2 C[BEGIN] 1 2 E25001 ZE"
    assert wire.ask(run("ROLLBACK", "BEGIN", "COMMIT", "VACUUM"), SYNC).endswith("C[VACUUM] ZI")
    assert wire.ask(run("BEGIN", f"TRUNCATE {table}", insert), SYNC).endswith("C[INSERT 0 1] ZI")
    assert wire.ask(query("ROLLBACK"), query(f"SELECT n FROM {table}"), ends=2).endswith("D1 C[SELECT 1] ZI")


def test_a_copy_in_a_pipeline_ends_no_transaction(
    wire: Wire, table: str, cluster: Cluster, bucket: Bucket
) -> None:
    bucket.put("numbers/a.json", b'{"n": 5}')
    copy = f"COPY {table} FROM '{bucket.uri}/numbers' IAM_ROLE '{cluster.role}' JSON 'auto'"
    insert, count = f"INSERT INTO {table} VALUES (1)", f"SELECT COUNT(*) FROM {table}"

    assert wire.ask(run(insert, copy, "SELECT 1/0"), SYNC) == "1 2 C[INSERT 0 1] 1 2 C[COPY 1] 1 E22012 ZI"
    assert wire.ask(query(f"{insert}; {copy}; SELECT 1/0")) == "C[INSERT 0 1] C[COPY 1] E22012 ZI"
    assert wire.ask(query(count)) == "T D0 C[SELECT 1] ZI"
    assert wire.ask(run(insert, copy), SYNC) == "1 2 C[INSERT 0 1] 1 2 C[COPY 1] ZI"
    assert wire.ask(run(copy, "BEGIN", insert), SYNC).endswith("C[BEGIN] 1 2 C[INSERT 0 1] ZT")
    assert wire.ask(query("ROLLBACK"), query(count), ends=2).endswith("D2 C[SELECT 1] ZI")


@pytest.mark.parametrize("begin", ["", "COMMIT; ", "SELECT 1; "])
@pytest.mark.parametrize("wrong", ["SELECT 1/0", "VACUUM", "SELECT n FROM none", "SELECT n * 2.0 FROM none"])
def test_statements_of_one_text_are_one_transaction(wire: Wire, table: str, begin: str, wrong: str) -> None:
    """Also psycopg2#1201: VACUUM is refused among others."""
    answers = wire.ask(query(f"{begin}INSERT INTO {table} VALUES (1); {wrong}"))

    assert answers.split()[-2:] in (["E22012", "ZI"], ["E25001", "ZI"], ["E42P01", "ZI"])
    assert wire.ask(query(f"SELECT COUNT(*) FROM {table}")) == "T D0 C[SELECT 1] ZI"


def test_a_text_may_begin_and_end_transactions_itself(wire: Wire, table: str) -> None:
    insert = f"INSERT INTO {table} VALUES (1)"
    count = query(f"SELECT COUNT(*) FROM {table}")

    assert wire.ask(query(f"{insert}; COMMIT; {insert}; SELECT 1/0")).endswith("E22012 ZI")
    assert wire.ask(count) == "T D1 C[SELECT 1] ZI"
    assert wire.ask(query(f"{insert}; BEGIN; {insert}")) == "C[INSERT 0 1] C[BEGIN] C[INSERT 0 1] ZT"
    assert wire.ask(query("ROLLBACK; " + insert)) == "C[ROLLBACK] C[INSERT 0 1] ZI"
    assert wire.ask(count) == "T D2 C[SELECT 1] ZI"
    assert wire.ask(query(f"{insert}; TRUNCATE {table}; {insert}; SELECT 1/0")).endswith("E22012 ZI")
    assert wire.ask(count) == "T D0 C[SELECT 1] ZI"
    assert wire.ask(query(f"{insert}; {insert}")) == "C[INSERT 0 1] C[INSERT 0 1] ZI"
    assert wire.ask(count) == "T D2 C[SELECT 1] ZI"


def test_a_statement_of_the_fronts_own_is_prepared_and_closed_as_any(wire: Wire) -> None:
    close = said(b"C", b"Sown\0")

    assert wire.ask(parse("ANALYZE", "own"), said(b"D", b"Sown\0"), execute("own"), close, SYNC) == (
        "1 t n 2 C[ANALYZE] 3 ZI"
    )
    assert wire.ask(execute("own"), SYNC) == "E26000 ZI"
    assert wire.ask(parse("ANALYZE", "own"), parse("SELECT 1", "own"), SYNC) == "1 E42P05 ZI"
    assert wire.ask(execute("own", "gone"), SYNC, execute("own"), SYNC, ends=2).endswith("C[ANALYZE] ZI")
    assert wire.ask(said(b"E", b"gone\0" + bytes(4)), SYNC) == "E34000 ZI"


@pytest.mark.parametrize(
    ("message", "state"),
    [
        (said(b"P", b"\0SELECT '\xff'\0\0\0"), "22021"),
        (said(b"P", b"abc"), "08P01"),
        (said(b"B", b"abc\0d"), "08P01"),
        (said(b"E", b"abc"), "08P01"),
    ],
)
def test_a_message_that_cannot_be_read_fails_and_the_session_goes_on(
    wire: Wire, message: bytes, state: str
) -> None:
    assert wire.ask(message, SYNC) == f"E{state} ZI"
    assert wire.ask(run("SELECT 1"), SYNC) == "1 2 D1 C[SELECT 1] ZI"


@pytest.mark.parametrize("messages", [query("SELECT 1"), run("SELECT 1") + SYNC])
def test_a_session_that_is_terminated_is_told_so(wire: Wire, cluster: Cluster, messages: bytes) -> None:
    other = Wire(cluster.address)

    wire.ask(query(f"SELECT pg_terminate_backend({other.process})"))

    assert other.ask(messages) == "E57P01 EOF"
    other.close()


def test_a_table_that_exists_keeps_its_design(wire: Wire, table: str) -> None:
    """CREATE TABLE IF NOT EXISTS: "no error if the table exists", and nothing is changed."""
    design = f"SELECT diststyle FROM svv_table_info WHERE \"table\" = '{table}'"
    before = wire.ask(query(design))

    said = wire.ask(query(f"CREATE TABLE IF NOT EXISTS {table} (n INTEGER) DISTSTYLE ALL"))

    assert said == "C[CREATE TABLE] ZI"
    assert (wire.ask(query(design)), before) == (before, "T DAUTO(ALL) C[SELECT 1] ZI")


def test_long_statements_are_not_remembered() -> None:
    """Inserts of many rows are hardly ever the same twice: thousands of them would fill the memory."""
    short, long = (f"INSERT INTO t VALUES {', '.join(['(1, NULL)'] * rows)}" for rows in (2, 2000))

    assert rewrite(short) is rewrite(short)
    assert rewrite(long) is not rewrite(long)
    (part,), (many,) = statements(short), statements(long)
    assert documented(part)[0] is documented(part)[0]
    assert documented(many)[0] is not documented(many)[0]
