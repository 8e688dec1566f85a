"""Values are conserved: each is in its column, in `extra`, or its record is kept among the rejects.

The logs are made of everything that could lead a reader astray; what must become of them is said by
`values_oracle`, which shares nothing with the program.
"""

import gzip
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sparkify.engines.duckdb import batch, stage
from sparkify.engines.record import default_paths, record_reader
from tests import values_oracle as oracle
from tests.builders import rows
from tests.kept_values import KINDS, LARGE, assert_conserved, conserve, in_folder, memory, read
from tests.odd_logs import (
    INTEGERS,
    MOMENTS,
    REALS,
    STYLES,
    odd_log,
    whole,
    written,
)
from tests.torture import survived, times

TOGETHER = [
    ["integers", "new texts"], ["reals", "twice"], ["moments", "own keys"], ["long", "new nested"],
    ["halves", "rename and empty"], ["trailing comma", "integers"], ["marked", "new texts"],
    ["places", "twice"],
]  # fmt: skip


@pytest.mark.parametrize("plain", [3, LARGE], ids=["tiny", "large"])
def test_values_of_every_kind_are_conserved(plain: int) -> None:
    chance = random.Random(plain)
    kinds = [*([kind] for kind in KINDS), *TOGETHER]

    values = conserve([odd_log(chance, 100 + number, 20, plain, kind) for number, kind in enumerate(kinds)])

    survived("values looked for", values)


@pytest.mark.parametrize(
    ("key", "odd"),
    [("status", INTEGERS), ("userId", INTEGERS), ("length", REALS), ("registration", REALS), ("ts", MOMENTS)],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_one_odd_number_among_good_records_is_conserved(key: str, odd: tuple[str, ...]) -> None:
    """Nothing else in the file, nor in those read with it, keeps it from the fastest way."""
    kinds: dict[str, list[bytes]] = {}
    for number, value in enumerate(odd):
        lines = [written(whole(100 + number, item), STYLES[0]) for item in range(LARGE)]
        changed = [[name, value if name == f'"{key}"' else held] for name, held in whole(100 + number, 7)]
        lines[7] = written(changed, STYLES[0])
        kind = "number" if value[0] in "-0123456789" else "text" if value[0] == '"' else "other"
        kinds.setdefault(kind, []).append("\n".join(lines).encode())

    values = sum(map(conserve, kinds.values()))

    survived("values looked for", values)


@pytest.mark.parametrize("seed", range(times(2, 150)))
def test_values_are_conserved_whatever_comes_together(seed: int) -> None:
    chance = random.Random(seed)

    values = conserve([
        odd_log(chance, 100 + number, chance.choice((1, 4, 20)), chance.choice((2, LARGE)))
        for number in range(12)
    ])  # fmt: skip

    survived("values looked for", values)


@settings(
    max_examples=times(12, 400),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes: an example is a run
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    chance=st.randoms(use_true_random=False),
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
    plain=st.sampled_from((2, LARGE)),
)
def test_values_are_conserved_in_any_log(chance: random.Random, kinds: list[str], plain: int) -> None:
    values = conserve([odd_log(chance, 1, 6, plain, kinds)])

    survived("values looked for", values)


class Lane:
    """How a file is made to go one way."""

    def __init__(self, name: str, tiny: int, tries_first: bool) -> None:
        self.name, self.tiny, self.tries_first = name, tiny, tries_first


LANES = (Lane("plain", 0, True), Lane("raw table", 0, False), Lane("record by record", 1 << 40, True))
STAGED = "SELECT * FROM stg_events ORDER BY file_id, record"
REFUSED = "SELECT file_id, record, reason, encoding, raw_text FROM etl_reject ORDER BY file_id, record"
COUNTED = (
    "SELECT file_id, lines, records_read, loaded, duplicate, conflict, rejected, values_read, values_aside, "
    "values_erased FROM etl_file ORDER BY file_id"
)


def through(lane: Lane, folder: Path) -> list[list[tuple[Any, ...]]]:
    """All that a run leaves of these files, if they go this way."""
    engine = memory()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "TINY", lane.tiny)
        if not lane.tries_first:
            patch.setattr(batch.Batch, "accept_plain", lambda _, reads, __: reads)
        read(engine, folder)
    try:
        return [rows(engine, sql) for sql in (STAGED, REFUSED, COUNTED)]
    finally:
        engine.close()


