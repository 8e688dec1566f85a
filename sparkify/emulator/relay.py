"""What a session hands on to PostgreSQL, and the answers that it hands back, in Redshift's words.

Messages of the extended protocol wait until they are settled: they are sent together, and their answers are
read one after the other, up to the first error. After it PostgreSQL answers nothing before a Sync.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sparkify.emulator import intervals
from sparkify.emulator.backend import Backend, error, fields, message

_INNER = re.compile(r"function (?:pg_catalog\.)?rs_(\w+)\((.*)\) (?:does not exist|is not unique)")
"""A function of the emulator's own, given what it does not take."""
_MUCH = 1 << 16
"""Bytes that are sent to the client before all of an answer is there."""
_ENDS = {b"P": b"1E", b"B": b"2E", b"D": b"TnE", b"E": b"CIsE", b"C": b"3E"}
"""What ends the answer to a message of the extended protocol."""


class _Pending(NamedTuple):
    """A message that PostgreSQL has not answered yet; of the answer, the kinds in `hide` are left out."""

    kind: bytes
    body: bytes
    hide: bytes


class Relay:
    """One client's answers, and what PostgreSQL has not been sent or has not answered."""

    def __init__(self, writer: asyncio.StreamWriter, backend: Backend) -> None:
        self._writer, self._backend = writer, backend
        self._intervals: dict[bytes, Mapping[int, int]] = {}
        """The INTERVALs among the columns of what was described: S or P, and its name."""
        self._formats: dict[bytes, tuple[bytes, Sequence[int]]] = {}
        """Of each portal: its statement, and in which format its columns are wanted."""
        self._described = b""
        self._rows: tuple[Mapping[int, int], Sequence[int]] = ({}, ())
        """The INTERVALs of the rows that come now, and their formats."""
        self._outgoing = bytearray()
        self._pending: list[_Pending] = []
        self._answers = bytearray()
        """What the client has not been sent yet."""

    def say(self, data: bytes) -> None:
        """Answer the client; it is sent with the answers that follow."""
        self._answers += data

    async def send(self) -> None:
        """Send the client its answers, and wait for one that reads slowly."""
        self.flush()
        await self._writer.drain()

    def flush(self) -> None:
        """Send the client its answers."""
        self._writer.write(bytes(self._answers))
        self._answers.clear()

    def forward(self, kind: bytes, body: bytes, hide: bytes = b"") -> None:
        """A message of the extended protocol, to be sent on with what the client says next."""
        self._outgoing += message(kind, body)
        self._pending.append(_Pending(kind, body, hide))

    async def settle(self, last: bytes = b"") -> bool:
        """Send on what waits, and hand on its answers; False if one is an error: then no other comes."""
        if self._pending or last:
            self._backend.send(bytes(self._outgoing) + (last or message(b"H")))
        self._outgoing.clear()
        pending, self._pending = self._pending, []
        for one in pending:
            self._note_intervals(one.kind, one.body)
            if not await self._answer(_ENDS[one.kind], one.hide):
                return False
        return True

    async def sync(self) -> None:
        """Settle, and end the transaction of what came since the last Sync, unless it said BEGIN."""
        await self.settle(message(b"S"))
        await self._answer(b"Z", hide=b"Z")

    async def simple(self, sql: str, hide: bytes = b"") -> bool:
        """Run a text as a simple query, without its ReadyForQuery; False if it failed."""
        self._described, self._rows = b"", ({}, ())
        self._backend.send(message(b"Q", sql.encode() + b"\0"))
        return await self._answer(b"Z", b"Z" + hide)

    def fail(self, body: bytes) -> None:
        """Tell the client of an error of PostgreSQL's."""
        self.say(message(b"E", _as_redshift(body)))

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

    async def _answer(self, until: bytes, hide: bytes = b"") -> bool:
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
                self.say(message(kind, body))
                if len(self._answers) > _MUCH:
                    await self.send()
            if kind in until:
                return good


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
    severity = found.get("S", "ERROR")  # FATAL ends the session
    return error(found.get("C", "XX000"), found.get("M", ""), found.get("D", ""), severity)[5:]
