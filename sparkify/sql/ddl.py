"""The structure of a table, read from its DDL by sqlglot, which `schema` remembers."""

import json
import re
from typing import Any

import sqlglot
from sqlglot import exp

TYPES = "SMALLINT, INTEGER, BIGINT, DOUBLE PRECISION, TIMESTAMP, VARCHAR(n)"
_TYPES = re.compile(r"SMALLINT|INTEGER|BIGINT|DOUBLE PRECISION|TIMESTAMP|VARCHAR\(\d+\)")


def structure(ddl: str) -> str:
    """JSON of columns, keys and physical design, as `schema.Table` names them, but for the meanings.

    Raises ValueError for what is no table, or has columns of another type than `TYPES`.
    """
    try:
        create = sqlglot.parse_one(ddl, read="redshift")
    except sqlglot.errors.SqlglotError as error:
        raise ValueError(f"it cannot be read: {str(error).splitlines()[0].rstrip('.')}") from error
    if not create.find(exp.Schema):
        raise ValueError("it is no CREATE TABLE that can be read")
    primary = create.find(exp.PrimaryKey)
    style = create.find(exp.DistStyleProperty)
    distkey = create.find(exp.DistKeyProperty)
    sortkey = create.find(exp.SortKeyProperty)
    found = {
        "columns": [_column(node) for node in create.find_all(exp.ColumnDef)],
        "primary_key": [node.name for node in primary.expressions] if primary else [],
        "foreign_keys": [
            [
                key.expressions[0].name,
                key.args["reference"].this.this.name,
                key.args["reference"].this.expressions[0].name,
            ]
            for key in create.find_all(exp.ForeignKey)
        ],
        "diststyle": style.this.name.upper() if style else "AUTO",
        "distkey": distkey.name if distkey else None,
        "sortkey": [node.name for node in sortkey.this] if sortkey else [],
    }
    return json.dumps(found)


def _column(node: exp.ColumnDef) -> dict[str, Any]:
    type_ = node.args.get("kind")
    if type_ is None or not _TYPES.fullmatch(type_.sql("redshift")):
        said = type_.sql("redshift") if type_ else "nothing"
        raise ValueError(f"{node.name}: its type is {said}. Allowed: {TYPES}")
    width = int(type_.expressions[0].name) if type_.is_type("varchar") else None
    if type_.is_type("smallint", "int", "bigint"):
        kind = "integer"
    elif type_.is_type("double"):
        kind = "number"
    elif width is not None:
        kind = "text"
    else:
        kind = "timestamp"
    required = any(isinstance(one.kind, exp.NotNullColumnConstraint) for one in node.constraints)
    return {
        "name": node.name, "type": type_.sql("redshift"), "kind": kind, "width": width, "required": required,
    }  # fmt: skip
