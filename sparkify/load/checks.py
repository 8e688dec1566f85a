"""The checks: each is SQL that returns the rows that are wrong.

`sparkify check` runs them over everything. A load runs them over what it affected, so that their cost
follows the new data: the table that a check is about, the first one it names, is narrowed to the rows
of affected keys. Where everything is affected, in a first load and in a rebuild, nothing is narrowed.
"""

import datetime as dt
from collections.abc import Sequence

from sparkify.engines.base import STAGING_TABLE, Engine, Reader, Result
from sparkify.engines.dialect import narrow
from sparkify.engines.relations import definition
from sparkify.errors import WarehouseError
from sparkify.ledger.digests import SEALED, Digest, read_digests, read_hashing
from sparkify.ledger.runs import last_run
from sparkify.ledger.seal import CHAIN, VARIABLE, Chain, broken, key, read_chain, read_last
from sparkify.ledger.state import read_play_pages, read_rules
from sparkify.load.layout import require_columns
from sparkify.load.models import MODELS, NEW
from sparkify.load.own_models import check_models
from sparkify.load.project import NO_PROJECT, Project, naming
from sparkify.load.rules import other_pages, rules_digest
from sparkify.load.star import RunRange
from sparkify.load.verdict import SHOWN, Verdict
from sparkify.sql import schema, statement, statements

_AFFECTED = {
    **{model.table: model.of_affected(model.table) for model in MODELS},
    "songplay": "SELECT * FROM affected_play",
    "time": "SELECT * FROM time WHERE start_time BETWEEN :first_time AND :last_time",
    **{table: f"SELECT * FROM {table} WHERE {NEW}" for table in STAGING_TABLE.values()},
}


def check_everything(engine: Reader) -> Sequence[Verdict]:
    """Run all checks over the whole warehouse."""
    return [*check_span(engine, RunRange(0, last_run(engine))), check_rules(engine)]


def check_span(engine: Reader, span: RunRange) -> Sequence[Verdict]:
    """Run all checks over everything that these runs brought."""
    return [_verdict(engine, s.name, s.text, span) for s in statements("checks")]


def check_affected(engine: Engine, span: RunRange) -> Sequence[Verdict]:
    """Run all checks over what a load has just affected, inside its transaction."""
    if span.is_everything:
        return check_span(engine, span)
    engine.execute(f"CREATE TEMP TABLE affected_play AS {definition('affected_play', group='affected')}")
    verdicts = [_verdict(engine, s.name, narrow(s.text, _AFFECTED), span) for s in statements("checks")]
    engine.execute("DROP TABLE affected_play")
    return verdicts


def check_rules(engine: Reader) -> Verdict:
    """Whether this program's rules built the star."""
    built = read_rules(engine)
    wrong = [] if built in (None, rules_digest()) else [(built, rules_digest())]
    meaning = "This program's rules built the star schema; if not, `sparkify rebuild` does."
    return Verdict("rules", meaning, Result(("built_by", "program"), wrong))


def check_play_pages(engine: Reader, pages: Sequence[str]) -> Verdict:
    """Whether the star was built with these pages, those of the configuration."""
    differs = other_pages(engine, pages)
    wrong = [(", ".join(read_play_pages(engine)), ", ".join(pages))] if differs else []
    meaning = "The star was built with the pages of [ETL] PLAY_PAGE; if not, `sparkify rebuild` does."
    return Verdict("play_pages", meaning, Result(("built_with", "play_page"), wrong))


def check_freshness(engine: Engine, max_age: dt.timedelta, now: dt.datetime) -> Verdict:
    """Whether the latest event is younger than `max_age`; `now` is in UTC, without a zone.

    An event of the future tells nothing: one wrong clock would hide for years that the feed has stalled.
    """
    latest = engine.query(
        "SELECT MAX(ts) AS latest_event FROM stg_events WHERE ts <= :now", {"now": now}
    ).scalar()
    age = now - latest if latest else None
    fresh = age is not None and age <= max_age
    meaning = f"The latest event must be at most {_span(max_age)} old."
    wrong = [] if fresh else [(latest, age and _span(age))]
    found = f"the latest event is {_span(age)} old" if age else "there is no event"
    told = f"{found} (limit {_span(max_age)})"
    return Verdict("freshness", meaning, Result(("latest_event", "age"), wrong), told)


