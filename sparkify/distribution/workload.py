"""What the advisor looks at: the questions with their weights, and the statements of a load."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from sparkify.clock import EVER
from sparkify.distribution.builder import Builder
from sparkify.distribution.plan import Column, Query
from sparkify.engines.base import Engine, Value
from sparkify.engines.dialect import to_redshift
from sparkify.errors import ConfigError
from sparkify.sql import Statement, schema, statement, statements

IDENTIFYING = {"session_id", "title", "artist_name", "name", "song", "artist", "raw_text"}
"""Columns beside the keys of the DDL of which more listeners and songs mean more values."""
LOAD = "load"
"""What a load is called among the weights."""
SEARCHED = (*schema.STAR, *schema.STAGING)


@dataclass(frozen=True)
class Item:
    """A statement of the workload. `writes` is the table that its rows go into, if any."""

    name: str
    group: Literal["question", "load"]
    query: Query
    weight: float
    writes: str = ""
    text: str = ""
    """A question's SQL, its values filled in."""


@dataclass(frozen=True)
class Workload:
    """The statements, the tables that they read, and the temporary tables that a load makes."""

    items: Sequence[Item]
    tables: Mapping[str, Mapping[str, Column]]
    temporary: Mapping[str, Query]


def read_workload(
    engine: Engine, weights: Mapping[str, float], load: Sequence[Statement], own: Sequence[Statement] = ()
) -> Workload:
    """Read the questions and, in their order, the statements of a load.

    Makes the temporary tables of the latest load, to count them.

    Raises ConfigError for a weight of something that is no question.
    """
    tables: dict[str, Mapping[str, Column]] = {name: _columns(name) for name in schema.ALL}
    latest = int(engine.query(
        "SELECT COALESCE(MAX(run_id), 0) AS latest FROM "
        "(SELECT run_id FROM stg_events UNION ALL SELECT run_id FROM stg_songs) AS record"
    ).scalar())  # fmt: skip
    values: dict[str, Value] = {
        "since": EVER[0], "until": EVER[1], "level": None, "limit": 10, "run": None,
        "first_run": latest, "last_run": latest, "first_time": EVER[0], "last_time": EVER[1],
    }  # fmt: skip
    questions = [*statements("questions"), *own]
    if unknown := weights.keys() - {one.name for one in questions} - {LOAD}:
        raise ConfigError(f"there is no question {min(unknown)!r} to weigh. `sparkify ask` lists them.")
    temporary: dict[str, Query] = {}
    items: list[Item] = []
    for one in load:
        tree = sqlglot.parse_one(to_redshift(one.text, values), read="redshift")
        read, writes, pinned = _reads(tree)
        built = Builder(tables).build(read, pinned)
        if isinstance(tree, exp.Create):
            engine.execute(one.text, {name: values[name] for name in values if f":{name}" in one.text})
            tables[one.name], temporary[one.name] = built.outputs, built
            writes = ""
        items.append(Item(one.name, "load", built, weights.get(LOAD, 1.0), writes))
    for one in questions:
        try:
            tree = sqlglot.parse_one(to_redshift(one.text, values), read="redshift")
            if not isinstance(tree, exp.Query):
                raise ConfigError(f"{one.name} is no SELECT: a question only reads.")
            text = tree.sql("redshift", comments=False)
            query = Builder(tables).build(_without_views(tree))
        except SqlglotError as error:
            said = " ".join(str(error).split("\n")[0].split())
            raise ConfigError(f"{one.name}.sql cannot be read: {said}") from error
        items.append(Item(one.name, "question", query, weights.get(one.name, 1.0), text=text))
    return Workload(items, tables, temporary)


def forget(engine: Engine, workload: Workload) -> None:
    """Drop the temporary tables of `read_workload`."""
    for name in workload.temporary:
        engine.execute(f"DROP TABLE {name}")


def tables_of(workload: Workload, query: Query) -> frozenset[str]:
    """The tables whose style decides what a query moves, also by way of temporary ones."""
    found: set[str] = set()
    for source in query.scanned:
        below = workload.temporary.get(source)
        found |= tables_of(workload, below) if below else {source}
    return frozenset(found)


def read_weights(file: Path) -> dict[str, float]:
    """Weights from a CSV file of `question,weight`. Raises ConfigError naming the line that is none."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}. Check --weights.") from error
    found = {}
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        if not row or row[0].startswith("#") or (number == 1 and row == ["question", "weight"]):
            continue
        try:
            name, weight = row[0].strip(), float(row[1])
        except (IndexError, ValueError) as error:
            raise ConfigError(
                f"{file}, line {number}: 'question,weight' is expected, such as 'sessions,24'."
            ) from error
        if not 0 <= weight < float("inf"):
            raise ConfigError(f"{file}, line {number}: a weight is 0 or more, not {row[1]}.")
        found[name] = weight
    return found


def read_questions(folder: Path) -> list[Statement]:
    """Questions of the user's own: every SQL file of a folder."""
    return [
        Statement(file.stem, "", file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.sql"))
    ]


def _without_views(tree: exp.Query) -> exp.Query:
    """The query with each of our views as the subquery that it stands for."""
    for node in list(tree.find_all(exp.Table)):
        if node.name in schema.VIEWS:
            view = sqlglot.parse_one(statement("views", node.name).text, read="redshift").expression
            assert isinstance(view, exp.Query)
            node.replace(_without_views(view).subquery(node.alias_or_name))
    return tree


def _reads(tree: exp.Expr) -> tuple[exp.Query, str, str]:
    """What a statement reads as a query, the table it writes, and the source whose rows must not move.

    DELETE and UPDATE become the SELECT of the rows that they change.
    """
    if isinstance(tree, exp.Create | exp.Insert):
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        query = tree.expression
        assert isinstance(query, exp.Query)
        if above := tree.args.get("with_"):
            query.set("with_", above.pop())
        return query, target.name, ""
    assert isinstance(tree, exp.Delete | exp.Update)
    target = tree.this
    others = tree.args.get("using") or [tree.args["from_"].this]
    set_ = [one.expression.copy() for one in tree.expressions] if isinstance(tree, exp.Update) else []
    select = exp.select(exp.column(schema.table(target.name).primary_key[0], target.name), *set_).from_(
        target.copy()
    )
    for other in others:
        select = select.join(other.copy(), join_type="cross")
    return select.where(tree.args["where"].this.copy()), "", target.alias_or_name


def _columns(name: str) -> dict[str, Column]:
    identifying = set(IDENTIFYING)
    for one in map(schema.table, schema.STAR):
        identifying |= {*one.primary_key, *(column for column, _, _ in one.foreign_keys)}
    is_ledger = name in schema.LEDGER
    return {
        one.name: Column(one.type, not is_ledger and one.name in identifying)
        for one in schema.table(name).columns
    }
