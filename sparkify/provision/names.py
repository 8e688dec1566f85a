"""How everything that belongs to one cluster is called, and the tags by which it is known as ours."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PROJECT = "sparkify"


@dataclass(frozen=True)
class Names:
    """What belongs to the cluster `cluster`."""

    cluster: str

    @property
    def group(self) -> str:
        return self.cluster if self.cluster.startswith(PROJECT) else f"{PROJECT}-{self.cluster}"

    @property
    def role(self) -> str:
        return f"{self.group}-reads-s3"

    @property
    def marks(self) -> dict[str, str]:
        """The tags by which a thing is known as ours."""
        return {"project": PROJECT, "cluster": self.cluster}

    def bucket(self, account: str, region: str) -> str:
        """The scratch bucket of a region; the account makes the name nobody else's."""
        return f"{self.group}-scratch-{account}-{region}"

    def tags(self, now: dt.datetime, expires: dt.datetime | None) -> dict[str, str]:
        """The tags of everything we make."""
        return {
            **self.marks,
            "created": now.isoformat(timespec="seconds"),
            "expires": expires.isoformat(timespec="seconds") if expires else "never",
        }

    def owns(self, tags: Iterable[Any]) -> bool:
        """Whether something with these tags is ours."""
        return self.marks.items() <= as_dict(tags).items()


def as_list(tags: Mapping[str, str]) -> Any:
    """Tags as most of AWS wants them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def as_dict(tags: Iterable[Any]) -> dict[str, str]:
    """Tags as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags}
