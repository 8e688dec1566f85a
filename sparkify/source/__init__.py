"""The source: a folder or a bucket, which files in it are data, and what their bytes show."""
