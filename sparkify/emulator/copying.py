"""COPY ... FROM 's3://...' JSON: read as AWS documents it, and no kinder.

One COPY is one statement inside the client's transaction; what it notes of files and errors is written on
in files beside the database, so that it outlives a rollback.
"""

import datetime as dt
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sparkify.emulator.backend import Backend, quoted
from sparkify.emulator.json_rows import DECODER, Column, Loaded, json_path, mixes_notations, read_files
from sparkify.emulator.lexer import Token
from sparkify.emulator.packing import PACKED
from sparkify.emulator.refusals import Refused
from sparkify.emulator.super_values import strict_decoder

_FLAGS = {
    *PACKED, "MANIFEST", "TRUNCATECOLUMNS", "BLANKSASNULL", "EMPTYASNULL", "NOLOAD", "IGNOREALLERRORS",
}  # fmt: skip
_VALUED = {"REGION", "MAXERROR", "TIMEFORMAT", "IAM_ROLE"}
_SWITCHES = {"COMPUPDATE", "STATUPDATE"}
_NOT_IMITATED = {
    "CSV", "PARQUET", "AVRO", "LZOP", "DELIMITER", "CREDENTIALS", "ACCESS_KEY_ID",
}  # fmt: skip
_NUMBERS = itertools.count(1001)


class Bucket(Protocol):
    """Where the files are."""

    def names(self, bucket: str, prefix: str) -> Sequence[str]:
        """Keys under a prefix, sorted; KeyError if there is no such bucket."""

    def body(self, bucket: str, key: str) -> bytes:
        """An object's bytes; KeyError if there is none."""

    def region(self, bucket: str) -> str:
        """Where the bucket is."""


class Roles(Protocol):
    """Who may read what."""

    def refusal(self, arn: str, bucket: str, key: str) -> str | None:
        """Why the cluster may not read this object in this role; None if it may."""


@dataclass(frozen=True)
class Command:
    """A COPY as it was written."""

    table: str
    columns: tuple[str, ...]
    source: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def max_errors(self) -> int:
        """The number of errors at which the COPY fails."""
        return 10**9 if "IGNOREALLERRORS" in self.options else max(1, int(self.options.get("MAXERROR", "0")))


def parse(part: Sequence[Token]) -> Command:
    """Read a COPY; raises Refused."""
    at = next((k for k, token in enumerate(part) if token.upper in ("FROM", "(")), len(part))
    table = "".join(token.text for token in part[1:at])
    columns: list[str] = []
    if at < len(part) and part[at].text == "(":
        end = next(k for k, token in enumerate(part) if token.text == ")")
        columns = [token.value.lower() for token in part[at + 1 : end] if token.text != ","]
        at = end + 1
    if at + 1 >= len(part) or part[at].upper != "FROM" or part[at + 1].kind != "string":
        raise Refused('syntax error: COPY table FROM "s3://..." is expected', "42601")
    source = part[at + 1].value
    if not source.startswith("s3://"):
        raise Refused(f"emulator: COPY reads from s3:// only, not from {source}")
    options = _options(part[at + 2 :])
    if "JSON" not in options:
        raise Refused("emulator: COPY reads JSON only")
    if "IAM_ROLE" not in options:
        raise Refused("COPY needs IAM_ROLE (or CREDENTIALS, which the emulator does not take)", "42601")
    if len(packed := [option for option in PACKED if option in options]) > 1:
        raise Refused(f"conflicting or redundant options: {' and '.join(packed)}", "42601")
    if int(options.get("MAXERROR", "0")) > 100_000:
        raise Refused("MAXERROR: the maximum is 100000", "42601")
    return Command(table, tuple(columns), source, options)


def _options(part: Sequence[Token]) -> dict[str, str]:
    options: dict[str, str] = {}
    words = [token for token in part if token.upper not in ("AS", "FORMAT", "WITH")]
    at = 0
    while at < len(words):
        word = words[at].upper
        following = words[at + 1] if at + 1 < len(words) else None
        at += 1
        if word in _NOT_IMITATED:
            raise Refused(f"emulator: COPY with {word} is not imitated")
        if word in _FLAGS:
            options[word] = ""
        elif word in _SWITCHES:
            at += following is not None and following.upper in ("ON", "OFF", "TRUE", "FALSE", "PRESET")
        elif word == "ACCEPTINVCHARS":
            is_string = following is not None and following.kind == "string"
            options[word] = following.value if following and is_string else "?"
            at += is_string
        elif word == "JSON":
            is_string = following is not None and following.kind == "string"
            options[word] = following.value if following and is_string else "auto"
            at += is_string
        elif word in _VALUED and following is not None:
            options[word] = following.value
            at += 1
        else:
            raise Refused(f'syntax error at or near "{words[at - 1].text}"', "42601")
    return options


