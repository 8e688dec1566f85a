"""What PostgreSQL takes and Redshift refuses: a statement that would fail there must fail here."""

import itertools
import re
from collections.abc import Sequence

from sparkify.standin.lexer import Token


class Refused(Exception):
    """Redshift would refuse this; `state` is the SQLSTATE."""

    def __init__(self, message: str, state: str = "0A000") -> None:
        super().__init__(message)
        self.state = state


_PHRASES = (
    "ON CONFLICT", "RETURNING", "DISTINCT ON", "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "FILTER (",
    "LATERAL", "CREATE INDEX", "CREATE UNIQUE INDEX", "CREATE TRIGGER", "CREATE TYPE", "CREATE SEQUENCE",
    "CREATE DOMAIN", "CREATE EXTENSION", "CREATE RULE", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO",
    "LISTEN", "NOTIFY", "TABLESAMPLE", "FROM STDIN", "FROM ( VALUES", "JOIN ( VALUES", "STRING_AGG (",
    "ARRAY_AGG (", "ARRAY [", "NEXTVAL (", "UNNEST (", "FETCH FIRST", "SKIP LOCKED", "FOR UPDATE",
    "MATERIALIZED (", "DO $$", "CONCAT_WS (", "JSON_BUILD_OBJECT (", "TO_JSON (", "ROW_TO_JSON (",
    "JSONB_", "TSVECTOR", "REGEXP_MATCHES (", "GEN_RANDOM_UUID (", "REGEXP_SPLIT_TO_TABLE (", "FORMAT (",
    "CHECK (", "CREATE UNLOGGED", "INTERSECT ALL", "EXCEPT ALL", "MINUS ALL", "FOR SHARE", "EXPLAIN ANALYZE",
)  # fmt: skip
_WITH_TABLES = (
    r"^ (INSERT|CREATE|UPDATE|DELETE) | JOIN | FROM (?!GENERATE_SERIES)\w"
    r"| FROM GENERATE_SERIES \([^()]*\)( AS)?( \w+)?( \( \w+ \))? ,"
)
_TYPES = {"SERIAL", "BIGSERIAL", "JSON", "JSONB", "UUID", "MONEY", "BYTEA", "HSTORE", "XML", "INET", "CIDR"}
_RESERVED = frozenset(re.findall(r"\w+", """
    AES128 AES256 ALLOWOVERWRITE AUTHORIZATION BACKUP BLANKSASNULL BYTEDICT BZIP2 CREDENTIALS
    DEFLATE DEFRAG DELTA DELTA32K DISABLE EMPTYASNULL ENABLE ENCODE ENCRYPT ENCRYPTION EXPLICIT
    GLOBALDICT256 GLOBALDICT64K GZIP IDENTITY IGNORE LUN LUNS LZO LZOP MINUS MOSTLY16 MOSTLY32
    MOSTLY8 NULLS OFFLINE OFFSET OID OLD OPEN PARALLEL PARTITION PERCENT PERMISSIONS PIVOT QUALIFY
    RAW READRATIO RECOVER REJECTLOG RESORT RESPECT RESTORE SNAPSHOT SYSDATE SYSTEM TAG TDES TEXT255
    TEXT32K TOP TRUNCATECOLUMNS UNPIVOT WALLET WITHOUT
"""))  # fmt: skip


def refuse(part: Sequence[Token]) -> None:
    """Raise Refused if this statement holds what Redshift lacks."""
    line = " " + " ".join(token.upper if token.kind != "string" else "''" for token in part) + " "
    for phrase in _PHRASES:
        if f" {phrase}" in line and (phrase[-1] in "([_$" or f" {phrase} " in line):
            raise Refused(f"{phrase.removesuffix(' (')} is not supported by Amazon Redshift")
    if " GENERATE_SERIES (" in line and re.search(_WITH_TABLES, line):
        raise Refused("GENERATE_SERIES is a leader node function: it cannot be joined with tables")
    if part[0].upper == "ALTER" and len(re.findall(r" ADD (?!CONSTRAINT|PRIMARY|FOREIGN|UNIQUE)", line)) > 1:
        raise Refused("ALTER TABLE adds only one column at a time", "42601")
    if re.search(r" (LEFT|RIGHT) \( [^()]* , - ", line):
        raise Refused("stand-in: LEFT and RIGHT take no negative length")
    if " TO_TIMESTAMP ( " in line and re.search(r" TO_TIMESTAMP \( [^,()]* \)", line):
        raise Refused("function to_timestamp(double precision) does not exist", "42883")
    if part[0].upper == "WITH" and re.search(r"^ WITH .* \) (INSERT|UPDATE|DELETE) ", line):
        raise Refused(
            'syntax error at or near "INSERT": in Amazon Redshift, WITH follows INSERT INTO', "42601"
        )
    for at, (before, token) in enumerate(itertools.pairwise(part)):
        has_width = at + 2 < len(part) and part[at + 2].text == "("
        if before.upper == "AS" and token.upper in _RESERVED:
            raise Refused(f'syntax error at or near "{token.text}": a reserved word', "42601")
        if before.text == "::" and token.upper in ("VARCHAR", "NVARCHAR") and has_width:
            raise Refused("stand-in: x::VARCHAR(n) is not imitated, CAST(x AS VARCHAR(n)) is")
        if before.text == "::" and token.upper in _TYPES:
            raise Refused(f'type "{token.text.lower()}" is not supported by Amazon Redshift', "42704")
    _qualify(part)


def refuse_column(name: Token, kind: Token) -> None:
    """Raise Refused for a column whose name or type Redshift does not take."""
    if name.upper in _RESERVED:
        raise Refused(f'syntax error at or near "{name.text}": a reserved word', "42601")
    if kind.upper in _TYPES:
        raise Refused(f'type "{kind.text.lower()}" is not supported by Amazon Redshift', "42704")


def _qualify(part: Sequence[Token]) -> None:
    """QUALIFY right after FROM wants an alias before it."""
    for at, token in enumerate(part):
        if token.upper == "QUALIFY" and at >= 2 and part[at - 2].upper in ("FROM", "JOIN"):
            raise Refused('syntax error at or near "QUALIFY": the relation before it needs an alias', "42601")
