"""What Redshift Serverless is made of, and what it calls invalid.

"API" is the API reference of Amazon Redshift Serverless.
"""

import datetime as dt
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sparkify.emulator.account import ACCOUNT, REGION
from sparkify.emulator.errors import ApiError
from sparkify.emulator.hosting import Hosted

Asked = Mapping[str, Any]
DEFAULT_CAPACITY = 128
"""AWS: "Compute capacity for Amazon Redshift Serverless"."""


def now() -> str:
    """The time as these services write it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Namespace:
    """Data, users and the password of a warehouse."""

    name: str
    database: str
    user: str
    password: str
    roles: list[str]
    tags: dict[str, str]
    secret_arn: str = ""
    busy_until: float = 0.0
    is_deleting: bool = False
    created: str = field(default_factory=now)

    @property
    def arn(self) -> str:
        return f"{_ARN}namespace/{self.name}"


@dataclass
class Workgroup(Hosted):
    """What computes."""

    namespace: str = ""
    base: int = DEFAULT_CAPACITY
    cap: int | None = None
    subnets: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "CREATING"
    since: float = field(default_factory=time.monotonic)
    created: str = field(default_factory=now)

    @property
    def arn(self) -> str:
        return f"{_ARN}workgroup/{self.name}"


_ARN = f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:"


def check_capacity(base: int, cap: int | None) -> None:
    """Compute capacity for Amazon Redshift Serverless: 4; 8 to 512 by 8; to 1024 by 32."""
    for name, value in (("baseCapacity", base), ("maxCapacity", cap)):
        if value is None or value == 4:
            continue
        if not 8 <= value <= 1024 or value % (32 if value > 512 else 8):
            raise invalid_value(f"{name} {value} is not a valid capacity.")
    if cap is not None and cap < base:
        raise invalid_value("maxCapacity must not be less than baseCapacity.")


def name_of(asked: Asked, field_name: str) -> str:
    """API, NamespaceName and WorkgroupName."""
    name = str(asked.get(field_name, ""))
    if not re.fullmatch(r"[a-z0-9-]{3,64}", name):
        raise invalid_value(f"{field_name} must be 3 to 64 lower case letters, digits or hyphens.")
    return name


def parameters_of(asked: Asked) -> dict[str, str]:
    return {one["parameterKey"]: one["parameterValue"] for one in asked.get("configParameters", [])}


def tags_of(asked: Asked) -> dict[str, str]:
    tags = {one["key"]: one["value"] for one in asked.get("tags", [])}
    if len(tags) > 200:  # API, TagList
        raise ApiError("TooManyTagsException", "There are more than 200 tags.")
    return tags


def invalid_value(message: str) -> ApiError:
    return ApiError("ValidationException", message)