@dataclass
class Copier:
    """Runs COPY for the sessions of one cluster."""

    database: str
    notes: Path
    """The folder where the system views look."""
    bucket: Bucket
    roles: Roles
    region: str

    async def copy(self, part: Sequence[Token], backend: Backend) -> int:
        """Run one COPY inside the session's transaction; return the rows it loaded."""
        command = parse(part)
        columns = await self._columns(command, backend)
        paths = self._paths(command, columns)
        decoder = await self._decoder(columns, backend)
        loaded = read_files(
            command.options, command.max_errors, columns, paths, self._files(command), decoder
        )
        number = next(_NUMBERS)
        user = await backend.ask("SELECT usesysid FROM pg_user WHERE usename = current_user")
        self._note({"user_id": int(user[0][0] or 0), "query_id": number}, loaded)
        if len(loaded.errors) >= command.max_errors:
            raise Refused(
                f"Load into table '{command.table}' failed.  "
                "Check 'sys_load_error_detail' system table for details.",
                "XX000",
            )
        rows = 0 if "NOLOAD" in command.options else loaded.rows
        if rows:
            await _fill(command.table, columns, loaded.text, backend)
        await backend.ask(
            f"SELECT set_config('rs.copy_id', '{number}', false), "
            f"set_config('rs.copy_count', '{rows}', false)"
        )
        return rows

    def _files(self, command: Command) -> list[tuple[str, bytes]]:
        bucket, key = _split(command.source)
        if "MANIFEST" not in command.options:
            names = [name for name in self._names(bucket, key, command) if self._get(bucket, name, command)]
            if not names:
                raise Refused(f"The specified S3 prefix '{key}' does not exist", "XX000")
            return [(f"s3://{bucket}/{name}", self._get(bucket, name, command)) for name in names]
        try:
            manifest = json.loads(self._get(bucket, key, command))
            entries = manifest["entries"]
        except (ValueError, KeyError, TypeError) as wrong:
            raise Refused(f"Problem reading manifest file - {command.source}: {wrong}", "XX000") from wrong
        found = []
        for entry in entries:
            try:
                found.append((entry["url"], self._get(*_split(entry["url"]), command)))
            except _NoSuchKey as missing:
                if entry.get("mandatory"):
                    raise missing from None
        return found

    def _names(self, bucket: str, prefix: str, command: Command) -> Sequence[str]:
        self._allow(bucket, prefix, command)
        try:
            return self.bucket.names(bucket, prefix)
        except KeyError:
            raise Refused(
                "S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket",
                "XX000",
            ) from None

    def _get(self, bucket: str, key: str, command: Command) -> bytes:
        self._allow(bucket, key, command)
        try:
            return self.bucket.body(bucket, key)
        except KeyError:
            raise _NoSuchKey(
                f"S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey,s3://{bucket}/{key}",
                "XX000",
            ) from None

    def _allow(self, bucket: str, key: str, command: Command) -> None:
        if why := self.roles.refusal(command.options["IAM_ROLE"], bucket, key):
            raise Refused(why, "XX000")
        try:
            there = self.bucket.region(bucket)
        except KeyError:
            return
        if command.options.get("REGION", self.region) != there:
            raise Refused(
                "S3ServiceException:The bucket you are attempting to access must be addressed using the "
                f"specified endpoint,Status 301,Error PermanentRedirect (bucket {bucket} is in {there})",
                "XX000",
            )

    def _paths(self, command: Command, columns: Sequence[Column]) -> list[list[str | int]] | None:
        """Where each column's value stands; None where COPY goes by the columns' names."""
        how = command.options["JSON"]
        if how.lower() in ("auto", "auto ignorecase", "noshred"):
            return None
        try:
            document: Any = json.loads(self._get(*_split(how), command))
        except ValueError as wrong:
            raise Refused(f"Problem reading jsonpaths file - {how}: {wrong}", "XX000") from wrong
        if not isinstance(document, dict) or "jsonpaths" not in document:
            return None  # as Redshift does, without a word
        paths = [json_path(path) for path in document["jsonpaths"]]
        if mixes_notations(document["jsonpaths"]):
            raise Refused("Invalid JSONPath format: bracket and dot notation are mixed", "XX000")
        if len(paths) != len(columns):
            raise Refused(
                "Number of jsonpaths and the number of columns should match. "
                f"JSONPath size: {len(paths)}, Number of columns in table or column list: {len(columns)}",
                "XX000",
            )
        return paths

    async def _columns(self, command: Command, backend: Backend) -> list[Column]:
        rows = await backend.ask(
            "SELECT a.attname, format_type(a.atttypid, NULL), "
            "CASE WHEN t.typname IN ('varchar', 'bpchar') THEN a.atttypmod - 4 END, a.attnotnull "
            "FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid "
            f"WHERE a.attrelid = {quoted(command.table)}::regclass AND a.attnum > 0 AND NOT a.attisdropped "
            "ORDER BY a.attnum"
        )
        known = {
            str(name): Column(str(name), str(kind), int(width) if width else None, required == "t")
            for name, kind, width, required in rows
        }
        for name in command.columns:
            if name not in known:
                raise Refused(f'column "{name}" of relation "{command.table}" does not exist', "42703")
        if command.options["JSON"].lower() == "noshred" and [c.type for c in known.values()] != ["super"]:
            raise Refused("COPY with JSON 'noshred' loads into a table of a single SUPER column", "XX000")
        return [known[name] for name in command.columns or known]

    async def _decoder(self, columns: Sequence[Column], backend: Backend) -> json.JSONDecoder:
        if all(column.type != "super" for column in columns):
            return DECODER
        setting = await backend.ask("SELECT current_setting('rs.json_parse_dedup_attributes')")
        return strict_decoder(keeps_last=setting[0][0] in ("on", "true"))

    def _note(self, common: Mapping[str, int], loaded: Loaded) -> None:
        """Write what system views show of this COPY, of which `common` says the user and the query."""
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat()
        files = [
            {
                **common,
                "file_name": file[:256],
                "bytes_scanned": size,
                "lines_scanned": lines,
                "record_time": now,
            }
            for file, size, lines in loaded.files
        ]
        errors = [
            {**common, "start_time": now, "file_name": e.file[:256], "line_number": e.line,
             "column_name": e.column, "column_type": e.kind[:10], "error_code": e.code,
             "error_message": e.message}
            for e in loaded.errors
        ]  # fmt: skip
        for kind, notes in (("files", files), ("errors", errors)):
            with (self.notes / f"{self.database}.{kind}").open("a", encoding="utf-8") as out:
                out.writelines(json.dumps(note) + "\n" for note in notes)


