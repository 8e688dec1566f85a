"""Two runs of the same steps, statement by statement: what AWS answered otherwise than the emulator."""

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["other result", "other error", "only on AWS", "only on the emulator"]
Entry = dict[str, Any]
_TYPES = {
    16: "boolean", 19: "name", 20: "bigint", 21: "smallint", 23: "integer", 25: "text", 700: "real",
    701: "double precision", 1042: "char", 1043: "varchar", 1082: "date", 1114: "timestamp",
    1184: "timestamptz", 1700: "numeric", 4000: "super",
}  # fmt: skip
"""Types by the numbers that the protocol gives them."""
_SEALS = {"total", "digests", "previous", "seal"}
"""Columns of hashes over rows with moments and addresses: each warehouse has its own."""


@dataclass(frozen=True)
class Difference:
    """Something that was not the same."""

    step: str
    kind: Kind
    what: str
    """The statement, or the call."""
    detail: str = ""


@dataclass(frozen=True)
class Comparison:
    """Statements and calls that were alike, and the differences with how often each was met."""

    same: int
    differences: Counter[Difference]


def compare(emulated: Path, real: Path, steps: Sequence[str]) -> Comparison:
    """Compare two folders of recorded steps; one that AWS never saw is left out."""
    same, differences = 0, Counter[Difference]()
    for step in steps:
        if not (real / f"{step}.jsonl").exists():
            continue
        ours, theirs = (_read(folder / f"{step}.jsonl") for folder in (emulated, real))
        for one in (*_statements(step, ours, theirs), *_calls(step, ours, theirs)):
            if one is None:
                same += 1
            else:
                differences[one] += 1
    return Comparison(same, differences)


def _read(file: Path) -> list[Entry]:
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _statements(step: str, ours: Sequence[Entry], theirs: Sequence[Entry]) -> Iterator[Difference | None]:
    """Statements in the order in which they were sent; None for two that are alike."""
    mine, others = ([one for one in run if "sql" in one] for run in (ours, theirs))
    matcher = difflib.SequenceMatcher(
        None, [one["sql"] for one in mine], [one["sql"] for one in others], autojunk=False
    )
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for one, other in zip(mine[a:b], others[c:d], strict=True):
                yield _answers(step, one, other)
            continue
        for one in mine[a:b]:
            yield Difference(step, "only on the emulator", one["sql"], _answer(one))
        for one in others[c:d]:
            yield Difference(step, "only on AWS", one["sql"], _answer(one))


def _answers(step: str, emulated: Entry, real: Entry) -> Difference | None:
    if "state" in emulated or "state" in real:
        before, after = _answer(emulated), _answer(real)
        if before == after:
            return None
        return Difference(step, "other error", real["sql"], f"emulator: {before}; AWS: {after}")
    detail = list(_result(emulated, real))
    return Difference(step, "other result", real["sql"], "; ".join(detail)) if detail else None


def _answer(entry: Entry) -> str:
    """How a statement went, in words."""
    if "state" in entry:
        return f"{entry['error']} [{entry['state']}]"
    return f"{entry['rows']} rows" if entry["rows"] >= 0 else "done"


def _result(emulated: Entry, real: Entry) -> Iterator[str]:
    """In what two results differ."""
    if emulated["rows"] != real["rows"]:
        yield f"rows: emulator {emulated['rows']}, AWS {real['rows']}"
    names, others = ([name for name, _, _ in one["columns"]] for one in (emulated, real))
    if names != others:
        yield f"columns: emulator {', '.join(names)}, AWS {', '.join(others)}"
        return
    for (name, kind, digest), (_, other_kind, other) in zip(
        emulated["columns"], real["columns"], strict=True
    ):
        if kind != other_kind:
            types = (_TYPES.get(one, str(one)) for one in (kind, other_kind))
            yield "type of {}: emulator {}, AWS {}".format(name, *types)
        elif digest != other and emulated["rows"] == real["rows"] and name not in _SEALS:
            yield f"values of {name}"


def _calls(step: str, ours: Sequence[Entry], theirs: Sequence[Entry]) -> Iterator[Difference | None]:
    """Calls with their outcome; how often each was made depends on how long AWS takes."""
    mine, others = ({(one["call"], one["code"]) for one in run if "call" in one} for run in (ours, theirs))
    for call, code in sorted(mine | others):
        outcome = code or "done"
        if (call, code) in mine & others:
            yield None
        else:
            yield Difference(
                step, "only on AWS" if (call, code) in others else "only on the emulator", call, outcome
            )
