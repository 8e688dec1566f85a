"""PostgreSQL's wire protocol, as far as a wire server needs it: messages, and questions of its own."""

import asyncio
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparkify.emulator.postgres import SUPERUSER

_INT = struct.Struct("!i")
Row = list[str | None]
_STATUS = {b"BEGIN\0": b"T", b"START TRANSACTION\0": b"T", b"COMMIT\0": b"I", b"ROLLBACK\0": b"I"}
"""What a session's status is after these, before PostgreSQL says so at the next Sync."""


class BackendError(Exception):
    """PostgreSQL refused a question of the wire server's; `body` is its ErrorResponse."""

    def __init__(self, body: bytes) -> None:
        super().__init__(fields(body).get("M", ""))
        self.body = body


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One message of the protocol."""
    return kind + _INT.pack(len(body) + 4) + body


async def receive(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next message: (kind, body)."""
    head = await reader.readexactly(5)
    size = _INT.unpack_from(head, 1)[0] - 4
    return head[:1], await reader.readexactly(size) if size else b""


def startup(parameters: Mapping[str, str]) -> bytes:
    """The message that opens a session."""
    body = _INT.pack(196608) + b"".join(f"{k}\0{v}\0".encode() for k, v in parameters.items()) + b"\0"
    return _INT.pack(len(body) + 4) + body


def fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse, by their letters."""
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}


def error(state: str, text: str, detail: str = "", severity: str = "ERROR") -> bytes:
    """An ErrorResponse."""
    parts = [
        ("S", severity),
        ("V", severity),
        ("C", state),
        ("M", text),
        *([("D", detail)] if detail else []),
    ]
    return message(b"E", b"".join(k.encode() + v.encode() + b"\0" for k, v in parts) + b"\0")


def quoted(value: object) -> str:
    """A value as an SQL literal."""
    if value is None:
        return "NULL"
    return "E'" + str(value).replace("\\", "\\\\").replace("'", "''").replace("\0", "") + "'"


@dataclass
class Backend:
    """A connection to PostgreSQL."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: bytes = b"I"
    """I idle, T in a transaction, E in one that failed."""

    @classmethod
    async def connect(cls, socket: str) -> "Backend":
        """Open a connection, on which nothing has been said."""
        reader, writer = await asyncio.open_unix_connection(socket, limit=1 << 20)
        return cls(reader, writer)

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def receive(self) -> tuple[bytes, bytes]:
        """The next message; the session's status is kept up to date."""
        kind, body = await receive(self.reader)
        if kind == b"Z":
            self.status = body
        elif kind == b"C":
            self.status = _STATUS.get(body, self.status)
        return kind, body

    async def ask(self, sql: str) -> Sequence[Row]:
        """Run a question of the wire server's own. Raises BackendError."""
        self.send(message(b"Q", sql.encode() + b"\0"))
        await self.writer.drain()
        rows: list[Row] = []
        failed: bytes | None = None
        while True:
            kind, body = await self.receive()
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"E":
                failed = failed or body
            elif kind == b"Z":
                if failed is not None:
                    raise BackendError(failed)
                return rows

    async def ask_in_passing(self, sql: str) -> Sequence[Row]:
        """Run a question between a client's messages, and let its transaction be. Raises BackendError."""
        name = b"rs_asked\0"
        self.send(message(b"P", name + sql.encode() + b"\0\0\0") + message(b"B", name * 2 + bytes(6)))
        self.send(message(b"E", name + bytes(4)) + message(b"C", b"P" + name))
        self.send(message(b"C", b"S" + name) + message(b"H"))
        closed = 0
        rows: list[Row] = []
        while True:
            kind, body = await self.receive()
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"E":
                raise BackendError(body)
            closed += kind == b"3"
            if closed == 2:
                return rows

    async def copy_in(self, sql: str, data: bytes) -> None:
        """COPY ... FROM STDIN. Raises BackendError."""
        self.send(message(b"Q", sql.encode() + b"\0"))
        kind, body = await self.receive()
        while kind not in b"GE":
            kind, body = await self.receive()
        failed = body if kind == b"E" else None
        if failed is None:
            for at in range(0, len(data), 1 << 16):
                self.send(message(b"d", data[at : at + (1 << 16)]))
                await self.writer.drain()
            self.send(message(b"c"))
        while kind != b"Z":
            kind, body = await self.receive()
            if kind == b"E":
                failed = failed or body
        if failed is not None:
            raise BackendError(failed)


async def administer(socket: str, database: str, *statements: str) -> Sequence[Row]:
    """Run statements as the superuser; the rows of the last one."""
    backend = await Backend.connect(socket)
    backend.send(startup({"user": SUPERUSER, "database": database, "client_encoding": "UTF8"}))
    try:
        while True:
            kind, body = await backend.receive()
            if kind == b"E":
                raise BackendError(body)
            if kind == b"Z":
                break
        rows: Sequence[Row] = []
        for statement in statements:
            rows = await backend.ask(statement)
        return rows
    finally:
        backend.send(message(b"X"))
        backend.writer.close()


def _row(body: bytes) -> Row:
    row: Row = []
    at = 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        size = _INT.unpack_from(body, at)[0]
        at += 4
        row.append(None if size < 0 else body[at : at + size].decode())
        at += max(size, 0)
    return row
