"""`python -m sparkify`: the command line."""

from sparkify.cli import run

if __name__ == "__main__":
    run()
