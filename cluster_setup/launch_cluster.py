"""Launch the cluster of dwg.cfg: the same as `sparkify cluster launch`."""

from sparkify.cli.main import door

if __name__ == "__main__":
    door("cluster", "launch")
