"""The chart: bytes moved by each statement under each design, and how full each slice gets."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sparkify.distribution.formatting import size

DESIGNS = {"present": "#a75f00", "EVEN": "#868e96", "ALL": "#5f3dc4", "AUTO": "#c2255c", "advised": "#0b7285"}
MOST = 14
LEFT, WIDTH, STEP = 250, 400, 9
STYLE = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #14202e }
  .title { font-weight: 600; font-size: 15px } .faint { fill: #5b6878 } .ground { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8edf3 } .faint { fill: #9aa8b8 } .ground { fill: #0e141b }
  }
"""


def svg(document: Mapping[str, Any], title: str) -> str:
    """The predicted costs of `formatting.as_object`, drawn."""
    names = [name for name in DESIGNS if name in document["compared"]]
    rows = sorted(document["statements"], key=lambda one: -max(one[name]["moved"] for name in names))[:MOST]
    out, y = _legend(names, title)
    out.append(_title(y, "Bytes that cross the network"))
    y += 14
    bars = [(row["name"], {name: row[name]["moved"] for name in names}) for row in rows]
    more, y = _bars(bars, y)
    out += more
    out.append(_title(y + 24, "songplay: rows on each slice, over the mean"))
    more, y = _skew(document["tables"], names, y + 38)
    out += more
    return _picture(title, out, y)


def measured_svg(document: Mapping[str, Any]) -> str:
    """Bytes sent between slices, predicted beside measured, of the questions that send most."""
    names = list(document["designs"])
    found = {
        question: {name: sum(step["bytes"] or 0 for step in one["sent"].values()) for name, one in by.items()}
        for question, by in document["measured"].items()
    }
    most = sorted(found, key=lambda one: -max(found[one].values()))[: MOST // 2]
    bars: list[tuple[str, Mapping[str, float]]] = []
    for question in most:
        guess = {name: one["sent"] for name, one in document["predicted"][question].items()}
        bars += [(f"{question}: predicted", guess), ("measured", found[question])]
    title = f"Measured on {document['cluster']}"
    out, y = _legend(names, title)
    out.append(_title(y, "Bytes sent between slices"))
    more, y = _bars(bars, y + 14)
    return _picture(title, [*out, *more], y)


def _picture(title: str, parts: Sequence[str], height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height + 12}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{STYLE}</style>\n'
        f'<rect class="ground" width="760" height="{height + 12}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _legend(names: Sequence[str], title: str) -> tuple[list[str], int]:
    out = [f'<text class="title" x="12" y="22">{escape(title)}</text>']
    for number, name in enumerate(names):
        x = 12 + 92 * number
        out.append(f'<rect x="{x}" y="34" width="10" height="10" fill="{DESIGNS[name]}"/>')
        out.append(f'<text x="{x + 15}" y="43">{name}</text>')
    return out, 68


def _title(y: int, text: str) -> str:
    return f'<text x="12" y="{y}" font-weight="600">{escape(text)}</text>'


def _bars(rows: Sequence[tuple[str, Mapping[str, float]]], y: int) -> tuple[list[str], int]:
    most = max((value for _, values in rows for value in values.values()), default=0) or 1
    out = []
    for name, values in rows:
        height = STEP * len(values)
        out.append(
            f'<text x="{LEFT - 8}" y="{y + height / 2 + 4:.0f}" text-anchor="end">{escape(name)}</text>'
        )
        for number, (design, value) in enumerate(values.items()):
            length, top = WIDTH * value / most, y + STEP * number
            out.append(
                f'<rect x="{LEFT}" y="{top}" width="{max(length, 1):.1f}" height="{STEP - 2}" '
                f'fill="{DESIGNS[design]}"><title>{escape(name)}, {design}: {size(value)}</title></rect>'
            )
            out.append(
                f'<text class="faint" x="{LEFT + max(length, 1) + 5:.1f}" y="{top + STEP - 2}" '
                f'style="font-size:9px">{size(value)}</text>'
            )
        y += height + 7
    return out, y


def _skew(tables: Sequence[Mapping[str, Any]], names: Sequence[str], y: int) -> tuple[list[str], int]:
    found = {one["design"]: one for one in tables if one["table"] == "songplay"}
    out = []
    for name in names:
        rows = found[name]["rows"]
        mean = sum(rows) / len(rows) or 1
        gap = WIDTH / len(rows)
        out.append(
            f'<text x="{LEFT - 8}" y="{y + 30}" text-anchor="end">'
            f"{name}: {escape(found[name]['style'])}</text>"
        )
        for number, count in enumerate(rows):
            height = min(36.0, 24 * count / mean)
            out.append(
                f'<rect x="{LEFT + gap * number:.1f}" y="{y + 36 - height:.1f}" width="{gap * 0.8:.1f}" '
                f'height="{height:.1f}" fill="{DESIGNS[name]}"><title>{count:,} rows</title></rect>'
            )
        said = f"max/mean {found[name]['skew']:.2f}"
        out.append(f'<text class="faint" x="{LEFT + WIDTH + 10}" y="{y + 30}">{said}</text>')
        y += 46
    return out, y
