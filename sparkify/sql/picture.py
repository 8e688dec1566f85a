"""The tables as a picture, drawn from the DDL: the fact, its dimensions and staging each in a colour.

Marks before a column: ● key, ○ refers to another table; after it: D distributed by, S sorted by.
"""

from html import escape

from sparkify.sql.schema import STAGING, STAR, Table, table

WIDTH, ROW, HEAD, GAP = 306, 22, 68, 60
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #14202e }
  .name { font-weight: 700; font-size: 15px; fill: #fff } .how { font-size: 11.5px; fill: #fff; opacity: .9 }
  .type, .mark { fill: #5b6878 } .mark { font-size: 11.5px; text-anchor: end; font-weight: 600 }
  .box { fill: #fff; stroke: #c9d2dc } .fact { fill: #1f5f99 } .dimension { fill: #a75f00 }
  .staging { fill: #55616e }
  .link { fill: none; stroke: #7b8794; stroke-width: 1.5 } .ground { fill: #f6f7f9 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8edf3 } .type, .mark { fill: #9aa8b8 } .box { fill: #172029; stroke: #36434f }
    .ground { fill: #0e141b } .name, .how { fill: #fff } .link { stroke: #8a97a5 }
  }
"""


def svg(*, with_staging: bool = False) -> str:
    """The fact, its dimensions left and right of it, and what refers to what; staging before them."""
    fact = table(STAR[0])
    dimensions = [table(name) for name in STAR[1:]]
    related = {name for one in dimensions for _, other, _ in one.foreign_keys for name in (one.name, other)}
    staging = [table(name) for name in STAGING] if with_staging else []
    columns = [
        *([staging] if staging else []),
        [one for one in dimensions if one.name not in related],
        [fact],
        [one for one in dimensions if one.name in related],
    ]
    height = max(sum(_height(one) + GAP for one in column) for column in columns) + 24
    places: dict[str, tuple[float, float]] = {}
    for number, column in enumerate(columns):
        free = height - sum(map(_height, column))
        y = free / (len(column) + 1)
        for one in column:
            places[one.name] = (24 + number * (WIDTH + 2 * GAP), y)
            y += _height(one) + free / (len(column) + 1)
    width = 48 + len(columns) * (WIDTH + 2 * GAP) - 2 * GAP + 8
    tables = [fact, *dimensions]
    kinds = {fact.name: "fact", **dict.fromkeys(STAGING, "staging")}
    parts = [_link(one, key, other, places) for one in tables for key, other, _ in one.foreign_keys]
    parts += [_box(one, *places[one.name], kinds.get(one.name, "dimension")) for one in (*tables, *staging)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" role="img" '
        f'aria-label="{"Staging, and the" if staging else "The"} star schema">\n<style>{STYLE}</style>\n'
        f'<rect class="ground" width="{width}" height="{height:.0f}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _height(one: Table) -> int:
    return HEAD + ROW * len(one.columns) + 8


def _box(one: Table, x: float, y: float, kind: str) -> str:
    style = f"distributed by {one.distkey}" if one.distkey else f"distributed {one.diststyle}"
    sort = f"sorted by {', '.join(one.sortkey)}" if one.sortkey else ""
    foreign = {column for column, _, _ in one.foreign_keys}
    out = [
        f'<rect class="box" x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{_height(one)}" rx="8"/>',
        f'<path class="{kind}" d="M{x:.0f},{y + HEAD - 8:.0f} v-52 a8,8 0 0 1 8,-8 h{WIDTH - 16} '
        f'a8,8 0 0 1 8,8 v52 z"/>',
        f'<text class="name" x="{x + 12:.0f}" y="{y + 19:.0f}">{escape(one.name)}</text>',
        f'<text class="how" x="{x + 12:.0f}" y="{y + 36:.0f}">{escape(style)}</text>',
        f'<text class="how" x="{x + 12:.0f}" y="{y + 52:.0f}">{escape(sort)}</text>',
    ]
    for number, column in enumerate(one.columns):
        line = y + HEAD + ROW * number + 12
        before = "●" if column.name in one.primary_key else "○" if column.name in foreign else ""
        after = " ".join(
            mark
            for mark, here in (("D", column.name == one.distkey), ("S", column.name in one.sortkey))
            if here
        )
        out.append(
            f'<text x="{x + 10:.0f}" y="{line:.0f}">{before}</text>'
            f'<text x="{x + 26:.0f}" y="{line:.0f}">{escape(column.name)}</text>'
            f'<text class="type" x="{x + 164:.0f}" y="{line:.0f}">{escape(column.type.lower())}</text>'
            f'<text class="mark" x="{x + WIDTH - 8:.0f}" y="{line:.0f}">{after}</text>'
        )
    return "\n".join(out)


def _link(one: Table, key: str, other: str, places: dict[str, tuple[float, float]]) -> str:
    """From the column that refers to the head of the table it refers to, by their nearest sides."""
    x, y = places[one.name]
    to_x, to_y = places[other]
    y += HEAD + ROW * one.column_names.index(key) + 8
    to_y += HEAD / 2 - 4
    if x == to_x:
        edge, bend = x + WIDTH, x + WIDTH + GAP / 2
        curve = f"M{edge:.0f},{y:.0f} C{bend:.0f},{y:.0f} {bend:.0f},{to_y:.0f} {edge:.0f},{to_y:.0f}"
    else:
        start, end = (x + WIDTH, to_x) if to_x > x else (x, to_x + WIDTH)
        middle = (start + end) / 2
        curve = f"M{start:.0f},{y:.0f} C{middle:.0f},{y:.0f} {middle:.0f},{to_y:.0f} {end:.0f},{to_y:.0f}"
    return f'<path class="link" d="{curve}"><title>{escape(f"{one.name}.{key} is in {other}")}</title></path>'
