"""The seal: whatever sparkify changes, it seals, and `check` finds what anything else has changed.

Each transaction that changes a table writes an entry in itself: the digest of every table, what was done, and
the seal of the entry before. The digests are those of the entry before with what this transaction added and
took away; they are never just read again, or the next night would seal what somebody changed by hand. Only a
table that a transaction wrote as a whole, as a rebuild does the star, is read again.

Whoever can write the warehouse can write the seals too. With SPARKIFY_SEAL_KEY in the environment they are
HMACs, which nobody can make who has not the key.
"""

import datetime as dt
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sparkify.engines.base import Engine, Reader, Result
from sparkify.errors import ConfigError
from sparkify.load.checks import Verdict, check_everything, check_play_pages
from sparkify.load.digests import SEALED, SMALL, Changes, Digest, read_digests, read_hashing
from sparkify.load.layout import require_columns, this_program

VARIABLE = "SPARKIFY_SEAL_KEY"
COLUMNS = (
    "seal_id", "sealed_at", "run_id", "command", "what", "hashing", "digests", "previous", "is_keyed", "seal",
)  # fmt: skip
FIRST = ("create", "migrate", "accept")
"""What a chain may begin with; any other beginning was cut off."""
LONGEST = 1000
"""Bytes of what is said of an entry."""


@dataclass(frozen=True)
class Entry:
    """A link of the chain, as `etl_seal` holds it."""

    seal_id: int
    sealed_at: dt.datetime
    run_id: int | None
    command: str
    what: str
    hashing: str
    digests: str
    previous: str
    is_keyed: int
    seal: str

    @property
    def tables(self) -> dict[str, Digest]:
        return {name: Digest(rows, int(total)) for name, (rows, total) in json.loads(self.digests).items()}

    def computed(self) -> str | None:
        """The seal that these values have; None where that needs a key that is not here."""
        values = [getattr(self, name) for name in COLUMNS[:-1]]
        text = json.dumps(values, ensure_ascii=False, default=str).encode()
        if not self.is_keyed:
            return hashlib.sha256(text).hexdigest()
        key = _key()
        return hmac.new(key, text, hashlib.sha256).hexdigest() if key else None


@dataclass
class Sealing:
    """What a transaction does, to be sealed at its end."""

    changes: Changes
    command: str = ""
    what: str = ""
    run_id: int | None = None

    def says(self, command: str, what: str, run_id: int | None = None) -> None:
        """What the entry says."""
        self.command, self.what, self.run_id = command, what, run_id


@contextmanager
def sealed(engine: Engine, command: str = "", what: str = "") -> Iterator[Sealing]:
    """Seal what the block does to the small tables, and to others as far as it notes it.

    To be entered inside a transaction. A block that changes nothing is not sealed.
    """
    sealing = Sealing(Changes(engine), command, what)
    with sealing.changes.of_each(SMALL):
        yield sealing
    if sealing.changes:
        write(engine, sealing.command, sealing.what, sealing.changes, sealing.run_id)


def write(engine: Engine, command: str, what: str, changes: Changes, run_id: int | None = None) -> None:
    """Add the entry of this transaction to the chain; to be called inside it, after all that it changes."""
    last, hashing = read_last(engine), read_hashing(engine)
    if last is None or last.hashing != hashing:
        tables = read_digests(engine, SEALED)
        what += " (digests read again: the hash function is another one)" if last else ""
    else:
        tables = changes.applied_to(last.tables)
    _append(engine, last, command, what, tables, hashing, run_id)


def accept(engine: Engine, why: str, command: str = "accept") -> None:
    """Seal all tables as they are now, whatever the last seal says of them; to be called in a transaction."""
    tables = read_digests(engine, SEALED)
    _append(engine, read_last(engine), command, why, tables, read_hashing(engine), None)


def begin(engine: Engine) -> None:
    """Seal a warehouse whose tables were made just now; only some of the small ones hold anything."""
    tables = dict.fromkeys(SEALED, Digest()) | read_digests(engine, ("etl_version", "etl_play_page"))
    _append(engine, None, "create", f"{this_program()} made the tables", tables, read_hashing(engine), None)


def read_last(reader: Reader) -> Entry | None:
    """The newest entry; None where there is none."""
    found = reader.query(f"SELECT {', '.join(COLUMNS)} FROM etl_seal ORDER BY seal_id DESC LIMIT 1").rows
    return Entry(*found[0]) if found else None


