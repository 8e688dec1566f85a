"""The wire server: a server that speaks the wire protocol as Redshift does, before a PostgreSQL.

What goes to PostgreSQL is rewritten on the way, COPY is done by the wire server itself inside the client's
transaction (session.py). Messages of the extended protocol are handed on together, up to the next Sync or
Flush, or to the next one that the wire server answers itself (relay.py).
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sparkify.emulator.copying import Copier
from sparkify.emulator.handshake import Welcome
from sparkify.emulator.refusals import Refused
from sparkify.emulator.session import Session


@dataclass
class WireServer:
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
                    await Session(self, reader, writer, backend).run()
                finally:
                    backend.writer.close()
        self.sessions.discard(writer)
        writer.close()
