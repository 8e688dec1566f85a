"""Redshift Serverless: namespaces, workgroups and usage limits, which moto knows nothing of.

Shapes, names of errors and patterns are those of the API reference of Amazon Redshift Serverless (called
"API" below); what no page and no public report says is marked unverified. Not imitated: that data outlives
its workgroup, and regions other than the account's own, in which there is nothing.
"""

import re
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sparkify.emulator.account import Account
from sparkify.emulator.errors import ApiError
from sparkify.emulator.hosting import Host, Hosted
from sparkify.emulator.rules import ROLE_UNKNOWN, check_password, check_port, is_reserved
from sparkify.emulator.serverless import (
    DEFAULT_CAPACITY,
    Asked,
    Namespace,
    Workgroup,
    check_capacity,
    invalid_value,
    name_of,
    parameters_of,
    tags_of,
)

_PRINCIPALS = ("redshift.amazonaws.com", "redshift-serverless.amazonaws.com")
"""Both must be trusted: "Authorizing Amazon Redshift Serverless to access other AWS services"."""
_UPDATED_ALONE = {
    "baseCapacity", "maxCapacity", "publiclyAccessible", "securityGroupIds", "subnetIds", "configParameters",
    "enhancedVpcRouting", "port", "pricePerformanceTarget",
}  # fmt: skip
_ACTIONS = {
    "CreateNamespace", "GetNamespace", "ListNamespaces", "DeleteNamespace",
    "CreateWorkgroup", "GetWorkgroup", "ListWorkgroups", "UpdateWorkgroup", "DeleteWorkgroup",
    "GetCredentials", "CreateUsageLimit", "ListUsageLimits", "ListTagsForResource", "TagResource",
    "ListSnapshots", "DeleteSnapshot",
}  # fmt: skip


