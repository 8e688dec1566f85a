"""The tables drawn and described from their DDL."""

import json
from collections.abc import Sequence

from sparkify.sql.schema import STAGING, STAR, VIEWS, Table, table, view


def mermaid(names: Sequence[str]) -> str:
    """An entity-relationship diagram; GitHub shows it as a picture."""
    tables = [table(name) for name in names]
    out = ["erDiagram"]
    for one in tables:
        foreign = {column for column, _, _ in one.foreign_keys}
        out.append(f"    {one.name} {{")
        for column in one.columns:
            keys = [
                mark
                for mark, here in (("PK", column.name in one.primary_key), ("FK", column.name in foreign))
                if here
            ]
            physical = [
                mark
                for mark, here in (
                    ("distkey", column.name == one.distkey),
                    ("sortkey", column.name in one.sortkey),
                )
                if here
            ]
            kind = column.type.lower().replace(" ", "_")
            marks = f" {', '.join(keys)}" if keys else ""
            note = f' "{", ".join(physical)}"' if physical else ""
            out.append(f"        {kind} {column.name}{marks}{note}")
        out.append("    }")
    known = {one.name for one in tables}
    for one in tables:
        required = {column.name for column in one.columns if column.required}
        for key, other, _ in one.foreign_keys:
            if other in known:
                out.append(f"    {other} {'||' if key in required else '|o'}--o{{ {one.name} : {key}")
    return "\n".join(out) + "\n"


def markdown(names: Sequence[str]) -> str:
    """The data dictionary: every column with its type and its meaning; after the tables, the views."""
    out: list[str] = []
    for name in names:
        one = table(name)
        out += [
            f"## {one.name}",
            "",
            one.meaning,
            "",
            _design(one),
            "",
            "| column | type | meaning |",
            "|---|---|---|",
        ]
        for column in one.columns:
            null = "" if column.required else ", may be null"
            is_personal = column.name in one.personal and name in STAGING
            rules = [f"{column.limits[0]:,} to {column.limits[1]:,}"] if column.limits else []
            rules += ["personal"] if is_personal else []
            rules += [f"from `{column.source}`"] if column.source else []
            contract = f" ({'; '.join(rules)})" if rules else ""
            out.append(f"| `{column.name}` | {column.type}{null} | {column.meaning}{contract} |")
        out.append("")
    for name in VIEWS:
        meaning, columns = view(name)
        out += [f"## {name}", "", meaning, "", "A view, computed as it is asked.", ""]
        out += ["| column | meaning |", "|---|---|"]
        out += [f"| `{column}` | {said} |" for column, said in columns]
        out.append("")
    return "\n".join(out)


def dbt_sources(schema: str) -> str:
    """A `sources.yml` of dbt: star and views with their descriptions, and tests of keys and references.

    `schema` is where they lie. dbt: "Source properties", "About data tests property".
    """
    out = ["version: 2", "sources:", "  - name: sparkify", f"    schema: {_yaml(schema)}", "    tables:"]
    for name in STAR:
        one = table(name)
        refers = {column: (other, key) for column, other, key in one.foreign_keys}
        out += _described("      - ", name, one.meaning)
        out.append("        columns:")
        for column in one.columns:
            out += _described("          - ", column.name, column.meaning)
            tests = ["not_null"] if column.required else []
            tests += ["unique"] if one.primary_key == (column.name,) else []
            out += ["            data_tests:"] if tests or column.name in refers else []
            out += [f"              - {test}" for test in tests]
            if column.name in refers:
                other, key = refers[column.name]
                to = f"source('sparkify', '{other}')"
                arguments = f'{{to: "{to}", field: {key}}}'
                out.append(f"              - relationships: {{arguments: {arguments}}}")
    for name in VIEWS:
        meaning, columns = view(name)
        out += _described("      - ", name, meaning)
        out.append("        columns:")
        for column_name, said in columns:
            out += _described("          - ", column_name, said)
    return "\n".join(out) + "\n"


def _described(indent: str, name: str, meaning: str) -> list[str]:
    return [f"{indent}name: {name}", f"{' ' * len(indent)}description: {_yaml(meaning)}"]


def _yaml(text: str) -> str:
    """A text as YAML says it; JSON's are among them."""
    return json.dumps(text, ensure_ascii=False)


def _design(one: Table) -> str:
    style = f"KEY ({one.distkey})" if one.distkey else one.diststyle
    key = f"Key: {', '.join(one.primary_key)}. " if one.primary_key else ""
    sort = f", sorted by {', '.join(one.sortkey)}" if one.sortkey else ""
    return f"{key}Distribution: {style}{sort}."
