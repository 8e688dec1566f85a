"""What the name of a host tells of the warehouse behind it."""

import re
from dataclasses import dataclass
from typing import Literal

_ENDPOINT = re.compile(
    r"(?P<name>[^.]+)\.(?P<account>[^.]+)\.(?P<region>[^.]+)\.redshift(?P<serverless>-serverless)?"
    r"\.amazonaws\.(com|com\.cn|eu)"
)
"""Between name and region, a cluster's endpoint has a text of AWS's, a workgroup's the account's number.

AWS, "Finding your cluster connection string" and "Connecting to Amazon Redshift Serverless"; the driver reads
the same parts (redshift_property.py). The domains are those of botocore's partitions.
"""


@dataclass(frozen=True)
class Endpoint:
    """A cluster or a Serverless workgroup, and where it is."""

    kind: Literal["cluster", "workgroup"]
    name: str
    region: str
    account: str = ""
    """Told by a workgroup's endpoint only."""

    def __str__(self) -> str:
        of = f" of account {self.account}" if self.account else ""
        return f"{self.kind} {self.name} in {self.region}{of}"


def read_endpoint(host: str) -> Endpoint | None:
    """The warehouse that AWS calls by this host; None for an alias, an address or a tunnel.

    >>> print(read_endpoint("Music.c9x8.eu-west-1.redshift.amazonaws.com"))
    cluster music in eu-west-1
    >>> print(read_endpoint("music.123456789012.cn-north-1.redshift-serverless.amazonaws.com.cn"))
    workgroup music in cn-north-1 of account 123456789012
    >>> read_endpoint("warehouse.example.com")
    """
    found = _ENDPOINT.fullmatch(host.lower().rstrip("."))
    if found is None:
        return None
    if found["serverless"]:
        return Endpoint("workgroup", found["name"], found["region"], found["account"])
    return Endpoint("cluster", found["name"], found["region"])


def endpoint_of(host: str, cluster: str, workgroup: str, region: str) -> Endpoint | None:
    """The warehouse behind a host: what the configuration names, else what the host's name tells.

    A managed VPC endpoint's host looks like a cluster's and has the endpoint's own name: what is named wins.
    """
    told = read_endpoint(host)
    where = told.region if told else region
    if workgroup:
        return Endpoint("workgroup", workgroup, where, told.account if told else "")
    if cluster:
        return Endpoint("cluster", cluster, where)
    return told
