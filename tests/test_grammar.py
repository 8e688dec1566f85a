"""The emulator's allow-list: what AWS documents passes, what it does not document is refused."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from sparkify.emulator import grammar
from sparkify.emulator.grammar.__main__ import main, verdicts
from sparkify.emulator.grammar.functions import catalogue
from sparkify.emulator.grammar.notation import read_rules
from sparkify.emulator.grammar.options import rules
from sparkify.emulator.grammar.vocabulary import relations, sections, settings, types
from sparkify.emulator.lexer import statements
from sparkify.emulator.refusals import Refused
from sparkify.engines.dialect import to_redshift
from sparkify.sql import Group, statement

HERE = Path(__file__).parent
SQL = HERE.parent / "sparkify" / "sql"
OUT_OF_SCOPE = {
    "spatial": r"\bST_\w+|\bgeometry|\bgeography|bbox\(",
    "machine learning": r"\bmodel\b|predict|_cluster\s*\(|xgboost",
    "external tables, Spectrum, data sharing": r"\bexternal\b|\bspectrum\.|\bdatashare",
    "stored procedures, PL/pgSQL": r"\bprocedure\b|^call\b|\bplpgsql\b"
    r"|^begin (?!transaction|work|read|isolation)\w"
    r"|^select into \w+ ([\w*(,. ]+from|\w+\(|\w+$)",
    "user-defined functions": r"\bfunction\b|\blibrary\b|udf_|exfunc_|remote_fn|redact_credit_card",
    "no statement: quotes that are no ASCII, ellipses": r"[‘’“”…]|\.\.\.",
    "no statement: placeholders": r"<[a-z][\w -]*>|^\w+/\d|table-name\b|^\w+$|^copy:",
    "no statement: the notation of a syntax": r"\[ ?,|\[ *[A-Z ]{4,}|\{ *\{|\{ *[a-z_' ]+ *[|\[]|\[waits\]",
    "no statement: its output follows": r"\| status \||catalog_id \||\(1 row\)",
    "no statement: a sentence": r"\bone row from\b",
}
"""Why an example is none of ours, and how it is known. Rules, never a list of statements."""
SHOWN_TO_FAIL = {
    "r_correlated_subqueries": "correlated subquery pattern is not supported",
    "r_UNLOAD": "Limit clause is not supported",
}
"""Pages that show what fails, and how it is refused."""


def documentation(name: str) -> list[Sequence[str]]:
    """The rows of a file of what AWS documents, which is not part of this project."""
    folder = Path(os.environ.get("SPARKIFY_AWS_GUIDE", HERE.parent.parent / "shared" / "redshift_docs"))
    if not (folder / name).exists():
        pytest.skip(f"AWS's documentation is not here ({folder}); set SPARKIFY_AWS_GUIDE to its folder")
    return [line.split("\t") for line in (folder / name).read_text("utf-8").splitlines()]


def lines(name: str) -> list[str]:
    """The statements of a file beside this one."""
    text = (HERE / name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def refusal(sql: str) -> str:
    """Why a statement is refused, or nothing."""
    try:
        grammar.check(sql)
    except Refused as refused:
        return f"{refused.state} {refused}"
    return ""


def why_out_of_scope(sql: str) -> str:
    return next((why for why, rule in OUT_OF_SCOPE.items() if re.search(rule, sql, re.IGNORECASE)), "")


def test_documented_examples_pass() -> None:
    examples = [(page, sql) for page, sql in documentation("examples_a.tsv")]

    ours = [(page, sql) for page, sql in examples if not why_out_of_scope(sql)]
    refused = [
        f"{page}: {why}: {sql[:200]}"
        for page, sql in ours
        if (why := refusal(sql)) and SHOWN_TO_FAIL.get(page, "-") not in why
    ]
    count = f"{len(ours) - len(refused)} of {len(ours)} examples in scope pass ({len(examples)} in all)"
    sys.stdout.write(f"\n{count}\n")

    assert len(ours) > 0.7 * len(examples)
    assert len(refused) <= 0.01 * len(ours), "\n".join(refused)


def test_documented_functions_are_in_the_data_with_as_many_arguments() -> None:
    wrong = []
    for name, page, _, syntax in documentation("functions.tsv"):
        if name in ("FUNCTION", "UNLOAD", "NAME", "MODEL") or re.search(
            r"CREATE |DROP |\bEXISTS|\[ NOT \]", syntax
        ):
            continue
        inside = syntax[syntax.index("(") + 1 : syntax.index(")")] if "(" in syntax else ""
        least = len([part for part in re.sub(r"\[.*", "", inside).split(",") if part.strip(" ,")])
        known = name in catalogue() or name.lower() in grammar_words()
        fits = any(
            form.takes([None] * n) or "datepart" in str(form.arguments)
            for form in catalogue().get(name, ())
            for n in range(least, least + 3)
        )
        if not known or (name in catalogue() and not fits):
            wrong.append(f"{name} @{page}: {syntax}")

    assert wrong == []


def test_functions_of_the_leader_node_are_marked() -> None:
    marked = {row[0] for row in documentation("functions.tsv") if row[2] == "leader"}

    assert marked == {name for name in marked if any("leader" in form.flags for form in catalogue()[name])}


def grammar_words() -> set[str]:
    """What the grammar itself spells out, in lower case: CAST, EXTRACT, ..."""
    return {
        word.lower() for rule in read_rules().values() for word in re.findall(r"text='(\w+)'", str(rule.body))
    }


def entries() -> list[tuple[str, tuple[str, ...]]]:
    """The entries of the data, each with the pages that it names."""
    found = [(name, rule.pages) for name, rule in read_rules().items()]
    found += [(name, form.pages) for name, forms in catalogue().items() for form in forms]
    found += [(name, (kind.page,)) for name, kind in types().items()]
    found += [(name, tuple(pages.replace("@", "").split())) for name, (pages, _) in sections().items()]
    found += [
        (word, tuple(pages.split())) for kind in ("copy", "unload") for word, _, _, pages in rules(kind)
    ]
    return found + [(name, (page,)) for name, page in {**relations(), **settings()}.items()]


def test_every_entry_names_its_page() -> None:
    assert [name for name, pages in entries() if not pages or not all(pages)] == []


def test_every_page_that_gives_a_syntax_is_named() -> None:
    named = {page for _, pages in entries() for page in pages}

    assert sorted({row[0] for row in documentation("syntax.tsv")} - named) == []


@pytest.mark.parametrize("line", lines("undocumented.txt"))
def test_what_aws_does_not_document_is_refused(line: str) -> None:
    state, sql = line.split(" ", 1)

    assert refusal(sql).split(" ", 1)[0] == state


@pytest.mark.parametrize("sql", lines("documented.txt"))
def test_what_aws_documents_is_taken(sql: str) -> None:
    assert refusal(sql) == ""


def test_every_rule_of_the_grammar_has_a_statement_that_needs_it() -> None:
    used = {
        node.rule
        for sql in lines("documented.txt")
        for part in statements(sql)
        for node in grammar.walk(grammar.documented(part)[0])
    }

    assert sorted(set(read_rules()) - used) == []


def test_there_are_many_undocumented_statements() -> None:
    assert len(set(lines("undocumented.txt"))) > 500


STATEMENTS = [path for path in sorted(SQL.rglob("*.sql")) if path.parent.name != "parts"]
"""Parts are in the statements that they are put into."""


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: str(path.relative_to(SQL)))
def test_our_statements_are_documented(path: Path) -> None:
    sql = statement(cast(Group, path.relative_to(SQL).parts[0]), path.stem).text
    names = re.findall(r"(?<![:\w]):([a-z_]\w*)", sql)

    assert refusal(to_redshift(sql, dict.fromkeys(names, 1))) == ""


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT a FROM t LIMIT 5 5", 'syntax error at or near "5"'),
        ("SELECT a FROM", "syntax error at end of input"),
        ("SELECT STRING_AGG('a', 1) FROM t", 'function string_agg("unknown", integer) does not exist'),
        ("SELECT ABS(CAST(a AS VARCHAR)) FROM t", "function abs(character varying) does not exist"),
        ("SELECT a::jsonb FROM t", 'type "jsonb" does not exist'),
        ("SELECT CURRENT_SCHEMA", 'column "current_schema" does not exist'),
        ("SELECT NOW() FROM t", "Specified types or functions (one per INFO message) not supported"),
        ("SELECT LISTAGG('a')", "must be applied on at least one user created table"),
    ],
)
def test_a_refusal_is_in_redshifts_words(sql: str, said: str) -> None:
    assert said in refusal(sql)


@pytest.mark.parametrize("depth", [5, 30])
def test_nested_calls_are_taken(depth: int) -> None:
    assert refusal(f"SELECT {'LOWER(' * depth}a{')' * depth} FROM t") == ""


def test_what_is_nested_without_end_is_refused_and_no_traceback() -> None:
    assert "nested too deeply" in refusal(f"SELECT {'(' * 5000}1{')' * 5000}")


def test_many_rows_are_checked_in_a_moment() -> None:
    row = "(" + ", ".join(["'abc'", "12", "NULL", "-1.5"] * 4) + ")"

    assert refusal(f"INSERT INTO t VALUES {', '.join([row] * 2000)}") == ""


def test_the_command_tells_of_each_statement_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.sql"
    file.write_text("SELECT 1;\n\nSELECT a\nFROM t LIMIT 3000000000;")

    assert main([str(file)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{file}:1: OK",
        f"{file}:3: refused (22003): value 3000000000 is out of range for LIMIT: at most 2147483647",
    ]


def test_the_command_succeeds_if_all_is_documented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1")

    assert main([str(tmp_path / "a.sql")]) == 0
    assert main([str(tmp_path / "none.sql")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_the_command_goes_on_after_a_file_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.sql").write_bytes(b"SELECT '\xff'")
    (tmp_path / "a.sql").write_text("SELECT 1")

    assert main([str(tmp_path), str(tmp_path / "odd.sql"), str(tmp_path / "a.sql")]) == 2
    assert capsys.readouterr().out == f"{tmp_path / 'a.sql'}:1: OK\n"


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])

    assert stopped.value.code == 0
    assert "FILE:LINE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT a FROM t WHERE b = :name AND c=:other LIMIT :n", "OK"),
        ("SELECT a::INTEGER, f_x(:a,:b) FROM t WHERE b IN (:x, :y)", "OK"),
        ("GRANT ROLE sys:dba TO u", "OK"),
        ("SELECT a FROM :table", 'refused (42601): syntax error at or near ":table"'),
        ("CREATE FUNCTION f_x() RETURNS int STABLE AS $$ SELECT 1; SELECT 2 $$ LANGUAGE sql", "OK"),
        ("CREATE PROCEDURE p() AS $body$ BEGIN x := '$$;'; END; $body$ LANGUAGE plpgsql", "OK"),
        ("SELECT $$a$$", 'refused (42601): syntax error at or near "$$a$$"'),
        (
            "CREATE PROCEDURE p() AS $$ BEGIN; END",
            'refused (42601): unterminated dollar-quoted string at or near "$$"',
        ),
    ],
)
def test_files_may_have_parameters_and_bodies_in_dollars(sql: str, said: str) -> None:
    assert [line for _, line in verdicts("a", sql)] == [f"a:1: {said}"]
