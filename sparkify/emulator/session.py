"""One client's statements, in the simple and in the extended protocol."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from sparkify.emulator.backend import Backend, BackendError, Row, error, fields, message, quoted, receive
from sparkify.emulator.refusals import Refused
from sparkify.emulator.relay import Relay
from sparkify.emulator.rewriting import Rewritten, rewrite
from sparkify.emulator.tables import columns_of, question_of

if TYPE_CHECKING:
    from sparkify.emulator.wire_server import WireServer

_NOTHING = Rewritten("sql", ())
_NAMES = {b"P": 2, b"B": 2, b"D": 1, b"E": 1, b"C": 1}
"""How many texts a message of the extended protocol begins with, or has, each with a null at its end."""
_BEGINS, _ENDS = ("BEGIN", "START"), ("COMMIT", "END", "ROLLBACK", "ABORT")


class Session:
    """One client: its messages are answered as PostgreSQL's documentation says ("Message Flow")."""

    def __init__(
        self,
        wire: "WireServer",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        backend: Backend,
    ) -> None:
        self._wire, self._reader, self._backend = wire, reader, backend
        self._relay = Relay(writer, backend)
        self._prepared: dict[bytes, Rewritten] = {}
        self._portals: dict[bytes, Rewritten] = {}
        self._is_implicit = False
        """Whether it began the transaction: of one text's statements, or of a pipeline with a COPY."""

    async def run(self) -> None:
        """Answer the client until it leaves, or PostgreSQL does: then its last words are handed on."""
        try:
            await self._run()
        finally:
            self._relay.flush()

    async def _run(self) -> None:
        skipping = False
        while True:
            kind, body = await receive(self._reader)
            if kind == b"X":
                return
            if kind == b"S":
                skipping = False
                await self._sync()
            elif kind in b"QHPBDEC":
                if not skipping and not await self._handled(kind, body):
                    skipping = True
                    await self._relay.send()
            elif kind not in b"dcf":  # what is left of a COPY FROM STDIN is ignored, as PostgreSQL does
                self._say(error("08P01", f"invalid frontend message type {kind[0]}", severity="FATAL"))
                await self._relay.send()
                return

    def _say(self, data: bytes) -> None:
        self._relay.say(data)

    async def _handled(self, kind: bytes, body: bytes) -> bool:
        """One message; False if the rest up to Sync is skipped."""
        if kind == b"Q":
            if not await self._relay.settle():
                return False
            await self._simple(body[:-1])
            return True
        if kind != b"H":
            return await self._guarded(kind, body)
        done = await self._relay.settle()
        await self._relay.send()
        return done

    async def _guarded(self, kind: bytes, body: bytes) -> bool:
        try:
            return await self._extended(kind, body)
        except Refused as refused:
            if await self._relay.settle():
                await self._fail(refused)
        except BackendError as failed:
            self._relay.fail(failed.body)
        return False

    async def _extended(self, kind: bytes, body: bytes) -> bool:
        if body.count(b"\0") < _NAMES[kind]:
            raise Refused("invalid string in message", "08P01")
        if kind == b"P":
            return await self._parse(body)
        statement = self._named(kind, body)
        is_own = kind == b"E" and statement.kind != "sql"
        if kind == b"E" and statement.tokens and statement.tokens[0].upper in (*_BEGINS, *_ENDS):
            self._is_implicit = False
        self._relay.forward(kind, body, hide=b"I" if is_own else b"")
        if not is_own and not (kind == b"E" and statement.is_watched):
            return True
        if not await self._relay.settle():
            return False
        if statement.kind == "copy" and self._backend.status == b"I":
            await self._backend.ask("BEGIN")  # with what came since the last Sync; COPY would end it
            self._is_implicit = True
        if is_own:
            await self._own(statement)
        await self._afterwards(statement, self._backend.ask_in_passing)
        return True

    async def _sync(self) -> None:
        """To PostgreSQL first: after an error it takes nothing else."""
        await self._relay.sync()
        try:
            await self._end()
        except BackendError as failed:
            self._relay.fail(failed.body)
        await self._ready()

    async def _ready(self) -> None:
        self._say(message(b"Z", self._backend.status))
        await self._relay.send()

    async def _end(self) -> None:
        """End the transaction that the wire server began. Raises BackendError."""
        if self._is_implicit and self._backend.status != b"I":
            await self._backend.ask("COMMIT")  # of one that failed this is a ROLLBACK
        self._is_implicit = False

    async def _parse(self, body: bytes) -> bool:
        """To PostgreSQL a statement that the wire server answers itself is an empty one."""
        name, sql, rest = body.split(b"\0", 2)
        found = _rewritten(sql)
        self._wire.fail(sql.decode())
        if len(found) > 1:
            raise Refused("cannot insert multiple commands into a prepared statement", "42601")
        statement = found[0] if found else _NOTHING
        if statement.typed and not await self._relay.settle():
            return False
        statement = await self._typed(statement, self._backend.ask_in_passing)
        self._relay.forward(b"P", b"\0".join((name, statement.sql.encode(), rest)))
        if name and name in self._prepared and not await self._relay.settle():
            return False  # that one stays
        self._prepared[name] = statement
        return True

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
        known, name = self._prepared if body[:1] == b"S" else self._portals, body[1:-1]
        return known.pop(name, _NOTHING) if kind == b"C" else known.get(name, _NOTHING)

    async def _simple(self, sql: bytes) -> None:
        try:
            found = _rewritten(sql)
            if not found:
                self._say(message(b"I"))
            for statement in found:
                hide = await self._together(statement) if len(found) > 1 else b""
                if not await self._one(statement, hide):
                    break
            await self._end()
        except Refused as refused:
            await self._fail(refused)
        except BackendError as failed:
            self._relay.fail(failed.body)
        await self._end()
        await self._ready()

    async def _together(self, statement: Rewritten) -> bytes:
        """Statements of one text are one transaction, as far as the text does not begin or end one itself.

        PostgreSQL, "Multiple Statements in a Simple Query", since 8.0; of Redshift AWS says that each command
        "that runs separately" commits by itself (Managing transactions). Returns what not to hand on.
        """
        word = statement.tokens[0].upper
        if self._is_implicit and word in (*_BEGINS, *_ENDS):
            self._is_implicit = False
            return b"N" if word in _BEGINS else b""  # that there is a transaction already
        if self._backend.status == b"I" and word not in (*_BEGINS, *_ENDS):
            await self._backend.ask("BEGIN")
            self._is_implicit = True
        return b""

    async def _one(self, statement: Rewritten, hide: bytes) -> bool:
        """One statement of a simple query; False if PostgreSQL refused it."""
        if statement.kind != "sql":
            await self._own(statement)
            return True
        statement = await self._typed(statement, self._backend.ask)
        done = await self._relay.simple(statement.sql, hide)
        if done:
            await self._afterwards(statement, self._backend.ask)
        return done

    async def _own(self, statement: Rewritten) -> None:
        """A statement that the wire server answers itself."""
        if self._backend.status == b"E":
            await self._backend.ask("SELECT 1")  # refused as any statement is now
        if statement.kind == "ignored":
            if statement.tag == "VACUUM" and self._backend.status == b"T":
                raise Refused("VACUUM cannot run inside a transaction block", "25001")
            self._say(message(b"C", statement.tag.encode() + b"\0"))
            return
        try:
            rows = await self._wire.copier.copy(statement.tokens, self._backend)
        except (Refused, BackendError, EOFError, OSError):
            raise
        except Exception as wrong:  # as for a statement that cannot be read
            raise Refused(f"emulator: this COPY failed ({type(wrong).__name__}: {wrong})", "XX000") from wrong
        self._say(message(b"C", b"COPY %d\0" % rows))

    async def _afterwards(self, statement: Rewritten, ask: Callable[[str], Awaitable[Sequence[Row]]]) -> None:
        if statement.after:
            await ask(statement.after)
        if statement.password:
            self._wire.learn(*statement.password)
        if statement.tokens and statement.commits:
            await self._backend.ask("COMMIT")

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
