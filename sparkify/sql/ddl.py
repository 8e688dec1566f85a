"""The structure of a table, read from its DDL by sqlglot, which `schema` remembers."""

import json
from typing import Any

import sqlglot
from sqlglot import exp


def structure(ddl: str) -> str:
    """JSON of columns, keys and physical design, as `schema.Table` names them, but for the meanings."""
    create = sqlglot.parse_one(ddl, read="redshift")
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
    type_ = node.args["kind"]
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
