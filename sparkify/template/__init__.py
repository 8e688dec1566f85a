"""A new project: a folder of settings, questions, checks and models, as the files beside this module."""

import os
from collections.abc import Sequence
from pathlib import Path

from sparkify.errors import ConfigError

FILES = Path(__file__).parent / "files"
RENAMED = {"gitignore": ".gitignore"}
"""Files that would mean something here already by the names that they get."""
COMMON = ("README.md", ".gitignore")
"""Files that many a folder has: they stay as they are."""


def make_project_folder(folder: Path) -> Sequence[Path]:
    """Write the files of a new project into a folder, and return them; nothing is ever overwritten.

    A README.md or .gitignore that is there stays.

    Raises ConfigError if one of them is there already, or cannot be written; no file is left then.
    """
    sources = sorted(file for file in FILES.rglob("*") if file.is_file())
    names = [file.relative_to(FILES) for file in sources]
    targets = [folder / name.with_name(RENAMED.get(name.name, name.name)) for name in names]
    kept = [one for one in targets if one.name in COMMON and one.is_file()]
    pairs = [(source, one) for source, one in zip(sources, targets, strict=True) if one not in kept]
    there = [str(one) for _, one in pairs if os.path.lexists(one)]
    there += sorted({str(one.parent) for one in targets if one.parent.exists() and not one.parent.is_dir()})
    if there:
        raise ConfigError(
            f"{', '.join(there)}: already there. Choose another folder, or move that away; nothing was "
            "written."
        )
    made: list[Path] = []
    try:
        for source, target in pairs:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                made.append(target)
                out.write(source.read_bytes())
    except OSError as error:
        for one in made:
            one.unlink(missing_ok=True)
        raise ConfigError(f"{target} cannot be written: {error.strerror}. Choose another folder.") from error
    return made
