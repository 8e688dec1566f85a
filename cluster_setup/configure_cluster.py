"""Let your address in and make the cluster reachable: the same as `sparkify cluster configure`."""

from sparkify.cli import run

if __name__ == "__main__":
    run("cluster", "configure")
