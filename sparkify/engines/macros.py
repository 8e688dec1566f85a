"""Functions that somebody made in the warehouse: whoever calls one reads whatever it reads."""

import re
from collections.abc import Collection

from sparkify.engines.base import Reader
from sparkify.engines.dialect import functions_of_others


def macros(reader: Reader) -> set[str]:
    """The macros of the warehouse, in lower case."""
    made = (what.partition(" ") for what, _ in reader.definitions())
    return {name.rpartition(".")[2].lower() for kind, _, name in made if kind == "macro"}


def calls_of(text: str, made: Collection[str]) -> list[str]:
    """What a SELECT may call of these functions, and those that it calls and no dialect of SQL knows.

    DuckDB has not all functions that sqlglot knows, so a macro may have the name of one.
    """
    words = {word.lower() for word in re.findall(r"\w+", text)}
    return [*functions_of_others(text), *sorted(words & {*made})]
