"""Says of each statement of SQL files, or of what is piped in, whether AWS documents it."""

import sys
from collections.abc import Iterator
from pathlib import Path

from sparkify.standin.grammar import documented
from sparkify.standin.lexer import statements
from sparkify.standin.refusals import Refused


def verdicts(name: str, sql: str) -> Iterator[tuple[bool, str]]:
    """For each statement: whether it is documented, and a line that says so, with file and line."""
    try:
        parts = statements(sql)
    except ValueError as error:
        yield False, f"{name}:1: refused (42601): {error}"
        return
    for part in parts:
        place = f"{name}:{sql.count(chr(10), 0, part[0].start) + 1}"
        try:
            documented(part)
        except Refused as refused:
            yield False, f"{place}: refused ({refused.state}): {refused}"
        else:
            yield True, f"{place}: OK"


def main(paths: list[str]) -> int:
    """Print a line for each statement; 1 if any was refused, 2 if a file cannot be read."""
    refused = False
    for path in paths or ["-"]:
        try:
            sql = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            print(f"{path}: cannot be read: {error}", file=sys.stderr)  # noqa: T201
            return 2
        for is_documented, line in verdicts("stdin" if path == "-" else path, sql):
            refused |= not is_documented
            print(line)  # noqa: T201
    return int(refused)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
