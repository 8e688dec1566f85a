"""Make the tables: the same as `sparkify tables create`."""

from sparkify.cli.main import door

if __name__ == "__main__":
    door("tables", "create")
