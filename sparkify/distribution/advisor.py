"""Every combination of styles, what the workload costs under each, and which is best."""

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sparkify.distribution.exchange import Run
from sparkify.distribution.placement import Cluster, Move, Place, Profile, Style
from sparkify.distribution.plan import Block, Query, Union
from sparkify.distribution.sizes import PLAIN, Sizes, Volume
from sparkify.distribution.slices import Spread, TableSizes
from sparkify.distribution.workload import SEARCHED, Item, Workload, tables_of
from sparkify.engines.base import Reader
from sparkify.sql import schema

REDSHIFT = Profile(PLAIN, frozenset(["distribute", "broadcast"]), "cheapest")
Design = Mapping[str, Style]
EVEN, ALL = Style("EVEN"), Style("ALL")
WORTH = 0.01
"""The share of a workload's cost that a change must save to be advised."""


@dataclass(frozen=True)
class Cost:
    """What a statement costs under a design, in bytes."""

    moves: tuple[Move, ...]
    scanned: float
    """What the slowest slice reads."""

    @property
    def moved(self) -> float:
        """What crosses from node to node."""
        return sum(one.crossed for one in self.moves)


@dataclass(frozen=True)
class Ranked:
    """A design: its place among all, and what the workload costs under it, in bytes."""

    rank: int
    design: Design
    score: float
    moved: float
    scanned: float
    load_moved: float
    stored: float


