"""A statement of Redshift's, said in PostgreSQL's words, token by token; most of it passes as it is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sparkify.emulator.edits import Edits, has_edits, tables_of
from sparkify.emulator.grammar import documented
from sparkify.emulator.grammar.vocabulary import date_part
from sparkify.emulator.imitation import refuse_unimitated
from sparkify.emulator.lexer import Token, arguments, closing, statements
from sparkify.emulator.names import fold
from sparkify.emulator.number_types import edits
from sparkify.emulator.refusals import Refused, refuse
from sparkify.emulator.scopes import Columns
from sparkify.emulator.settings import own_settings
from sparkify.emulator.tables import create_table
from sparkify.emulator.unpivoting import refuse_super, unpivot
from sparkify.emulator.users import create_user, grantees

Kind = Literal["sql", "copy", "ignored"]

_UNITS = {"dayofweek": "dow", "dayofyear": "doy"}
"""Date parts that PostgreSQL calls otherwise."""
_RENAMED = {
    "NVL": "COALESCE", "AVG": "rs_avg", "SUM": "rs_sum", "REGEXP_SUBSTR": "rs_regexp_substr",
    "REGEXP_REPLACE": "rs_regexp_replace", "REGEXP_COUNT": "rs_regexp_count",
    "REGEXP_INSTR": "rs_regexp_instr", "CHR": "rs_chr",
}  # fmt: skip
_TRIED = {
    "SMALLINT": "smallint", "INT2": "smallint", "INTEGER": "integer", "INT": "integer", "INT4": "integer",
    "BIGINT": "bigint", "INT8": "bigint", "FLOAT": "double_precision", "FLOAT8": "double_precision",
    "DOUBLE PRECISION": "double_precision",
}  # fmt: skip
"""The types that TRY_CAST is imitated for."""
LONG = 10_000
"""Characters of a text that is not remembered."""
BARE_NUMERIC = "NUMERIC(18,0)"
CHARACTERS = ("VARCHAR", "NVARCHAR", "TEXT")
_SAID = {"SYSDATE": "rs_sysdate()", "MINUS": "EXCEPT"}
_ENDS = ("UNION", "ORDER", "LIMIT", ")", "EXCEPT", "INTERSECT")


@dataclass(frozen=True)
class Rewritten:
    """What the wire server does with a statement: send `sql` on, run a COPY, or only acknowledge it."""

    kind: Kind
    tokens: Sequence[Token]
    sql: str = ""
    tag: str = ""
    """How PostgreSQL would acknowledge a statement that is ignored."""
    after: str = ""
    """What else to run when it has run."""
    password: tuple[str, str] | None = None
    """A user who may log in when it has run, and by which password."""
    tables: Sequence[str] = ()
    """Those of which `typed` wants to know the columns; without these there is no `sql`."""
    typed: "Callable[[Mapping[str, Columns]], Rewritten] | None" = None
    """The same, with the types of what it computes."""

    @property
    def is_watched(self) -> bool:
        """Whether something is to be done when it has run."""
        return bool(self.after or self.password or (self.tokens and self.commits))

    @property
    def commits(self) -> bool:
        """TRUNCATE ends the transaction it stands in."""
        return self.tokens[0].upper == "TRUNCATE"


def rewrite(sql: str) -> Sequence[Rewritten]:
    """Each statement of a text; raises Refused for what Redshift refuses."""
    return _rewrite(sql) if len(sql) > LONG else _remembered(sql)


def _rewrite(sql: str) -> Sequence[Rewritten]:
    try:
        return tuple(_statement(sql, part) for part in statements(sql))
    except ValueError as error:
        raise Refused(str(error), "42601") from error


_remembered = lru_cache(maxsize=1000)(_rewrite)


def _statement(sql: str, part: list[Token]) -> Rewritten:
    tree, checked = documented(part)
    refuse_unimitated(tree, checked)
    part = fold(part)
    if not has_edits(tree, checked):
        return _said(sql, part, Edits())
    tables = tables_of(tree, checked)

    def typed(columns: Mapping[str, Columns]) -> Rewritten:
        try:
            return _said(sql, part, edits(tree, checked, columns))
        except RecursionError:
            raise Refused("emulator: nested too deeply to be checked", "54001") from None

    return Rewritten("sql", part, tables=tables, typed=typed) if tables else typed({})


def _said(sql: str, part: list[Token], around: Edits) -> Rewritten:
    first, second = part[0].upper, part[1].upper if len(part) > 1 else ""
    if first == "COPY":
        return Rewritten("copy", part)
    if first in ("ANALYZE", "VACUUM"):
        return Rewritten("ignored", part, tag=first)
    if first in ("GRANT", "REVOKE") or (first, second) == ("CREATE", "USER"):
        made, password = create_user(part) if first == "CREATE" else (grantees(sql, part), None)
        return Rewritten("sql", part, made, password=password)
    refuse(part)
    refuse_super(part)
    around.instead |= own_settings(part)
    if first == "CREATE" and "TABLE" in [token.upper for token in part[1:4]]:
        made, note = create_table(part, Rewriter(sql, part, around).text)
        return Rewritten("sql", part, made, after=note)
    return Rewritten("sql", part, Rewriter(sql, part, around).text(0, len(part)))


class Rewriter:
    """Says ranges of a statement's tokens in PostgreSQL's words."""

    def __init__(self, sql: str, part: Sequence[Token], around: Edits) -> None:
        self._sql, self._part, self._around = sql, part, around
        self._has_qualify = any(token.upper == "QUALIFY" for token in part)

    def text(self, begin: int, end: int) -> str:
        """The tokens from `begin` to `end`, with what lies between them."""
        out: list[str] = []
        at = begin
        while at < end:
            if at > begin:
                between = self._sql[self._part[at - 1].end : self._part[at].start]
                is_joined = (self._part[at - 1].kind, self._part[at].kind) == ("number", "word")
                out.append(between or (" " if is_joined else ""))
            out.append(self._around.before.get(self._part[at].start, ""))
            said, at = self._next(at, end)
            out += said, self._around.after.get(self._part[at - 1].end, "")
        return "".join(out)

    def _next(self, at: int, end: int) -> tuple[str, int]:
        """One token or one call, and where to go on."""
        token = self._part[at]
        word = token.upper
        if word == "SELECT" and self._has_qualify and (qualify := self._own_qualify(at, end)) is not None:
            return self._select(at, qualify, end)
        instead = self._around.instead.get(token.start, _SAID.get(word))
        if span := self._around.same.get(token.start):
            instead = self._between(*span)
        if instead or word.startswith("#"):
            return instead or token.text[1:], at + 1
        if word == "UNPIVOT":
            return unpivot(self._part, at)
        if word in ("NUMERIC", "DECIMAL"):
            return self._numeric(at), at + 1
        said = self._varchar(at, end) if at and self._part[at - 1].text == "::" else None
        if said is None and at + 1 < end and self._part[at + 1].text == "(":
            return self._call(word, at)
        return said or (token.text, at + 1)

    def _between(self, start: int, end: int) -> str:
        """What stands between two places of the text, in brackets."""
        tokens = [at for at, token in enumerate(self._part) if start <= token.start and token.end <= end]
        return f"({self.text(tokens[0], tokens[-1] + 1)})"

    def _call(self, word: str, at: int) -> tuple[str, int]:
        args = arguments(self._part, at + 1)
        after = closing(self._part, at + 1) + 1
        if word in ("DATEADD", "DATEDIFF", "DATE_PART", "DATE_TRUNC") and args:
            rest = ", ".join(self.text(*arg) for arg in args[1:])
            prefix = "" if word == "DATE_TRUNC" else "rs_"
            return f"{prefix}{word.lower()}('{_unit(self._part[args[0][0]])}', {rest})", after
        if word == "EXTRACT":
            inner = self.text(at + 4, after - 1)
            part = _unit(self._part[at + 2])
            return f"rs_extract('{part}', EXTRACT({part} FROM {inner}))", after
        own = {
            "CONCAT": self._concat, "JSON_EXTRACT_PATH_TEXT": self._path_text, "DECODE": self._decode,
            "NVL2": self._nvl2, "CONVERT": self._convert,
        }.get(word)  # fmt: skip
        if own:
            return own(args), after
        if word in ("LISTAGG", "PERCENTILE_CONT", "MEDIAN"):
            return self._sorted(word, args, after)
        if word.endswith("CAST") and (said := self._cast(word, at, args[0])):
            return said, after
        name = _RENAMED.get(word, self._part[at].text)
        return name, at + 1

    def _concat(self, args: list[tuple[int, int]]) -> str:
        if len(args) != 2:
            raise Refused("function concat takes two arguments", "42883")
        return "({} || {})".format(*(f"CAST({self.text(*arg)} AS TEXT)" for arg in args))

    def _decode(self, args: list[tuple[int, int]]) -> str:
        """DECODE: to it, NULL is NULL."""
        value, *rest = (self.text(*arg) for arg in args)
        pairs = zip(rest[0::2], rest[1::2], strict=False)
        cases = " ".join(
            f"WHEN {value} = {one} OR ({value} IS NULL AND {one} IS NULL) THEN {said}" for one, said in pairs
        )
        return f"CASE {cases} ELSE {rest[-1] if len(rest) % 2 else 'NULL'} END"

    def _nvl2(self, args: list[tuple[int, int]]) -> str:
        if len(args) != 3:
            raise Refused("function nvl2 takes three arguments", "42883")
        return "CASE WHEN {} IS NOT NULL THEN {} ELSE {} END".format(*(self.text(*arg) for arg in args))

    def _convert(self, args: list[tuple[int, int]]) -> str:
        """CONVERT(type, value)."""
        if len(args) != 2:
            raise Refused("function convert takes a type and a value", "42883")
        said = self._varchar(*args[0])
        return f"CAST({self.text(*args[1])} AS {said[0] if said else self.text(*args[0])})"

    def _path_text(self, args: list[tuple[int, int]]) -> str:
        """JSON, up to five path elements, and perhaps whether bad JSON is NULL."""
        begin, end = args[-1]
        last = self._part[begin].upper if end - begin == 1 else ""
        steps = args[1:-1] if last in ("TRUE", "FALSE") else args[1:]
        if not 1 <= len(steps) <= 5:
            raise Refused("JSON_EXTRACT_PATH_TEXT takes one to five path elements", "42883")
        path = ", ".join(self.text(*step) for step in steps)
        return f"rs_path_text({self.text(*args[0])}, ARRAY[{path}]::text[], {last == 'TRUE'})"

    def _numeric(self, at: int) -> str:
        """A type without a scale has none, and is no wider than Redshift makes it."""
        is_bare = at + 1 >= len(self._part) or self._part[at + 1].text != "("
        is_type = at > 0 and self._part[at - 1].upper in ("AS", "::")
        return BARE_NUMERIC if is_bare and is_type else self._part[at].text

    def _cast(self, word: str, at: int, inside: tuple[int, int]) -> str:
        """A cast for which PostgreSQL has other rules; nothing for others."""
        begin, end = inside
        cut = next(k for k in range(end - 1, at, -1) if self._part[k].upper == "AS")
        value = self.text(begin, cut)
        if word == "TRY_CAST":
            kind = " ".join(t.upper for t in self._part[cut + 1 : end])
            if kind not in _TRIED:
                raise Refused(f"emulator: TRY_CAST AS {kind}: documented, but not imitated by the emulator")
            return f"rs_try_{_TRIED[kind]}({value})"
        said = self._varchar(cut + 1, end)
        return f"CAST({value} AS {said[0]})" if said else ""

    def _varchar(self, at: int, end: int) -> tuple[str, int] | None:
        """The VARCHAR that begins here, with the width it has on Redshift, and where to go on."""
        after = at + 1 + (at + 1 < end and self._part[at + 1].upper == "VARYING")
        if self._part[at].upper not in CHARACTERS and after == at + 1:
            return None
        if after == end or self._part[after].text != "(":
            return "VARCHAR(256)", after
        width = self._part[after + 1]
        return f"VARCHAR({'65535' if width.upper == 'MAX' else width.text})", after + 3

    def _listagg(self, args: list[tuple[int, int]], after: int) -> tuple[str, int]:
        separator = self.text(*args[1]) if len(args) > 1 else "''"
        order, after = self._within_group(after)
        return f"rs_listagg({self.text(*args[0])}, {separator}{order})", after

    def _sorted(self, word: str, args: list[tuple[int, int]], after: int) -> tuple[str, int]:
        return self._listagg(args, after) if word == "LISTAGG" else self._percentile(word, args, after)

    def _within_group(self, at: int) -> tuple[str, int]:
        """The ORDER BY of WITHIN GROUP, if one begins here, and where to go on."""
        if at == len(self._part) or self._part[at].upper != "WITHIN":
            return "", at
        end = closing(self._part, at + 2)
        return " " + self.text(at + 3, end), end + 1

    def _percentile(self, word: str, args: list[tuple[int, int]], after: int) -> tuple[str, int]:
        """MEDIAN and PERCENTILE_CONT: taken from the sorted values, whose type decides the result's."""
        order, after = self._within_group(after)
        if after < len(self._part) and self._part[after].upper == "OVER":
            raise Refused(f"emulator: {word} over a window: documented, but not imitated by the emulator")
        part = "0.5" if word == "MEDIAN" else self.text(*args[0])
        order = order or f" ORDER BY {self.text(*args[0])}"
        value = re.sub(r"(?i)^ *ORDER\s+BY|(\s(ASC|DESC))?(\sNULLS\s+(FIRST|LAST))?\s*$", "", order)
        listed = f"array_agg({value}{order}) FILTER (WHERE ({value}) IS NOT NULL)"
        return f"rs_percentile(CAST({part} AS NUMERIC), {listed})", after

    def _own_qualify(self, select: int, end: int) -> int | None:
        """Where this SELECT's own QUALIFY stands, if it has one."""
        depth = 0
        for at in range(select + 1, end):
            word = self._part[at].upper
            depth += {"(": 1, ")": -1}.get(word, 0)
            if depth < 0 or (depth == 0 and word in ("UNION", "EXCEPT", "INTERSECT", "MINUS")):
                return None
            if depth == 0 and word == "QUALIFY":
                return at
        return None

    def _select(self, select: int, qualify: int, end: int) -> tuple[str, int]:
        """SELECT list FROM ... QUALIFY condition: the condition becomes one more column of a subquery."""
        source = self._at_depth(select + 1, qualify, ("FROM",))
        after = self._at_depth(qualify + 1, end, _ENDS)
        columns = ", ".join(self._column_names(select + 1, source))
        listed, condition = self.text(select + 1, source), self.text(qualify + 1, after)
        return (
            f"SELECT {columns} FROM (SELECT {listed}, ({condition}) AS rs_qualified "
            f"{self.text(source, qualify)}) AS rs_rows WHERE rs_qualified"
        ), after

    def _at_depth(self, begin: int, end: int, words: Sequence[str]) -> int:
        depth = 0
        for at in range(begin, end):
            word = self._part[at].upper
            if depth == 0 and word in words:
                return at
            depth += {"(": 1, ")": -1}.get(word, 0)
        return end

    def _column_names(self, begin: int, end: int) -> list[str]:
        names, depth = [], 0
        for at in range(begin, end + 1):
            word = self._part[at].upper if at < end else ","
            depth += {"(": 1, ")": -1}.get(word, 0)
            if word == "," and depth == 0:
                name = self._part[at - 1]
                if name.kind not in ("word", "identifier"):
                    raise Refused("emulator: with QUALIFY, give each column a name (AS ...)")
                names.append(name.text)
        return names


def _unit(token: Token) -> str:
    """A date part, however it is spelt, as PostgreSQL calls it."""
    said = date_part(token.value)
    return _UNITS.get(said, said)
