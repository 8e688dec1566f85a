"""What somebody who may write a warehouse's file can put there to make our statements say something else.

DuckDB looks for a function in the warehouse before its own catalog, for operators too: a macro `sum` of the
file is what SUM calls (duckdb#10753; tried with 1.4.0 and 2.0.0). A trigger, which 2.0 brought, writes what
no statement says. A collation of a column makes texts equal, which no digest of its values tells. Redshift
finds its own functions first (AWS: "Preventing UDF naming conflicts").
"""

import re
from collections.abc import Iterator, Mapping

import duckdb

from sparkify.engines.duckdb.errors import translated
from sparkify.engines.duckdb.read import quoted
from sparkify.errors import WarehouseError
from sparkify.sql.schema import ALL

TABLES = (
    "SELECT table_name, sql FROM system.main.duckdb_tables() "
    "WHERE schema_name = 'main' AND database_name = system.main.current_database()"
)
_HERE = "NOT internal AND database_name = system.main.current_database()"
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_COLLATED = re.compile(r'("(?:[^"]|"")*"|\w+) VARCHAR COLLATE ')
MACROS = (
    "SELECT function_name, function_type, schema_name FROM system.main.duckdb_functions() WHERE {}internal"
)
HIDING = f"""
SELECT 'TABLE' AS kind, table_name AS name FROM system.main.duckdb_tables()
WHERE schema_name = 'main' AND {_HERE} AND system.main.regexp_matches(table_name, '{{0}}', 'i')
UNION ALL
SELECT 'VIEW', view_name FROM system.main.duckdb_views()
WHERE schema_name = 'main' AND {_HERE} AND system.main.regexp_matches(view_name, '{{0}}', 'i')
""".format("^(duckdb|pragma|sqlite)_")
"""Tables and views that are called as DuckDB's own, which the information schema reads."""
TRIGGERS = "SELECT trigger_name, table_name, schema_name FROM system.main.duckdb_triggers()"
COLUMNS = "SELECT column_name, data_type, column_default FROM system.main.duckdb_columns() WHERE table_oid = "
DEFINITIONS = f"""
SELECT DISTINCT 'macro ' || schema_name || '.' || function_name AS what, '' AS text
FROM system.main.duckdb_functions() WHERE {_HERE}
UNION ALL SELECT 'type ' || schema_name || '.' || type_name, '' FROM system.main.duckdb_types() WHERE {_HERE}
UNION ALL SELECT schema_name || '.' || table_name, '' FROM system.main.duckdb_tables()
WHERE {_HERE} AND schema_name = 'pg_internal'
UNION ALL SELECT 'view ' || schema_name || '.' || view_name, '' FROM system.main.duckdb_views()
WHERE {_HERE} AND schema_name = 'pg_internal'
UNION ALL SELECT 'schema ' || schema_name, '' FROM system.main.duckdb_schemas() WHERE {_HERE}
UNION ALL SELECT 'sequence ' || schema_name || '.' || sequence_name, '' FROM system.main.duckdb_sequences()
WHERE NOT temporary AND database_name = system.main.current_database()
UNION ALL SELECT 'index ' || schema_name || '.' || index_name, '' FROM system.main.duckdb_indexes()
WHERE database_name = system.main.current_database()
UNION ALL SELECT 'comment on ' || table_name, comment FROM system.main.duckdb_tables()
WHERE {_HERE} AND comment IS NOT NULL
UNION ALL SELECT 'comment on ' || view_name, comment FROM system.main.duckdb_views()
WHERE {_HERE} AND comment IS NOT NULL
UNION ALL SELECT 'comment on ' || table_name || '.' || column_name, comment FROM system.main.duckdb_columns()
WHERE {_HERE} AND comment IS NOT NULL
ORDER BY 1
"""
"""As `Engine.definitions`; and what the information schema passes over. We make no index and no sequence."""