class Advisor:
    """Predicts what a workload costs under any design, from counts of the warehouse at hand."""

    def __init__(
        self,
        reader: Reader,
        workload: Workload,
        cluster: Cluster,
        *,
        grow: int = 1,
        profile: Profile = REDSHIFT,
    ) -> None:
        self.workload, self.cluster, self.grow = workload, cluster, grow
        self._profile = profile
        self._sizes = Sizes(reader, profile.encoding, cluster.slices, grow)
        names = [*schema.ALL, *workload.temporary]
        self.tables = {name: TableSizes(reader, name, workload.tables[name], grow) for name in names}
        self._spreads: dict[tuple[str, Style], Spread] = {}
        self._costs: dict[tuple[str, str, tuple[Style, ...]], Cost] = {}
        self._known: dict[Hashable, tuple[Place, list[Move]]] = {}
        self._tables_of: dict[Query, Sequence[str]] = {}
        self._places: dict[tuple[str, tuple[Style, ...]], Place] = {}
        self._fixed = {name: ddl_style(name) for name in schema.LEDGER}
        self.candidates = {name: self._styles(name) for name in SEARCHED}

    def spread(self, table: str, style: Style) -> Spread:
        """Where the rows of a table lie under a style."""
        if (table, style) not in self._spreads:
            self._spreads[table, style] = self.tables[table].spread(style, self.cluster)
        return self._spreads[table, style]

    def cost(self, item: Item, design: Design) -> Cost:
        """What a statement costs; only the styles of the tables it reads matter."""
        about = sorted({*self._about(item.query), item.writes} - {""} - set(self._fixed))
        key = item.group, item.name, tuple(design[name] for name in about)
        if key not in self._costs:
            styles = {**self._fixed, **{name: design[name] for name in about}}
            run = self._run(styles)
            place = run.place(item.query)
            if item.writes in design:
                self._write(
                    run, item, place.within([design[item.writes].key]) and place.lying == "hash", design
                )
            self._costs[key] = Cost(tuple(run.moves), self._scan(item.query, styles))
        return self._costs[key]

    def rank(self) -> list[Ranked]:
        """Every combination, the cheapest first."""
        names = list(self.candidates)
        shape = tuple(len(self.candidates[name]) for name in names)
        moved, read, load, stored = (np.zeros(shape) for _ in range(4))
        for item in (one for one in self.workload.items if one.weight):
            crossed, slowest = self._table(item, names)
            if item.group == "load":
                load += crossed
            moved += item.weight * crossed
            read += item.weight * slowest
        for axis, name in enumerate(names):
            sizes = [self.spread(name, style).stored for style in self.candidates[name]]
            stored += np.reshape(sizes, [-1 if axis == n else 1 for n in range(len(names))])
        score = moved + read
        order = np.lexsort((stored.ravel(), score.ravel()))
        found = []
        for rank, flat in enumerate(order, 1):
            at = np.unravel_index(flat, shape)
            design = {name: self.candidates[name][int(i)] for name, i in zip(names, at, strict=True)}
            values = (float(one[at]) for one in (score, moved, read, load, stored))
            found.append(Ranked(rank, design, *values))
        return found

    def _run(self, styles: Design) -> Run:
        return Run(
            self.workload.tables, self._sizes, self.cluster, self._profile, styles,
            lambda name: self._made(name, styles), self.workload.temporary.keys(),
            lambda query: tuple(styles[one] for one in self._about(query)), self._known,
            {name: schema.table(name).primary_key for name in schema.ALL},
            {name: [style.key for style in styles if style.key] for name, styles in self.candidates.items()},
        )  # fmt: skip

    def _about(self, query: Query) -> Sequence[str]:
        """The tables that matter to a query, in order."""
        if query not in self._tables_of:
            self._tables_of[query] = sorted(tables_of(self.workload, query))
        return self._tables_of[query]

    def _made(self, name: str, styles: Design) -> Place:
        """Where a temporary table lies: where the query that makes it leaves its rows."""
        query = self.workload.temporary[name]
        key = name, tuple(styles[one] for one in self._about(query))
        if key not in self._places:
            self._places[key] = self._run(styles).place(query)
        return self._places[key]

    def _table(self, item: Item, names: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A statement's cost for each combination of the styles that matter to it."""
        about = {*self._about(item.query), item.writes} & set(names)
        shape = tuple(len(self.candidates[name]) if name in about else 1 for name in names)
        crossed, slowest = np.zeros(shape), np.zeros(shape)
        for at in itertools.product(*map(range, shape)):
            design = {name: self.candidates[name][i] for name, i in zip(names, at, strict=True)}
            cost = self.cost(item, design)
            crossed[at], slowest[at] = cost.moved, cost.scanned
        return crossed, slowest

    def _scan(self, query: Query, styles: Design) -> float:
        """The bytes of the columns read, on the slice that has most rows; temporary tables lie evenly."""
        total = 0.0
        for name, columns in query.scanned.items():
            rows = self.spread(name, styles.get(name, EVEN)).rows
            total += float(rows.max()) * self.tables[name].bytes(sorted(columns))
        return total

    def _write(self, run: Run, item: Item, is_there: bool, design: Design) -> None:
        """Rows that a load inserts go to the slices of their table; ALL takes them to every node."""
        style = design[item.writes]
        if is_there:
            return
        columns = item.query.outputs
        rows = self._sizes.rows(f"FROM ({item.query.sql}) AS written", (), grows=item.query.grows).rows
        table = self.tables[item.writes]
        sent = Volume(rows, rows * table.bytes([one for one in columns if one in table.widths]))
        run.move(f"INSERT INTO {item.writes}", "", sent, "broadcast" if style.name == "ALL" else "distribute")

    def _styles(self, name: str) -> tuple[Style, ...]:
        """EVEN, ALL, and KEY on what identifies a row or what statements join or group by."""
        table = schema.table(name)
        keys = [*table.primary_key, *(column for column, _, _ in table.foreign_keys)]
        if table.distkey:
            keys.append(table.distkey)
        columns = self.workload.tables[name]
        for item in self.workload.items:
            keys += [one for one in sorted(_used(item.query, name)) if one in columns and columns[one].grows]
        return (EVEN, ALL, *(Style("KEY", key) for key in dict.fromkeys(keys)))


def ddl_style(name: str) -> Style:
    """The style that the DDL gives a table; AUTO begins as ALL."""
    table = schema.table(name)
    return (
        Style("KEY", table.distkey)
        if table.distkey
        else Style("EVEN" if table.diststyle == "EVEN" else "ALL")
    )


def present() -> Design:
    """The design of the DDL files."""
    return {name: ddl_style(name) for name in SEARCHED}


def advise(ranking: Sequence[Ranked]) -> Ranked:
    """Of the designs that are as good as the best, the one that changes fewest tables."""
    now, best = present(), ranking[0].score
    good = itertools.takewhile(lambda one: one.score <= best * (1 + WORTH), ranking)
    return min(good, key=lambda one: sum(style != now[name] for name, style in one.design.items()))


def uniform(style: Literal["EVEN", "ALL"]) -> Design:
    """Everything EVEN; or the dimensions ALL around a fact that is EVEN, as nobody copies the fact."""
    dimensions = schema.STAR[1:]
    return {name: ALL if style == "ALL" and name in dimensions else EVEN for name in SEARCHED}


def _used(query: Query, table: str) -> set[str]:
    """The columns of a table that are joined, grouped or partitioned by as they are."""
    if isinstance(query, Union):
        return set().union(*(_used(part, table) for part in query.parts))
    found: set[str] = set().union(*(_used(part, table) for part in query.extras))
    for source in query.sources:
        if isinstance(source.of, Block | Union):
            found |= _used(source.of, table)
        elif source.of == table:
            found |= _bare(query, source.alias)
    return found


def _bare(block: Block, alias: str) -> set[str]:
    mine, rest = frozenset([alias]), block.aliases - {alias}
    on = [*block.conditions, *(one for source in block.sources for one in source.on)]
    said = [pair[0] for one in on if (pair := one.pair(mine, rest))]
    said += [key.sql for keys in (block.group or (), *block.windows) for key in keys]
    return {one.removeprefix(f"{alias}.") for one in said if one.startswith(f"{alias}.")}
