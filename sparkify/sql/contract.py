"""Lists of columns in SQL files, made of the column contract, for placeholders: `{columns(songplay AS i)}`.

A column that is added to the DDL is in each of them. `sparkify.sql.statement` fills them in; a placeholder
names one of the functions in `LISTS`.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from sparkify.errors import ConfigError
from sparkify.sql.schema import ALL, EXTRA, Column, Form, table

_PLACEHOLDER = re.compile(r"\{(\w+)\((\w+)(?: AS (\w+))?(?:: ([\w, ]+))?\)\}")
_FORMS: Mapping[Form, str] = {
    "plain": "{0}.{1}",
    "trimmed": "NULLIF(TRIM({0}.{1}), '')",
    "unquoted": "NULLIF(TRIM(BOTH '\" ' FROM {0}.{1}), '')",
    "normalized": "NULLIF(COALESCE({1}_form.normal, {0}.{1}), '')",
    "nonzero": "NULLIF({0}.{1}, 0)",
}
"""A column of staging as the star shows it; the normal form is that of `form_joins`."""
_IN_PLACE_OF_NULL = {
    "text": "'<null>'", "integer": "-1", "number": "-999",
    "timestamp": "CAST('1970-01-01 00:00:00' AS TIMESTAMP)",
}  # fmt: skip


def filled(text: str, file: str = "SQL") -> str:
    """The statement of a file, with its placeholders filled in. ConfigError for one that is none of `LISTS`.

    >>> filled("SELECT {columns(time AS t)} FROM time AS t")[:40]
    'SELECT t.start_time, t.hour, t.day, t.we'
    """

    def one(found: re.Match[str]) -> str:
        if found[1] not in LISTS or found[2] not in ALL:
            return found[0]
        return LISTS[found[1]](found[2], found[3] or found[2], (found[4] or "").split(", "))

    out = _PLACEHOLDER.sub(one, text)
    if left := re.search(r"\{.*?\}", out):
        raise ConfigError(
            f"{file}: {left[0]} is no placeholder. Allowed: {{LIST(TABLE)}} and {{LIST(TABLE AS alias)}}, "
            f"LIST one of {', '.join(LISTS)}."
        )
    return out


def columns(name: str, alias: str, _: Sequence[str] = ()) -> str:
    """All columns, in their order."""
    return ", ".join(f"{alias}.{column}" for column in table(name).column_names)


def values(name: str, alias: str, _: Sequence[str] = ()) -> str:
    """How many values of a group of rows stand in the columns that the app fills."""
    return " + ".join(f"COUNT({alias}.{column.name})" for column in table(name).reported)


def content(name: str, alias: str, _: Sequence[str] = ()) -> str:
    """A hash of all that came with a record of staging."""
    of_app = [one for one in table(name).columns if one.name == EXTRA or one in table(name).reported]
    return _hash(of_app, [f"{alias}.{column.name}" for column in of_app])


def shown(name: str, alias: str, _: Sequence[str] = ()) -> str:
    """A hash of what a row of the star shows of its record, but for what every record has."""
    found = _shown(name)
    return _hash(found, [f"{alias}.{column.name}" for column in found])


def source_of(name: str, alias: str, _: Sequence[str] = ()) -> str:
    """The hash that `shown` must be, of a record of staging with its `form_joins`."""
    found = _shown(name)
    return _hash(found, [_as_shown(one, alias) for one in found])


def sources(name: str, alias: str, _: Sequence[str] = ()) -> str:
    """The columns that a record of staging fills, as the table of the star shows them; with `form_joins`."""
    return ", ".join(f"{_as_shown(one, alias)} AS {one.name}" for one in table(name).columns if one.source)


def same(name: str, alias: str, _: Sequence[str] = ()) -> str:
    """The condition that a row of the star is as `sources` of this alias says; none of their values is ""."""
    conditions = []
    for one in table(name).columns:
        if one.source:
            sides = f"{alias}.{one.name}", f"{name}.{one.name}"
            if not one.required or one.form != "plain":
                texts = sides if one.kind == "text" else [f"CAST({side} AS VARCHAR(32))" for side in sides]
                sides = f"COALESCE({texts[0]}, '')", f"COALESCE({texts[1]}, '')"
            conditions.append(" = ".join(sides))
    return " AND ".join(conditions)


def form_joins(name: str, alias: str, _: Sequence[str] = ()) -> str:
    """The joins of the normal forms of a record's text, as a table of the star shows it."""
    texts = [_source_column(one) for one in table(name).columns if one.form == "normalized"]
    return "\n".join(
        f"LEFT JOIN text_form AS {one}_form "
        f"ON {one}_form.raw_text = {alias}.{one} AND {one}_form.raw_bytes = OCTET_LENGTH({alias}.{one})"
        for one in texts
    )


def order(name: str, alias: str, first: Sequence[str] = ()) -> str:
    """What rows of the star are put in order by: these columns first, then all others that a record fills."""
    others = [column.name for column in _shown(name) if column.name not in first]
    return ", ".join(f"{alias}.{column} NULLS FIRST" for column in (*first, *others))


LISTS: Mapping[str, Callable[[str, str, Sequence[str]], str]] = {
    one.__name__: one
    for one in (columns, values, content, shown, source_of, sources, same, form_joins, order)
}


def _shown(name: str) -> list[Column]:
    return [column for column in table(name).columns if column.source and not column.required]


def _as_shown(column: Column, alias: str) -> str:
    return _FORMS[column.form].format(alias, _source_column(column))


def _source_column(column: Column) -> str:
    return column.source.partition(".")[2]


def _hash(found: Sequence[Column], values: Sequence[str]) -> str:
    """One hash of 64 bits for all values: a join or a sort then carries no text.

    Which of them are NULL is hashed first: whatever stands in the place of NULL may be a value, too.
    """
    unknown = [value for column, value in zip(found, values, strict=True) if not column.required]
    bits = " + ".join(
        f"CASE WHEN {value} IS NULL THEN {1 << at} ELSE 0 END" for at, value in enumerate(unknown)
    )
    seed = f"FNV_HASH({bits})" if bits else ""
    for column, value in zip(reversed(found), reversed(values), strict=True):
        known = value if column.required else f"COALESCE({value}, {_IN_PLACE_OF_NULL[column.kind]})"
        seed = f"FNV_HASH({known}, {seed})" if seed else f"FNV_HASH({known})"
    return seed
