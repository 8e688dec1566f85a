"""Only what AWS documents reaches the driver, by the emulator's grammar and by another parser."""

import os
import sys
from collections.abc import Sequence

import pytest

from sparkify.emulator import grammar
from sparkify.emulator.lexer import tokens
from sparkify.emulator.service import Emulator
from tests import statements
from tests.clusters import Bucket, Cluster
from tests.torture import long

UNKNOWN_TO_THE_PARSER = ("SET SESSION AUTHORIZATION ", "SET enable_result_cache_for_session ")
"""Documented by AWS on pages of these names; sqlfluff's grammar of Redshift lacks them."""


@pytest.fixture(scope="module")
def sent(emulator: Emulator, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """One statement of each shape."""
    found = statements.sent_by_every_command(cluster, Bucket(emulator), tmp_path_factory.mktemp("statements"))
    return list({statements.general(sql): sql for sql in found}.values())


def _shortened(sql: str) -> str:
    """The statement, long values left out: they are no SQL, and the parser has other escapes in strings."""
    out, end = [], 0
    for token in tokens(sql):
        out.append(
            sql[end : token.start]
            + ("'x'" if token.kind == "string" and len(token.text) > 40 else token.text)
        )
        end = token.end
    return "".join(out)


def test_every_statement_is_documented(sent: Sequence[str]) -> None:
    for sql in sent:
        grammar.check(sql)  # raises Refused

    assert len(sent) > 150


def test_the_page_of_statements_is_what_is_sent(sent: Sequence[str]) -> None:
    assert statements.page(list(sent)) == statements.PAGE.read_text(encoding="utf-8")


@long
@pytest.mark.timeout(1200)  # it reads 4 kB of SQL a second
def test_another_parser_of_the_dialect_accepts_every_statement(sent: Sequence[str]) -> None:
    try:
        from sqlfluff.core import FluffConfig, Linter
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("sqlfluff is not installed: pip install '.[dev]'")
    linter = Linter(config=FluffConfig(overrides={"dialect": "redshift", "max_parse_depth": 1000}))

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)  # it descends a deep CASE by recursion
    wrong = {
        sql: [str(problem) for problem in linter.parse_string(_shortened(sql)).violations]
        for sql in sent
        if not sql.startswith(UNKNOWN_TO_THE_PARSER)
    }
    sys.setrecursionlimit(limit)

    assert {sql: problems for sql, problems in wrong.items() if problems} == {}


@pytest.mark.parametrize(
    "sql",
    ["SELECT CURRENT_SCHEMA", "SELECT 1 LIMIT 9223372036854775807", "SELECT STRING_AGG(a, ',') FROM t"],
)
def test_a_statement_that_is_not_documented_is_refused(sql: str) -> None:
    with pytest.raises(grammar.Refused):
        grammar.check(sql)
