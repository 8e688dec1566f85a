"""The distributed engine: a warehouse in a schema of an Amazon Redshift cluster or workgroup."""
