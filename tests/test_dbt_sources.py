"""What `tables show --format dbt` writes is a sources.yml of all that readers see."""

import yaml

from sparkify.load.tables import SHARED
from sparkify.sql import schema
from sparkify.sql.drawing import dbt_sources


def test_dbt_is_told_of_every_table_view_and_column_and_of_keys_and_references() -> None:
    [source] = yaml.safe_load(dbt_sources("music: 'a'"))["sources"]

    assert (source["name"], source["schema"]) == ("sparkify", "music: 'a'")
    tables = {one["name"]: one for one in source["tables"]}
    assert set(tables) == set(SHARED)
    for name in schema.STAR:
        wanted = schema.table(name)
        columns = {one["name"]: one for one in tables[name]["columns"]}
        assert tables[name]["description"] == wanted.meaning
        assert {key: one["description"] for key, one in columns.items()} == {
            one.name: one.meaning for one in wanted.columns
        }
        required = {key for key, one in columns.items() if "not_null" in one.get("data_tests", ())}
        assert required == {one.name for one in wanted.columns if one.required}
        assert [key for key, one in columns.items() if "unique" in one.get("data_tests", ())] == list(
            wanted.primary_key
        )
        references = {
            (key, one["relationships"]["arguments"]["to"], one["relationships"]["arguments"]["field"])
            for key, column in columns.items()
            for one in column.get("data_tests", ())
            if isinstance(one, dict)
        }
        assert references == {
            (key, f"source('sparkify', '{other}')", to) for key, other, to in wanted.foreign_keys
        }
    for name in schema.VIEWS:
        described = [(one["name"], one["description"]) for one in tables[name]["columns"]]
        assert described == list(schema.view(name)[1])
