"""A statement of one's own comes from the command line, a file, or a pipe."""

from pathlib import Path

import pytest

from tests.builders import Run

SQL = "-- how many\nSELECT COUNT(*) AS plays\nFROM songplay;\n"


def test_a_query_is_read_from_a_file_or_a_pipe(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "plays.sql").write_text("\ufeff" + SQL, encoding="utf-8")

    read, piped = loaded("query", "--file", "plays.sql"), loaded("query", "-", typed=SQL)

    assert [done.stdout for done in (read, piped)] == ["plays\n2\n"] * 2


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (b"\xff", (), "odd.sql is no text in UTF-8"),
        (b" ", (), "there is no statement"),
        (SQL.encode(), ("SELECT 1",), "not both"),
        (b"SELECT 1; SELECT 2", (), "one statement at a time"),
        (b"DROP TABLE songplay", (), "open to read: DROP is refused"),
        (b"WITH x AS (DELETE FROM time RETURNING 1) SELECT * FROM x", (), "what writes within it is refused"),
    ],
)
def test_what_is_no_query_is_one_line(
    loaded: Run, tmp_path: Path, content: bytes, more: tuple[str, ...], said: str
) -> None:
    (tmp_path / "odd.sql").write_bytes(content)

    done = loaded("query", *more, "--file", "odd.sql")

    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
