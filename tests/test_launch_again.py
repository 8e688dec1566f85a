"""A launch of what exists: it changes neither role, database nor master user, and says so before it acts."""

from dataclasses import replace

import pytest

from sparkify.aws import Clients, make_clients
from sparkify.config import Config, Iam
from sparkify.errors import ProvisionError
from sparkify.provision import role
from tests.accounts import Killed, launch, left, names_of, planned
from tests.test_provision_serverless import chosen, die

__all__ = ["chosen"]  # a fixture that lives elsewhere
TRUST = '{"Service": ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]}'
OURS = "arn:aws:iam::123456789012:role/"


@pytest.fixture
def theirs(clients: Clients, account: Config) -> str:
    """A role that Redshift may take on."""
    name = f"{account.cluster.name}-theirs"
    made = clients.iam.create_role(RoleName=name, Path="/data/", AssumeRolePolicyDocument=TRUST)
    return made["Role"]["Arn"]


def with_role(config: Config, arn: str) -> Config:
    return replace(config, iam=Iam(arn=arn))


@pytest.mark.parametrize("kind", ["account", "chosen"])
def test_a_role_that_is_not_attached_is_refused_with_the_command_that_attaches_it(
    kind: str, clients: Clients, theirs: str, request: pytest.FixtureRequest
) -> None:
    config: Config = request.getfixturevalue(kind)
    names = names_of(config)
    launch(clients, config)
    command = {
        "account": f"aws redshift modify-cluster-iam-roles --cluster-identifier {names.cluster} "
        f"--add-iam-roles {theirs} --region us-west-2",
        "chosen": f"aws redshift-serverless update-namespace --namespace-name {names.cluster} "
        f"--default-iam-role-arn {theirs} --iam-roles {OURS}{names.role} {theirs} --region us-west-2",
    }

    with pytest.raises(ProvisionError) as caught:
        launch(clients, with_role(config, theirs))

    assert f"exists, and the role {theirs} is not attached to it" in str(caught.value)
    assert f"`{command[kind]}`" in str(caught.value)
    assert planned(clients, config).arn == ""


@pytest.mark.parametrize("kind", ["account", "chosen"])
def test_our_own_role_is_not_made_for_what_has_another(
    kind: str, clients: Clients, theirs: str, request: pytest.FixtureRequest
) -> None:
    config: Config = request.getfixturevalue(kind)
    launch(clients, with_role(config, theirs))
    launch(clients, with_role(config, theirs))

    with pytest.raises(ProvisionError, match=f"the role {OURS}{names_of(config).role} is not attached"):
        launch(clients, config)

    assert "role" not in left(clients, names_of(config))


def test_a_namespace_that_a_launch_left_keeps_its_role_too(
    clients: Clients, chosen: Config, theirs: str
) -> None:
    mortal = make_clients()
    mortal.serverless.meta.events.register("before-call.redshift-serverless.CreateWorkgroup", die)
    with pytest.raises(Killed):
        launch(mortal, chosen)

    with pytest.raises(ProvisionError, match="is not attached to it"):
        launch(clients, with_role(chosen, theirs))

    assert "workgroup" not in left(clients, names_of(chosen))
    other = replace(chosen, cluster=replace(chosen.cluster, database="dev"))
    assert "database  sparkify as it was made (not dev, " in planned(clients, other).lines()[-1]


@pytest.mark.parametrize("path", ["nope", "{theirs}"])
def test_a_role_that_does_not_exist_is_refused_before_anything_is_made(
    path: str, clients: Clients, account: Config, theirs: str
) -> None:
    arn = f"{OURS}{path.format(theirs=theirs.rpartition('/')[2])}"
    advice = f"Did you mean {theirs}?" if "theirs" in path else "Correct it, or leave it out: "

    with pytest.raises(ProvisionError) as caught:
        launch(clients, with_role(account, arn))

    assert str(caught.value).startswith(f"there is no role {arn}, which [IAM] ARN names. {advice}")
    assert left(clients, names_of(account)) == []


def test_a_role_that_cannot_be_asked_for_is_said_not_to_be_checked(
    clients: Clients, account: Config, theirs: str
) -> None:
    elsewhere = "arn:aws:iam::210987654321:role/theirs"
    closed = make_clients()
    closed.iam.meta.events.register("before-call.iam.GetRole", _denied)

    plan = planned(clients, with_role(account, elsewhere)).lines()[2]

    said = "not checked: it is of account 210987654321, and your credentials are of 123456789012"
    assert plan == f"role      {elsewhere}, as it is, {said}"
    assert role.require_role(closed, theirs) == "not checked: you may not ask for it (iam:GetRole)"


def _denied(**_: object) -> None:
    from botocore.exceptions import ClientError

    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")


@pytest.mark.parametrize("kind", ["account", "chosen"])
def test_the_plan_says_which_database_and_user_stay(
    kind: str, clients: Clients, request: pytest.FixtureRequest
) -> None:
    config: Config = request.getfixturevalue(kind)
    assert planned(clients, config).lines()[-1] == "database  sparkify, master user sparkify_admin"
    launch(clients, config)
    other = replace(config, cluster=replace(config.cluster, database="dev", user="me"))

    assert planned(clients, config).lines()[-1] == "database  sparkify, master user sparkify_admin"
    assert planned(clients, other).lines()[-1] == (
        "database  sparkify as it was made (not dev, as [CLUSTER] DATABASE says), "
        "master user sparkify_admin as it was made (not me, as [CLUSTER] USER says)"
    )