async def _fill(table: str, columns: Sequence[Column], text: bytes, backend: Backend) -> None:
    """COPY rows in PostgreSQL's text format into the table; SUPER takes no text, and comes by way of JSON."""
    names = ", ".join(f'"{column.name}"' for column in columns)
    supers = [column.name for column in columns if column.type == "super"]
    if not supers:
        await backend.copy_in(f"COPY {table} ({names}) FROM STDIN", text)
        return
    cast = {kind: ", ".join(
        f'"{c.name}"::{kind} AS "{c.name}"' if c.name in supers else f'"{c.name}"' for c in columns
    ) for kind in ("json", "super")}  # fmt: skip
    await backend.ask("DROP TABLE IF EXISTS pg_temp.rs_copied")
    await backend.ask(f"CREATE TEMP TABLE rs_copied AS SELECT {cast['json']} FROM {table} WITH NO DATA")
    await backend.copy_in("COPY pg_temp.rs_copied FROM STDIN", text)
    await backend.ask(f"INSERT INTO {table} ({names}) SELECT {cast['super']} FROM pg_temp.rs_copied")
    await backend.ask("DROP TABLE pg_temp.rs_copied")


class _NoSuchKey(Refused):
    """A key that is not there; without `mandatory` it is passed over."""


def _split(url: str) -> tuple[str, str]:
    found = re.fullmatch(r"s3://([^/]+)/?(.*)", url, re.DOTALL)
    if not found:
        raise Refused(f"Invalid S3 address: {url}", "XX000")
    return found[1], found[2]
