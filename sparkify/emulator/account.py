"""The AWS account beside the clusters: moto's buckets, roles and groups, looked into without HTTP."""

import datetime as dt
import fnmatch
import ipaddress
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-west-2"
HERE = ipaddress.ip_address("127.0.0.1")


class Account:
    """What the emulator must know of an account to be as strict as AWS."""

    def __init__(self, region: str = REGION) -> None:
        # moto takes its time to import, and only an emulator needs it
        from moto.ec2.models import ec2_backends
        from moto.iam.models import iam_backends
        from moto.redshift.models import redshift_backends
        from moto.s3.models import s3_backends

        self.region_name = region
        self._s3: Any = s3_backends[ACCOUNT]["aws"]
        self._iam: Any = iam_backends[ACCOUNT]["aws"]
        self._ec2: Any = ec2_backends[ACCOUNT][region]
        self._redshift: Any = redshift_backends[ACCOUNT][region]
        self.role_delay = 0.0
        """Seconds for which AWS's services do not know a new role: IAM User Guide, "Changes that I make are
        not always immediately visible"."""
        self.owners: dict[str, str] = {}
        """Buckets of other accounts, with their owners."""

    def names(self, bucket: str, prefix: str) -> Sequence[str]:
        """Keys under a prefix, sorted; KeyError if there is no such bucket."""
        return sorted(name for name in self._bucket(bucket).keys if name.startswith(prefix))

    def body(self, bucket: str, key: str) -> bytes:
        """An object's bytes; KeyError if there is none."""
        found = self._s3.get_object(bucket, key) if key in self._bucket(bucket).keys else None
        if found is None:
            raise KeyError(key)
        return bytes(found.value)

    def buckets(self) -> Collection[str]:
        """The names of all buckets."""
        return set(self._s3.buckets)

    def enforce(self, bucket: str, policy: bytes | None) -> None:
        """Let moto hold requests against this policy of a bucket, or against none."""
        self._bucket(bucket).policy = policy

    def make_bucket(self, bucket: str) -> None:
        """Make a bucket in the account's region; one that is there is no error."""
        if bucket not in self._s3.buckets:
            self._s3.create_bucket(bucket, self.region_name)

    def drop_bucket(self, bucket: str) -> None:
        """Remove a bucket with all that is in it; one that is not there is no error."""
        if bucket in self._s3.buckets:
            for key in self.names(bucket, ""):
                self._s3.delete_object(bucket, key)
            self._s3.delete_bucket(bucket)

    def drop_cluster(self, name: str) -> None:
        """Let moto forget a cluster."""
        self._redshift.clusters.pop(name, None)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, as a client would, but without HTTP."""
        self._s3.put_object(bucket, key, body)

    def region(self, bucket: str) -> str:
        """Where the bucket is."""
        return str(self._bucket(bucket).region_name)

    def owner(self, bucket: str) -> str:
        """The account that a bucket belongs to."""
        return self.owners.get(bucket, ACCOUNT)

    def role_exists(self, arn: str) -> bool:
        """Whether there is such a role."""
        return self._role(arn) is not None

    def may_assume(self, arn: str, *services: str) -> bool:
        """Whether these services may take the role on: it trusts all of them, and is not too new."""
        role = self._role(arn)
        if role is None:
            return False
        age = dt.datetime.now(dt.UTC) - role.create_date.replace(tzinfo=dt.UTC)
        trust = json.dumps(role.assume_role_policy_document, default=str)
        return age.total_seconds() >= self.role_delay and all(service in trust for service in services)

    def may_read(self, arn: str, bucket: str, key: str) -> bool:
        """Whether the role's policies allow s3:GetObject on this object."""
        resource = f"arn:aws:s3:::{bucket}/{key}"
        return any(
            _matches(statement["Action"], "s3:GetObject") and _matches(statement["Resource"], resource)
            for statement in self._statements(arn)
            if statement.get("Effect") == "Allow"
        )

    def is_open(self, groups: Sequence[str], port: int) -> bool:
        """Whether these security groups let this machine reach the port."""
        for group_id in groups:
            group = self._ec2.get_security_group_from_id(group_id)
            for rule in group.ingress_rules if group else ():
                ports = rule.from_port is None or int(rule.from_port) <= port <= int(rule.to_port)
                given = rule.ip_range.get("CidrIp")
                if ports and given and HERE in ipaddress.ip_network(given, strict=False):
                    return True
        return False

    def set_default_vpc(self, exists: bool) -> None:
        """Have a default VPC, or none, as in accounts whose owners have removed it."""
        self._ec2.default_vpc.is_default = exists

    def default_vpc(self) -> str | None:
        """The default VPC."""
        found = self._ec2.default_vpc
        return str(found.id) if found.is_default else None

    def vpc_of(self, subnet_group: str) -> str | None:
        """The VPC of a cluster subnet group; None if there is none of this name."""
        found = self._redshift.subnet_groups.get(subnet_group)
        return str(found.subnets[0].vpc_id) if found else None

    def vpc_of_group(self, group_id: str) -> str | None:
        """The VPC of a security group; None if there is none."""
        found = self._ec2.get_security_group_from_id(group_id)
        return str(found.vpc_id) if found else None

    def zones(self, subnets: Sequence[str]) -> list[str | None]:
        """The availability zone of each subnet; None for one that is not there."""
        known = {
            one.id: one.availability_zone for zone in self._ec2.subnets.values() for one in zone.values()
        }
        return [known.get(subnet) for subnet in subnets]

    def _bucket(self, name: str) -> Any:
        if name not in self._s3.buckets:
            raise KeyError(name)
        return self._s3.buckets[name]

    def _role(self, arn: str) -> Any:
        return next((role for role in self._iam.roles.values() if role.arn == arn), None)

    def _statements(self, arn: str) -> Iterator[dict[str, Any]]:
        role = self._role(arn)
        if role is None:
            return
        attached = [policy.document for policy in role.managed_policies.values()]
        for document in [*role.policies.values(), *attached]:
            parsed = document if isinstance(document, dict) else json.loads(document)
            statements = parsed["Statement"]
            yield from statements if isinstance(statements, list) else [statements]


def _matches(patterns: str | list[str], value: str) -> bool:
    return any(
        fnmatch.fnmatchcase(value.lower(), pattern.lower())
        for pattern in ([patterns] if isinstance(patterns, str) else patterns)
    )
