"""SQL files of the user's own: a setting names the folder, each file is one statement and its meaning."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparkify.errors import ConfigError
from sparkify.sql import comment_of

_SEVERITY = re.compile(r"^--\s*severity:\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Own:
    """A statement of the user's own, and the file that holds it."""

    file: Path
    meaning: str
    text: str
    severity: str = ""
    """What a line `-- severity: warn` says, in lower case."""

    @property
    def name(self) -> str:
        return self.file.stem


def read_own(folder: str, setting: str, what: str, is_taken: Callable[[str], bool]) -> Sequence[Own]:
    """The statements of a folder, sorted by name; none for no folder.

    Raises ConfigError for a folder or a file that cannot be read, or a name that cannot be had.
    """
    if not folder:
        return []
    if not Path(folder).is_dir():
        raise ConfigError(f"there is no folder {folder}: {setting} names it.")
    found = []
    for file in sorted(Path(folder).glob("*.sql")):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", file.stem):
            raise ConfigError(f"{file}: the name of a {what} has lower case letters, digits and _ only.")
        if is_taken(file.stem):
            raise ConfigError(f"{file}: sparkify has a {what} of this name. Give it another one.")
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not in UTF-8"
            raise ConfigError(f"{file} cannot be read: {why}.") from error
        severity = said[1].lower() if (said := _SEVERITY.search(text)) else ""
        meaning = " ".join(comment_of(_SEVERITY.sub("--", text)).split())
        found.append(Own(file, meaning, text.strip().rstrip(";"), severity))
    return found
