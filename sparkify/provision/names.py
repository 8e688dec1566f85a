"""How everything that belongs to one cluster is called, and the tags by which it is known as ours."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sparkify.errors import ConfigError

PROJECT = "sparkify"
LONGEST_BUCKET = 63
ACCOUNT_DIGITS = 12
SHORTEST_NAMESPACE = 3


@dataclass(frozen=True)
class Names:
    """What belongs to the cluster `cluster` of one region.

    A role and a bucket are the account's, not a region's: their names and tags must tell of which cluster.
    """

    cluster: str
    region: str

    def __str__(self) -> str:
        return f"{self.cluster} in {self.region}"

    @property
    def group(self) -> str:
        return self.cluster if self.cluster.startswith(PROJECT) else f"{PROJECT}-{self.cluster}"

    @property
    def role(self) -> str:
        return f"{self.group}-reads-s3-{self.region}"

    @property
    def marks(self) -> dict[str, str]:
        """The tags by which a thing is known as ours."""
        return {"project": PROJECT, "cluster": self.cluster, "region": self.region}

    def bucket(self, account: str, region: str) -> str:
        """The scratch bucket in a region; the account makes the name nobody else's.

        Raises ConfigError for a name that S3 would not take.
        """
        name = f"{self.group}-scratch-{account}-{region}"
        if (more := len(name) - LONGEST_BUCKET) > 0:
            raise ConfigError(
                f"[CLUSTER] NAME = {self.cluster} is {more} too long: the name of its bucket, {name}, "
                f"may have {LONGEST_BUCKET} characters."
            )
        return name

    def check(self, region: str) -> None:
        """Raise ConfigError if the scratch bucket in a region could not have its name."""
        self.bucket("0" * ACCOUNT_DIGITS, region)

    def check_serverless(self) -> None:
        """Raise ConfigError if a namespace and a workgroup could not have the cluster's name."""
        if len(self.cluster) < SHORTEST_NAMESPACE:
            raise ConfigError(
                f"[CLUSTER] NAME = {self.cluster} is too short: a serverless workgroup's name has at least "
                f"{SHORTEST_NAMESPACE} characters."
            )

    def tags(self, now: dt.datetime, expires: dt.datetime | None) -> dict[str, str]:
        """The tags of everything we make."""
        return {**self.marks, "created": now.isoformat(timespec="seconds"), **expiring(expires)}

    def owns(self, tags: Iterable[Any]) -> bool:
        """Whether something with these tags is ours."""
        return self.marks.items() <= as_dict(tags).items()

    def elsewhere(self, tags: Iterable[Any]) -> str:
        """The region of the cluster of this name to which something with these tags belongs, if another."""
        found = as_dict(tags)
        is_ours = found.items() >= {"project": PROJECT, "cluster": self.cluster}.items()
        region = found.get("region", "")
        return region if is_ours and region != self.region else ""


def expiring(expires: dt.datetime | None) -> dict[str, str]:
    """The tag that says how long a thing may live."""
    return {"expires": expires.isoformat(timespec="seconds") if expires else "never"}


def expiry(tags: Mapping[str, str]) -> dt.datetime | None:
    """When a thing with these tags may be deleted by `delete --expired`; None if never."""
    text = tags.get("expires", "never")
    return None if text == "never" else dt.datetime.fromisoformat(text)


def as_list(tags: Mapping[str, str]) -> Any:
    """Tags as most of AWS wants them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def as_dict(tags: Iterable[Any]) -> dict[str, str]:
    """Tags as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags}
