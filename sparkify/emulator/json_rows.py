"""The objects of JSON files as rows of a table, converted and refused as COPY does.

Undocumented: which value is loaded if a key stands twice in one object. AWS's "COPY from JSON format" and
"Data format parameters" say only that an object is an unordered collection of pairs, and no public report
was found. The last one is loaded here; no load may rest on it. (For SUPER columns see `super_values`.)

Undocumented: whether `\\N`, the default null string ("Data conversion parameters"), stands for NULL in JSON
too, where NULL AS cannot be given ("Data format parameters"). It does here; no load may rest on it.

A null character ends a text and what follows is lost, silently; at its beginning it is a load error. So it
was reported of a cluster (estuary/connectors#839); AWS's pages know it as the end of a record only.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sparkify.emulator.packing import unpack
from sparkify.emulator.refusals import Refused
from sparkify.emulator.super_values import Raw, Unfit, as_json, as_super

_BLANK = re.compile(r"\s*")
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_INTEGERS = {"smallint": (15, "Short"), "integer": (31, "Integer"), "bigint": (63, "Long")}
_LARGEST = 4 << 20


NULL_STRING = r"\N"
DECODER = json.JSONDecoder(parse_float=Raw, parse_int=Raw, parse_constant=Raw)
"""Reads the records of a table without SUPER columns."""


@dataclass(frozen=True)
class Column:
    """A column that COPY fills."""

    name: str
    type: str
    width: int | None
    """Bytes, of a VARCHAR."""
    required: bool


@dataclass(frozen=True)
class LoadError:
    """Why one record was not loaded."""

    file: str
    line: int
    column: str
    kind: str
    code: int
    message: str


@dataclass
class Loaded:
    """What was read: rows in PostgreSQL's text format, errors, and (file, bytes, records) of each file."""

    text: bytes = b""
    rows: int = 0
    errors: list[LoadError] = field(default_factory=list)
    files: list[tuple[str, int, int]] = field(default_factory=list)


