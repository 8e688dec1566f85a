"""All flows, walked: launch, configure, create tables, load, compare, delete.

`emulated` walks them against the Redshift emulator on this machine, `real` on AWS; `serve` keeps the emulator
up. What the steps build is compared, row for row, with what DuckDB builds from
the same files.
"""
