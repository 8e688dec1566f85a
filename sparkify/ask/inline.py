"""A picture as SVG inside other HTML, such as a notebook's: no script, and text in the colour around it."""

from html import escape

from sparkify.ask.chart_data import Picture
from sparkify.formatting import number

WIDTH, LEFT, ROW, HIGH = 680, 250, 20, 160
FILL = "#0b7285"
LONGEST = 34
"""Characters of a name that fit to the left of a bar."""


def inline_svg(picture: Picture) -> str:
    """The picture that `charts.chart` describes: bars, columns by hour, a line over time, or a heat map."""
    draw = {"bars": _bars, "hours": _hours, "series": _series, "grid": _grid}[picture["kind"]]
    parts, height = draw(picture)
    title = escape(picture["title"])
    if picture["note"]:
        height += 22
        parts.append(f'<text x="0" y="{height - 4}" fill-opacity="0.7">{escape(picture["note"])}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 28}" width="{WIDTH}"'
        f' role="img" aria-label="{title}" font-family="system-ui, sans-serif" font-size="12"'
        ' fill="currentColor">'
        f'<text x="0" y="14" font-weight="600">{title}</text>'
        f'<g transform="translate(0 28)">{"".join(parts)}</g></svg>'
    )


def _bars(picture: Picture) -> tuple[list[str], int]:
    values = [row[2] for row in picture["rows"]]
    least, most = min(0.0, *values), max(0.0, *values)
    scale = (WIDTH - LEFT - 80) / (most - least or 1)
    parts = []
    for n, (name, rest, value, _) in enumerate(picture["rows"]):
        left, wide = LEFT + scale * (min(0.0, value) - least), scale * abs(value)
        parts += [
            _text(LEFT - 8, ROW * n + 13, " · ".join(filter(None, (name, rest))), "end"),
            _rect(left, ROW * n + 3, wide, ROW - 6, 1 if value >= 0 else 0.45),
            _text(left + wide + 6, ROW * n + 13, number(value)),
        ]
    return parts, ROW * len(picture["rows"])


def _hours(picture: Picture) -> tuple[list[str], int]:
    return _bars(
        {"rows": [[f"{x:02}:00", "", y, ""] for x, y in zip(picture["x"], picture["y"], strict=True)]}
    )


def _series(picture: Picture) -> tuple[list[str], int]:
    """One line for each stretch of places that have a value; a value alone is a dot."""
    known = [value for value in picture["y"] if value is not None]
    low, high = min(0.0, *known), max(0.0, *known) or 1.0
    step = (WIDTH - 80) / max(1, len(picture["x"]) - 1)
    parts = [_text(0, 10, number(high)), _text(0, HIGH, number(low))]
    stretch: list[str] = []
    for n, value in enumerate([*picture["y"], None]):
        if value is not None:
            stretch.append(f"{70 + step * n:.1f},{HIGH - (HIGH - 10) * (value - low) / (high - low):.1f}")
        elif stretch:
            points = " ".join(stretch if len(stretch) > 1 else stretch * 2)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{FILL}" stroke-width="2"'
                ' stroke-linecap="round"/>'
            )
            stretch = []
    ends = picture["x"][0], picture["x"][-1]
    parts += [
        _text(70, HIGH + 18, ends[0]),
        _text(WIDTH - 10, HIGH + 18, ends[1] * (len(picture["x"]) > 1), "end"),
    ]
    return parts, HIGH + 24


def _grid(picture: Picture) -> tuple[list[str], int]:
    most = max((value for row in picture["z"] for value in row if value is not None), default=0) or 1
    wide = (WIDTH - LEFT) / len(picture["x"])
    parts = []
    for down, (name, row) in enumerate(zip(picture["y"], picture["z"], strict=True)):
        parts.append(_text(LEFT - 8, ROW * down + 14, name, "end"))
        parts += [
            _rect(LEFT + wide * at, ROW * down, wide - 1, ROW - 1, max(0.0, value / most), number(value))
            for at, value in enumerate(row)
            if value is not None
        ]
    under = ROW * len(picture["y"]) + 14
    ends = [(0, picture["x"][0]), (len(picture["x"]) - 1, picture["x"][-1])]
    parts += [_text(LEFT + wide * at, under, str(value)) for at, value in dict(ends).items()]
    return [*parts, _text(WIDTH / 2 + LEFT / 2, under, picture["axis"], "middle")], under + 6


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(short)}</text>'


def _rect(x: float, y: float, width: float, height: float, opacity: float = 1, said: str = "") -> str:
    title = f"<title>{escape(said)}</title>" if said else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{FILL}"'
        f' fill-opacity="{opacity:.2f}">{title}</rect>'
    )