@pytest.mark.parametrize("seed", range(times(3, 150)))
def test_every_lane_gives_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    kinds = [[kind] for kind in KINDS] if seed == 0 else [[] for _ in range(20)]
    logs = [odd_log(chance, 100 + n, 6, 3, kind) for n, kind in enumerate(kinds)]
    in_folder(tmp_path, [gzip.compress(log) if chance.random() < 0.2 else log for log in logs])

    first, *others = [through(lane, tmp_path) for lane in LANES]

    for lane, other in zip(LANES[1:], others, strict=True):
        for held, expected in zip(other, first, strict=True):
            differing = [pair for pair in zip(held, expected, strict=False) if repr(pair[0]) != repr(pair[1])]
            assert differing[:1] == [] and len(held) == len(expected), f"{lane.name}, not {LANES[0].name}"
    survived("logs that went through all lanes", len(logs))


KEPT: dict[str, str] = {
    "an empty text under a key that no column takes": '"mood":""',
    "an empty text under a key like a column's, after a quote": '"x\\"userId":""',
    "an empty text beside the one that counts": '"song":""',
    "an empty text beside a number": '"userId":""',
    "half of a surrogate pair under a key that no column takes": '"mood":"\\ud83d"',
    "a key that is half of a surrogate pair": '"\\ud83d":1',
    "lower-case nan, which DuckDB takes": '"mood":nan',
    "600 objects in one another": '"mood":' + '{"a":' * 600 + "1" + "}" * 600,
    "3000 lists in one another": '"mood":' + "[" * 3000 + "]" * 3000,
}


@pytest.mark.parametrize("more", KEPT.values(), ids=KEPT)
def test_what_once_got_lost_or_ended_the_run_is_kept(tmp_path: Path, more: str) -> None:
    lines = [written(whole(1, item), STYLES[1]) for item in range(LARGE)]
    lines[100] = lines[100][:-1] + f",{more}}}"
    for folder, few in (("tiny", lines[99:102]), ("large", lines)):
        in_folder(tmp_path / folder, ["\n".join(few).encode()])
        engine = memory()

        read(engine, tmp_path / folder)

        [(read_, staged_, rejected)] = rows(
            engine,
            "SELECT records_read, (SELECT COUNT(*) FROM stg_events) AS s, rejected FROM etl_file",
        )
        assert read_ == staged_ + rejected == len(few)
        if more.count("[") + more.count("{") < 100:
            assert_conserved(engine, {"000.json": "\n".join(few).encode()}, oracle.EVENTS)
        else:
            [(reason,)] = rows(engine, "SELECT reason FROM etl_reject")
            assert reason in (
                "malformed JSON",
                "lists or objects in it lie more than 200 deep in one another",
            )
        engine.close()


def test_a_moment_just_after_1970_is_not_taken_for_another_unit(tmp_path: Path) -> None:
    """20 minutes after 1970 are 1,200,000,000 microseconds, which as seconds would be 2008."""
    early = ('"1970-01-01T00:20:00Z"', "1500.5", '"1970-01-12T00:00:00"', "1.5e3")
    lines = []
    for item, moment in enumerate(early):
        pairs = whole(1, item)
        pairs[15][1] = moment
        lines.append(written(pairs, STYLES[0]))
    in_folder(tmp_path, ["\n".join(lines).encode()])
    engine = memory()

    read(engine, tmp_path)

    reason = "ts is before 2000, or more than two days ahead of the clock"
    assert rows(engine, "SELECT record, reason FROM etl_reject ORDER BY 1") == [
        (n, reason) for n in (1, 2, 3, 4)
    ]
    engine.close()


def test_a_line_that_changes_its_fate_does_not_let_another_take_its_place(tmp_path: Path) -> None:
    """Of as many rows as there must be, none may be of a record that was rejected.

    Lane 1 takes the one record without what is too long to keep, and refuses the other for a mark before it.
    """
    lines = [written(whole(1, item), STYLES[1]) for item in range(LARGE)]
    lines[7] = lines[7][:-1] + ',"mood":"' + "x" * 100_000 + '"}'
    lines[9] = "\ufeff" + lines[9]
    body = "\n".join(lines).encode()
    in_folder(tmp_path, [body])
    engine = memory()

    read(engine, tmp_path)

    assert_conserved(engine, {"000.json": body}, oracle.EVENTS)
    engine.close()


def test_of_an_object_of_which_a_column_takes_a_part_the_rest_is_kept() -> None:
    """And nothing of it is confused with a key that is written as its path."""
    paths = default_paths("events") | {"user_id": ("user", "id")}
    pairs = [pair for pair in whole(1, 0) if pair[0] != '"userId"']
    line = written([*pairs, ['"user"', '{"id":15,"x":5,"x":6}'], ['"user.x"', "7"]], STYLES[1])

    record = record_reader("events", paths).read(line.encode())

    unknown, aside = oracle.opened(record.extra)
    assert unknown == {"user.x": "6"}
    assert aside == {("user.x", "5"): 1, ("user.x", "7"): 1}
    assert (record.values, record.aside) == (18 + 3, 3)
