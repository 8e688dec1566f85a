"""The advice in words: what each change saves, the DDL that makes it, and one object for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from sparkify.distribution.advisor import WORTH, Advisor, Cost, Design, Ranked, advise, present, uniform
from sparkify.distribution.placement import Style

UNFELT = 100e6
"""Bytes of a workload below which no design is felt: a node's network moves them in a tenth of a second."""


def compared(ranking: Sequence[Ranked]) -> dict[str, Ranked]:
    """The designs that are shown beside each other, with their places in the ranking."""
    wanted = {"present": present(), "EVEN": uniform("EVEN"), "ALL": uniform("ALL")}
    found = {name: next(one for one in ranking if one.design == design) for name, design in wanted.items()}
    return {**found, "advised": advise(ranking)}


def ddl(advised: Design, now: Design) -> list[str]:
    """The statements that turn one design into another.

    >>> ddl({"users": Style("ALL")}, {"users": Style("KEY", "user_id")})
    ['ALTER TABLE users ALTER DISTSTYLE ALL;']
    """
    return [
        f"ALTER TABLE {name} ALTER DISTSTYLE {f'KEY DISTKEY {style.key}' if style.key else style.name};"
        for name, style in advised.items()
        if style != now[name]
    ]


def reasons(advisor: Advisor, best: Ranked) -> list[str]:
    """For each table, what its style saves: the workload under the advice with this table as it is today."""
    now, found = present(), []
    for name, style in best.design.items():
        others = [one for one in advisor.candidates[name] if one != style]
        against = now[name] if style != now[name] else min(
            others, key=lambda one: _score(advisor, {**best.design, name: one})
        )  # fmt: skip
        dearer = {**best.design, name: against}
        costs = {
            item.name: item.weight
            * (_total(advisor.cost(item, dearer)) - _total(advisor.cost(item, best.design)))
            for item in advisor.workload.items
        }
        saved = sum(costs.values())
        chief = [one for one in sorted(costs, key=lambda one: -costs[one])[:3] if costs[one] > saved / 20]
        if saved < WORTH * _score(advisor, best.design):
            found.append(f"{name}: {style} stays; {against} would make no difference that counts")
            continue
        verb = "instead of" if style != now[name] else "stays; next best is"
        found.append(f"{name}: {style}, {verb} {against}: saves {size(saved)}, most in {', '.join(chief)}")
    return found


def summary(ranking: Sequence[Ranked]) -> str:
    """One sentence on how much there is to win."""
    shown = compared(ranking)
    now, best = shown["present"], shown["advised"]
    if now.score < UNFELT:
        return (
            f"At this size no design is felt: the whole workload reads and moves {size(now.score)} as it is, "
            f"{size(best.score)} as advised."
        )
    return (
        f"The present design is place {now.rank:,} of {len(ranking):,}: it reads and moves "
        f"{size(now.score)}, the advised {size(best.score)} ({now.score / best.score:.1f} times less), "
        f"of which {size(now.moved)} and {size(best.moved)} cross the network."
    )


def as_object(advisor: Advisor, ranking: Sequence[Ranked], most: int) -> dict[str, Any]:
    """Everything, for programs."""
    shown = compared(ranking)
    return {
        "nodes": advisor.cluster.nodes,
        "slices": advisor.cluster.slices,
        "grow": advisor.grow,
        "designs": len(ranking),
        "ranking": [_ranked(one) for one in ranking[:most]],
        "compared": {name: _ranked(one) for name, one in shown.items()},
        "ddl": ddl(shown["advised"].design, present()),
        "statements": [
            {
                "name": item.name,
                "group": item.group,
                "weight": item.weight,
                **{name: _cost(advisor.cost(item, one.design)) for name, one in shown.items()},
            }
            for item in advisor.workload.items
        ],
        "tables": [
            {"table": name, "design": label, "style": str(style), **_spread(advisor, name, style)}
            for name in advisor.candidates
            for label, style in ((label, one.design[name]) for label, one in shown.items())
        ],
    }


def size(value: float) -> str:
    """'476 B', '3.6 MB', '1.2 TB'.

    >>> size(3_600_000)
    '3.6 MB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def _total(cost: Cost) -> float:
    return cost.moved + cost.scanned


def _score(advisor: Advisor, design: Design) -> float:
    return sum(item.weight * _total(advisor.cost(item, design)) for item in advisor.workload.items)


def _ranked(one: Ranked) -> dict[str, Any]:
    design: Mapping[str, str] = {name: str(style) for name, style in one.design.items()}
    return {
        "rank": one.rank, "score": round(one.score), "moved": round(one.moved), "scanned": round(one.scanned),
        "load_moved": round(one.load_moved), "stored": round(one.stored), "design": design,
    }  # fmt: skip


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "moved": round(cost.moved),
        "scanned": round(cost.scanned),
        "steps": [
            {
                "step": one.step, "label": one.label, "rows": round(one.sent.rows),
                "sent": round(one.sent.bytes), "moved": round(one.crossed),
            }
            for one in cost.moves
        ],
    }  # fmt: skip


def _spread(advisor: Advisor, name: str, style: Style) -> dict[str, Any]:
    spread = advisor.spread(name, style)
    width = sum(advisor.tables[name].widths.values())
    return {
        "rows": [round(rows) for rows in spread.rows],
        "bytes": [round(rows * width) for rows in spread.rows],
        "skew": round(spread.skew, 3),
        "stored": round(spread.stored),
    }
