"""The Redshift emulator, kept up for any client, with files in its bucket."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparkify.errors import ConfigError
from sparkify.rehearse.data import PREFIX, files_of
from sparkify.rehearse.emulated import needs_extra
from sparkify.rehearse.steps import without

if TYPE_CHECKING:
    from sparkify.emulator.serving import Served

DEFAULT_PORT = 5439
"""Redshift's own."""


@dataclass(frozen=True)
class Serving:
    """The emulator that is up."""

    served: "Served"
    source: str
    files: int

    @property
    def environment(self) -> dict[str, str]:
        """Variables for any client, and those with which sparkify loads into it."""
        found = self.served.described()
        return {
            **self.served.environment,
            "SPARKIFY_WAREHOUSE__ENGINE": "redshift",
            "SPARKIFY_CLUSTER__DATABASE": found["database"],
            "SPARKIFY_REDSHIFT__HOST": found["host"],
            "SPARKIFY_REDSHIFT__PORT": str(found["port"]),
            "SPARKIFY_REDSHIFT__USER": found["user"],
            "SPARKIFY_REDSHIFT__PASSWORD": found["password"],
            "SPARKIFY_REDSHIFT__SCRATCH": f"{found['bucket']}/scratch",
            "SPARKIFY_IAM__ARN": found["iam_role"],
            "SPARKIFY_S3__SOURCE": self.source,
        }


@contextlib.contextmanager
def serve(source: Path | None, port: int, say: Callable[[str], None]) -> Iterator[Serving]:
    """The emulator for as long as the block lasts, with the files of `source` or with sample data.

    SQL is answered at `port`, AWS's API at the next; 0 takes free ones. Raises ConfigError.
    """
    with files_of(source, say) as files, needs_extra():
        from sparkify.emulator.serving import BUCKET, PortTaken, serving

        say("starting the emulator")
        try:
            with without("AWS_", "SPARKIFY_"), serving(files.all, port) as served:
                yield Serving(served, f"s3://{BUCKET}/{PREFIX}", len(files.all))
        except PortTaken as error:
            raise ConfigError(f"{error}. Choose another by --port, or --port 0 for a free one.") from error
