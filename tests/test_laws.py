"""Laws that hold for any records, in any order, in any batches, with any faults."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.checks import check_everything, check_seal
from sparkify.load.diff import digest_star
from sparkify.load.run import rebuild
from sparkify.load.tables import create_tables
from sparkify.progress import Silent
from sparkify.source.tally import FEW
from tests.builders import NOON, Record, Source, etl, event, play, rows, song
from tests.torture import survived, times

NAMES = ["Nightbirds", "nightbirds ", "Sol", "BjÃ¶rk", "Björk", None]
TITLES = ["Undo", "UNDO", "Revelry", "Ãtude", None]

plays = st.builds(
    play,
    item=st.integers(0, 3),
    sessionId=st.integers(1, 3),
    userId=st.sampled_from(["15", "16", "", "17"]),
    level=st.sampled_from(["free", "paid", "", " "]),
    ts=st.integers(0, 6).map(lambda hours: NOON + hours * 3_600_000),
    song=st.sampled_from(TITLES),
    artist=st.sampled_from(NAMES),
    length=st.sampled_from([100.0, 200.5, None]),
)
visits = st.builds(
    event,
    itemInSession=st.integers(0, 3),
    sessionId=st.integers(1, 3),
    userId=st.sampled_from(["15", "16", ""]),
    level=st.sampled_from(["free", "paid"]),
    ts=st.integers(0, 6).map(lambda hours: NOON + hours * 3_600_000),
)
faults = st.sampled_from(["{broken", "[1]", '{"page": "NextSong"}', "", "   ", b"\xff\xfe{"])
songs = st.builds(
    song,
    song_id=st.sampled_from(["SO1", "SO2", "SO3"]),
    artist_id=st.sampled_from(["AR1", "AR2"]),
    title=st.sampled_from([title for title in TITLES if title]),
    artist_name=st.sampled_from(NAMES),
    duration=st.sampled_from([100.0, 200.0, None]),
    year=st.sampled_from([0, 1999]),
    artist_location=st.sampled_from(["", "Lyon"]),
)
logs = st.lists(st.one_of(plays, plays, visits, faults), max_size=6).filter(
    lambda lines: lines.count(b"\xff\xfe{") < FEW  # of so many, the whole file is one reject
)
Delivery = tuple[str, Any]


@settings(
    max_examples=times(8, 100),
    deadline=None,
    # Shrinking takes minutes, since an example is several whole runs; a failing example is small enough.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    deliveries=st.lists(
        st.one_of(st.tuples(st.just("log"), logs), st.tuples(st.just("song"), songs)), min_size=1, max_size=8
    ),
    data=st.data(),
)
def test_any_order_and_batching_gives_the_same_star_as_a_rebuild(
    deliveries: list[Delivery], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(list(enumerate(deliveries))))
    cuts = data.draw(st.sets(st.integers(0, len(deliveries))))
    with tempfile.TemporaryDirectory() as folder:
        at_once = loaded(Path(folder) / "once", list(enumerate(deliveries)), set())
        in_parts = loaded(Path(folder) / "parts", shuffled, cuts)
        try:
            star = digest_star(at_once)
            for engine in (at_once, in_parts):
                assert rows(
                    engine,
                    "SELECT COUNT(*) AS n FROM etl_file "
                    "WHERE records_read <> loaded + duplicate + conflict + rejected",
                ) == [(0,)]
                assert totals(engine) == expected_totals(deliveries)
                verdicts = [*check_everything(engine), check_seal(engine)]
                assert [verdict.name for verdict in verdicts if not verdict.passed] == []
                assert digest_star(engine) == star
                rebuild(engine, Silent())
                assert digest_star(engine) == star
        finally:
            at_once.close()
            in_parts.close()
    survived("examples of order and batching", 1)


def loaded(folder: Path, deliveries: list[tuple[int, Delivery]], cuts: set[int]) -> DuckDB:
    """A warehouse that was given these deliveries one by one, with a run after each cut and at the end."""
    source = Source(folder)
    (folder / "song_data").mkdir(parents=True)
    engine = DuckDB(str(folder / "test.duckdb"))
    create_tables(engine)
    for place, (number, (kind, content)) in enumerate(deliveries):
        if kind == "log":
            source.write(folder / "log_data" / f"{number}.json", b"\n".join(map(as_line, content)))
        else:
            source.song(content, str(number))
        if place in cuts:
            etl(engine, folder)
    etl(engine, folder)
    return engine


def as_line(record: Record | str | bytes) -> bytes:
    if isinstance(record, bytes):
        return record
    return record.encode() if isinstance(record, str) else json.dumps(record).encode()


def totals(engine: DuckDB) -> tuple[int, ...]:
    return rows(
        engine,
        "SELECT SUM(records_read) AS r, SUM(loaded) AS l, SUM(duplicate) AS d, SUM(conflict) AS c, "
        "SUM(rejected) AS x FROM etl_run",
    )[0]


def expected_totals(deliveries: list[Delivery]) -> tuple[int, ...]:
    """Counted by hand: what is a record, what is good, how many keys there are, and contents of each key."""
    contents: dict[tuple[str, Any], set[str]] = {}
    good = rejected = 0
    for kind, content in deliveries:
        for record in content if kind == "log" else [content]:
            if isinstance(record, dict):
                key = record.get("song_id") or (
                    record["sessionId"], record["itemInSession"], record["userId"] or f"@{record['ts']}",
                )  # fmt: skip
                contents.setdefault((kind, key), set()).add(json.dumps(record))
                good += 1
            elif record.strip():
                rejected += 1
    distinct = sum(map(len, contents.values()))
    return good + rejected, len(contents), good - distinct, distinct - len(contents), rejected
