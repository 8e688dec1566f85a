"""What the emulator's API refuses: each is documented, or was reported of the real one."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sparkify.emulator.account import ACCOUNT
from sparkify.emulator.service import Emulator

ORDER = {
    "ClusterIdentifier": "refused", "NodeType": "rg.large", "NumberOfNodes": 2, "MasterUsername": "admin",
    "MasterUserPassword": "Only4Tests",
}  # fmt: skip
TRUST = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": %s}, "Action": "sts:AssumeRole"}]}'
VALUE, INVALID, CONFLICT = "InvalidParameterValue", "ValidationException", "ConflictException"
MISSING = "ResourceNotFoundException"
NOBODYS = "arn:aws:redshift-serverless:us-west-2:1:workgroup/x"
LIMIT: dict[str, Any] = {"resourceArn": NOBODYS, "usageType": "serverless-compute", "amount": 1}
ROLE = "arn:aws:iam::1:role/x"
SINGLE = {"ClusterType": "single-node", "NumberOfNodes": None}
TOO_MANY = "NumberOfNodesPerClusterLimitExceeded"
STRICT = {"workgroupName": "strict"}
TWO = {"namespaceName": "two"}


def code_of(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"ClusterType": "single-node"}, VALUE, "must be not be supplied for cluster type single-node"),
        ({"ClusterType": "single-node", "NumberOfNodes": 1}, VALUE, "must be not be supplied"),
        (SINGLE | {"NodeType": "ra3.4xlarge"}, VALUE, "not supported"),
        ({"NumberOfNodes": 1}, VALUE, "greater than or equal to 2"),
        ({"NumberOfNodes": None}, VALUE, "greater than or equal to 2"),
        ({"NumberOfNodes": 101}, TOO_MANY, "100"),
        ({"NodeType": "ra3.xlplus", "NumberOfNodes": 17}, TOO_MANY, "16 nodes"),
        ({"NodeType": "ra3.4xlarge", "NumberOfNodes": 33}, TOO_MANY, "32 nodes"),
        ({"NodeType": "rg.xlarge"} | SINGLE, VALUE, "is not supported for cluster type single-node"),
        ({"NodeType": "dc2.large"}, VALUE, "Invalid node type: dc2.large"),
        ({"ClusterIdentifier": "Refused"}, VALUE, "ClusterIdentifier"),
        ({"ClusterIdentifier": "re--fused"}, VALUE, "ClusterIdentifier"),
        ({"DBName": "Music"}, VALUE, "DBName"),
        ({"MasterUsername": "public"}, VALUE, "MasterUsername"),
        ({"MasterUsername": "_admin"}, VALUE, "MasterUsername"),
        ({"MasterUsername": "select"}, VALUE, "select is a reserved word"),
        ({"DBName": "user"}, VALUE, "user is a reserved word"),
        ({"DBName": "tag"}, VALUE, "tag is a reserved word"),
        ({"MasterUserPassword": "weak"}, VALUE, "not a valid password"),
        ({"MasterUserPassword": "Only4Tests@"}, VALUE, "not a valid password"),
        ({"MasterUserPassword": "only4tests"}, VALUE, "not a valid password"),
        ({"ManageMasterPassword": True}, "InvalidParameterCombination", "ManageMasterPassword"),
        ({"MasterUserPassword": None}, "InvalidParameterCombination", "ManageMasterPassword"),
        ({"Encrypted": False}, VALUE, "Unencrypted"),
        ({"Port": 5432 + 100}, VALUE, "Port 5532"),
        ({"AutomatedSnapshotRetentionPeriod": 0}, VALUE, "1 to 35"),
        ({"IamRoles": [f"arn:aws:iam::{ACCOUNT}:role/nobody"]}, VALUE, "The IAM role nobody is not valid"),
        ({"VpcSecurityGroupIds": ["sg-12345678"]}, VALUE, "does not exist in VPC"),
        ({"ClusterSubnetGroupName": "nowhere"}, "ClusterSubnetGroupNotFoundFault", "nowhere"),
    ],
)  # fmt: skip
def test_create_cluster_refuses_what_aws_refuses(
    emulator: Emulator, change: dict[str, Any], code: str, said: str
) -> None:
    order = {name: value for name, value in (ORDER | change).items() if value is not None}

    found = code_of(boto3.client("redshift").create_cluster, **order)

    assert found[0] == code
    assert said in found[1]


def test_a_role_must_trust_redshift_and_be_known(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    iam, redshift = boto3.client("iam"), boto3.client("redshift")
    stranger = iam.create_role(RoleName="stranger", AssumeRolePolicyDocument=TRUST % '"ec2.amazonaws.com"')
    fresh = iam.create_role(RoleName="fresh", AssumeRolePolicyDocument=TRUST % '"redshift.amazonaws.com"')
    monkeypatch.setattr(emulator.account, "role_delay", 3600)

    codes = [
        code_of(redshift.create_cluster, **ORDER, IamRoles=[one["Role"]["Arn"]])[1]
        for one in (stranger, fresh)
    ]

    assert all("must delegate access to an Amazon Redshift account" in one for one in codes)
    for name in ("stranger", "fresh"):
        iam.delete_role(RoleName=name)


@pytest.mark.parametrize("call", ["pause_cluster", "resume_cluster", "modify_cluster"])
def test_a_cluster_that_is_not_there_is_not_found(emulator: Emulator, call: str) -> None:
    redshift = boto3.client("redshift")

    with pytest.raises(redshift.exceptions.ClusterNotFoundFault):
        getattr(redshift, call)(ClusterIdentifier="nobody")


def test_new_clusters_are_encrypted_and_private_unless_somebody_says_so(emulator: Emulator) -> None:
    redshift = boto3.client("redshift")

    made = redshift.create_cluster(**ORDER | {"ClusterIdentifier": "defaults"})["Cluster"]

    assert (made["Encrypted"], made["PubliclyAccessible"]) == (True, False)
    while (
        redshift.describe_clusters(ClusterIdentifier="defaults")["Clusters"][0]["ClusterStatus"]
        != "available"
    ):
        pass
    redshift.delete_cluster(ClusterIdentifier="defaults", SkipFinalClusterSnapshot=True)


def test_credentials_are_lent_for_a_quarter_of_an_hour_to_an_hour(
    emulator: Emulator, cluster: object
) -> None:
    redshift = boto3.client("redshift")

    given = redshift.get_cluster_credentials_with_iam(ClusterIdentifier="test", DurationSeconds=3600)

    assert given["DbUser"].startswith("IAM:")
    for seconds in (899, 3601):
        code, _ = code_of(
            redshift.get_cluster_credentials_with_iam, ClusterIdentifier="test", DurationSeconds=seconds
        )
        assert code == VALUE


def test_orderable_options_can_be_filtered(emulator: Emulator) -> None:
    redshift = boto3.client("redshift")

    one = redshift.describe_orderable_cluster_options(NodeType="ra3.4xlarge")["OrderableClusterOptions"]
    none = redshift.describe_orderable_cluster_options(NodeType="dc2.large")["OrderableClusterOptions"]

    assert [option["ClusterType"] for option in one] == ["multi-node"]
    assert none == []


def test_a_bucket_of_another_owner_is_refused_if_its_owner_is_asked_for(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = boto3.client("s3")
    emulator.account.make_bucket("owned-elsewhere")
    monkeypatch.setitem(emulator.account.owners, "owned-elsewhere", "210987654321")

    s3.head_bucket(Bucket="owned-elsewhere", ExpectedBucketOwner="210987654321")
    for call, arguments in ((s3.head_bucket, {}), (s3.list_objects_v2, {}), (s3.delete_bucket, {}),
                            (s3.put_object, {"Key": "a", "Body": b""})):  # fmt: skip
        with pytest.raises(ClientError) as caught:
            call(Bucket="owned-elsewhere", ExpectedBucketOwner=ACCOUNT, **arguments)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    code, _ = code_of(
        s3.create_bucket,
        Bucket="owned-elsewhere",
        CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
    )
    assert code == "BucketAlreadyExists"


def test_a_policy_of_a_bucket_is_kept_and_what_it_denies_is_refused(emulator: Emulator) -> None:
    s3 = boto3.client("s3")
    emulator.account.make_bucket("ruled")
    tls = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::ruled/*",
           "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
    closed = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::ruled/*",
    }

    def put(*rules: dict[str, Any], bucket: str = "ruled") -> str:
        text = json.dumps({"Version": "2012-10-17", "Statement": rules})
        s3.put_bucket_policy(Bucket=bucket, Policy=text)
        return text

    kept = put(tls)
    s3.put_object(Bucket="ruled", Key="a", Body=b"")  # the emulator's address stands for AWS's by TLS
    assert s3.get_bucket_policy(Bucket="ruled")["Policy"] == kept
    put(tls, closed)
    assert code_of(s3.put_object, Bucket="ruled", Key="a", Body=b"")[0] == "403"  # moto leaves the body out
    assert code_of(s3.put_bucket_policy, Bucket="ruled", Policy="{}")[0] == "MalformedPolicy"
    assert code_of(s3.put_bucket_policy, Bucket="ruled", Policy=kept.replace("ruled", "other"))[0] == (
        "MalformedPolicy"
    )
    s3.delete_bucket_policy(Bucket="ruled")
    assert code_of(s3.get_bucket_policy, Bucket="ruled")[0] == "NoSuchBucketPolicy"
    s3.put_object(Bucket="ruled", Key="a", Body=b"")


@pytest.fixture
def namespace(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A namespace with a workgroup of the same name."""
    own = boto3.client("redshift-serverless")
    monkeypatch.setattr(emulator.clusters, "seconds", 0)
    own.create_namespace(namespaceName="strict", adminUsername="admin", adminUserPassword="Only4Tests")
    own.create_workgroup(workgroupName="strict", namespaceName="strict", baseCapacity=8)
    yield "strict"
    monkeypatch.setattr(emulator.clusters, "seconds", 0)
    while own.list_namespaces()["namespaces"]:
        for call, name in ((own.delete_workgroup, "workgroupName"), (own.delete_namespace, "namespaceName")):
            with contextlib.suppress(
                own.exceptions.ResourceNotFoundException, own.exceptions.ConflictException
            ):
                call(**{name: "strict"})


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("create_namespace", {"namespaceName": "strict"}, CONFLICT),
        ("create_namespace", {"namespaceName": "Strict"}, INVALID),
        ("create_namespace", TWO | {"adminUserPassword": "Only4Tests", "manageAdminPassword": True}, INVALID),
        ("create_namespace", TWO | {"adminUsername": "admin"}, INVALID),
        ("create_namespace", TWO | {"adminUsername": "admin", "adminUserPassword": "weak"}, INVALID),
        ("create_namespace", TWO | {"adminUsername": "SELECT", "manageAdminPassword": True}, INVALID),
        ("create_namespace", TWO | {"dbName": "user"}, INVALID),
        ("create_namespace", TWO | {"iamRoles": [ROLE]}, INVALID),
        ("create_namespace", TWO | {"defaultIamRoleArn": ROLE}, INVALID),
        ("create_workgroup", STRICT | {"namespaceName": "strict"}, CONFLICT),
        ("create_workgroup", {"workgroupName": "two", "namespaceName": "strict"}, CONFLICT),
        ("create_workgroup", {"workgroupName": "two", "namespaceName": "nowhere"}, MISSING),
        ("update_workgroup", STRICT | {"baseCapacity": 12}, INVALID),
        ("update_workgroup", STRICT | {"baseCapacity": 1032}, INVALID),
        ("update_workgroup", STRICT | {"maxCapacity": 4}, INVALID),
        ("update_workgroup", STRICT | {"port": 5432 + 100}, INVALID),
        ("update_workgroup", STRICT | {"securityGroupIds": ["sg-1"]}, INVALID),
        ("update_workgroup", STRICT | {"subnetIds": ["subnet-1"]}, INVALID),
        ("update_workgroup", STRICT | {"baseCapacity": 16, "publiclyAccessible": True}, INVALID),
        ("delete_namespace", {"namespaceName": "strict"}, CONFLICT),
        ("get_workgroup", {"workgroupName": "nowhere"}, MISSING),
        ("delete_workgroup", {"workgroupName": "nowhere"}, MISSING),
        ("get_credentials", STRICT | {"durationSeconds": 60}, INVALID),
        ("list_tags_for_resource", {"resourceArn": NOBODYS}, MISSING),
        ("create_usage_limit", LIMIT, MISSING),
    ],
)  # fmt: skip
def test_redshift_serverless_refuses_what_its_reference_does_not_allow(
    namespace: str, operation: str, arguments: dict[str, Any], code: str
) -> None:
    assert code_of(getattr(boto3.client("redshift-serverless"), operation), **arguments)[0] == code


