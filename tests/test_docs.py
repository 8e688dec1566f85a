"""What is written stays true: commands and picture of the README, dictionary, changelog, errors."""

import configparser
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

import sparkify
from sparkify import errors
from sparkify.cli.main import cli
from sparkify.cli.reference import reference
from sparkify.clock import EVER
from sparkify.config_sources import load_config
from sparkify.engines.base import Engine
from sparkify.sql import drawing, picture, schema
from tests.conftest import ROOT
from tests.fitness import unfit
from tests.terminals import in_a_terminal

README = (ROOT / "README.md").read_text()
SHOWN = re.findall(r"^```console\n(.*?)^```", README, re.S | re.M)
MAKE = re.findall(r"^make (\w+)", README, re.M)


def _timeless(text: str) -> str:
    return re.sub(r"\d+\.\d+ s\b", "N s", text)


def test_the_readmes_commands_print_what_it_says(tmp_path: Path) -> None:
    steps = [step for block in SHOWN for step in re.split(r"^\$ ", block, flags=re.M) if step.strip()]
    assert len(steps) >= 5

    for step in steps:
        command, _, expected = step.partition("\n")
        assert _timeless(in_a_terminal(command, tmp_path)) == _timeless(expected.strip("\n")), command


def test_the_readmes_make_targets_exist() -> None:
    assert {"demo", "test"} <= set(MAKE)
    for target in MAKE:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_the_readme_names_every_command() -> None:
    table = README.partition("## Every command")[2]

    for name, command in cli.commands.items():
        assert f"`sparkify {name}" in table
        if isinstance(command, click.Group):
            assert all(f"`{sub}`" in table or f"`sparkify {name} {sub}`" in table for sub in command.commands)


def test_the_readmes_exit_codes_are_ours() -> None:
    table = README.partition("| exit code |")[2].partition("\n\n")[0]
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)}
    used = {kind.exit_code for kind in _kinds()}

    assert codes == used | {0, errors.PUBLISHED_WITH_REJECTS, errors.INTERRUPTED}


def test_the_drawn_star_and_the_dictionary_are_those_of_the_ddl() -> None:
    assert "](docs/star.svg)" in README
    assert (ROOT / "docs" / "tables.md").read_text() == drawing.markdown(schema.ALL), "run make docs"
    assert (ROOT / "docs" / "star.svg").read_text() == picture.svg(), "run make docs"
    assert (ROOT / "docs" / "tables.svg").read_text() == picture.svg(with_staging=True), "run make docs"


def test_the_reference_is_that_of_the_program() -> None:
    assert (ROOT / "docs" / "reference.md").read_text() == reference(cli), "run make docs"


@pytest.mark.parametrize("names", [schema.STAR, (*schema.STAGING, *schema.STAR)])
def test_the_picture_shows_every_column_and_what_it_is_for(names: tuple[str, ...]) -> None:
    drawn = picture.svg(with_staging="stg_events" in names)
    texts = [node.text for node in ElementTree.fromstring(drawn).iter() if node.text]
    diagram = drawing.mermaid(names)

    for name in names:
        one = schema.table(name)
        assert name in texts
        assert set(one.column_names) <= set(texts)
        assert all(f" {column}" in diagram for column in one.column_names)
        assert not one.sortkey or re.search(rf'{one.sortkey[0]}.* "(distkey, )?sortkey"', diagram)
    assert ("stg_songs" in texts) == ("stg_songs" in names)


def test_the_examples_of_sql_in_the_documentation_run(warehouse: Engine) -> None:
    shown = re.findall(r"^```sql\n(.*?)^```", (ROOT / "docs" / "extending.md").read_text(), re.S | re.M)
    assert len(shown) == 2

    for sql in shown:
        assert unfit(sql) == []
        assert warehouse.query(sql, {"since": EVER[0], "until": EVER[1], "level": None}).rows == []


def test_the_commands_of_the_tour_exist() -> None:
    pages = "".join(
        (ROOT / "docs" / page).read_text()
        for page in ("tour.md", "connecting.md", "extending.md", "operations.md", "distribution.md")
    )
    shown = re.findall(r"sparkify ([a-z]+)((?: --[a-z-]+)*)", pages)
    assert len(shown) > 15

    for name, flags in shown:
        known = {flag for one in cli.commands[name].params for flag in one.opts}
        assert set(flags.split()) <= known, name


def test_dwg_cfg_holds_every_setting_with_its_default_and_no_secret(tmp_path: Path) -> None:
    file = configparser.ConfigParser(interpolation=None)
    file.read(ROOT / "dwg.cfg")
    written = {
        f"[{section}] {name.upper()}": value for section in file for name, value in file.items(section)
    }

    empty = tmp_path / "empty.cfg"
    empty.touch()
    defaults = {name: value for name, value, _, _ in load_config(empty, environ={}).rows()}

    assert written.keys() == defaults.keys() - {"[REDSHIFT] PASSWORD"}
    given = load_config(ROOT / "dwg.cfg", environ={})
    assert {name: value for name, value, _, _ in given.rows()} == defaults


