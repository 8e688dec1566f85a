"""Delete the cluster and all that was made for it: the same as `sparkify cluster delete`."""

from sparkify.cli.main import door

if __name__ == "__main__":
    door("cluster", "delete")
