"""Predicted beside measured: rank correlation, misses, a table and a chart."""

from html import escape
from typing import Any

WITHIN = 0.25
SMALL = 10_000
"""Bytes below which a share says nothing: one row more or less is a quarter of it."""
OURS, MISS, TEXT, FAINT = "#0b7285", "#c92a2a", "#495057", "#868e96"


def compare(predicted: dict[str, Any], measured: dict[str, Any], machine: str) -> dict[str, Any]:
    """One row for each question and design."""
    rows = []
    for key, guess in predicted["predicted"].items():
        design, question = key.split("|")
        found = measured["measured"][key]
        rows.append({
            "design": design, "question": question, "predicted": round(guess["sent"]), "measured": found["written"],
            "predicted_crossed": round(guess["crossed"]), "measured_remote": found["remote"],
            "verdict": verdict(guess["sent"], found["written"]),
            "steps": guess["steps"], "exchanges": found["exchanges"],
        })  # fmt: skip
    pairs = [(row["predicted"], row["measured"]) for row in rows]
    crossing = [(row["predicted_crossed"], row["measured_remote"]) for row in rows]
    return {
        "predicted_at": predicted["predicted_at"], "measured_at": measured["began"], "spark": measured["spark"],
        "plays": predicted["plays"], "slices": predicted["slices"], "machine": machine,
        "designs": predicted["designs"], "rank_correlation": round(spearman(pairs), 4),
        "rank_correlation_remote": round(spearman(crossing), 4),
        "totals": {
            design: [sum(row[name] for row in rows if row["design"] == design) for name in
                     ("predicted", "measured", "predicted_crossed", "measured_remote")]
            for design in predicted["designs"]
        },
        "rows": rows,
    }  # fmt: skip


def verdict(predicted: float, measured: float) -> str:
    """Zero where we say zero; else within a quarter, or too little to tell."""
    if predicted == 0 or measured == 0:
        return "zero" if predicted == measured else "miss"
    if abs(predicted / measured - 1) <= WITHIN:
        return "within"
    return "small" if max(predicted, measured) < SMALL else "miss"


def spearman(pairs: list[tuple[float, float]]) -> float:
    """Rank correlation; equal values share their ranks."""
    one, other = (_ranks([pair[i] for pair in pairs]) for i in (0, 1))
    mean = (len(pairs) - 1) / 2
    cross = sum((a - mean) * (b - mean) for a, b in zip(one, other, strict=True))
    spread = sum((a - mean) ** 2 for a in one) * sum((b - mean) ** 2 for b in other)
    return cross / spread**0.5


def _ranks(values: list[float]) -> list[float]:
    order = sorted(range(len(values)), key=lambda i: values[i])
    ranks = [0.0] * len(values)
    at = 0
    while at < len(order):
        same = [i for i in order[at:] if values[i] == values[order[at]]]
        for i in same:
            ranks[i] = at + (len(same) - 1) / 2
        at += len(same)
    return ranks


def table(document: dict[str, Any]) -> str:
    """The summary and every row, misses first."""
    rows = document["rows"]
    count = {
        name: sum(row["verdict"] == name for row in rows) for name in ("within", "zero", "small", "miss")
    }
    out = [
        f"{document['plays']:,} plays, {document['slices']} workers, Spark {document['spark']}; predicted "
        f"{document['predicted_at']}, measured from {document['measured_at']}; {document['machine']}.",
        "",
        f"{len(rows)} pairs of question and design: {count['within']} within 25 %, {count['zero']} zero as predicted, "
        f"{count['small']} off by more but under {SMALL // 1000} kB, **{count['miss']} missed**. Rank correlation "
        f"{document['rank_correlation']:.3f} (bytes shuffled), {document['rank_correlation_remote']:.3f} (bytes that "
        "left their worker).",
        "",
        "| design | predicted kB | measured kB | ratio | predicted, leaving | measured, leaving |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for design, (guess, found, crossed, remote) in document["totals"].items():
        out.append(
            f"| {design} | {guess / 1e3:,.0f} | {found / 1e3:,.0f} | {guess / max(found, 1):.2f} "
            f"| {crossed / 1e3:,.0f} | {remote / 1e3:,.0f} |"
        )
    out += ["", "| question | design | predicted B | measured B | |", "|---|---|---:|---:|---|"]
    for row in sorted(rows, key=lambda one: (one["verdict"] != "miss", one["question"], one["design"])):
        said = f"**{row['verdict']}**" if row["verdict"] == "miss" else row["verdict"]
        out.append(
            f"| {row['question']} | {row['design']} | {row['predicted']:,} | {row['measured']:,} | {said} |"
        )
    return "\n".join(out) + "\n"


def draw(document: dict[str, Any]) -> str:
    """Each pair as a dot: predicted to the right, measured upwards, both logarithmic; on the line is right."""
    from math import log10

    side, low, high = 420, 2.0, 8.0

    def place(value: float) -> float:
        return side * (log10(max(value, 10**low)) - low) / (high - low)

    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 510" font-family="system-ui, sans-serif" font-size="12">',
        '<rect width="560" height="510" fill="#fff"/>',
        f'<text x="12" y="20" font-size="15" font-weight="600" fill="{TEXT}">Bytes shuffled: predicted, then measured on Spark</text>',
        f'<line x1="70" y1="{40 + side}" x2="{70 + side}" y2="40" stroke="{FAINT}"/>',
    ]
    for power in range(int(low), int(high) + 1):
        at = place(10**power)
        out.append(
            f'<text x="{70 + at:.0f}" y="{56 + side}" text-anchor="middle" fill="{FAINT}">10^{power}</text>'
        )
        out.append(
            f'<text x="62" y="{44 + side - at:.0f}" text-anchor="end" fill="{FAINT}">10^{power}</text>'
        )
    for row in document["rows"]:
        colour = MISS if row["verdict"] == "miss" else OURS
        out.append(
            f'<circle cx="{70 + place(row["predicted"]):.1f}" cy="{40 + side - place(row["measured"]):.1f}" r="4" '
            f'fill="{colour}" fill-opacity="0.6"><title>{escape(row["question"])}, {escape(row["design"])}: '
            f"{row['predicted']:,} predicted, {row['measured']:,} measured</title></circle>"
        )
    out.append(
        f'<text x="12" y="{84 + side}" fill="{FAINT}" font-size="11">{document["plays"]:,} plays, {document["slices"]} '
        f"workers, Spark {document['spark']}; rank correlation {document['rank_correlation']:.3f}; zero is drawn at 100</text></svg>"
    )
    return "\n".join(out) + "\n"
