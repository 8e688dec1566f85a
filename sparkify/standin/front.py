"""The front: a server that speaks the wire protocol as Redshift does, before a PostgreSQL.

What goes to PostgreSQL is rewritten on the way, COPY is done by the front itself inside the client's
transaction. Messages of the extended protocol are handed on together, up to the next Sync or Flush, or to the
next one that the front answers itself.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sparkify.standin import intervals
from sparkify.standin.backend import (
    Backend,
    BackendError,
    Row,
    error,
    fields,
    message,
    quoted,
    receive,
)
from sparkify.standin.copying import Copier
from sparkify.standin.refusals import Refused
from sparkify.standin.rewriting import Rewritten, rewrite
from sparkify.standin.tables import columns_of, question_of
from sparkify.standin.welcome import Welcome

_NOTHING = Rewritten("sql", ())
_INNER = re.compile(r"function (?:pg_catalog\.)?rs_(\w+)\((.*)\) (?:does not exist|is not unique)")
"""A function of the emulator's own, given what it does not take."""


_MUCH = 1 << 16
"""Bytes that are sent to the client before all of an answer is there."""
_ENDS = {b"P": b"1E", b"B": b"2E", b"D": b"TnE", b"E": b"CIsE", b"C": b"3E"}
"""What ends the answer to a message of the extended protocol."""


class _Pending(NamedTuple):
    """A message that PostgreSQL has not answered yet."""

    kind: bytes
    body: bytes


@dataclass
class Front:
    """What every session of one cluster shares."""

    socket: str
    tls: ssl.SSLContext
    prefix: str
    """What PostgreSQL's name of a database has before the cluster's own."""
    passwords: Callable[[], Mapping[str, str]]
    """The users who may connect now, with their passwords."""
    learn: Callable[[str, str], None]
    """Told of a user who may connect from now on, and the password."""
    copier: Copier
    is_reachable: Callable[[], bool]
    port: int = 0
    server: asyncio.Server | None = None
    sessions: set[asyncio.StreamWriter] = field(default_factory=set)
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    """Errors to come, as of others at work, each once: (a part of a statement, SQLSTATE, message)."""

    def fail(self, sql: str) -> None:
        """Raise Refused if a fault waits for this statement."""
        for fault in self.faults:
            if fault[0] in sql:
                self.faults.remove(fault)
                raise Refused(fault[2], fault[1])

    async def listen(self, port: int = 0) -> int:
        """Listen on a port of this machine, by default a free one; return it."""
        self.server = await asyncio.start_server(self._client, "127.0.0.1", port, limit=1 << 20)
        self.port = int(self.server.sockets[0].getsockname()[1])
        return self.port

    async def close(self) -> None:
        """Stop listening and drop every session."""
        if self.server:
            self.server.close()
        for writer in list(self.sessions):
            writer.transport.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_reachable():
            writer.transport.abort()  # a packet that a security group drops would be waited for
            return
        self.sessions.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            backend = await Welcome(self, reader, writer).open()
            if backend is not None:
                try:
                    await _Session(self, reader, writer, backend).run()
                finally:
                    backend.writer.close()
        self.sessions.discard(writer)
        writer.close()


