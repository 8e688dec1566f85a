-- Views in which clients look tables and columns up: columns as on AWS's pages of these names. External schemas and views
-- without a schema binding are not imitated, so there are none.
CREATE VIEW pg_catalog.svv_tables AS
SELECT
    current_database()::varchar AS table_catalog, n.nspname::varchar AS table_schema, c.relname::varchar AS table_name,
    CASE c.relkind WHEN 'r' THEN 'BASE TABLE' ELSE 'VIEW' END::varchar AS table_type, NULL::varchar AS remarks
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm') AND has_table_privilege(c.oid, 'SELECT') AND n.nspname !~ '^pg_toast';
CREATE VIEW pg_catalog.svv_columns AS
SELECT
    current_database()::varchar AS table_catalog, c.table_schema::varchar, c.table_name::varchar, c.column_name::varchar,
    c.ordinal_position::integer, c.column_default::varchar, c.is_nullable::varchar, c.data_type::varchar,
    c.character_maximum_length::integer, c.numeric_precision::integer, c.numeric_precision_radix::integer,
    c.numeric_scale::integer, c.datetime_precision::integer, c.interval_type::varchar, c.interval_precision::varchar,
    NULL::varchar AS character_set_catalog, NULL::varchar AS character_set_schema, NULL::varchar AS character_set_name,
    NULL::varchar AS collation_catalog, NULL::varchar AS collation_schema, NULL::varchar AS collation_name,
    NULL::varchar AS domain_name, NULL::varchar AS remarks
FROM information_schema.columns AS c;
CREATE VIEW pg_catalog.svv_external_schemas AS
SELECT
    NULL::oid AS esoid, NULL::smallint AS eskind, NULL::varchar AS schemaname, NULL::integer AS esowner,
    NULL::varchar AS databasename, NULL::varchar AS esoptions
WHERE false;
CREATE VIEW pg_catalog.svv_external_tables AS
SELECT
    NULL::varchar AS redshift_database_name, NULL::varchar AS schemaname, NULL::varchar AS tablename, NULL::varchar AS tabletype,
    NULL::varchar AS location, NULL::varchar AS input_format, NULL::varchar AS output_format,
    NULL::varchar AS serialization_lib, NULL::varchar AS serde_parameters, NULL::integer AS compressed, NULL::varchar AS parameters
WHERE false;
CREATE VIEW pg_catalog.svv_external_columns AS
SELECT
    NULL::varchar AS redshift_database_name, NULL::varchar AS schemaname, NULL::varchar AS tablename, NULL::varchar AS columnname,
    NULL::varchar AS external_type, NULL::integer AS columnnum, NULL::integer AS part_key, NULL::varchar AS is_nullable
WHERE false;
GRANT SELECT ON pg_catalog.svv_tables, pg_catalog.svv_columns, pg_catalog.svv_external_schemas, pg_catalog.svv_external_tables,
    pg_catalog.svv_external_columns TO public;
CREATE FUNCTION pg_catalog.pg_get_late_binding_view_cols() RETURNS SETOF record STABLE LANGUAGE sql AS
$$ SELECT ''::name, ''::name, ''::name, ''::text, 0 WHERE false $$;
