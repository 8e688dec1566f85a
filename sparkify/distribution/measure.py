"""The designs measured on a cluster: the same rows, sort keys and encodings, the same questions, in turns.

Each design gets a schema of its own, which is dropped whatever happens. What the emulator answers is no
measurement: the whole path is walked there and *rehearsed* is all that is said of it.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import exp

from sparkify.distribution.advisor import Advisor, Design, Ranked
from sparkify.distribution.formatting import compared
from sparkify.distribution.placement import Style
from sparkify.distribution.workload import Item
from sparkify.engines.base import Engine
from sparkify.errors import QueryError, WarehouseError
from sparkify.sql import schema, statement

AUTO = Style("AUTO")
MANY = 100_000_000
"""Rows of the fact below which blocks of 1 MB and start-up times hide what a design does."""
HISTORY = """
SELECT query_label, query_id, execution_time, queue_time, compile_time, elapsed_time
FROM sys_query_history WHERE query_label LIKE :label AND status = 'success' ORDER BY query_id
"""
DETAIL = """
SELECT h.query_label, LOWER(d.step_name) AS step, SUM(d.output_bytes) AS output_bytes,
    MAX(d.data_skewness) AS data_skewness, MAX(d.time_skewness) AS time_skewness
FROM sys_query_detail AS d JOIN sys_query_history AS h ON h.query_id = d.query_id
WHERE h.query_label LIKE :label AND LOWER(d.step_name) IN ('broadcast', 'distribute')
GROUP BY h.query_label, LOWER(d.step_name)
"""
EXPLAIN = """
SELECT h.query_label, e.plan_node
FROM sys_query_explain AS e JOIN sys_query_history AS h ON h.query_id = e.query_id
WHERE h.query_label LIKE :label AND e.plan_node LIKE '%DS_%' ORDER BY h.query_label, e.plan_node_id
"""
TABLES = """
SELECT "schema", "table", diststyle, size, skew_rows, tbl_rows
FROM svv_table_info WHERE "schema" LIKE :label ORDER BY "schema", "table"
"""


@dataclass(frozen=True)
class Measurement:
    """What is to be built and asked, where."""

    engine: Engine
    home: str
    """The schema of the warehouse that the rows come from."""
    label: str
    """What our schemas and queries are called by; no other's."""
    designs: Mapping[str, Design]
    questions: Sequence[Item]
    runs: int
    say: Callable[[str], None]
    made: list[str] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        """Build, ask in turns, read what the cluster noted; leave nothing behind."""
        with self._schemas():
            for name, design in self.designs.items():
                self.say(f"building {name}")
                self._build(name, design)
            self.engine.native("SET enable_result_cache_for_session TO off")
            for turn in range(self.runs + 1):
                self.say(f"run {turn} of {self.runs}" if turn else "warming up")
                self._ask_all(turn)
            self.engine.native("RESET query_group")
            return self._read()

    @contextlib.contextmanager
    def _schemas(self) -> Iterator[None]:
        """A schema for each design, gone at the end of the block."""
        try:
            for name in self.designs:
                self.engine.native(f"CREATE SCHEMA {self._schema(name)}")
                self.made.append(self._schema(name))
            yield
        finally:
            self._drop()

    def _drop(self) -> None:
        self.engine.native(f'SET search_path TO "{self.home}"')
        left = []
        for name in self.made:
            try:
                self.engine.native(f"DROP SCHEMA {name} CASCADE")
            except QueryError:
                left.append(name)
        if left:
            raise WarehouseError(f"still there: {', '.join(left)}. DROP SCHEMA ... CASCADE removes each.")

    def _build(self, name: str, design: Design) -> None:
        self.engine.native(f"SET search_path TO {self._schema(name)}")
        for table in reversed(schema.STAR):
            self.engine.native(create(table, design[table]))
            columns = ", ".join(schema.table(table).column_names)
            self.engine.native(f'INSERT INTO {table} ({columns}) SELECT {columns} FROM "{self.home}".{table}')
            self.engine.native(f"ANALYZE {table}")

    def _ask_all(self, turn: int) -> None:
        """Every question under every design; each turn begins with another design."""
        names = list(self.designs)
        first = turn % len(names)
        for item in self.questions:
            for name in (*names[first:], *names[:first]):
                self.engine.native(f"SET search_path TO {self._schema(name)}")
                self.engine.native(f"SET query_group TO '{self._label(name, item.name, turn)}'")
                self.engine.native(item.text)

    def _read(self) -> dict[str, Any]:
        """What the cluster says, by design and question; the warm-up is left out."""
        version = str(self.engine.native("SELECT version() AS version").scalar())
        if "Redshift" not in version or "emulator" in version:
            return {"rehearsed": True}
        like = {"label": f"{self.label}%"}
        found: dict[str, Any] = {}
        for label, _, execution, queue, compiling, elapsed in self.engine.query(HISTORY, like).rows:
            name, question, turn = self._parts(label)
            if turn:
                entry = found.setdefault(question, {}).setdefault(
                    name, {"execution_us": [], "sent": {}, "labels": []}
                )
                entry["execution_us"].append(execution)
                entry.setdefault("noted", []).append([queue, compiling, elapsed])
        if not found:
            raise WarehouseError(
                "SYS_QUERY_HISTORY shows none of our queries: may this user see it? (SYSLOG ACCESS)"
            )
        for label, step, sent, data_skew, time_skew in self.engine.query(DETAIL, like).rows:
            name, question, turn = self._parts(label)
            if turn == 1:
                found[question][name]["sent"][step] = {
                    "bytes": sent,
                    "data_skew": data_skew,
                    "time_skew": time_skew,
                }
        for label, node in self.engine.query(EXPLAIN, like).rows:
            name, question, turn = self._parts(label)
            if turn == 1:
                found[question][name]["labels"] += [word for word in node.split() if word.startswith("DS_")]
        tables = self.engine.query(TABLES, like)
        return {
            "rehearsed": False,
            "measured": found,
            "tables": [dict(zip(tables.columns, row, strict=True)) for row in tables.rows],
        }

    def _schema(self, name: str) -> str:
        return f"{self.label}_{name.lower()}"

    def _label(self, name: str, question: str, turn: int) -> str:
        return f"{self.label}|{name}|{question}|{turn}"

    def _parts(self, label: str) -> tuple[str, str, int]:
        _, name, question, turn = label.strip().split("|")
        return name, question, int(turn)


