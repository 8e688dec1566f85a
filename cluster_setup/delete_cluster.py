"""Delete the cluster and all that was made for it: the same as `sparkify cluster delete`."""

from sparkify.cli import run

if __name__ == "__main__":
    run("cluster", "delete")
