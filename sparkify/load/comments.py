"""Comments in the database: what each table, view and column of the star is, for whoever opens it elsewhere.

BI tools and `dbt docs` show them. AWS ("COMMENT") takes them for columns of tables and of views that are not
late-binding, as ours are not.
"""

from collections.abc import Collection, Iterator

from sparkify.engines.base import Engine
from sparkify.engines.dialect import literal
from sparkify.load.tables import create_tables
from sparkify.sql import schema


def create_warehouse(engine: Engine) -> list[str]:
    """As `create_tables`; and every table, new or not, says in the database what it is."""
    made = create_tables(engine)
    write_comments(engine)
    return made


def write_comments(engine: Engine) -> None:
    """Write the comments, over those that stand; to be called by the owner of the tables."""
    with engine.transaction():
        for statement in comments():
            engine.native(statement)


def comments(tables: Collection[str] = (*schema.ALL, *schema.VIEWS)) -> Iterator[str]:
    """A statement for each of these tables and views, and for each column of the star and of the views."""
    for what, meaning in meanings(tables):
        yield f"COMMENT ON {what} IS {literal(meaning)}"


def meanings(tables: Collection[str] = (*schema.ALL, *schema.VIEWS)) -> Iterator[tuple[str, str]]:
    """The same as (what it is about, what it says)."""
    for name in filter(tables.__contains__, schema.ALL):
        table = schema.table(name)
        yield f"TABLE {name}", table.meaning
        for column in table.columns if name in schema.STAR else ():
            yield f"COLUMN {name}.{column.name}", column.meaning
    for name in filter(tables.__contains__, schema.VIEWS):
        meaning, columns = schema.view(name)
        yield f"VIEW {name}", meaning
        for column_name, said in columns:
            yield f"COLUMN {name}.{column_name}", said
