"""Text is compared without the blanks at its end, by whatever plan (AWS: "Character types")."""

from typing import Any

import pytest

from sparkify.engines.redshift.engine import Redshift

Rows = list[tuple[Any, ...]]
TEN = ", ".join(f"'x{number}'" for number in range(10))

ANSWERS: list[tuple[str, Rows]] = [
    ("SELECT 'a' = 'a  ', 'a ' <> 'a', 'a ' = ' a', '' = '  '", [(True, False, False, True)]),
    ("SELECT 'a' < 'a ', 'a' >= 'a ', 'a ' < 'a\t', 'a' = 'a\t'", [(False, True, True, False)]),
    ("SELECT 'a ' IN ('b', 'a'), 'a ' NOT IN ('a'), 'a ' BETWEEN 'a' AND 'a'", [(True, False, True)]),
    (f"SELECT COUNT(*) FROM words WHERE word IN ({TEN}, 'a')", [(2,)]),
    (f"SELECT COUNT(*) FROM words WHERE word NOT IN ({TEN}, 'a   ')", [(2,)]),
    ("SELECT COUNT(*) FROM words WHERE word IN (SELECT fixed FROM words)", [(4,)]),
    ("SELECT COUNT(*) FROM words WHERE word = ANY (SELECT word FROM words WHERE id = 2)", [(2,)]),
    ("SELECT COUNT(*) FROM words AS w JOIN words AS v ON v.word = w.word", [(6,)]),
    ("SELECT COUNT(*) FROM words AS w JOIN words AS v ON v.fixed = w.word", [(6,)]),
    ("SELECT COUNT(*) FROM words AS w LEFT JOIN words AS v ON v.word = w.word || ' ' "
     "WHERE v.id IS NULL", [(0,)]),
    ("SELECT COUNT(DISTINCT word), COUNT(DISTINCT fixed), COUNT(*) FROM words", [(3, 3, 4)]),
    ("SELECT COUNT(*) FROM (SELECT DISTINCT word FROM words) AS w", [(3,)]),
    ("SELECT COUNT(*) AS n FROM words GROUP BY word ORDER BY n DESC", [(2,), (1,), (1,)]),
    ("SELECT COUNT(*) FROM (SELECT word FROM words UNION SELECT 'a' || '    ') AS w", [(3,)]),
    ("SELECT COUNT(*) FROM (SELECT word FROM words EXCEPT SELECT 'a') AS w", [(2,)]),
    ("SELECT COUNT(*) FROM (SELECT word FROM words INTERSECT SELECT 'a') AS w", [(1,)]),
    ("SELECT id FROM words ORDER BY word, id", [(1,), (2,), (3,), (4,)]),
    ("SELECT id FROM words ORDER BY word DESC, id", [(4,), (3,), (1,), (2,)]),
    ("SELECT id, ROW_NUMBER() OVER (PARTITION BY word ORDER BY id) AS n FROM words ORDER BY id",
     [(1, 1), (2, 2), (3, 1), (4, 1)]),
    ("SELECT CASE 'a ' WHEN 'a' THEN 1 ELSE 0 END, NULLIF('a ', 'a'), NULLIF('  ', '')",
     [(1, None, None)]),
    ("SELECT LEN(MIN(word)) > 0, MAX(CASE WHEN id < 4 THEN word END) = 'a\t' FROM words", [(True, True)]),
    ("SELECT GREATEST('a ', 'a\t') = 'a\t', LEAST('a\t', 'a ') = 'a'", [(True, True)]),
    # What looks at the characters one by one sees blanks.
    ("SELECT 'a ' LIKE 'a', 'a ' LIKE 'a ', 'a' LIKE 'a ', 'a ' ~ '^a$'", [(False, True, False, False)]),
    ("SELECT LEN('a '), OCTET_LENGTH('a '), 'a ' || 'b', STRPOS('a ', ' ')", [(2, 2, "a b", 2)]),
    ("SELECT LEN(fixed), LEN(word) FROM words WHERE id = 2", [(1, 3)]),
    ("SELECT MD5('a ') = MD5('a'), FNV_HASH('a ') = FNV_HASH('a')", [(False, False)]),
    # AWS: "Examples with character types".
    ("SELECT COUNT(*) FROM address WHERE address1 = '9516 Magnolia Boulevard'", [(2,)]),
    ("SELECT LENGTH(address1) FROM address ORDER BY 1", [(23,), (25,)]),
]  # fmt: skip


@pytest.fixture
def words(session: Redshift) -> Redshift:
    session.native("CREATE TABLE words (id INTEGER, word VARCHAR(20), fixed CHAR(20))")
    session.native(
        "INSERT INTO words VALUES (1, 'a', 'a'), (2, 'a  ', 'a  '), (3, 'a\t', 'a\t'), (4, 'b', 'b ')"
    )
    session.native("CREATE TABLE address (address1 VARCHAR(100))")
    session.native("INSERT INTO address VALUES ('9516 Magnolia Boulevard'), ('9516 Magnolia Boulevard  ')")
    return session


@pytest.mark.parametrize(("sql", "expected"), ANSWERS, ids=[sql[7:60] for sql, _ in ANSWERS])
def test_blanks_at_the_end_do_not_count(words: Redshift, sql: str, expected: Rows) -> None:
    assert words.native(sql).rows == expected


@pytest.mark.parametrize("off", ["hashjoin", "mergejoin", "hashagg", "sort", "material"])
def test_they_do_not_count_whatever_plan_is_made(words: Redshift, off: str) -> None:
    words.native(f"SELECT SET_CONFIG('enable_{off}', 'off', FALSE)")  # as PostgreSQL calls it

    joined = words.native("SELECT COUNT(*) FROM words AS w JOIN words AS v ON v.word = w.word").rows
    distinct = words.native(
        "SELECT COUNT(*) FROM (SELECT word FROM words UNION SELECT fixed FROM words) AS w"
    ).rows

    assert (joined, distinct) == ([(6,)], [(3,)])


def test_many_rows_are_joined_and_grouped_so_too(session: Redshift) -> None:
    session.native("CREATE TABLE left_side (name VARCHAR(60))")
    session.native("CREATE TABLE right_side (name VARCHAR(60))")
    names = [(f"{number:06}-{'é' if number % 3 else 'e'}" + " " * (number % 4),) for number in range(3000)]
    session.insert("left_side", ("name",), names)
    session.insert("right_side", ("name",), [(name.rstrip() + "  ",) for (name,) in names])

    found = session.native(
        "SELECT (SELECT COUNT(*) FROM left_side AS l JOIN right_side AS r ON r.name = l.name), "
        "(SELECT COUNT(*) FROM (SELECT name FROM left_side UNION SELECT name FROM right_side) AS u), "
        "(SELECT COUNT(DISTINCT name) FROM left_side)"
    )

    assert found.rows == [(3000, 3000, 3000)]


def test_the_catalogue_answers_as_before(words: Redshift) -> None:
    columns = words.native(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = CURRENT_SCHEMA() AND table_name = 'words' ORDER BY ordinal_position"
    )
    schema = words.native("SELECT CURRENT_SCHEMA()").scalar()
    tables = words.native(
        f'SELECT "table" FROM svv_table_info WHERE "schema" = \'{schema}\' '
        "AND diststyle LIKE 'AUTO%' ORDER BY 1"
    )

    assert columns.rows == [("id", "integer"), ("word", "character varying"), ("fixed", "character")]
    assert tables.rows == [("address",), ("words",)]
