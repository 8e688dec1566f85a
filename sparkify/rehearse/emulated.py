"""The rehearsal on this machine, against the emulator; nothing of the user's AWS settings reaches it."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from sparkify.errors import ConfigError, RehearsalError
from sparkify.rehearse.data import PREFIX, Files, files_of
from sparkify.rehearse.steps import Stage, Step, walk_all, without
from sparkify.scratch import Scratch

BUCKET = "rehearsed-music"
SOURCE = f"s3://{BUCKET}/{PREFIX}"
SETTINGS = f"""
[WAREHOUSE]
ENGINE = redshift
[CLUSTER]
NAME = sparkify-rehearsal
NODE_TYPE = rg.large
NODES = 2
POLL = 0.3
[S3]
SOURCE = {SOURCE}
"""
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
MORE = {"launch": ("--ttl", "1h"), "configure": ("--cidr", "127.0.0.1")}


def rehearse(
    source: Path | None, say: Callable[[str], None], settings: Mapping[str, str] = NO_SETTINGS
) -> Iterator[Step]:
    """Walk the steps, on the JSON files of `source` or on a service made up with faults.

    They follow the settings, variables of the environment (see `rehearse.settings`).

    Raises RehearsalError at the first step that fails, ConfigError where there is no file, or a package or
    PostgreSQL is missing.
    """
    with files_of(source, say) as files, Scratch() as place:
        yield from walk_emulated(files, place, say, settings)


def walk_emulated(
    files: Files, folder: Path, say: Callable[[str], None], settings: Mapping[str, str] = NO_SETTINGS
) -> Iterator[Step]:
    """Walk the steps in an empty folder."""
    with needs_extra():
        from sparkify.emulator.service import running_emulator

        (folder / "dwg.cfg").write_text(SETTINGS)
        say("starting the emulator")
        with without("AWS_", "SPARKIFY_"), running_emulator(seconds=0.5) as emulator:
            say(f"filling {SOURCE}")
            emulator.fill(BUCKET, files.first)
            environment = {**os.environ, **emulator.environment, **settings}
            yield from walk_all(
                Stage(folder, environment, MORE, lambda: emulator.fill(BUCKET, files.latest)), say
            )


@contextlib.contextmanager
def needs_extra() -> Iterator[None]:
    """ConfigError, which says what to install, where the emulator's packages or PostgreSQL are missing."""
    try:
        from sparkify.emulator.postgres import PostgresBroken, PostgresMissing
    except ImportError as error:
        raise _missing(error.name) from error
    try:
        yield
    except PostgresMissing as error:
        raise ConfigError(str(error)) from error
    except PostgresBroken as error:
        raise RehearsalError(f"{error}. TMPDIR must be a folder that every user can reach.") from error
    except ModuleNotFoundError as error:
        raise _missing(error.name) from error


def _missing(package: str | None) -> ConfigError:
    return ConfigError(f"the emulator needs {package}: pip install '.[rehearse]' in its clone.")
