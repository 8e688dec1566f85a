"""The start of a session: what a client says first, TLS, the password, and a connection to PostgreSQL.

The session reports what Redshift does: server_version 8.0.2, and client_encoding UNICODE unless a client asks
for another (psycopg#122, pg8000#33).
"""

import hashlib
import os
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparkify.emulator.backend import Backend, error, message, receive, startup
from sparkify.emulator.settings import DEFAULTS

if TYPE_CHECKING:
    from sparkify.emulator.wire_server import WireServer

_INT = struct.Struct("!i")
_SSL, _CANCEL, _GSS, _VERSION_3 = 80877103, 80877102, 80877104, 3
_LONGEST_START = 10_000
"""Bytes of a first message, as PostgreSQL limits them: what asks for more speaks another protocol."""
_SESSION = {
    "TimeZone": "UTC", "DateStyle": "ISO, MDY", "extra_float_digits": "3",
    "standard_conforming_strings": "off", "escape_string_warning": "off", "client_min_messages": "warning",
    **{f"rs.{name}": value for name, value in DEFAULTS.items()},
}  # fmt: skip


@dataclass
class Welcome:
    """The start of a session: TLS, the password, and a connection of its own to PostgreSQL."""

    wire: "WireServer"
    reader: StreamReader
    writer: StreamWriter

    async def open(self) -> Backend | None:
        encrypted = False
        while True:
            size = _INT.unpack(await self.reader.readexactly(4))[0]
            if not 8 <= size <= _LONGEST_START:
                return None
            body = await self.reader.readexactly(size - 4)
            code = _INT.unpack_from(body)[0]
            if code == _SSL:
                self.writer.write(b"S")
                await self.writer.drain()
                await self.writer.start_tls(self.wire.tls)
                encrypted = True
            elif code == _GSS:
                self.writer.write(b"N")
            elif code == _CANCEL:
                backend = await Backend.connect(self.wire.socket)
                backend.send(_INT.pack(size) + body)
                await backend.writer.drain()
                backend.writer.close()
                return None
            else:
                break
        if code >> 16 != _VERSION_3:
            await self._turn_away(f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}", "0A000")
            return None
        words = [word.decode("utf-8", "replace") for word in body[4:].split(b"\0")]
        wanted = dict(zip(words[0::2], words[1::2], strict=False))
        if not encrypted:
            await self._turn_away("no pg_hba.conf entry for host, SSL off (require_ssl is true)")
            return None
        if not await self._knows_password(wanted.get("user", "")):
            await self._turn_away(f'password authentication failed for user "{wanted.get("user", "")}"')
            return None
        return await self._backend(wanted)

    async def _knows_password(self, user: str) -> bool:
        salt = os.urandom(4)
        self.writer.write(message(b"R", _INT.pack(5) + salt))
        _, answer = await receive(self.reader)
        password = self.wire.passwords().get(user)
        inner = hashlib.md5(f"{password}{user}".encode()).hexdigest().encode()  # the protocol's own choice
        right = b"md5" + hashlib.md5(inner + salt).hexdigest().encode()
        return password is not None and answer.rstrip(b"\0") == right

    async def _backend(self, wanted: Mapping[str, str]) -> Backend | None:
        encoding = wanted.get("client_encoding") or "UNICODE"
        if encoding.strip("'\"").upper().replace("-", "") not in ("UTF8", "UNICODE"):
            await self._turn_away(f"emulator: client_encoding {encoding} is not imitated", "0A000")
            return None
        backend = await Backend.connect(self.wire.socket)
        database = self.wire.prefix + wanted.get("database", "")
        backend.send(
            startup({"user": wanted["user"], "database": database, "client_encoding": "UTF8", **_SESSION})
        )
        said = {"server_version": "8.0.2", "client_encoding": encoding}
        while True:
            kind, body = await backend.receive()
            if kind == b"S" and (name := body.split(b"\0")[0].decode()) in said:
                body = f"{name}\0{said[name]}\0".encode()
            elif kind == b"E":
                body = body.replace(self.wire.prefix.encode(), b"")  # of our name for the database
            self.writer.write(message(kind, body))
            if kind in (b"E", b"Z"):
                await self.writer.drain()
                return backend if kind == b"Z" else None

    async def _turn_away(self, text: str, state: str = "28000") -> None:
        self.writer.write(error(state, text, severity="FATAL"))
        await self.writer.drain()
