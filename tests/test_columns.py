"""Statements that must name every column of staging do so."""

import pytest

from sparkify.sql import schema, statement


@pytest.mark.parametrize("name", schema.STAGING)
def test_every_column_of_staging_is_counted_and_compared(name: str) -> None:
    counted = statement("checks", "values_conserved").text
    compared = statement("transforms", "counted_record").text
    row = name.removeprefix("stg_")[0]

    for column in schema.table(name).reported:
        assert f"COUNT({column.name})" in counted
        assert f"{row}.{column.name}" in compared
    assert f"{row}.extra" in compared
