"""CREATE TABLE: what Redshift stores differently, and what it declares and does not enforce.

Distribution and sort keys are noted as the comment of the table's row type (`svv_table_info` shows them),
since the table's own is the user's; keys and references are dropped.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from sparkify.emulator.backend import Row, quoted
from sparkify.emulator.decimals import INT2, INT4, INT8, Exact
from sparkify.emulator.lexer import Token, arguments, closing
from sparkify.emulator.refusals import Refused
from sparkify.emulator.scopes import Columns

_HEAD = 4
"""What PostgreSQL adds to the precision and scale that it notes of a column."""
Say = Callable[[int, int], str]


def create_table(part: Sequence[Token], say: Say) -> tuple[str, str]:
    """The statement for PostgreSQL, and the one that notes the design."""
    head = next((k for k, t in enumerate(part) if t.text == "(" or t.upper == "AS"), len(part))
    words = [token.upper for token in part[:head]]
    temporary = bool({"TEMP", "TEMPORARY"} & set(words)) or part[head - 1].text.startswith("#")
    name = part[head - 1].text.lstrip("#")
    if head >= 3 and part[head - 2].text == ".":
        name = f"{part[head - 3].text}.{name}"
    design = _Design()
    out = [
        f"CREATE {'TEMP ' if temporary else ''}TABLE {'IF NOT EXISTS ' if 'EXISTS' in words else ''}{name}"
    ]
    at = head
    if at < len(part) and part[at].text == "(":
        columns = [
            _column(part, begin, end, say, design)
            for begin, end in arguments(part, at)
            if part[begin].upper not in ("PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT")
        ]
        out.append(f" ({', '.join(columns)})")
        at = closing(part, at) + 1
    at = design.read(part, at)
    if at < len(part):
        out.append(" " + say(at, len(part)))
    return "".join(out), "" if temporary else _noting(name, design.note())


def _noting(table: str, note: str) -> str:
    """The statement that notes a table's design, unless there is one: IF NOT EXISTS changes nothing."""
    return (
        "DO $rs_do$ DECLARE kept regtype := (SELECT reltype FROM pg_class "
        f"WHERE oid = to_regclass({quoted(table)})); "
        "BEGIN IF obj_description(kept, 'pg_type') IS NULL "
        f"THEN EXECUTE format('COMMENT ON TYPE %s IS %L', kept, {quoted(note)}); END IF; END $rs_do$"
    )


def question_of(tables: Sequence[str]) -> str:
    """What to ask PostgreSQL for the columns of tables: `columns_of` reads the answer."""
    values = ", ".join(f"({quoted(table)}, {quoted(_quoted_name(table))})" for table in tables)
    return (
        "SELECT t.name, a.attname, a.atttypid::regtype::text, a.atttypmod "
        f"FROM (VALUES {values}) AS t (name, said) "
        "JOIN pg_attribute AS a ON a.attrelid = to_regclass(t.said) "
        "WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY t.name, a.attnum"
    )


def columns_of(rows: Sequence[Row]) -> Mapping[str, Columns]:
    """Each table's columns, with the types of those that are exact numbers."""
    tables: dict[str, list[tuple[str, Exact | None]]] = {}
    for table, column, kind, modifier in rows:
        exact = {"smallint": INT2, "integer": INT4, "bigint": INT8}.get(str(kind))
        if kind == "numeric" and int(modifier or -1) >= _HEAD:
            size = int(str(modifier)) - _HEAD
            exact = Exact(size >> 16, size & 0xFFFF)
        tables.setdefault(str(table), []).append((str(column), exact))
    return tables


def _quoted_name(table: str) -> str:
    """A name as PostgreSQL reads it: without the database, which is the session's own."""
    parts = table.lstrip("#").split(".")[-2:]
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


class _Design:
    """How the table's rows are spread and sorted."""

    def __init__(self) -> None:
        self.style = "AUTO"
        self.key = ""
        self.sort: list[str] = []

    def read(self, part: Sequence[Token], at: int) -> int:
        """Read the attributes from `at` on, up to AS or the end."""
        while at < len(part) and part[at].upper != "AS":
            word = part[at].upper
            if word == "DISTSTYLE":
                self.style = part[at + 1].upper
                at += 2
            elif word == "DISTKEY":
                self.style, self.key = "KEY", part[at + 2].text
                at = closing(part, at + 1) + 1
            elif word in ("COMPOUND", "INTERLEAVED"):
                at += 1
            elif word == "SORTKEY":
                if part[at + 1].text == "(":
                    self.sort = [part[begin].text for begin, _ in arguments(part, at + 1)]
                    at = closing(part, at + 1) + 1
                else:
                    at += 2
            elif word in ("BACKUP", "ENCODE"):
                at += 2
            else:
                raise Refused(f'syntax error at or near "{part[at].text}"', "42601")
        return at

    def note(self) -> str:
        """For the table's comment."""
        return json.dumps({"style": self.style, "key": self.key, "sort": self.sort})


def _column(part: Sequence[Token], begin: int, end: int, say: Say, design: _Design) -> str:
    name, kind = part[begin], part[begin + 1]
    out = [name.text]
    at = begin + 2
    if kind.upper in ("VARCHAR", "NVARCHAR", "TEXT", "CHARACTER"):
        at += part[at].upper == "VARYING" if at < end else 0
        width = "256"
        if at < end and part[at].text == "(":
            width = "65535" if part[at + 1].upper == "MAX" else part[at + 1].text
            at = closing(part, at) + 1
        if int(width) > 65535:
            raise Refused(f"Length {width} of type varchar exceeds 65535", "22023")
        out.append(f"VARCHAR({width})")
    else:
        stop = at
        while stop < end and part[stop].upper in ("PRECISION", "WITHOUT", "WITH", "TIME", "ZONE", "VARYING"):
            stop += 1
        if stop < end and part[stop].text == "(":
            stop = closing(part, stop) + 1
        is_bare = kind.upper in ("NUMERIC", "DECIMAL") and stop == at
        out.append("NUMERIC(18,0)" if is_bare else say(begin + 1, stop))
        at = stop
    return " ".join([*out, *_attributes(part, name, at, end, say, design)])


def _attributes(
    part: Sequence[Token], name: Token, at: int, end: int, say: Say, design: _Design
) -> Iterator[str]:
    """What stands after a column's type, as far as PostgreSQL is to know it."""
    while at < end:
        word = part[at].upper
        if word in ("ENCODE", "PRIMARY"):
            at += 2
        elif word in ("UNIQUE", "DISTKEY", "SORTKEY"):
            if word == "DISTKEY":
                design.style, design.key = "KEY", name.text
            elif word == "SORTKEY":
                design.sort.append(name.text)
            at += 1
        elif word in ("IDENTITY", "REFERENCES", "GENERATED"):
            raise Refused(f"emulator: {word} of a column is not imitated")
        else:
            stop = closing(part, at + 1) + 1 if at + 1 < end and part[at + 1].text == "(" else at + 1
            yield say(at, stop)
            at = stop