def test_links_in_the_documentation_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


STUMBLED = (
    "proves it right, publishes it at once", "Two commands to a running warehouse", "asks it three questions",
    "the books", "he books do not add up", "he books add up", "text encoded twice",
    "decides record by record", "never at arrival", "doors to the same functions", "progress and talk",
    "from nothing to nothing", "Nights, and what to do", "A run should not have been",
    "Load known files anew", "Take a run back", "as far as it still stands", "why it says what it says",
    "a listener left anonymous",
    "Probe all that a load needs", "Make up a streaming service", "At most so many", "Mend the files",
    "is no folder.", "nothing stands any more", "Not so:", "each is not loaded: no column",
    "stood in the warehouse already", "stands once", "is taken apart in time", "lives where a record",
    "of the month plays on", "is missed most", "takes apart the marked part", "is most played?",
    "That did not work", "what is called so and is not temporary", "what a core keeps near itself",
    "refuses whoever is further", "nobody can be asked, nobody agreed", "taken back", "took back",
    "takes its run back", "Do not ask.", "type it again", "ended without a word", "Records that leave",
    "the gate", "The fact:", "the page is being", "the page needs", "the page shows",
)  # fmt: skip
"""Sentences that readers did not understand at once; each has a plain one in its place."""


@pytest.mark.parametrize("sentence", STUMBLED)
def test_a_sentence_that_readers_stumbled_over_is_gone(sentence: str) -> None:
    pages = [
        ROOT / "README.md",
        ROOT / "Makefile",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "examples").glob("*.*"),
    ]
    program = [file for kind in ("py", "sql", "j2", "js") for file in (ROOT / "sparkify").rglob(f"*.{kind}")]

    assert [str(file) for file in (*pages, *program) if sentence in file.read_text()] == []


PRIVATE = (
    "anew", "books", "bring_ahead", "check_anew", "chosen_user", "count_again", "count_anew",
    "etl_reject_leave", "Fate", "forget_leaving", "forget_touched", "Gate", "_gate", "judge", "judged",
    "learn_repairs", "lease", "Lease", "Look", "mend", "mended", "mends", "Patience", "patience",
    "remembering", "Span", "stand-in", "StandIn", "standin", "Standing", "take_back", "take_in",
    "_take_in", "takeback", "_Talk", "tell_failure", "test_laws_of_leaving", "test_remembering",
    "test_telling", "Watching",
)  # fmt: skip
"""Names of an earlier time; docs/glossary.md has those of the field that took their place."""


def test_no_name_of_the_private_language_is_left() -> None:
    word = re.compile(rf"(?<![\w-])(?:{'|'.join(PRIVATE)})(?![\w-])(?! (?:at|here|through))")
    kinds = ("py", "sql", "j2", "js", "css", "ebnf")
    files = [file for kind in kinds for file in (ROOT / "sparkify").rglob(f"*.{kind}")]
    files += [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "Makefile"]
    files += [file for file in (ROOT / "tests").glob("*.py") if file != Path(__file__)]
    found = {
        f"{file.relative_to(ROOT)}: {named}" for file in files for named in word.findall(file.read_text())
    }
    found |= {str(file.relative_to(ROOT)) for file in files if word.search(file.stem)}

    assert sorted(found) == []


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)

    assert versions[0] == sparkify.__version__


def _kinds() -> list[type[errors.SparkifyError]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.SparkifyError)
    ]


def test_the_tree_of_errors_is_complete() -> None:
    assert errors.__doc__
    drawn = dict(re.findall(r"(\w+Error)\s+(\d+)\s", errors.__doc__))

    assert drawn == {kind.__name__: str(kind.exit_code) for kind in _kinds()}


def test_the_examples_in_docstrings_are_true() -> None:
    found = [
        doctest.testmod(importlib.import_module(module.name))
        for module in pkgutil.walk_packages(sparkify.__path__, "sparkify.")
        if not module.name.endswith("__main__")
    ]

    assert sum(one.attempted for one in found) > 20
    assert sum(one.failed for one in found) == 0


@pytest.mark.parametrize("folder", ["sparkify", "tests"])
def test_no_file_is_too_long(folder: str) -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in (ROOT / folder).rglob("*.py")
        if (lines := len(file.read_text().splitlines())) > 370
    }

    assert long == {}


def test_every_exception_from_the_rules_has_its_reason() -> None:
    """What is not linted, typed or tested stands beside why."""
    bare = re.compile(
        r"# (?:noqa(?!: [A-Z0-9, ]+  # \w)|type: ignore(?!\[[a-z, -]+\]  # \w))|xfail\(\)|\bTODO\b|\bFIXME\b"
    )
    found = {
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for folder in ("sparkify", "tests", "benchmarks")
        for file in (ROOT / folder).rglob("*.py")
        if "scratch" not in file.parts and file != Path(__file__)
        for line in file.read_text().splitlines()
        if bare.search(line)
    }

    assert found == set()


def test_constraints_hold_versions_only() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9_.\-]+==[\w.]+", line), line
