"""What is deployed under a name: a cluster, or a serverless workgroup."""

from sparkify.aws import Clients
from sparkify.errors import ProvisionError
from sparkify.provision import cluster, serverless
from sparkify.provision.deployment import Deployment, of_cluster
from sparkify.provision.names import Names


def find(clients: Clients, names: Names) -> Deployment | None:
    """What is deployed under our name. Raises ProvisionError if it is not ours."""
    if found := cluster.find_cluster(clients, names):
        return of_cluster(found)
    return serverless.find(clients, names)


def require(clients: Clients, names: Names) -> Deployment:
    """What is deployed under our name. Raises ProvisionError if there is nothing."""
    if found := find(clients, names):
        return found
    raise ProvisionError(cluster.missing(clients, names))
