"""Make the tables: the same as `sparkify tables create`."""

from sparkify.cli import run

if __name__ == "__main__":
    run("tables", "create")
