"""The results as people read them: a table in Markdown, bars in SVG."""

from collections.abc import Sequence
from html import escape
from typing import Any

OURS, THEIRS, TEXT, FAINT = "#0b7285", "#adb5bd", "#495057", "#868e96"


def table(document: dict[str, Any]) -> str:
    """Wall and CPU seconds, memory, and ratios to the floor and to ours."""
    base = {row["peer"]: row["wall"] for row in document["rows"]}
    out = [
        f"{document['events']:,} events, {document['songs']:,} songs; {document['date']}; {document['machine']}; "
        f"Python {document['python']}, DuckDB {document['duckdb']}; medians of "
        f"{len(document['rows'][0]['runs'])} interleaved runs, whole processes.",
        "",
        "| | wall s | CPU s | peak MB | x floor | x sparkify | what it does not do |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for row in sorted(document["rows"], key=lambda one: one["wall"]):
        note = row["lacks"] + ("" if row["agrees"] else " **(other answers)**")
        ratios = [f"{row['wall'] / base[name]:.2f}" if name in base else "" for name in ("floor", "sparkify")]
        out.append(
            f"| {row['name']} | {row['wall']:.2f} | {row['cpu']:.2f} | {row['peak_mb']:,.0f} "
            f"| {ratios[0]} | {ratios[1]} | {note} |"
        )
    return "\n".join(out) + "\n"


def draw(document: dict[str, Any]) -> str:
    """Seconds of each peer, ours in colour."""
    rows = sorted(document["rows"], key=lambda one: one["wall"])
    return bars(
        f"Raw JSON to a star: {document['events']:,} events, seconds",
        [
            (row["name"], row["wall"], f"{row['peak_mb'] / 1000:.1f} GB", row["peer"] == "sparkify")
            for row in rows
        ],
        f"{document['machine']}, {document['date']}",
    )


def bars(title: str, rows: Sequence[tuple[str, float, str, bool]], foot: str) -> str:
    """An SVG of bars. A row has a name, seconds, what stands behind them, and whether it is in colour."""
    longest = max(seconds for _, seconds, _, _ in rows)
    left, step = 190, 30
    width = 720 - left - 70 - 7 * max(len(behind) for _, _, behind, _ in rows)
    height = 64 + step * len(rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<text x="0" y="18" font-size="15" font-weight="600" fill="{TEXT}">{escape(title)}</text>',
    ]
    for number, (name, seconds, behind, is_ours) in enumerate(rows):
        y = 40 + number * step
        length = max(1.0, width * seconds / longest)
        out += [
            f'<text x="{left - 10}" y="{y + 15}" text-anchor="end" fill="{TEXT}">{escape(name)}</text>',
            f'<rect x="{left}" y="{y}" width="{length:.1f}" height="20" rx="2" fill="{OURS if is_ours else THEIRS}"/>',
            f'<text x="{left + length + 8:.1f}" y="{y + 15}" fill="{TEXT}">{seconds:.{1 if seconds >= 10 else 2}f} s'
            f'<tspan fill="{FAINT}">  {escape(behind)}</tspan></text>',
        ]
    out.append(f'<text x="0" y="{height - 6}" font-size="11" fill="{FAINT}">{escape(foot)}</text></svg>')
    return "\n".join(out) + "\n"
