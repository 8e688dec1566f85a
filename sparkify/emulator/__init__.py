"""A Redshift that runs on this machine, for tests and rehearsals.

PostgreSQL behind a server that speaks the wire protocol as Redshift does; S3, IAM, EC2, Secrets Manager and
the Redshift API by moto in the same process, behind rules that AWS documents and moto does not have; Redshift
Serverless and the price list, which moto does not have at all. Options make it as awkward as accounts are:
`account.role_delay`, `account.owners`, `account.set_default_vpc`, `clusters.background`, `clusters.not_sold`,
`clusters.requires_tls`. What AWS does not document of SQL is refused: grammar/ is the list of what it does.
It knows nothing of the rest of Sparkify: its COPY is written from AWS's documentation, or agreement would
prove nothing.

What it cannot imitate: time and price of a real cluster; slices, distribution and what queries cost because
of them; compression; the result cache; workload management; network interfaces; navigation into SUPER values
and comparisons of them, IDENTITY, stored procedures, external tables, UNLOAD, formats other than JSON; the
text that a real COPY makes of a number or a nested value in a VARCHAR column; the precision and scale that a
sum, product or quotient of NUMERICs has there ("Computations with numeric values": here a quotient has more
digits, and nothing overflows 38); the values of FNV_HASH, and that hashing on from a hash is there as hashing
both texts in a row; TIME and TIMETZ in date functions; every message of Redshift's word for word.
"""
