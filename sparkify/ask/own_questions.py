"""Questions of somebody's own: a folder of SQL files, each a SELECT in the dialect of sparkify's own."""

from collections.abc import Sequence

from sparkify.sql import Statement, names
from sparkify.sql import own as files

TOPIC = "own"


def read_own(folder: str) -> Sequence[Statement]:
    """The statements of a folder, sorted by name; none for no folder.

    Raises as `sparkify.sql.own.read_own`.
    """
    found = files.read_own(folder, "[ASK] QUESTIONS", "question", names("questions").__contains__)
    return [Statement(one.name, one.meaning, one.text, TOPIC) for one in found]
