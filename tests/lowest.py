"""Constraints for pip: the lowest version that pyproject.toml allows of each library the product needs."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def lowest() -> list[str]:
    """`name==version` for each dependency with a lower bound."""
    needed = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
    return [
        f"{name}=={version}" for name, version in re.findall(r"^([\w.-]+)>=([\d.]+)", "\n".join(needed), re.M)
    ]


if __name__ == "__main__":
    print("\n".join(lowest()))  # noqa: T201  # a program