class Workgroups:
    """All of Redshift Serverless in the account."""

    def __init__(self, host: Host, account: Account, seconds: Callable[[], float]) -> None:
        """Every change of state takes `seconds()`."""
        self._host, self._account, self._seconds = host, account, seconds
        self._workgroups: dict[str, Workgroup] = {}
        self._namespaces: dict[str, Namespace] = {}
        self._limits: dict[str, dict[str, Any]] = {}
        self._snapshots: dict[str, dict[str, Any]] = {}
        self.others: dict[str, Hosted] = {}
        """Workgroups that were not made here, each with the warehouse that answers for it."""

    def answer(self, action: str, asked: Asked) -> dict[str, Any]:
        """Do what a request asks for. Raises ApiError."""
        self._advance()
        handler = getattr(self, "_" + re.sub(r"(?<!^)([A-Z])", r"_\1", action).lower(), None)
        if handler is None or action not in _ACTIONS:
            raise ApiError("UnknownOperationException", f"{action} is not imitated")
        return handler(asked)  # type: ignore[no-any-return]  # found by its name

    def uses_group(self, group_id: str) -> bool:
        """Whether a workgroup, gone or not quite, still holds this security group."""
        self._advance()
        return any(group_id in one.groups for one in self._workgroups.values())

    def close(self) -> None:
        """Close every wire server and forget everything."""
        for workgroup in self._workgroups.values():
            self._host.close(workgroup)
        for kept in (self._workgroups, self._namespaces, self._limits, self._snapshots):
            kept.clear()

    def _advance(self) -> None:
        now = time.monotonic()
        for workgroup in list(self._workgroups.values()):
            if workgroup.status == "DELETING" and now - workgroup.since >= self._seconds():
                self._host.raze(workgroup)
                del self._workgroups[workgroup.name]
                self._namespaces[workgroup.namespace].busy_until = time.monotonic() + self._seconds()
            self._advance_one(workgroup)
        for namespace in list(self._namespaces.values()):
            if namespace.is_deleting and now >= namespace.busy_until:
                self._host.forget_password(namespace.secret_arn)
                del self._namespaces[namespace.name]

    def _advance_one(self, workgroup: Workgroup) -> None:
        is_over = time.monotonic() - workgroup.since >= self._seconds()
        if workgroup.status in ("CREATING", "MODIFYING") and is_over:
            workgroup.status = "AVAILABLE"

    # Namespaces

    def _create_namespace(self, asked: Asked) -> dict[str, Any]:
        name = name_of(asked, "namespaceName")
        if name in self._namespaces:
            raise ApiError("ConflictException", f"There is already a namespace {name}.")
        for given in (
            "adminUsername",
            "dbName",
        ):  # unverified: the API names no constraint; CREATE USER's are
            if is_reserved(asked.get(given, "")):
                raise invalid_value(f"{given} {asked[given]} is a reserved word.")
        password, is_managed = asked.get("adminUserPassword", ""), asked.get("manageAdminPassword", False)
        if password and is_managed:  # API, manageAdminPassword
            raise invalid_value("adminUserPassword and manageAdminPassword cannot be given together.")
        if asked.get("adminUsername") and not (password or is_managed):  # terraform's ValidateConfig
            raise invalid_value("adminUsername needs adminUserPassword or manageAdminPassword.")
        if password:
            try:
                check_password("adminUserPassword", password)
            except ApiError as error:
                raise invalid_value(str(error)) from error
        roles = list(asked.get("iamRoles", []))
        if (default := asked.get("defaultIamRoleArn")) and default not in roles:  # terraform's ValidateConfig
            raise invalid_value("The default IAM role must be among the IAM roles.")
        for role in roles:  # unverified: that it is asked here, and in which words
            if not self._account.may_assume(role, "redshift.amazonaws.com"):
                raise invalid_value(ROLE_UNKNOWN.format(role.rpartition("/")[2]))
        user, secret = asked.get("adminUsername", "admin"), ""
        if is_managed:
            password, secret = self._host.keep_password(name, user)
        self._namespaces[name] = Namespace(
            name, asked.get("dbName", "dev"), user, password, roles, tags_of(asked), secret
        )
        return {"namespace": self._said_of_namespace(self._namespaces[name])}

    def _get_namespace(self, asked: Asked) -> dict[str, Any]:
        return {"namespace": self._said_of_namespace(self._namespace(asked))}

    def _list_namespaces(self, asked: Asked) -> dict[str, Any]:  # noqa: ARG002  # one page holds them all
        return {"namespaces": [self._said_of_namespace(one) for one in self._namespaces.values()]}

    def _delete_namespace(self, asked: Asked) -> dict[str, Any]:
        namespace = self._namespace(asked)
        if any(one.namespace == namespace.name for one in self._workgroups.values()):
            # "Deleting a namespace": delete the workgroup first; the code is unverified
            raise ApiError("ConflictException", f"The namespace {namespace.name} has a workgroup.")
        if namespace.is_deleting or time.monotonic() < namespace.busy_until:  # terraform's namespace.go
            raise ApiError(
                "ConflictException",
                "There is an operation running on the namespace. Try deleting the namespace again later.",
            )
        if snapshot := asked.get("finalSnapshotName"):
            self._snapshots[snapshot] = {
                "snapshotName": snapshot, "namespaceName": namespace.name, "status": "AVAILABLE",
            }  # fmt: skip
        namespace.is_deleting, namespace.busy_until = True, time.monotonic() + self._seconds()
        return {"namespace": self._said_of_namespace(namespace)}

    def _said_of_namespace(self, namespace: Namespace) -> dict[str, Any]:
        said = {
            "namespaceArn": namespace.arn, "namespaceId": str(uuid.uuid5(uuid.NAMESPACE_URL, namespace.arn)),
            "namespaceName": namespace.name, "dbName": namespace.database, "adminUsername": namespace.user,
            "iamRoles": [f"IamRole(applyStatus=in-sync, iamRoleArn={role})" for role in namespace.roles],
            # while it is busy too: terraform's namespace.go knows that by the refusal only
            "status": "DELETING" if namespace.is_deleting else "AVAILABLE", "creationDate": namespace.created,
            "kmsKeyId": "AWS_OWNED_KMS_KEY", "logExports": [],
        }  # fmt: skip  # the form of iamRoles: terraform-provider-aws, flattenNamespaceIAMRoles
        return said | ({"adminPasswordSecretArn": namespace.secret_arn} if namespace.secret_arn else {})

    # Workgroups

    def _create_workgroup(self, asked: Asked) -> dict[str, Any]:
        name, namespace = name_of(asked, "workgroupName"), self._namespace(asked)
        if name in self._workgroups:
            raise ApiError("ConflictException", f"There is already a workgroup {name}.")
        if any(one.namespace == namespace.name for one in self._workgroups.values()):  # aws-cli#7507
            raise ApiError("ConflictException", f"The namespace {namespace.name} has a workgroup already.")
        base, cap = asked.get("baseCapacity", DEFAULT_CAPACITY), asked.get("maxCapacity")
        check_capacity(base, cap)
        self._check_network(asked)
        workgroup = Workgroup(
            name, namespace.database, namespace.user, list(asked.get("securityGroupIds", [])),
            namespace.roles, _PRINCIPALS, asked.get("publiclyAccessible", False), asked.get("port", 5439),
            prefix=f"serverless.{name}.", namespace=namespace.name, base=base, cap=cap,
            subnets=list(asked.get("subnetIds", [])), parameters=parameters_of(asked), tags=tags_of(asked),
        )  # fmt: skip
        self._workgroups[name] = workgroup
        self._host.build(workgroup, namespace.password, lambda: self._is_up(workgroup))
        return {"workgroup": self._said_of_workgroup(workgroup)}

    def _get_workgroup(self, asked: Asked) -> dict[str, Any]:
        return {"workgroup": self._said_of_workgroup(self._workgroup(asked))}

    def _list_workgroups(self, asked: Asked) -> dict[str, Any]:  # noqa: ARG002  # one page holds them all
        return {"workgroups": [self._said_of_workgroup(one) for one in self._workgroups.values()]}

    def _update_workgroup(self, asked: Asked) -> dict[str, Any]:
        workgroup = self._settled(asked)
        if len(_UPDATED_ALONE & asked.keys()) > 1:  # terraform-provider-aws#26624
            raise invalid_value(
                f"Can't update multiple configurations at the same time for workgroup {workgroup.name}."
            )
        check_capacity(asked.get("baseCapacity", workgroup.base), asked.get("maxCapacity", workgroup.cap))
        self._check_network(asked)
        workgroup.base, workgroup.cap = (
            asked.get("baseCapacity", workgroup.base),
            asked.get("maxCapacity", workgroup.cap),
        )
        workgroup.is_public = asked.get("publiclyAccessible", workgroup.is_public)
        workgroup.groups = list(asked.get("securityGroupIds", workgroup.groups))
        workgroup.parameters |= parameters_of(asked)
        workgroup.status, workgroup.since = "MODIFYING", time.monotonic()
        return {"workgroup": self._said_of_workgroup(workgroup)}

    def _delete_workgroup(self, asked: Asked) -> dict[str, Any]:
        workgroup = self._settled(asked)
        self._host.close(workgroup)
        workgroup.status, workgroup.since = "DELETING", time.monotonic()
        self._limits = {key: one for key, one in self._limits.items() if one["resourceArn"] != workgroup.arn}
        return {"workgroup": self._said_of_workgroup(workgroup)}

    def _get_credentials(self, asked: Asked) -> dict[str, Any]:
        name = asked.get("workgroupName", "")
        hosted = self.others.get(name) or self._settled(asked)
        try:
            user, password, ends = self._host.lend(hosted, asked.get("durationSeconds"))
        except ValueError as error:  # API, durationSeconds
            raise invalid_value(str(error)) from error
        return {"dbUser": user, "dbPassword": password, "expiration": ends, "nextRefreshTime": ends}

    def _said_of_workgroup(self, workgroup: Workgroup) -> dict[str, Any]:
        said = {
            "workgroupArn": workgroup.arn, "workgroupName": workgroup.name,
            "workgroupId": str(uuid.uuid5(uuid.NAMESPACE_URL, workgroup.arn)),
            "namespaceName": workgroup.namespace, "baseCapacity": workgroup.base, "port": workgroup.port,
            "status": workgroup.status, "publiclyAccessible": workgroup.is_public,
            "securityGroupIds": workgroup.groups, "subnetIds": workgroup.subnets,
            "enhancedVpcRouting": False, "creationDate": workgroup.created,
            "configParameters": [
                {"parameterKey": key, "parameterValue": value} for key, value in workgroup.parameters.items()
            ],
        }  # fmt: skip
        if workgroup.cap is not None:
            said["maxCapacity"] = workgroup.cap
        if workgroup.status not in ("CREATING", "DELETING") and workgroup.wire:
            said["endpoint"] = {"address": "localhost", "port": workgroup.wire.port, "vpcEndpoints": []}
        return said

    # Usage limits, tags, snapshots

    def _create_usage_limit(self, asked: Asked) -> dict[str, Any]:
        workgroup = self._by_arn(asked["resourceArn"], [*self._workgroups.values()])
        for name, known in (
            ("usageType", ("serverless-compute", "cross-region-datasharing")),
            ("period", ("daily", "weekly", "monthly")),
            ("breachAction", ("log", "emit-metric", "deactivate")),
        ):
            if asked.get(name, known[0]) not in known:
                raise invalid_value(f"{name} is one of {', '.join(known)}.")
        if asked["amount"] < 1:  # API: a positive number
            raise invalid_value("amount must be positive.")
        limit = {
            "usageLimitId": str(uuid.uuid4()), "resourceArn": workgroup.arn, "usageType": asked["usageType"],
            "amount": asked["amount"], "period": asked.get("period", "monthly"),
            "breachAction": asked.get("breachAction", "log"),
        }  # fmt: skip
        self._limits[limit["usageLimitId"]] = limit
        return {"usageLimit": limit}

    def _list_usage_limits(self, asked: Asked) -> dict[str, Any]:
        wanted = {key: asked[key] for key in ("resourceArn", "usageType") if key in asked}
        return {"usageLimits": [one for one in self._limits.values() if wanted.items() <= one.items()]}

    def _list_tags_for_resource(self, asked: Asked) -> dict[str, Any]:
        found = self._tagged(asked)
        return {"tags": [{"key": key, "value": value} for key, value in found.tags.items()]}

    def _tag_resource(self, asked: Asked) -> dict[str, Any]:
        self._tagged(asked).tags.update(tags_of(asked))
        return {}

    def _list_snapshots(self, asked: Asked) -> dict[str, Any]:
        name = asked.get("namespaceName")
        return {
            "snapshots": [one for one in self._snapshots.values() if name in (None, one["namespaceName"])]
        }

    def _delete_snapshot(self, asked: Asked) -> dict[str, Any]:
        if asked["snapshotName"] not in self._snapshots:
            raise ApiError("ResourceNotFoundException", f"There is no snapshot {asked['snapshotName']}.")
        return {"snapshot": self._snapshots.pop(asked["snapshotName"])}

    # What they share

    def _is_up(self, workgroup: Workgroup) -> bool:
        self._advance_one(workgroup)
        return workgroup.status == "AVAILABLE"

    def _namespace(self, asked: Asked) -> Namespace:
        name = name_of(asked, "namespaceName")
        if name not in self._namespaces:
            raise ApiError("ResourceNotFoundException", f"There is no namespace {name}.")
        return self._namespaces[name]

    def _workgroup(self, asked: Asked) -> Workgroup:
        name = name_of(asked, "workgroupName")
        if name not in self._workgroups:
            raise ApiError("ResourceNotFoundException", f"There is no workgroup {name}.")
        return self._workgroups[name]

    def _settled(self, asked: Asked) -> Workgroup:
        workgroup = self._workgroup(asked)
        if workgroup.status != "AVAILABLE":
            raise ApiError(
                "ConflictException", f"There is an operation running on the workgroup {workgroup.name}."
            )
        return workgroup

    def _tagged(self, asked: Asked) -> Any:
        return self._by_arn(asked["resourceArn"], [*self._workgroups.values(), *self._namespaces.values()])

    def _by_arn(self, arn: str, known: Sequence[Any]) -> Any:
        for one in known:
            if one.arn == arn:
                return one
        raise ApiError("ResourceNotFoundException", f"There is no {arn}.")

    def _check_network(self, asked: Asked) -> None:
        """API, port; "Considerations when using Amazon Redshift Serverless": three subnets in three zones."""
        try:
            check_port(asked.get("port", 5439))
        except ApiError as error:
            raise invalid_value(str(error)) from error
        subnets = asked.get("subnetIds", [])
        if subnets:
            zones = self._account.zones(subnets)
            if None in zones:
                raise invalid_value(f"There are subnets that do not exist: {subnets}")
            if len(set(zones)) < 3 or len(subnets) < 3:
                raise invalid_value("Three subnets in three availability zones are needed.")
        elif "namespaceName" in asked and self._account.default_vpc() is None:
            raise invalid_value("There is no default VPC: subnetIds is needed.")
        for group in asked.get("securityGroupIds", []):
            if self._account.vpc_of_group(group) is None:
                raise invalid_value(f"The security group {group} does not exist.")
