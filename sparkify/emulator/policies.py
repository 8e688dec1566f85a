"""Bucket policies, kept as they were given.

moto enforces a policy without looking at its conditions. The emulator's address stands for AWS's by TLS: what
a policy denies to requests without TLS alone, it never meets, and moto is not told of it.
"""

import json
from typing import Any

from sparkify.emulator.errors import ApiError


class Policies:
    """The policies of all buckets, by the bucket's name."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def put(self, bucket: str, text: str) -> str:
        """Keep a policy; return what moto is to enforce of it, empty for nothing. Raises ApiError.

        API reference, PutBucketPolicy. Of the resource: terraform#23570, noobaa-core#10058. How AWS calls a
        text that is no policy at all is unverified.
        """
        try:
            policy: Any = json.loads(text)
            statements = policy["Statement"]
        except (ValueError, LookupError, TypeError) as error:
            raise ApiError("MalformedPolicy", "This policy contains invalid Json") from error
        statements = statements if isinstance(statements, list) else [statements]
        for one in statements:
            places = one.get("Resource", [])
            for place in [places] if isinstance(places, str) else places:
                if place.partition(":::")[2].partition("/")[0] != bucket:
                    raise ApiError("MalformedPolicy", "Policy has invalid resource")
        self._kept[bucket] = text
        rest = [one for one in statements if not _is_about_tls(one)]
        return json.dumps({**policy, "Statement": rest}) if rest else ""

    def get(self, bucket: str) -> str | None:
        return self._kept.get(bucket)

    def forget(self, bucket: str) -> None:
        """Forget the policy of a bucket, if it has one."""
        self._kept.pop(bucket, None)


def _is_about_tls(statement: Any) -> bool:
    said = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return statement.get("Effect") == "Deny" and str(said).lower() == "false"
