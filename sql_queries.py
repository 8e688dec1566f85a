"""The SQL statements by group, as they stand in `sparkify/sql`: name -> text, in Redshift's dialect."""

from sparkify.sql import statements

create_table_queries = {one.name: one.text for one in statements("tables")}
drop_table_queries = {name: f"DROP TABLE IF EXISTS {name}" for name in create_table_queries}
star_queries = {one.name: one.text for one in statements("star")}
staging_queries = {one.name: one.text for one in statements("staging")}
ledger_queries = {one.name: one.text for one in statements("ledger")}
check_queries = {one.name: one.text for one in statements("checks")}
question_queries = {one.name: one.text for one in statements("questions")}
