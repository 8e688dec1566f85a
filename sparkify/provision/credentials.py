"""Temporary credentials: AWS names a database user that belongs to whoever asks, and a password for minutes.

For a cluster by `redshift:GetClusterCredentialsWithIAM`, for a workgroup by
`redshift-serverless:GetCredentials`.
Both last 900 s unless more is asked for, up to 3600; a session that is open goes on after that.
"""

from typing import Any

from sparkify.aws import make_client
from sparkify.errors import ConfigError
from sparkify.provision.endpoint import Endpoint


def temporary_credentials(endpoint: Endpoint, database: str) -> tuple[str, str]:
    """A database user and a password, new at each call. ConfigError if there is no such warehouse."""
    absent = ConfigError(
        f"the account of your AWS credentials has no {endpoint}. Check [REDSHIFT] HOST, or name what is "
        "behind it by [REDSHIFT] CLUSTER or WORKGROUP."
    )
    client: Any
    if endpoint.kind == "workgroup":
        client = make_client("redshift-serverless", endpoint.region)
        try:
            given = client.get_credentials(workgroupName=endpoint.name, dbName=database)
        except client.exceptions.ResourceNotFoundException as error:
            raise absent from error
        return given["dbUser"], given["dbPassword"]
    client = make_client("redshift", endpoint.region)
    try:
        given = client.get_cluster_credentials_with_iam(ClusterIdentifier=endpoint.name, DbName=database)
    except client.exceptions.ClusterNotFoundFault as error:
        raise absent from error
    return given["DbUser"], given["DbPassword"]