class _Session:
    """One client's statements, simple and extended protocol."""

    def __init__(
        self, front: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backend: Backend
    ) -> None:
        self._front, self._reader, self._writer, self._backend = front, reader, writer, backend
        self._prepared: dict[bytes, Rewritten] = {}
        self._portals: dict[bytes, Rewritten] = {}
        self._intervals: dict[bytes, Mapping[int, int]] = {}
        """The INTERVALs among the columns of what was described: S or P, and its name."""
        self._formats: dict[bytes, tuple[bytes, Sequence[int]]] = {}
        """Of each portal: its statement, and in which format its columns are wanted."""
        self._described = b""
        self._rows: tuple[Mapping[int, int], Sequence[int]] = ({}, ())
        """The INTERVALs of the rows that come now, and their formats."""
        self._outgoing = bytearray()
        self._pending: list[_Pending] = []
        """What PostgreSQL has been, or will be, sent and not answered yet."""
        self._answers = bytearray()
        """What the client has not been sent yet."""

    async def run(self) -> None:
        skipping = False
        while True:
            kind, body = await receive(self._reader)
            if kind == b"X":
                return
            if kind == b"Q":
                await self._simple(body[:-1])
            elif kind == b"S":
                skipping = False
                await self._settle(message(b"S"))
                await self._relay(b"Z")
                await self._send()
            elif kind == b"H":
                skipping = not await self._settle() or skipping
                await self._send()
            elif kind in b"PBDEC":
                skipping = skipping or not await self._guarded(kind, body)
            elif kind not in b"dcf":  # what is left of a COPY FROM STDIN is ignored, as PostgreSQL does
                self._say(error("08P01", f"invalid frontend message type {kind[0]}", severity="FATAL"))
                await self._send()
                return

    def _say(self, data: bytes) -> None:
        self._answers += data

    async def _send(self) -> None:
        self._writer.write(bytes(self._answers))
        self._answers.clear()
        await self._writer.drain()

    async def _guarded(self, kind: bytes, body: bytes) -> bool:
        """One message of the extended protocol; False if it failed, and the rest up to Sync is skipped."""
        try:
            return await self._extended(kind, body)
        except Refused as refused:
            if await self._settle():
                await self._fail(refused)
        except BackendError as failed:
            self._say(message(b"E", _as_redshift(failed.body)))
        return False

    async def _extended(self, kind: bytes, body: bytes) -> bool:
        if kind == b"P":
            name, sql, rest = body.split(b"\0", 2)
            self._front.fail(sql.decode())
            found = _rewritten(sql)
            if len(found) > 1:
                raise Refused("cannot insert multiple commands into a prepared statement", "42601")
            statement = found[0] if found else _NOTHING
            if statement.typed and not await self._settle():
                return False
            statement = await self._typed(statement, self._backend.ask_in_passing)
            self._prepared[name] = statement
            if statement.kind == "sql":
                self._forward(kind, b"\0".join((name, statement.sql.encode(), rest)))
                return True
        else:
            statement = self._named(kind, body)
            if statement.kind == "sql":
                self._forward(kind, body)
                return kind != b"E" or not statement.is_watched or await self._watched(statement)
        if not await self._settle():
            return False
        if kind == b"E":
            await self._own(statement)
        else:
            parameters = message(b"t", b"\0\0") if (kind, body[:1]) == (b"D", b"S") else b""
            self._say(parameters + message({b"P": b"1", b"B": b"2", b"D": b"n", b"C": b"3"}[kind]))
        return True

    async def _watched(self, statement: Rewritten) -> bool:
        done = await self._settle()
        if done:
            await self._afterwards(statement)
        return done

    def _forward(self, kind: bytes, body: bytes) -> None:
        """To be sent on with what the client says next."""
        self._outgoing += message(kind, body)
        self._pending.append(_Pending(kind, body))

    async def _settle(self, last: bytes = b"") -> bool:
        """Send on what waits, and hand on its answers; False if one is an error: then no other comes."""
        if self._pending or last:
            self._backend.send(bytes(self._outgoing) + (last or message(b"H")))
        self._outgoing.clear()
        pending, self._pending = self._pending, []
        for one in pending:
            self._note_intervals(one.kind, one.body)
            if not await self._relay(_ENDS[one.kind]):
                return False
        return True

    def _note_intervals(self, kind: bytes, body: bytes) -> None:
        """Before a Describe its INTERVALs are not known; before an Execute it is set which rows come."""
        if kind == b"P":
            self._intervals.pop(b"S" + body.partition(b"\0")[0], None)
        if kind == b"B":
            portal, statement = body.split(b"\0", 2)[:2]
            self._formats[portal] = (statement, intervals.formats(body))
            self._intervals.pop(b"P" + portal, None)
        self._described = body[:-1] if kind == b"D" else b""
        if kind == b"E":
            portal = body.split(b"\0", 1)[0]
            statement, wanted = self._formats.get(portal, (b"", ()))
            own = self._intervals.get(b"P" + portal) or self._intervals.get(b"S" + statement)
            self._rows = (own or {}, wanted)

    async def _typed(self, statement: Rewritten, ask: Callable[[str], Awaitable[Sequence[Row]]]) -> Rewritten:
        """The statement with the types of what it computes, which follow from the columns of its tables."""
        if statement.typed is None:
            return statement
        failed = self._backend.status == b"E"
        return statement.typed({} if failed else columns_of(await ask(question_of(statement.tables))))

    def _named(self, kind: bytes, body: bytes) -> Rewritten:
        """The statement that a Bind, Describe, Execute or Close is about."""
        if kind == b"B":
            portal, name = body.split(b"\0", 2)[:2]
            self._portals[portal] = self._prepared.get(name, _NOTHING)
            return self._portals[portal]
        if kind == b"E":
            return self._portals.get(body.split(b"\0", 1)[0], _NOTHING)
        return (self._prepared if body[:1] == b"S" else self._portals).get(body[1:-1], _NOTHING)

    async def _simple(self, sql: bytes) -> None:
        await self._settle()
        self._described, self._rows = b"", ({}, ())
        try:
            found = _rewritten(sql)
            if not found:
                self._say(message(b"I"))
            for rewritten in found:
                if rewritten.kind != "sql":
                    await self._own(rewritten)
                    continue
                statement = await self._typed(rewritten, self._backend.ask)
                self._backend.send(message(b"Q", statement.sql.encode() + b"\0"))
                if not await self._relay(b"Z", hide=b"Z"):
                    break
                await self._afterwards(statement)
        except Refused as refused:
            await self._fail(refused)
        except BackendError as failed:
            self._say(message(b"E", _as_redshift(failed.body)))
        self._say(message(b"Z", self._backend.status))
        await self._send()

    async def _own(self, statement: Rewritten) -> None:
        """A statement that the front answers itself."""
        if self._backend.status == b"E":
            await self._backend.ask("SELECT 1")  # refused as any statement is now
        if statement.kind == "ignored":
            if statement.tag == "VACUUM" and self._backend.status == b"T":
                raise Refused("VACUUM cannot run inside a transaction block", "25001")
            self._say(message(b"C", statement.tag.encode() + b"\0"))
            return
        try:
            rows = await self._front.copier.copy(statement.tokens, self._backend)
        except (Refused, BackendError, EOFError, OSError):
            raise
        except Exception as wrong:  # as for a statement that cannot be read
            raise Refused(f"emulator: this COPY failed ({type(wrong).__name__}: {wrong})", "XX000") from wrong
        self._say(message(b"C", b"COPY %d\0" % rows))

    async def _afterwards(self, statement: Rewritten) -> None:
        if statement.after:
            with contextlib.suppress(BackendError):  # IF NOT EXISTS on another's table
                await self._backend.ask(statement.after)
        if statement.password:
            self._front.learn(*statement.password)
        if statement.tokens and statement.commits and self._backend.status == b"T":
            await self._backend.ask("COMMIT")

    async def _relay(self, until: bytes, hide: bytes = b"") -> bool:
        """Hand PostgreSQL's messages on, up to one of `until`; False if an error was among them."""
        good = True
        while True:
            kind, body = await self._backend.receive()
            if kind == b"E":
                body, good = _as_redshift(body), False
            elif kind == b"T":
                body, self._intervals[self._described] = intervals.described(body)
            elif kind == b"D" and self._rows[0]:
                body = intervals.row(body, *self._rows)
            if kind not in hide:
                self._say(message(kind, body))
                if len(self._answers) > _MUCH:
                    await self._send()
            if kind in until:
                return good

    async def _fail(self, refused: Refused) -> None:
        """Fail inside PostgreSQL, so that the transaction fails too."""
        try:
            await self._backend.ask(f"SELECT rs_raise({quoted(refused.state)}, {quoted(refused)})")
        except BackendError as failed:
            found = fields(failed.body)  # in Redshift's words already
            self._say(error(found.get("C", "XX000"), found.get("M", "")))


