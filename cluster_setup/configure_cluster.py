"""Let your address in and make the cluster reachable: the same as `sparkify cluster configure`."""

from sparkify.cli.main import door

if __name__ == "__main__":
    door("cluster", "configure")
