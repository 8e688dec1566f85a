"""Load what is new, build the star, check and publish it: the same as `sparkify etl`."""

from sparkify.cli import run

if __name__ == "__main__":
    run("etl")
