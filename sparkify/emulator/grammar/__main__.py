"""Says of each statement of SQL files, or of what is piped in, whether AWS documents it."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sparkify.emulator.grammar import documented
from sparkify.emulator.lexer import Token, statements
from sparkify.emulator.refusals import Refused

HELP = """\
For each statement: FILE:LINE: OK, or how Amazon Redshift would refuse it. A name after a colon (:name)
stands for a value, as in the files of SQL tools. Exit status: 0 all documented, 1 something refused, 2 a file
that cannot be read. No file, or -, reads what is piped in."""


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
            documented(with_parameters(part))
        except Refused as refused:
            yield False, f"{place}: refused ({refused.state}): {refused}"
        else:
            yield True, f"{place}: OK"


def with_parameters(part: Sequence[Token]) -> list[Token]:
    """The tokens, each `:name` in one; what a colon is part of (`sys:dba`) stays as it is."""
    found: list[Token] = []
    for token in part:
        colon = found[-1] if found else None
        before = found[-2] if len(found) > 1 else None
        is_name = (
            token.kind == "word" and colon is not None and colon.text == ":" and colon.end == token.start
        )
        if (
            is_name
            and colon is not None
            and (before is None or before.end < colon.start or before.text in "(,=")
        ):
            found[-1] = Token.of("word", f":{token.text}", colon.start, token.end)
        else:
            found.append(token)
    return found


def main(arguments: list[str]) -> int:
    """Print a line for each statement; 1 if any was refused, 2 if a file cannot be read."""
    parser = argparse.ArgumentParser("python -m sparkify.emulator.grammar", description=__doc__, epilog=HELP)
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"])
    status = 0
    for path in parser.parse_args(arguments).files:
        try:
            sql = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            print(f"{path}: cannot be read: {error}", file=sys.stderr)  # noqa: T201  # a program
            status = 2
            continue
        for is_documented, line in verdicts("stdin" if path == "-" else path, sql):
            status = max(status, int(not is_documented))
            print(line)  # noqa: T201  # a program
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
