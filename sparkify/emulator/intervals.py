"""INTERVALs on the wire, as Redshift lays them out: so redshift_connector reads them (its type_utils, oids).

PostgreSQL sends 8 bytes of microseconds, 4 of days, 4 of months. Redshift sends of INTERVAL YEAR TO MONTH
4 bytes of months, of INTERVAL DAY TO SECOND 8 of microseconds, each under a type of its own; of any other
INTERVAL 8 bytes of microseconds, 2 of days, 2 of months. A value as text stays as it is.
"""

import struct
from collections.abc import Mapping, Sequence

INTERVAL, YEAR_TO_MONTH, DAY_TO_SECOND = 1186, 1188, 1190
_BINARY = 1
_COLUMN = struct.Struct("!ihihih")
_SENT = struct.Struct("!qii")
_DAY = 86_400_000_000
_MONTHS = 1 << 1 | 1 << 2
"""The fields YEAR and MONTH in a type's modifier; all fields are set if none was named."""
_ALL = 0x7FFF


def described(body: bytes) -> tuple[bytes, Mapping[int, int]]:
    """A RowDescription with Redshift's types, and the type of each column that is an INTERVAL."""
    out, at = bytearray(body), 2
    found: dict[int, int] = {}
    for number in range(struct.unpack_from("!h", body)[0]):
        at = body.index(b"\0", at) + 1
        table, column, kind, size, modifier, form = _COLUMN.unpack_from(body, at)
        if kind == INTERVAL:
            kind = found[number] = _kind(modifier)
            size = {YEAR_TO_MONTH: 4, DAY_TO_SECOND: 8}.get(kind, 12)
            _COLUMN.pack_into(out, at, table, column, kind, size, modifier, form)
        at += _COLUMN.size
    return bytes(out), found


def _kind(modifier: int) -> int:
    fields = modifier >> 16 & _ALL
    if modifier < 0 or fields == _ALL:
        return INTERVAL
    return DAY_TO_SECOND if not fields & _MONTHS else INTERVAL if fields & ~_MONTHS else YEAR_TO_MONTH


def formats(bind: bytes) -> Sequence[int]:
    """Which format a Bind asks for: of each column, or of all, or none (text), as of what is no Bind."""
    try:
        return _formats(bind)
    except (struct.error, ValueError):
        return ()  # PostgreSQL will say so


def _formats(bind: bytes) -> Sequence[int]:
    at = bind.index(b"\0", bind.index(b"\0") + 1) + 1
    (count,) = struct.unpack_from("!h", bind, at)
    at += 2 + 2 * count
    (values,) = struct.unpack_from("!h", bind, at)
    at += 2
    for _ in range(values):
        at += 4 + max(struct.unpack_from("!i", bind, at)[0], 0)
    (wanted,) = struct.unpack_from("!h", bind, at)
    return struct.unpack_from(f"!{wanted}h", bind, at + 2)


def row(body: bytes, kinds: Mapping[int, int], wanted: Sequence[int]) -> bytes:
    """A DataRow, its INTERVALs in Redshift's layout where they are binary."""
    (count,) = struct.unpack_from("!h", body)
    out, at = bytearray(body[:2]), 2
    for number in range(count):
        (size,) = struct.unpack_from("!i", body, at)
        value = body[at + 4 : at + 4 + max(size, 0)]
        form = wanted[number] if len(wanted) > 1 else (*wanted, 0)[0]
        if number in kinds and form == _BINARY and size == _SENT.size:
            value = _said(kinds[number], *_SENT.unpack(value))
        out += struct.pack("!i", len(value) if size >= 0 else -1) + value
        at += 4 + max(size, 0)
    return bytes(out)


def _said(kind: int, microseconds: int, days: int, months: int) -> bytes:
    if kind == YEAR_TO_MONTH:
        return struct.pack("!i", months)
    if kind == DAY_TO_SECOND:
        return struct.pack("!q", microseconds + days * _DAY)
    if max(abs(days), abs(months)) >= 1 << 15:
        days, microseconds = 0, microseconds + days * _DAY
    return struct.pack("!qhh", microseconds, days, max(-(1 << 15), min(months, (1 << 15) - 1)))