def test_usage_limits_have_documented_values(namespace: str) -> None:
    own = boto3.client("redshift-serverless")
    arn = own.get_workgroup(workgroupName="strict")["workgroup"]["workgroupArn"]

    for change in ({"amount": 0}, {"period": "hourly"}, {"breachAction": "stop"}, {"usageType": "storage"}):
        limit = LIMIT | {"resourceArn": arn} | change
        assert code_of(own.create_usage_limit, **limit)[0] == INVALID


def test_what_changes_is_not_changed_again_before_it_is_done(
    namespace: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = boto3.client("redshift-serverless")
    own.get_workgroup(workgroupName="strict")
    monkeypatch.setattr(emulator.clusters, "seconds", 3600)

    changed = own.update_workgroup(workgroupName="strict", baseCapacity=16)["workgroup"]

    assert (changed["status"], changed["baseCapacity"]) == ("MODIFYING", 16)
    assert code_of(own.delete_workgroup, workgroupName="strict")[0] == CONFLICT


def test_a_namespace_is_busy_for_a_while_after_its_workgroup_is_gone(
    namespace: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = boto3.client("redshift-serverless")
    own.delete_workgroup(workgroupName="strict")
    monkeypatch.setattr(emulator.clusters, "seconds", 0.3)
    while own.list_workgroups()["workgroups"]:
        pass

    code, said = code_of(own.delete_namespace, namespaceName="strict")

    assert (code, said.startswith("There is an operation running on the namespace")) == (
        CONFLICT,
        True,
    )


def test_what_is_not_imitated_is_refused_and_not_made_up(emulator: Emulator) -> None:
    data = boto3.client("redshift-data")
    asked: dict[str, Any] = {"Sql": "SELECT nonsense", "Database": "dev", "WorkgroupName": "made-up"}

    assert code_of(data.execute_statement, **asked) == (
        "UnsupportedOperation", "emulator: redshift-data is not imitated",
    )  # fmt: skip
    resize = boto3.client("redshift").resize_cluster
    assert code_of(resize, ClusterIdentifier="test", NumberOfNodes=4) == (
        "UnsupportedOperation", "emulator: ResizeCluster is not imitated",
    )  # fmt: skip
