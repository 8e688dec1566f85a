"""What is documented and the emulator does not imitate: unimitated.txt, refused for what it is."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from sparkify.emulator.grammar import Node, walk
from sparkify.emulator.grammar.aggregates import own
from sparkify.emulator.grammar.places import names_of
from sparkify.emulator.grammar.vocabulary import relations
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused


def refuse_unimitated(tree: Node, part: Sequence[Token]) -> None:
    """Raise Refused, saying so, for a documented statement that the emulator does not imitate."""
    clauses, functions, beginnings = unimitated()
    for node in walk(tree):
        if node.rule == "named-table" and (name := part[node.children[0].end - 1].value.lower()) in missing():
            raise Refused(f"emulator: relation {name}: documented, but not imitated by the emulator")
        what = clauses.get(node.rule, "")
        if node.rule == "select" and _unnests(node, part):
            what = "an array in FROM"
        if node.rule == "call":
            name = part[node.children[0].end - 1].value.lower()
            if name in functions or name.startswith(beginnings):
                what = f"function {name}"
        if what:
            raise Refused(f"emulator: {what}: documented, but not imitated by the emulator")


def _unnests(select: Node, part: Sequence[Token]) -> bool:
    """Whether FROM has an array of a relation before it: `FROM orders o, o.products p` (query-super)."""
    known: set[str] = set()
    for node in own(select):
        if node.rule == "named-table":
            names = names_of(node.children[0], part)
            if len(names) > 1 and names[0] in known:
                return True
            alias = next((child for child in node.children if child.rule == "table-alias"), None)
            words = (
                [t.value.lower() for t in part[alias.start : alias.end] if t.upper != "AS"] if alias else []
            )
            known.add((*words, names[-1])[0])
    return False


@cache
def missing() -> frozenset[str]:
    """The tables and views of the system that are documented and not there."""
    sections = _sections()
    there = set(" ".join(sections["views that are imitated"]).split())
    of_compute_nodes = {name for name in relations() if not name.startswith(("pg_", "information_schema"))}
    return frozenset(of_compute_nodes - there) | set(" ".join(sections["catalogues that are not"]).split())


@cache
def unimitated() -> tuple[dict[str, str], frozenset[str], tuple[str, ...]]:
    """The rules with what each is called, the functions, and how the names of more of them begin."""
    sections = _sections()
    clauses = dict(line.split(": ", 1) for line in sections["clauses"])
    functions = " ".join(sections["functions"]).split()
    return clauses, frozenset(functions), tuple(" ".join(sections["functions that begin so"]).split())


@cache
def _sections() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    here = ""
    for line in (files(__package__) / "unimitated.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif line and not line.startswith("#"):
            sections.setdefault(here, []).append(line)
    return sections