def read_chain(reader: Reader) -> list[tuple[Entry, str]]:
    """Each entry, the oldest first, with what is wrong with it: nothing if all is well."""
    rows = reader.query(f"SELECT {', '.join(COLUMNS)} FROM etl_seal ORDER BY seal_id").rows
    found: list[tuple[Entry, str]] = []
    before: Entry | None = None
    for entry in (Entry(*row) for row in rows):
        wrong = ""
        if entry.computed() not in (None, entry.seal):
            wrong = "it was changed, or made with another key"
        elif before is None and (entry.seal_id != 1 or entry.previous or entry.command not in FIRST):
            wrong = "what came before it is gone"
        elif before and (entry.previous != before.seal or entry.seal_id != before.seal_id + 1):
            wrong = "it does not follow the one before"
        elif before and before.is_keyed and not entry.is_keyed:
            wrong = "it has no key, and the one before has"
        found.append((entry, wrong))
        before = entry
    return found


@dataclass(frozen=True)
class SealVerdict(Verdict):
    """Whether the tables are as the last seal says; `wrong` has a row for each that is not."""

    seal: str = ""
    """The last seal."""

    def sentence(self) -> str:
        """Every table that was changed, in one line."""
        if self.passed:
            return super().sentence()
        tables = "; ".join(f"{row[0]}: {row[1]}" for row in self.wrong.rows)
        return f"{self.name} failed: {tables}. Expected: {self.meaning}"


def check_warehouse(reader: Reader, play_pages: Sequence[str] = ()) -> Sequence[Verdict]:
    """Every check over the whole warehouse, and whether nothing but sparkify has changed a table.

    Where `play_pages` are given, also whether the star was built with these. Raises as `require_columns`.
    """
    require_columns(reader)
    pages = [check_play_pages(reader, play_pages)] if play_pages else []
    return [*check_everything(reader), *pages, check_seal(reader)]


def check_seal(reader: Reader) -> Verdict:
    """Read every table, and compare it with the last seal; and follow the chain of seals.

    Where another run is published meanwhile, it is read again.
    """
    while True:
        verdict, last = _check(reader), read_last(reader)
        if last is None or verdict.seal == last.seal:
            return verdict


def _check(reader: Reader) -> "SealVerdict":
    chain = read_chain(reader)
    wrong = [("etl_seal", f"seal {entry.seal_id}: {why}") for entry, why in chain if why]
    meaning = "Nothing but sparkify has changed any table since the last seal."
    if not chain:
        wrong.append(("etl_seal", "there is no seal"))
        return SealVerdict("seal", meaning, Result(("table", "why"), wrong))
    last = chain[-1][0]
    if _key() and not last.is_keyed:
        wrong.append(("etl_seal", "the last seal has no key: `sparkify log --accept WHY` gives it one"))
    if last.computed() is None:
        meaning += f" (The seals themselves were not proved: {VARIABLE} is not here.)"
    if last.hashing == read_hashing(reader):
        wrong += _differences(last.tables, read_digests(reader, SEALED))
    else:
        meaning += (
            " (The tables were not compared: this DuckDB has another hash function. "
            "The next run seals them again.)"
        )
    return SealVerdict("seal", meaning, Result(("table", "why"), wrong), last.seal)


def _differences(sealed_: dict[str, Digest], found: dict[str, Digest]) -> list[tuple[str, str]]:
    wrong = []
    for name in SEALED:
        was, now = sealed_.get(name, Digest()), found[name]
        if was.rows != now.rows:
            wrong.append((name, f"{was.rows:,} rows were sealed, {now.rows:,} are there"))
        elif was != now:
            wrong.append((name, "rows were changed"))
    return wrong


def _append(
    engine: Engine,
    last: Entry | None,
    command: str,
    what: str,
    tables: dict[str, Digest],
    hashing: str,
    run_id: int | None,
) -> None:
    if last and last.is_keyed and not _key():
        raise ConfigError(f"the warehouse is sealed with a key: set {VARIABLE}. Nothing was changed.")
    digests = json.dumps({name: [one.rows, str(one.total)] for name, one in sorted(tables.items())})
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    said = what.encode()[:LONGEST].decode(errors="ignore")
    number, previous = (last.seal_id + 1, last.seal) if last else (1, "")
    entry = Entry(number, now, run_id, command, said, hashing, digests, previous, int(bool(_key())), "")
    values: Sequence[Any] = [getattr(entry, name) for name in COLUMNS[:-1]]
    engine.insert("etl_seal", COLUMNS, [(*values, entry.computed())])


def _key() -> bytes:
    return os.environ.get(VARIABLE, "").encode()