class _Wrong(Exception):
    def __init__(self, code: int, message: str, column: Column | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.column = code, message, column


def read_files(
    options: Mapping[str, str],
    max_errors: int,
    columns: Sequence[Column],
    paths: Sequence[list[str | int]] | None,
    files: Sequence[tuple[str, bytes]],
    decoder: json.JSONDecoder = DECODER,
) -> Loaded:
    """Read all files, up to `max_errors` errors. Raises Refused where the whole COPY fails."""
    loaded = Loaded()
    lines: list[str] = []
    how = options["JSON"].lower()
    for name, packed in files:
        body = unpack(name, packed, options)
        count = 0
        for line, value in _objects(_decoded(body, options), decoder):
            count += 1
            try:
                if isinstance(value, _Wrong):
                    raise value
                values = _values(value, columns, paths, how)
                lines.append(_line(values, columns, options))
                loaded.rows += 1
            except _Wrong as wrong:
                column = wrong.column or Column("", "", None, required=False)
                loaded.errors.append(
                    LoadError(name, line, column.name, column.type, wrong.code, wrong.message)
                )
                if len(loaded.errors) >= max_errors:
                    break
        loaded.files.append((name, len(packed), count))
        if len(loaded.errors) >= max_errors:
            break
    loaded.text = "".join(lines).encode()
    return loaded


def json_path(path: str) -> list[str | int]:
    """The steps of a JSONPath expression; raises Refused for one that Redshift does not take."""
    if not isinstance(path, str):
        raise Refused(f"Invalid JSONPath format: {path} is no text", "XX000")
    steps = re.findall(r"\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]|\.([^.\[\]]+)", path)
    rebuilt = len(re.sub(r"\[\d+\]|\['[^']*'\]|\[\"[^\"]*\"\]|\.[^.\[\]]+", "", path))
    if not path.startswith("$") or rebuilt != 1:
        raise Refused(f"Invalid JSONPath format: {path}", "XX000")
    return [int(index) if index else (a or b or c) for index, a, b, c in steps]


def mixes_notations(paths: Sequence[str]) -> bool:
    """Whether some of these paths are in bracket and some in dot notation; an index is of both."""
    bare = [re.sub(r"\['[^']*'\]|\[\"[^\"]*\"\]|\[\d+\]", "", path) for path in paths]
    has_names_in_brackets = any(re.search(r"\[['\"]", path) for path in paths)
    return has_names_in_brackets and any("." in rest for rest in bare)


def _decoded(body: bytes, options: Mapping[str, str]) -> str:
    text = body.decode("utf-8", "surrogateescape")
    if "ACCEPTINVCHARS" in options:
        text = re.sub("[\udc80-\udcff]", options["ACCEPTINVCHARS"], text)  # of equal length
    return text


def _objects(text: str, decoder: json.JSONDecoder) -> Iterator[tuple[int, Any]]:
    """(its last line, value or what is wrong) of each object; a broken one ends where its line ends."""
    found = _BLANK.match(text, 0)
    at = found.end() if found else 0
    line = 1 + text.count("\n", 0, at)
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            newline = text.find("\n", at)
            end = len(text) if newline < 0 else newline
            value = _Wrong(1216, "Invalid JSON")
        if end - at > _LARGEST:
            value = _Wrong(1224, "JSON object is larger than 4 MB")
        line += text.count("\n", at, end)
        yield line, value
        found = _BLANK.match(text, end)
        after = found.end() if found else end
        line += text.count("\n", end, after)
        at = after


def _values(
    value: Any, columns: Sequence[Column], paths: Sequence[list[str | int]] | None, how: str
) -> list[Any]:
    if paths is not None:
        if not isinstance(value, dict | list):
            raise _Wrong(1216, "Invalid JSONPath format: Member is not an object.")
        return [_follow(value, path) for path in paths]
    if not isinstance(value, dict):
        raise _Wrong(1216, "Invalid JSONPath format: Member is not an object.")
    if how == "noshred":
        return [value]
    named = {key.lower(): item for key, item in value.items()} if how == "auto ignorecase" else value
    return [named.get(column.name) for column in columns]


def _follow(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                raise _Wrong(1216, "Invalid JSONPath format: Not an array or index out of range.")
            value = value[step]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _line(values: Sequence[Any], columns: Sequence[Column], options: Mapping[str, str]) -> str:
    out = []
    for value, column in zip(values, columns, strict=True):
        text = _text(value, column, options)
        if text is None and column.required:
            raise _Wrong(1213, "Missing data for not-null field", column)
        out.append("\\N" if text is None else text.translate(_ESCAPED))
    return "\t".join(out) + "\n"


def _text(value: Any, column: Column, options: Mapping[str, str]) -> str | None:
    if value is None or (value == NULL_STRING and column.type != "super"):
        return None
    if column.type == "super":
        return _super(value, column)
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, dict | list):
        value = as_json(value)
    if column.width is not None:
        return _varchar(value, column, options)
    value = value.strip()
    if not value:
        return None
    if column.type in _INTEGERS:
        bits, name = _INTEGERS[column.type]
        if not re.fullmatch(r"[+-]?\d+", value):
            raise _Wrong(1207, f"Invalid digit, Value '{value[:1]}', Pos 0, Type: {name}", column)
        if not -(2**bits) <= int(value) < 2**bits:
            raise _Wrong(1207, f"Overflow, Type: {name}", column)
        return str(value)
    if column.type == "double precision":
        try:
            float(value)
        except ValueError:
            raise _Wrong(1208, "Invalid value for float", column) from None
        return str(value)
    raise Refused(f"emulator: COPY into {column.type} is not imitated")


def _super(value: Any, column: Column) -> str:
    try:
        return as_super(value)
    except Unfit as wrong:
        raise _Wrong(wrong.code, wrong.message, column) from None


def _varchar(value: str, column: Column, options: Mapping[str, str]) -> str | None:
    if "EMPTYASNULL" in options and value == "":
        return None
    if "BLANKSASNULL" in options and not value.strip():
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Wrong(1220, "String contains invalid or unsupported UTF8 codepoints", column) from None
    if value.startswith("\0"):
        raise _Wrong(1220, "Invalid null byte - field longer than 1 byte", column)
    value = value.partition("\0")[0]
    wide = next((letter for letter in value if not letter.isascii()), "")
    if wide and column.type == "character":  # AWS: "Multibyte character load errors"
        said = "Multibyte character not supported for CHAR (Hint: Try using VARCHAR). Invalid char: "
        raise _Wrong(1220, said + wide.encode().hex(" "), column)
    body = value.encode()
    if column.width and len(body) > column.width:
        if "TRUNCATECOLUMNS" not in options:
            raise _Wrong(1204, "String length exceeds DDL length", column)
        return body[: column.width].decode(errors="ignore")
    return value