def refuse_hidden(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Raise WarehouseError if something hides what is DuckDB's, or a table has a trigger or a collation.

    The statements call nothing but what they name in full, so that no macro answers them. A warehouse in
    memory has one writer.
    """
    if file == ":memory:":
        return
    with translated("looking for what hides DuckDB's own"):
        found = [*_hidden(connection)]
    for what, drop in found:
        raise WarehouseError(f"{file} holds {what}. Open it with DuckDB and say {drop}; nothing was changed.")


def _hidden(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    macros = [row for row in connection.execute(MACROS.format("NOT ")).fetchall() if row[2] == "main"]
    own = {name for name, *_ in connection.execute(MACROS.format("")).fetchall()} if macros else set()
    for name, kind, _ in macros:
        if name.lower() in own:
            what = "MACRO TABLE" if kind == "table_macro" else "MACRO"
            yield (
                f"the macro {name}, which hides DuckDB's function of that name",
                f"DROP {what} {quoted(name)}",
            )
    for kind, name in connection.execute(HIDING).fetchall():
        yield f"the {kind.lower()} {name}, which hides DuckDB's own", f"DROP {kind} {quoted(name)}"
    for name, sql in connection.execute(TABLES).fetchall():
        bare = _QUOTED.sub(lambda text: text[0] if text[0][0] == '"' else "''", sql)
        if name in ALL and re.search(r"\bCOLLATE\b", _QUOTED.sub("''", sql)):
            column = found[1] if (found := _COLLATED.search(bare)) else "COLUMN"
            drop = f"ALTER TABLE {name} ALTER {column} TYPE VARCHAR"
            yield f"a collation of {name}.{column}, under which texts are equal that are not", drop
    try:
        triggers = connection.execute(TRIGGERS).fetchall()
    except duckdb.CatalogException:  # before 2.0
        return
    for name, table, schema in triggers:
        if schema == "main":
            drop = f"DROP TRIGGER {quoted(name)} ON {quoted(table)}"
            yield f"the trigger {name} on {table}, which changes what sparkify writes", drop


def altered(connection: duckdb.DuckDBPyConnection, made: Mapping[str, str]) -> list[str]:
    """As `Reader.altered`: each is made again, in DuckDB's words, among the passing objects of a cursor."""
    with connection.cursor() as fresh:
        return [name for name, create in made.items() if not _stands(fresh, name, create)]


def _stands(fresh: duckdb.DuckDBPyConnection, name: str, create: str) -> bool:
    kind = "VIEW" if "CREATE VIEW " in create else "TABLE"
    where = f"FROM system.main.duckdb_{kind.lower()}s() WHERE schema_name = 'main' AND {kind}_name = '{name}'"
    here = "database_name = current_database()"
    stood = fresh.execute(f"SELECT {kind}_oid, sql {where} AND {here}").fetchall()
    fresh.execute(create.replace(f"CREATE {kind}", f"CREATE TEMP {kind}", 1))
    [(oid, sql)] = fresh.execute(f"SELECT {kind}_oid, sql {where} AND temporary").fetchall()
    columns = set(fresh.execute(f"{COLUMNS} {oid} AND database_name = 'temp'").fetchall())
    fresh.execute(f"DROP {kind} temp.main.{name}")
    if kind == "VIEW" or not stood:
        return [_plain(text) for _, text in stood] == [_plain(sql)]
    held = set(fresh.execute(f"{COLUMNS} {stood[0][0]} AND {here}").fetchall())
    return columns <= held and _collated(stood[0][1]) == _collated(sql)


def _collated(table: str) -> set[tuple[str, str]]:
    """The columns of a CREATE TABLE that have a collation, and which."""
    bare = _QUOTED.sub(lambda text: text[0] if text[0][0] == '"' else "''", table)
    return {(found[1], found[2]) for found in re.finditer(_COLLATED.pattern + r"(\w+)", bare)}


def _plain(view: str) -> str:
    """A view as it is made new: DuckDB (2.0) says some types otherwise once it has read them from a file."""
    text = view.replace("CREATE TEMP", "CREATE", 1).replace("TIMESTAMP_US", "TIMESTAMP")
    return re.sub(r"\b(TEXT|VARCHAR)\(\d+\)", "VARCHAR", text)
