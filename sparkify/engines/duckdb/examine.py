"""What the doctor asks of the machine that a DuckDB file lies on."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sparkify.engines.registry import Finding

ROOM = 1 << 30
"""Bytes that should be free beyond what the warehouse needs once more."""


def examine_disk(file: Path) -> Iterator[Finding]:
    folder = file.absolute().parent
    if not folder.is_dir():
        yield Finding("folder", "FAILED", f"{folder} is not a directory", "Make it, or check --warehouse.")
        return
    for place, needed in ((folder, os.W_OK | os.X_OK), (file, os.R_OK | os.W_OK)):
        if not place.exists() or os.access(place, needed):
            continue
        yield Finding("folder", "FAILED", f"{place} cannot be written to", "Give us write permission there.")
        break
    else:
        yield Finding("folder", "ok", f"{folder} can be written to")
    held = file.stat().st_size if file.is_file() else 0
    for probe, place, needed in (
        ("disk", folder, held + ROOM),
        ("scratch", Path(tempfile.gettempdir()), ROOM),
    ):
        free = shutil.disk_usage(place).free
        found = f"{free / 1e9:,.1f} GB free in {place}"
        advice = f"{needed / 1e9:,.1f} GB are advised: free some" + (
            ", or set TMPDIR." if probe == "scratch" else "."
        )
        yield Finding(probe, "ok", found) if free >= needed else Finding(probe, "warning", found, advice)