def create(table: str, style: Style) -> str:
    """The table's own DDL under another style; keys and sort keys stay as they are.

    >>> create("etl_lock", Style("EVEN")).splitlines()[-1]
    'CREATE TABLE IF NOT EXISTS etl_lock (lock_id INTEGER) DISTSTYLE EVEN'
    """
    tree = sqlglot.parse_one(statement("tables", table).text, read="redshift")
    for node in tree.walk():
        node.comments = None
    kept = [
        one for one in tree.args["properties"].expressions
        if not isinstance(one, exp.DistStyleProperty | exp.DistKeyProperty)
    ]  # fmt: skip
    own: list[exp.Expr] = [exp.DistStyleProperty(this=exp.var("KEY" if style.key else style.name))]
    own += [exp.DistKeyProperty(this=exp.to_identifier(style.key))] if style.key else []
    tree.set("properties", exp.Properties(expressions=[*own, *kept]))
    return tree.sql("redshift")


def designs(ranking: Sequence[Ranked]) -> dict[str, Design]:
    """The present design, EVEN, ALL, AUTO and the advice."""
    shown = {name: one.design for name, one in compared(ranking).items()}
    return {
        **{name: shown[name] for name in ("present", "EVEN", "ALL")},
        "AUTO": dict.fromkeys(shown["present"], AUTO),
        "advised": shown["advised"],
    }


def about_the_star(items: Sequence[Item]) -> list[Item]:
    """The questions that only read what a design is about."""
    return [
        one for one in items
        if one.group == "question" and one.query.scanned and one.query.scanned.keys() <= set(schema.STAR)
    ]  # fmt: skip


def predicted(advisor: Advisor, questions: Sequence[Item], found: Mapping[str, Design]) -> dict[str, Any]:
    """What the advisor says of the same questions and designs; of AUTO nobody can say anything."""
    return {
        item.name: {
            name: {
                "sent": round(sum(one.sent.bytes for one in cost.moves)),
                "crossed": round(cost.moved),
                "labels": [one.label for one in cost.moves if one.label],
            }
            for name, design in found.items()
            if name != "AUTO"
            for cost in [advisor.cost(item, design)]
        }
        for item in questions
    }
