"""What is recorded of a run holds no value, and is the same for two runs of the same."""

import datetime as dt
import json
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sparkify import recorder
from sparkify.errors import ConfigError


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(recorder.VARIABLE, str(tmp_path / "log.jsonl"))
    return tmp_path / "log.jsonl"


def cursor(*rows: list[Any]) -> Any:
    return SimpleNamespace(description=[("a", 1043), (b"b", 20)], rowcount=-1, _cached_rows=deque(rows))


def entries(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_without_a_file_nothing_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(recorder.VARIABLE, raising=False)

    recorder.answered("SELECT 1", None)
    recorder.refused("SELECT 1", ValueError())


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ("SELECT a FROM t WHERE b = 'Lily ''K''' -- Lily", "SELECT a FROM t WHERE b = ?"),
        (r"SELECT 'it\'s Lily' AS a", "SELECT ? AS a"),
        ("SELECT -12.5e3, a1 FROM t2 LIMIT 7", "SELECT -?, a1 FROM t2 LIMIT ?"),
        (
            "-- why\nCREATE TABLE t (a VARCHAR(9), b NUMERIC(18, 0))",
            "CREATE TABLE t (a VARCHAR(9), b NUMERIC(18, 0))",
        ),
        ("CREATE TEMP TABLE t AS SELECT 88 AS user_id", "CREATE TEMP TABLE t AS SELECT ? AS user_id"),
        ("INSERT INTO t (a) VALUES ('Lily', 1), (NULL, 2)", "INSERT INTO t (a) VALUES (?)"),
        ("DELETE FROM t WHERE user_id IN (8, 9, 10)", "DELETE FROM t WHERE user_id IN (?)"),
        ('SELECT "a 1" FROM t', 'SELECT "a 1" FROM t'),
    ],
)
def test_no_literal_is_left_in_a_statement(sql: str, shape: str) -> None:
    assert recorder.shape(sql) == shape


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('invalid input syntax for type integer: "Lily"', "invalid input syntax for type integer: ?"),
        ('column "b" does not exist', 'column "b" does not exist'),
        ("value 88 is out of range", "value ? is out of range"),
        ("value too long for type character varying(256)", "value too long for type character varying(?)"),
        ("User arn:aws:redshift:us-west-2:123456789012:dbuser:x/y may not", "User ? may not"),
        ("Access Denied,s3://secret-bucket/lily.json", "Access Denied,?"),
    ],
)
def test_no_value_is_left_in_a_message(said: str, told: str) -> None:
    assert recorder.without_values(said, "SELECT b FROM t WHERE a = 'Lily' AND c = 88") == told


def test_of_an_answer_there_are_names_types_and_digests(log: Path) -> None:
    recorder.answered("SELECT a, b FROM t", cursor(["Lily", 1], ["Koch", 2]))

    entry = entries(log)[0]
    assert (entry["sql"], entry["rows"]) == ("SELECT a, b FROM t", 2)
    assert [column[:2] for column in entry["columns"]] == [["a", 1043], ["b", 20]]
    assert "Lily" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_neither_the_order_of_rows_nor_what_is_the_runs_own_changes_a_digest(log: Path) -> None:
    now, then = dt.datetime.now(dt.UTC).replace(tzinfo=None), dt.datetime(2018, 11, 1)
    first = [[f"s3://one/x/{'0' * 32}/a", now], ["b", then]]
    second = [["b", then], [f"s3://two/x/{'f' * 32}/a", now - dt.timedelta(hours=1)]]
    for rows in (first, second, [["s3://one/y", now], ["b", then]], [first[0], ["b", now]]):
        recorder.answered("SELECT 1", cursor(*rows))

    same, again, other_text, other_time = (entry["columns"] for entry in entries(log))
    assert same == again
    assert (same[0] == other_text[0], same[1] == other_text[1]) == (False, True)
    assert (same[0] == other_time[0], same[1] == other_time[1]) == (True, False)


def test_a_refusal_is_recorded_with_its_state(log: Path) -> None:
    recorder.refused("SELECT b FROM t", ValueError({"C": "42703", "M": 'column "b" of 7 does not exist'}))

    assert entries(log) == [
        {"sql": "SELECT b FROM t", "state": "42703", "error": 'column "b" of ? does not exist'}
    ]


def test_a_file_that_cannot_be_written_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(recorder.VARIABLE, "/nowhere/at/all")

    with pytest.raises(ConfigError, match="SPARKIFY_STATEMENT_LOG: /nowhere/at/all cannot be written"):
        recorder.answered("SELECT 1", cursor())