def check_gaps(engine: Reader, max_gap: dt.timedelta) -> Verdict:
    """Whether no two consecutive events are further apart than `max_gap`.

    Every event in staging counts, those of forgotten listeners too. A missing day leaves a gap of more than
    24 hours.
    """
    # A gap longer than a minute has its ends in two minutes: the window then orders one row a minute, and
    # not one a moment.
    within = "DATE_TRUNC('minute', ts)" if max_gap >= dt.timedelta(minutes=1) else "ts"
    found = engine.query(
        f"""
        SELECT gap_start, gap_end
        FROM (
            SELECT LAG(latest) OVER (ORDER BY earliest) AS gap_start, earliest AS gap_end
            FROM (
                SELECT {within} AS stretch, MIN(ts) AS earliest, MAX(ts) AS latest FROM stg_events GROUP BY 1
            ) AS stretches
        ) AS gaps
        WHERE DATEDIFF(microsecond, gap_start, gap_end) > :max_gap
        ORDER BY DATEDIFF(microsecond, gap_start, gap_end) DESC, gap_start
        LIMIT {SHOWN}
        """,
        {"max_gap": max_gap // dt.timedelta(microseconds=1)},
    )
    wrong = [(start, end, _span(end - start)) for start, end in found.rows]
    meaning = f"Consecutive events must be at most {_span(max_gap)} apart."
    told, shown = "", len(wrong)
    if wrong:
        more = "" if shown == 1 else f", the widest of {shown} gaps{' or more' if shown == SHOWN else ''}"
        start, end, length = wrong[0]
        told = f"events are missing between {start} and {end} ({length}, limit {_span(max_gap)}){more}"
    return Verdict("gaps", meaning, Result(("gap_start", "gap_end", "length"), wrong), told)


def check_own(reader: Reader, project: Project) -> Sequence[Verdict]:
    """Run the checks of the user's own over everything. QueryError names the file of one that cannot run."""
    found = []
    for one in project.checks:
        with naming(one):
            wrong = reader.query(f"SELECT * FROM (\n{one.text}\n) AS wrong LIMIT {SHOWN}")
        meaning = one.meaning or f"The SELECT of {one.file} returns no row."
        found.append(Verdict(one.name, meaning, wrong, warns=one.severity == "warn", is_own=True))
    return found


def check_warehouse(
    reader: Reader, play_pages: Sequence[str] = (), project: Project = NO_PROJECT
) -> Sequence[Verdict]:
    """Every check over the whole warehouse, and whether nothing but sparkify has changed a table.

    Where `play_pages` are given, also whether the star was built with these. Raises as `require_columns`.
    """
    require_columns(reader)
    pages = [check_play_pages(reader, play_pages)] if play_pages else []
    return [
        *check_everything(reader), *pages, check_layout(reader), check_seal(reader),
        *check_models(reader, project), *check_own(reader, project),
    ]  # fmt: skip


def check_layout(reader: Reader) -> Verdict:
    """Whether tables and views are what this program makes, as far as the engine can tell."""
    made = {name: statement("tables", name).text for name in schema.ALL}
    wrong = [
        (name, "another program or somebody made this view: `DROP VIEW` it, then `sparkify tables create`")
        if name in schema.VIEWS
        else (name, "a column has another type or default: restore a copy of the warehouse")
        for name in reader.altered(made | {name: statement("views", name).text for name in schema.VIEWS})
    ]
    meaning = "Tables and views are as this program makes them."
    told = "; ".join(f"{name}: {why}" for name, why in wrong)
    return Verdict("layout", meaning, Result(("name", "why"), wrong), told and f"{told}. Expected: {meaning}")


def check_seal(reader: Reader) -> Verdict:
    """Read every table, and compare it with the last seal; and follow the chain of seals.

    Where another run is published meanwhile, it is read again.
    """
    while True:
        chain = read_chain(reader)
        verdict, last = _compare(reader, chain), read_last(reader)
        if last is None or (chain and chain[-1][0].seal == last.seal):
            return verdict


def changed_by_hand(reader: Reader, tables: Sequence[str]) -> str:
    """What something else than sparkify has changed in these tables since the last seal; empty if nothing.

    With the chain of seals among them, it is followed too.
    """
    wrong = _links(read_chain(reader)) if CHAIN in tables else []
    last = read_last(reader)
    if last and last.hashing == read_hashing(reader):
        wrong += _differences(last.tables, read_digests(reader, [name for name in tables if name != CHAIN]))
    return _told(wrong)


def _links(chain: Chain) -> list[tuple[str, str]]:
    return [(CHAIN, f"seal {entry.seal_id}: {why}") for entry, why in broken(chain)]


def _told(wrong: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{table}: {why}" for table, why in wrong)


def _compare(reader: Reader, chain: Chain) -> Verdict:
    wrong = _links(chain)
    meaning = "Nothing but sparkify has changed any table since the last seal."
    if not chain:
        wrong, told = [(CHAIN, "there is no seal")], f"{CHAIN}: there is no seal. Expected: {meaning}"
        return Verdict("seal", meaning, Result(("table", "why"), wrong), told)
    last = chain[-1][0]
    if key() and not last.is_keyed:
        wrong.append((CHAIN, "the last seal has no key: `sparkify log --accept WHY` gives it one"))
    if last.computed() is None:
        meaning += f" (The seals themselves were not proved: {VARIABLE} is not here.)"
    if last.hashing == read_hashing(reader):
        try:
            wrong += _differences(last.tables, read_digests(reader, SEALED))
        except WarehouseError as error:
            wrong.append((CHAIN, str(error)))
    else:
        meaning += (
            " (The tables were not compared: this DuckDB has another hash function. "
            "The next run seals them again.)"
        )
    return Verdict("seal", meaning, Result(("table", "why"), wrong), f"{_told(wrong)}. Expected: {meaning}")


def _differences(sealed: dict[str, Digest], found: dict[str, Digest]) -> list[tuple[str, str]]:
    wrong = []
    for name, now in found.items():
        was = sealed.get(name, Digest())
        if was.rows != now.rows:
            wrong.append((name, f"{was.rows:,} rows were sealed, {now.rows:,} are there"))
        elif was != now:
            wrong.append((name, "rows were changed"))
    return wrong


def _span(time: dt.timedelta) -> str:
    """A time as one says it.

    >>> _span(dt.timedelta(hours=36)), _span(dt.timedelta(days=2931, hours=1))
    ('36 hours', '2,931 days')
    """
    hours = time.total_seconds() / 3600
    return f"{round(hours, 2):g} hours" if hours < 72 else f"{round(hours / 24, 1):,g} days"


def _verdict(engine: Reader, name: str, sql: str, span: RunRange) -> Verdict:
    found = engine.query(f"SELECT * FROM ({sql}) AS wrong LIMIT {SHOWN}", span.params)
    return Verdict(name, statement("checks", name).comment, found)
