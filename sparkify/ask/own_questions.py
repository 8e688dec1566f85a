"""Questions of somebody's own: a folder of SQL files, each a SELECT in the dialect of sparkify's own."""

import re
from collections.abc import Collection, Sequence

from sparkify.engines.dialect import rewords
from sparkify.errors import QueryError
from sparkify.sql import Statement, names, schema
from sparkify.sql import own as files
from sparkify.sql_cache import unkept

TOPIC = "own"
NAMES = ("first_name", "last_name")
"""Columns that name a listener."""
_NAMELESS = {*schema.STAR, *schema.VIEWS} - {"users"}


def read_own(folder: str) -> Sequence[Statement]:
    """The statements of a folder, sorted by name; none for no folder.

    Raises as `sparkify.sql.own.read_own`.
    """
    found = files.read_own(folder, "[ASK] QUESTIONS", "question", names("questions").__contains__)
    return [Statement(one.name, one.meaning, one.text, TOPIC) for one in found]


def naming_models(folder: str) -> frozenset[str]:
    """The models of a folder whose tables may name a listener in a column that is not called so."""
    found = files.read_own(folder, "[ETL] MODELS", "table or view", lambda _: False)
    naming = {one.name for one in found if may_name(one.text)}
    while more := {one.name for one in found if _mentions(one.text, naming)} - naming:
        naming |= more
    return frozenset(naming)


def may_name(text: str, models: frozenset[str] = frozenset()) -> bool:
    """Whether an answer may name a listener in a column that is not called so."""
    with unkept():
        try:
            return _mentions(text, models) or rewords(text, NAMES, without=_NAMELESS)
        except QueryError:
            return False  # what cannot be read is not answered at all


def _mentions(text: str, words: Collection[str]) -> bool:
    return not {*re.findall(r"\w+", text.lower())}.isdisjoint(words)
