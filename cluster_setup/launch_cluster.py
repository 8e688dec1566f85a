"""Launch the cluster of dwg.cfg: the same as `sparkify cluster launch`."""

from sparkify.cli import run

if __name__ == "__main__":
    run("cluster", "launch")
