"""Where a statement runs: on the leader node, with catalogues, or on the compute nodes, with tables."""

import re
from collections.abc import Sequence
from functools import cache

from sparkify.emulator.grammar.functions import catalogue
from sparkify.emulator.grammar.matcher import Node
from sparkify.emulator.grammar.vocabulary import words
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused

_SYSTEM = re.compile(r"(pg|stl|stv|svl|svv|svcs|sys)_")
_ON_COMPUTE_NODES = re.compile(r"(stl|stv|svl|svv|svcs|sys)_")
_LEADER_KEYWORDS = ("CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME")
_READS = ("named-table", "insert", "update", "delete", "merge", "create-table")
"""Rules whose table is one that the statement reads or writes."""


def names_of(table: Node, part: Sequence[Token]) -> list[str]:
    """The parts of a table's name."""
    return [token.value.lower() for token in part[table.start : table.end] if token.text != "."]


def check_where_it_runs(nodes: Sequence[Node], part: Sequence[Token]) -> None:
    """The leader node's functions see no tables of the compute nodes; those of the compute nodes need one."""
    common = {part[node.start].value.lower() for node in nodes if node.rule == "common-table"}
    tables = [
        names_of(child, part)
        for node in nodes
        if node.rule in _READS
        for child in node.children
        if child.rule == "table"
    ]
    on_compute = [
        names
        for names in tables
        if not (len(names) == 1 and names[0] in common)
        and names[0] != "information_schema"
        and (_ON_COMPUTE_NODES.match(names[-1]) or not _SYSTEM.match(names[-1]))
    ]
    users = [names for names in on_compute if not _SYSTEM.match(names[-1])]
    catalogues = [names for names in tables if names not in on_compute and names[0] not in common]
    alone = [
        n
        for n in catalogues
        if n[0] != "information_schema" and n[-1].upper() not in words("catalogues beside tables")
    ]
    alone += [names for names in catalogues if names[0] == "information_schema"]
    if users and alone:  # c_join_PG
        raise Refused(
            "Specified types or functions (one per INFO message) not supported on Redshift tables."
            f' Relation "{".".join(alone[0])}" is on the leader node only.'
        )
    has_oid = any(part[node.end - 1].upper == "OID" for node in nodes if node.rule == "column")
    if has_oid and users and not catalogues:
        raise Refused('column "oid" does not exist', "42703")
    flags = {name: _where(name) for name in {_called(node, part) for node in nodes if node.rule == "call"}}
    leader = [name for name, flag in flags.items() if flag == "leader"]
    keywords = [part[node.start].upper for node in nodes if node.rule == "bare-keyword"]
    leader += [word for word in keywords if word in _LEADER_KEYWORDS]
    if on_compute and leader:
        raise Refused(
            "Specified types or functions (one per INFO message) not supported on Redshift tables."
            f' Function "{sorted(leader)[0].lower()}" not supported.'
        )
    if not on_compute and any(flag == "compute" for flag in flags.values()):
        raise Refused("One or more of the used functions must be applied on at least one user created table.")


def _called(node: Node, part: Sequence[Token]) -> str:
    return part[node.children[0].end - 1].upper


@cache
def _where(name: str) -> str:
    return next(
        (flag for form in catalogue().get(name, ()) for flag in form.flags & {"leader", "compute"}), ""
    )
