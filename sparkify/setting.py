"""A setting: its default, its meaning, and the form that its values have, as a pattern and in words."""

from dataclasses import field
from typing import Any

COUNT = r"\d{1,9}", "a whole number"
SECONDS = r"\d{1,9}(\.\d{1,9})?", "a number of seconds below a thousand million"
EVERY = r"(?=.*[1-9])\d{1,9}(\.\d{1,9})?", "a number of seconds above 0"
THREADS = r"\d{1,3}", "a whole number below 1,000"
PORT = (
    r"(?=.*[1-9])(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])",
    "a port: 1 to 65535",
)
REJECTS = r"(?=.*\d)(?:(\d+(?:\.\d+)?)\s*%)?\s*(?:and\s*)?(\d+)?", "a number, or 1%, or '1% and 100'"
ANYTHING = r".*", "text"
CLUSTER = (
    r"(?=.{1,63}$)(?-i:[a-z](-?[a-z0-9])*)",
    "1 to 63 lower case letters, digits or single hyphens, beginning with a letter",
)
WORKGROUP = r"(?-i:[a-z0-9-]{3,64})", "3 to 64 lower case letters, digits or hyphens"
MASTER = r"[a-z_][a-z0-9_$]{0,126}", "a name of letters, digits and _"
DATABASE = r"[a-z][a-z0-9_]{0,63}", "a name of at most 64 letters, digits and _"
ADMIN = r"(?!public$)[a-z][a-z0-9_]{0,127}", "a name of letters, digits and _, beginning with a letter"
ROLE_ARN = r"(?-i:arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+)", "like arn:aws:iam::123456789012:role/name"
OWNER = r"\d{12}", "the 12 digits of an AWS account"
SUBNET_GROUP = r"[a-zA-Z0-9][\w. -]{0,254}", "the name of a cluster subnet group"
POLICY = r"[\w+=.@-]+(/[\w+=.@-]+)*", "the name of an AWS managed policy"
READER = r"((GROUP|ROLE)\s+)?[a-z_][\w$.:@+-]*"
READERS = rf"{READER}(\s*,\s*{READER})*", "a list of names: analyst, GROUP analysts, ROLE analysts, PUBLIC"
HOST = (
    r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?",
    "a host's name alone: no jdbc:, no port (that is PORT), no database",
)
KEEPALIVE = r"\d{1,4}", "a number of seconds below 10,000"
LABEL = r"[^'\\\0]{1,320}", "a label without quotes and backslashes"
BUCKET = r"s3://[a-z0-9._-]{3,63}(/.*)?", "an s3:// prefix"


def setting(default: Any, meaning: str, form: tuple[str, str] = ANYTHING, *, secret: bool = False) -> Any:
    """A field with its meaning, and the form of its values: a pattern, and that in words.

    A secret's value is never printed.
    """
    return field(default=default, metadata={"meaning": meaning, "form": form, "secret": secret})
