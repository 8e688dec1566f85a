"""What a plan moves between slices under a design, and which label Redshift's EXPLAIN would put on it.

Each join takes the cheapest way that its engine has, and inner joins the cheapest order; a group or a
window stays where it is if its rows lie by some of its keys.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from sparkify.distribution.joining import orders, ways
from sparkify.distribution.placement import (
    Cluster,
    Move,
    Place,
    Profile,
    Side,
    Style,
    merged,
    prefixed,
    renamed,
)
from sparkify.distribution.plan import Block, Field, Query, Source, Tables, Union
from sparkify.distribution.sizes import Sizes, Volume
from sparkify.distribution.syntax import type_width


@dataclass
class Run:
    """One statement under one design: blocks run once, moves are noted in order."""

    tables: Tables
    sizes: Sizes
    cluster: Cluster
    profile: Profile
    styles: Mapping[str, Style]
    made: Callable[[str], Place]
    """Where a temporary table lies; called for those alone."""
    temporary: Collection[str]
    lies: Callable[[Query], Hashable]
    """All that matters of the design to a query."""
    known: dict[Hashable, tuple[Place, list[Move]]]
    unique: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What no two rows of a table share."""
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What each table could be distributed by."""
    moves: list[Move] = field(default_factory=list)
    _done: dict[Query, Place] = field(default_factory=dict)

    def place(self, query: Query) -> Place:
        """Run a query; where its rows lie then, by the names of its outputs.

        What runs below it is noted first. Its own steps are the same wherever the tables that it reads lie
        the same, so they are worked out once for all designs.
        """
        if query not in self._done:
            for below in query.below:
                self.place(below)
            key = query, self.lies(query)
            if key not in self.known:
                before = len(self.moves)
                place = self._union(query) if isinstance(query, Union) else self._block(query)
                own, self.moves[before:] = self.moves[before:], []
                self.known[key] = place, own
            self._done[query], own = self.known[key]
            self.moves += own
        return self._done[query]

    def move(self, step: str, label: str, sent: Volume, way: str = "distribute") -> None:
        """Note a move."""
        times = self.cluster.nodes - 1 if way == "broadcast" else self.cluster.crossing
        self.moves.append(Move(step, label, sent, sent.bytes * times))

    def _union(self, union: Union) -> Place:
        places = [self.place(part) for part in union.parts]
        same = len({tuple(map(tuple, map(sorted, p.key))) for p in places}) == 1 and places[0].lying == "hash"
        place = places[0] if same else Place("even")
        if union.is_distinct and not place.within(list(union.outputs)):
            grows = any(one.grows for one in union.outputs.values())
            sent = self.sizes.partial_groups(
                union.all_rows, union.fields, (), None, grows=grows, spread_grows=union.grows
            )
            self.move("UNION", "", sent)
            place = Place("hash", tuple(frozenset([name]) for name in union.outputs))
        return place

    def _block(self, block: Block) -> Place:
        if not block.sources:
            return Place("one")
        side = self._joined(block)
        place = side.place
        if block.group is not None:
            place = self._grouped(block, place)
        for keys in block.windows:
            place = self._window(block, keys, place)
        return renamed(block, place)

    # joins

    def _joined(self, block: Block) -> Side:
        inner = [s for s in block.sources if s.kind == "inner"]
        others = [s for s in block.sources if s.kind != "inner"]
        before = len(self.moves)
        sides = {s.alias: self._side(block, s) for s in block.sources}
        made, self.moves[before:] = self.moves[before:], []
        best: tuple[float, list[Move], Side] | None = None
        for order in orders(block, inner, self.profile):
            side = sides[order[0].alias]
            for source in (*order[1:], *others):
                side = self._join(block, side, source, sides[source.alias])
            found, self.moves[before:] = self.moves[before:], []
            cost = sum(one.crossed for one in found)
            if best is None or cost < best[0]:
                best = cost, found, side
        assert best is not None
        self.moves += made + best[1]
        return best[2]

    def _side(self, block: Block, source: Source) -> Side:
        aliases = frozenset([source.alias])
        place = self._lies(source)
        text = block.rows(aliases, self._join_keys(block, source))
        columns: Sequence[Field] = block.carried(aliases)
        if source.kind in ("semi", "anti"):
            assert not isinstance(source.of, str)
            columns = [
                Field(f"{source.alias}.{name}", type_width(one.type))
                for name, one in source.of.outputs.items()
            ]
        grows = self._source_grows(source)
        return Side(aliases, place, lambda: self.sizes.rows(text, columns, grows=grows))

    def _join_keys(self, block: Block, source: Source) -> list[str]:
        """The sides of its inner equalities: rows without them find no partner, and do not travel."""
        mine = frozenset([source.alias])
        rest = block.aliases - mine
        on = source.on if source.kind != "inner" else block.conditions
        pairs = (one.pair(mine, rest) for one in on)
        return [pair[0] for pair in pairs if pair and source.kind != "anti"]

    def _lies(self, source: Source) -> Place:
        """Where a source lies, by the names that the block has for its columns."""
        if isinstance(source.of, str):
            if source.of in self.temporary:
                return prefixed(self.made(source.of), source.alias)
            style = self.styles[source.of]
            if style.key:
                return Place("hash", (frozenset([f"{source.alias}.{style.key}"]),))
            return Place("all" if style.name == "ALL" else "even")
        place = self.place(source.of)
        if isinstance(source.of, Block) and source.of.limit is not None and place.lying != "one":
            rows = self.sizes.rows(f"FROM ({source.of.sql}) AS first", source.of.fields, grows=False)
            self.move(f"LIMIT {source.of.limit}", "", rows.times(self.cluster.slices))
            place = Place("one")
        return prefixed(place, source.alias)

    def _source_grows(self, source: Source) -> bool:
        if isinstance(source.of, str):
            return any(column.grows for column in self.tables[source.of].values())
        return source.of.grows

    def _join(self, block: Block, left: Side, source: Source, right: Side) -> Side:
        """The cheapest way to bring two sides together."""
        on = source.on if source.kind != "inner" else block.conditions
        pairs = [pair for one in on if (pair := one.pair(left.aliases, right.aliases))]
        aliases = left.aliases | right.aliases
        is_inner = source.kind == "inner"
        found = list(ways(left, right, pairs, self.cluster, self.profile, is_inner=is_inner))
        if block.pinned:
            found = [way for way in found if not (way[1] & left.aliases and block.pinned in left.aliases)]
            found = [way for way in found if not (way[1] & right.aliases and block.pinned in right.aliases)]
        cost, moved, label, place = min(found, key=lambda way: way[0])
        step = f"JOIN {source.of}" if isinstance(source.of, str) else f"JOIN ({source.alias})"
        sent = (
            sum((s.volume for s in (left, right) if s.aliases <= moved), Volume(0, 0))
            if moved
            else Volume(0, 0)
        )
        self.moves.append(Move(step, label, sent, cost))
        if place.lying == "hash" and is_inner:
            place = merged(place, pairs)
        grows = any(
            self._source_grows(s) for s in block.sources if s.alias in aliases and s.kind in ("inner", "left")
        )
        return Side(
            aliases, place, lambda: self.sizes.rows(block.rows(aliases), block.carried(aliases), grows=grows)
        )

    # groups and windows

    def _grouped(self, block: Block, place: Place) -> Place:
        assert block.group is not None
        keys = [key.sql for key in block.group]
        if place.within(keys):
            return place
        source = block.rows(block.aliases)
        rows_grow = any(self._source_grows(s) for s in block.sources)
        buffers = block.buffers
        distincts = block.distincts
        if distincts:
            place = self._deduplicated(block, source, place, buffers, rows_grow=rows_grow)
            if place.within(keys):
                return place
        carried = [*buffers, *([8] * len(distincts))]
        spread = self._spread(block, place)
        if distincts and place.lying == "hash":
            spread = distincts[0].sql if len(distincts) == 1 else None
        grows = block.grows and bool(keys)
        sent = self.sizes.partial_groups(
            source, block.group, carried, spread, self._others(block), grows=grows, spread_grows=rows_grow
        )
        self.move(f"GROUP BY {', '.join(keys)}" if keys else "aggregate", "", sent)
        if not keys:
            return Place("one")
        return Place("hash", tuple(frozenset([key]) for key in keys))

    def _deduplicated(
        self, block: Block, source: str, place: Place, buffers: Sequence[int | None], *, rows_grow: bool
    ) -> Place:
        """COUNT(DISTINCT x): each slice sends its different (keys, x) once; of several x, each by itself."""
        assert block.group is not None
        keys = [key.sql for key in block.group]
        distincts = block.distincts
        if len(distincts) == 1 and place.within([*keys, distincts[0].sql]):
            return place
        several = len(distincts) > 1
        # With several, a row has room for all of them and a number that says which one it is for.
        room: list[int | None] = [*buffers, *([8] * len(distincts) if several else [])]
        sent = Volume(0, 0)
        for one in distincts:
            sent += self.sizes.partial_groups(
                source,
                [*block.group, one],
                room,
                self._spread(block, place),
                self._others(block),
                grows=True,
                spread_grows=rows_grow,
            )
        if several and buffers:
            sent += self.sizes.partial_groups(
                source,
                block.group,
                [*room, 8],
                self._spread(block, place),
                self._others(block),
                grows=block.grows,
                spread_grows=rows_grow,
            )
        self.move(f"COUNT(DISTINCT {', '.join(one.sql for one in distincts)})", "", sent)
        return Place("hash", tuple(frozenset([part]) for part in (*keys, *(one.sql for one in distincts))))

    def _spread(self, block: Block, place: Place) -> str | None:
        """The expression that rows lie by; None for an own one of each row, and for several together."""
        if place.lying != "hash" or len(place.key) > 1:
            return None
        found = min(place.key[0])
        (alias, _, column), first = found.partition("."), block.sources[0]
        is_own = (
            len(block.sources) == 1 and first.alias == alias and (column,) == self.unique.get(str(first.of))
        )
        return None if is_own else found

    def _others(self, block: Block) -> list[str]:
        """What else the rows of a block's one table could lie by."""
        first = block.sources[0]
        if len(block.sources) > 1 or not isinstance(first.of, str):
            return []
        inside = {key.sql for key in block.group or ()}
        found = (
            f"{first.alias}.{key}"
            for key in self.keys.get(first.of, ())
            if (key,) != self.unique.get(first.of)
        )
        return [one for one in found if one not in inside]

    def _window(self, block: Block, keys: Sequence[Field], place: Place) -> Place:
        said = [key.sql for key in keys]
        if place.within(said):
            return place
        self.move(f"OVER (PARTITION BY {', '.join(said)})" if said else "OVER ()", "", self._out(block))
        return Place("hash", tuple(frozenset([key]) for key in said)) if said else Place("one")

    def _out(self, block: Block) -> Volume:
        """The rows of a block before its windows, as wide as what it carries there."""
        aliases = block.aliases
        if block.group is None:
            return self.sizes.rows(
                block.rows(aliases), block.carried(aliases), grows=block.grows or self._rows_grow(block)
            )
        text, fields = block.grouped
        return self.sizes.rows(text, fields, grows=block.grows)

    def _rows_grow(self, block: Block) -> bool:
        return any(self._source_grows(s) for s in block.sources if s.kind in ("inner", "left"))
