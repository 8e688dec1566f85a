"""The network in which a warehouse is launched: the default VPC, or that of a cluster subnet group."""

from dataclasses import dataclass

from sparkify.aws import Clients
from sparkify.errors import ProvisionError

ZONES = 3
"""Availability zones that a workgroup needs (AWS: "Considerations when using Amazon Redshift Serverless")."""


@dataclass(frozen=True)
class Network:
    """A VPC, and what of it is named on purpose."""

    vpc: str = ""
    """Empty if AWS could not be asked."""
    subnet_group: str = ""
    subnets: tuple[str, ...] = ()
    """Those of the subnet group."""
    zones: int = 0
    """How many availability zones they lie in."""

    def __str__(self) -> str:
        return f"subnet group {self.subnet_group} in {self.vpc}" if self.subnet_group else "the default VPC"

    def require_zones(self, region: str) -> None:
        """Raise ProvisionError if a workgroup could not be launched into the subnet group."""
        least = 2 if region == "us-west-1" else ZONES  # the one exception, says the same page
        if self.subnet_group and (self.zones < least or len(self.subnets) < ZONES):
            raise ProvisionError(
                f"the subnet group {self.subnet_group} has {len(self.subnets)} subnets in {self.zones} "
                f"availability zones; a workgroup needs {ZONES} in {least}. Set [CLUSTER] SUBNET_GROUP."
            )


def find_network(clients: Clients, subnet_group: str) -> Network:
    """The network of a launch. Raises ProvisionError if there is none, naming the setting."""
    if not subnet_group:
        vpcs = clients.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        if not vpcs:
            raise ProvisionError(
                f"{clients.region} has no default VPC. Set [CLUSTER] SUBNET_GROUP to a cluster subnet group "
                "(`aws redshift describe-cluster-subnet-groups` lists them), or make a default VPC with "
                "`aws ec2 create-default-vpc`."
            )
        return Network(vpcs[0]["VpcId"])
    try:
        found = clients.redshift.describe_cluster_subnet_groups(ClusterSubnetGroupName=subnet_group)
    except clients.redshift.exceptions.ClusterSubnetGroupNotFoundFault as error:
        raise ProvisionError(
            f"there is no cluster subnet group {subnet_group} in {clients.region}. Check [CLUSTER] "
            "SUBNET_GROUP; `aws redshift describe-cluster-subnet-groups` lists them."
        ) from error
    group = found["ClusterSubnetGroups"][0]
    subnets = group["Subnets"]
    zones = {one.get("SubnetAvailabilityZone", {}).get("Name", "") for one in subnets}
    return Network(
        group["VpcId"], subnet_group, tuple(one["SubnetIdentifier"] for one in subnets), len(zones)
    )
