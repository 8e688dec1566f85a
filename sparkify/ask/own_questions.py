"""Questions of somebody's own: a folder of SQL files, each a SELECT in the dialect of sparkify's own."""

import re
from collections.abc import Sequence
from pathlib import Path

from sparkify.errors import ConfigError
from sparkify.sql import Statement, comment_of, names

TOPIC = "own"


def read_own(folder: str) -> Sequence[Statement]:
    """The statements of a folder, sorted by name; none for no folder.

    Raises ConfigError for a folder or a file that cannot be read, or a name that cannot be had.
    """
    if not folder:
        return []
    if not Path(folder).is_dir():
        raise ConfigError(f"there is no folder {folder}: [ASK] QUESTIONS names it.")
    found = []
    for file in sorted(Path(folder).glob("*.sql")):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", file.stem):
            raise ConfigError(f"{file}: the name of a question has lower case letters, digits and _ only.")
        if file.stem in names("questions"):
            raise ConfigError(f"{file}: sparkify has a question of this name. Give it another one.")
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not in UTF-8"
            raise ConfigError(f"{file} cannot be read: {why}.") from error
        found.append(Statement(file.stem, comment_of(text), text.strip().rstrip(";"), TOPIC))
    return found
