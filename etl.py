"""Load what is new, build the star, check and publish it: the same as `sparkify etl`."""

from sparkify.cli.main import door

if __name__ == "__main__":
    door("etl")