def _rewritten(sql: bytes) -> Sequence[Rewritten]:
    """The statements of a text. Raises Refused, also for one that the emulator cannot read."""
    try:
        return rewrite(sql.decode())
    except Refused:
        raise
    except UnicodeDecodeError as wrong:
        byte = f"0x{sql[wrong.start]:02x}"
        raise Refused(f"invalid byte sequence for encoding UTF8: {byte}", "22021") from wrong
    except Exception as wrong:  # a client must hear of it; its session goes on
        what = f"{type(wrong).__name__}: {wrong}"
        raise Refused(f"emulator: this statement cannot be read ({what})", "XX000") from wrong


def _as_redshift(body: bytes) -> bytes:
    """PostgreSQL's error in Redshift's words, where we know them."""
    found = fields(body)
    if found.get("M", "").endswith("type pg_node_tree"):
        return error("0A000", "emulator: only JSON_PARSE and COPY make SUPER of a string")[5:]
    if found.get("C") == "42601" or found.get("M", "").startswith("unrecognized configuration parameter"):
        said = f"emulator: documented, but not imitated by the emulator ({found.get('M', '')})"
        return error("0A000", said)[5:]  # the grammar has taken it: what is not documented came no further
    if found.get("M") == "numeric field overflow":  # its words: "Computations with numeric values"
        return error("22003", "Numeric data overflow (result precision)")[5:]
    if inner := _INNER.match(found.get("M", "")):
        name = re.sub("^TRY_(.*)", r"TRY_CAST to \1", inner[1].upper())
        said = f"emulator: {name} of ({inner[2]}): documented, but not imitated by the emulator"
        return error("0A000", said)[5:]
    if found.get("C") == "40001":
        return error("XX000", "1023", "Serializable isolation violation on table")[5:]
    return error(found.get("C", "XX000"), found.get("M", ""), found.get("D", ""))[5:]
