"""The seal: whatever sparkify changes, it seals, and `check` finds what anything else has changed.

Each transaction that changes a table writes an entry in itself: the digest of every table, what was done, and
the seal of the entry before. The digests are those of the entry before with what this transaction added and
took away; they are never just read again, or the next night would seal what somebody changed by hand. Only a
table that a transaction wrote as a whole, as a rebuild does the star, is read again.

Whoever can write the warehouse can write the seals too. With SPARKIFY_SEAL_KEY in the environment they are
HMACs, which nobody can make who has not the key. Only `create` and `accept` give a chain a key, and nothing
takes it away: else whoever empties the chain and begins another would have it sealed by the next load.
"""

import datetime as dt
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from sparkify.clock import now_in_seconds
from sparkify.engines.base import Engine, Reader
from sparkify.errors import ConfigError, QueryError, WarehouseError
from sparkify.formatting import cut
from sparkify.ledger.digests import MODEL, SEALED, SMALL, Built, Changes, Digest, read_digests, read_hashing
from sparkify.ledger.state import this_program

VARIABLE = "SPARKIFY_SEAL_KEY"
CHAIN = "etl_seal"
"""The table that holds the seals."""
FIRST = ("create", "migrate", "accept")
"""What a chain may begin with; any other beginning was cut off."""
GIVE_KEY = ("create", "accept")
"""After which the seals have a key, where there is one. Any other entry has one if the entry before has."""
_MADE_BY = re.compile(r"(sparkify \S+) ")
BEFORE = "the chain before"
"""Among the digests of an `accept`: every entry before it, with whatever was wrong."""
LONGEST = 1000
"""Bytes of what is said of an entry."""


