"""A client that says single messages of PostgreSQL's protocol, as drivers do that pipeline."""

import hashlib
import ssl
import struct
from socket import create_connection

from sparkify.engines.redshift.connect import Address

_INT = struct.Struct("!i")
_SSL = 80877103


def said(kind: bytes, body: bytes = b"") -> bytes:
    """One message."""
    return kind + _INT.pack(len(body) + 4) + body


SYNC, FLUSH = said(b"S"), said(b"H")


def query(sql: str) -> bytes:
    """A simple query."""
    return said(b"Q", sql.encode() + b"\0")


def parse(sql: str, name: str = "") -> bytes:
    """A Parse."""
    return said(b"P", f"{name}\0{sql}\0\0\0".encode())


def execute(name: str = "", portal: str = "", rows: int = 0) -> bytes:
    """A Bind of no parameters, and an Execute."""
    bind = said(b"B", f"{portal}\0{name}\0".encode() + bytes(6))
    return bind + said(b"E", portal.encode() + b"\0" + _INT.pack(rows))


def run(*statements: str) -> bytes:
    """Each of these parsed and executed, without a Sync."""
    return b"".join(parse(sql) + execute() for sql in statements)


class Wire:
    """A session."""

    def __init__(self, address: Address) -> None:
        """Log in; waits five seconds for each answer."""
        plain = create_connection((address.host, address.port), timeout=5)
        plain.sendall(_INT.pack(8) + _INT.pack(_SSL))
        assert plain.recv(1) == b"S"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._socket = context.wrap_socket(plain)
        self._file = self._socket.makefile("rb")
        body = _INT.pack(196608) + f"user\0{address.user}\0database\0{address.database}\0\0".encode()
        self._socket.sendall(_INT.pack(len(body) + 4) + body)
        _, salt = self._receive()
        inner = hashlib.md5(f"{address.password}{address.user}".encode()).hexdigest().encode()
        self._socket.sendall(said(b"p", b"md5" + hashlib.md5(inner + salt[4:]).hexdigest().encode() + b"\0"))
        self.process = 0
        while (message := self._receive())[0] != b"Z":
            if message[0] == b"K":
                self.process = _INT.unpack_from(message[1])[0]

    def close(self) -> None:
        """Leave without a word."""
        self._file.close()
        self._socket.close()

    def ask(self, *messages: bytes, ends: int = 1) -> str:
        """Say messages; what is answered up to the ReadyForQuery number `ends`, or the session's end.

        One word each: the letter of the message, with the tag (C), values (D), SQLSTATE (E), state (Z).
        """
        self._socket.sendall(b"".join(messages))
        found: list[str] = []
        while ends:
            try:
                kind, body = self._receive()
            except EOFError:
                return " ".join([*found, "EOF"])
            ends -= kind == b"Z"
            found += [] if kind == b"N" else [kind.decode() + _content(kind, body)]
        return " ".join(found)

    def _receive(self) -> tuple[bytes, bytes]:
        head = self._file.read(5)
        if len(head) < 5:
            raise EOFError
        return head[:1], self._file.read(_INT.unpack_from(head, 1)[0] - 4)


def _content(kind: bytes, body: bytes) -> str:
    if kind == b"E":
        return next(part[1:].decode() for part in body.split(b"\0") if part[:1] == b"C")
    if kind == b"C":
        return "[" + body[:-1].decode() + "]"
    if kind != b"D":
        return body.decode() if kind == b"Z" else ""
    values, at = [], 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        size = _INT.unpack_from(body, at)[0]
        values.append(body[at + 4 : at + 4 + max(size, 0)].decode())
        at += 4 + max(size, 0)
    return ",".join(values)