class Entry(NamedTuple):
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
        """The digest of each table. Raises WarehouseError if they cannot be read."""
        try:
            held = json.loads(self.digests)
            return {name: Digest(int(rows), int(total)) for name, (rows, total) in held.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise WarehouseError(
                f"the digests of seal {self.seal_id} cannot be read: something else than sparkify changed "
                "them. `sparkify log --accept WHY` seals the tables as they are."
            ) from error

    @property
    def models(self) -> dict[str, Built]:
        """The tables of models that sparkify built: no other table of the user's is ever replaced."""
        found = self.tables.items()
        return {name.removeprefix(MODEL): Built(*one) for name, one in found if name.startswith(MODEL)}

    def computed(self) -> str | None:
        """The seal that these values have; None where that needs a key that is not here."""
        text = json.dumps(self[:-1], ensure_ascii=False, default=str).encode()
        if not self.is_keyed:
            return hashlib.sha256(text).hexdigest()
        found = key()
        return hmac.new(found, text, hashlib.sha256).hexdigest() if found else None


Chain = list[tuple[Entry, str]]
"""Entries, the oldest first, each with what is wrong with it."""


@contextmanager
def sealed(engine: Engine, command: str = "", what: str = "") -> Iterator[Changes]:
    """Seal what the block does to the small tables, and to others as far as it notes it.

    To be entered inside a transaction. A block that changes nothing is not sealed.
    """
    changes, before = Changes(engine, command, what), read_digests(engine, SMALL)
    yield changes
    for table, digest in read_digests(engine, SMALL).items():
        changes.add(table, digest.minus(before[table]))
    write(engine, changes)


def write(engine: Engine, changes: Changes) -> None:
    """Add what this transaction changes to the chain, if it is anything; to be called at its end."""
    if not changes:
        return
    last, hashing = read_last(engine), read_hashing(engine)
    tables = changes.applied_to(last.tables if last else {})
    tables.pop(BEFORE, None)
    if last is None or last.hashing != hashing:
        tables |= read_digests(engine, SEALED)
        changes.what += " (digests read again: the hash function is another one)" if last else ""
    _append(engine, changes, last, tables, hashing)


def accept(engine: Engine, why: str) -> None:
    """Seal all tables as they are now, whatever the last seal says of them; to be called in a transaction.

    Links that are broken now are accepted with them, and no other ones.

    The next run builds the tables of models again. Where there is a key, the chain has it from here on.
    """
    last, changes = read_last(engine), Changes(engine, "accept", why)
    with suppress(WarehouseError):
        changes.models = _to_build(last)
    tables = changes.applied_to({}) | read_digests(engine, SEALED)
    tables[BEFORE] = _digest_of(read_chain(engine))
    _append(engine, changes, last, tables, read_hashing(engine))


def migrated(engine: Engine, changes: Changes, before: Mapping[str, Digest]) -> None:
    """Seal what a migration did: `before` holds the digests of the tables that were there before it.

    What somebody had changed by hand stays a difference, but in tables that were made again as a whole.
    Where there were no seals, all is sealed as it is. The next run builds the tables of models again.
    """
    last, hashing, tables = read_last(engine), read_hashing(engine), read_digests(engine, SEALED)
    if last and last.hashing == hashing:
        was = last.tables
        for name in tables.keys() - changes.whole:
            difference = tables[name].minus(before.get(name, Digest()))
            tables[name] = was.get(name, Digest()).plus(difference)
    changes.models = _to_build(last)
    _append(engine, changes, last, changes.applied_to({}) | tables, hashing)


def _to_build(last: Entry | None) -> dict[str, Built]:
    return {name: one._replace(select=0) for name, one in last.models.items()} if last else {}


def begin(engine: Engine) -> None:
    """Seal a warehouse whose tables were made just now; only some of the small ones hold anything."""
    tables = dict.fromkeys(SEALED, Digest()) | read_digests(engine, ("etl_version", "etl_play_page"))
    said = Changes(engine, "create", f"{this_program()} made the tables")
    _append(engine, said, None, tables, read_hashing(engine))


def read_last(reader: Reader) -> Entry | None:
    """The newest entry; None where there is none."""
    found = reader.query(f"SELECT {', '.join(Entry._fields)} FROM {CHAIN} ORDER BY seal_id DESC LIMIT 1").rows
    return Entry(*found[0]) if found else None


def read_models(reader: Reader) -> dict[str, Built]:
    """The tables of models that sparkify built, by the last seal."""
    last = read_last(reader)
    return last.models if last else {}


def read_program(reader: Reader) -> str:
    """The other program that made this layout or changed it last; empty if nobody can tell."""
    with suppress(QueryError):  # a newer layout may keep it elsewhere, and a reader sees no seals
        said = reader.query(
            f"SELECT what FROM {CHAIN} WHERE command IN ('create', 'migrate', 'columns') "
            "ORDER BY seal_id DESC LIMIT 1"
        ).rows
        found = _MADE_BY.match(said[0][0]) if said else None
        if found and found[1] != this_program():
            return found[1]
    return ""


def read_chain(reader: Reader) -> Chain:
    """Each entry, the oldest first, with what is wrong with it: nothing if all is well."""
    rows = reader.query(f"SELECT {', '.join(Entry._fields)} FROM {CHAIN} ORDER BY seal_id").rows
    found: Chain = []
    before: Entry | None = None
    for entry in (Entry(*row) for row in rows):
        wrong = ""
        if entry.computed() not in (None, entry.seal) or entry.is_keyed not in (0, 1):
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


def broken(chain: Chain) -> Chain:
    """The entries with which something is wrong, but for what somebody saw and accepted.

    What came before the last entry of `accept` must be what it was then, the broken links too.
    """
    at = max(
        (at for at, (one, wrong) in enumerate(chain) if one.command == "accept" and not wrong), default=0
    )
    is_as_accepted = bool(at) and chain[at][0].tables.get(BEFORE) == _digest_of(chain[:at])
    return [(entry, wrong) for entry, wrong in chain[at if is_as_accepted else 0 :] if wrong]


def _digest_of(chain: Chain) -> Digest:
    text = json.dumps([entry for entry, _ in chain], ensure_ascii=False, default=str)
    return Digest(len(chain), int(hashlib.sha256(text.encode()).hexdigest()[:16], 16))


def _append(
    engine: Engine, said: Changes, last: Entry | None, tables: dict[str, Digest], hashing: str
) -> None:
    _require_same_key(last)
    digests = json.dumps({name: [one.rows, str(one.total)] for name, one in sorted(tables.items())})
    what = cut(said.what, LONGEST)
    number, previous = (last.seal_id + 1, last.seal) if last else (1, "")
    is_keyed = bool(key()) and (said.command in GIVE_KEY or (last is not None and last.is_keyed))
    now = now_in_seconds()
    entry = Entry(
        number, now, said.run_id, said.command, what, hashing, digests, previous, int(is_keyed), "",
    )  # fmt: skip
    engine.insert(CHAIN, Entry._fields, [entry._replace(seal=entry.computed() or "")])


def require_key(reader: Reader) -> None:
    """Raise ConfigError if the last seal has a key and this is not it, or has none and there is one here."""
    last = read_last(reader)
    _require_same_key(last)
    if key() and not (last and last.is_keyed):
        raise ConfigError(
            f"{'the last seal has no key' if last else 'there is no seal'}, and {VARIABLE} is set. If it had "
            "one, restore a copy of the warehouse. If the key is new and you are sure of what the warehouse "
            "holds (`sparkify check --deep`), `sparkify log --accept WHY` seals it with the key. Nothing was "
            "changed."
        )


def _require_same_key(last: Entry | None) -> None:
    if last and last.is_keyed and not key():
        raise ConfigError(f"the warehouse is sealed with a key: set {VARIABLE}. Nothing was changed.")
    if last and last.is_keyed and last.computed() != last.seal:
        raise ConfigError(
            f"the last seal was not made with this {VARIABLE}. Give the right one; if something else than "
            "sparkify changed the seal, restore a copy of the warehouse. Nothing was changed."
        )


def key() -> bytes:
    """The key of the seals; empty where there is none."""
    return os.fsencode(os.environ.get(VARIABLE, ""))
