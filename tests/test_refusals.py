"""What stops a launch, said in one line: wrong sizes, networks, credentials, permissions, quotas."""

import urllib.error
from typing import Any

import pytest

from sparkify.aws import make_clients, translated
from sparkify.emulator.service import Emulator
from sparkify.errors import ConfigError, ProvisionError, RemoteError
from sparkify.provision import ingress, role, scratch
from sparkify.provision.names import Names
from sparkify.provision.plan import Launch
from sparkify.provision.polling import Poller
from sparkify.provision.price import Size, orderable, tabled


@pytest.mark.parametrize(
    ("node_type", "nodes", "said"),
    [
        ("dc2.large", 4, "can no longer be created. Closest: 4 x rg.large (about 1.52 USD/h)"),
        ("dc2.8xlarge", 2, "Closest: 2 x ra3.4xlarge"),
        ("huge", 2, "there is no node type huge"),
        ("rg.large", 0, "NODES = 0 makes no cluster"),
        ("ra3.xlplus", 17, "NODES = 17 makes no cluster of ra3.xlplus: 1 to 16 are possible"),
        ("ra3.4xlarge", 33, "1 to 32 are possible"),
    ],
)
def test_a_cluster_that_cannot_be_ordered_is_refused_with_the_closest(
    node_type: str, nodes: int, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        orderable(node_type, nodes, "us-west-2")

    assert said in str(caught.value)


def test_no_price_is_told_for_a_region_of_which_none_is_known() -> None:
    with pytest.raises(ConfigError, match=r"Closest: 4 x rg.large\. Set"):
        orderable("dc2.large", 4, "eu-central-1")


def test_a_plan_says_what_it_costs() -> None:
    size = Size("rg.large", 4, tabled("us-west-2", "rg.large"))
    plan = Launch(Names("sparkify", "us-west-2"), size, ["music"], "us-west-2", None)

    assert plan.lines()[0] == (
        "cluster   sparkify in us-west-2: 4 x rg.large (about 1.52 USD/h), 36.49 USD/day, until it is deleted"
    )
    assert plan.lines()[2] == "role      sparkify-reads-s3-us-west-2, may read music, the scratch bucket"


@pytest.mark.parametrize(
    ("code", "message", "kind", "said"),
    [
        ("ExpiredToken", "The token has expired", RemoteError, "session has expired. Log in again"),
        ("InvalidClientTokenId", "invalid", RemoteError, "does not know these credentials"),
        (
            "AccessDenied", "User: arn:aws:iam::1:user/a is not authorized to perform: iam:CreateRole on b",
            RemoteError, "does not allow you iam:CreateRole",
        ),
        ("403", "Forbidden", RemoteError, "does not allow you CreateRole (403)"),
        ("ClusterQuotaExceeded", "You have 5.", ProvisionError, "quota of the account is reached"),
        ("InsufficientClusterCapacity", "None left.", ProvisionError, "None left."),
        ("Throttling", "Slow down", RemoteError, "Repeat the command in a minute"),
    ],
)  # fmt: skip
def test_what_aws_refuses_is_one_line(
    emulator: Emulator, code: str, message: str, kind: type[Exception], said: str
) -> None:
    refusing = make_clients()

    def refuse(**_: Any) -> Any:
        raise refusing.iam.exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "CreateRole")

    refusing.iam.meta.events.register("before-call.iam.CreateRole", refuse)

    with pytest.raises(kind) as caught, translated():
        role.ensure_role(refusing, Names("refused", "us-west-2"), "cluster", [], "", {})

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bucket_that_may_not_be_looked_at_names_the_permission(emulator: Emulator) -> None:
    refusing = make_clients()

    def refuse(**_: Any) -> Any:
        raise refusing.s3.exceptions.ClientError(
            {"Error": {"Code": "403", "Message": "Forbidden"}, "ResponseMetadata": {"HTTPStatusCode": 403}},  # type: ignore[typeddict-item]  # the part that is read
            "HeadBucket",
        )

    refusing.s3.meta.events.register("before-call.s3.HeadBucket", refuse)

    with pytest.raises(RemoteError, match="does not allow you s3:ListBucket"), translated():
        scratch.stands(refusing, "theirs")


def test_an_answer_that_is_not_awss_is_one_line() -> None:
    from botocore.parsers import ResponseParserError

    with pytest.raises(RemoteError, match=r"does not speak as AWS does\. Check the region"), translated():
        raise ResponseParserError("Unable to parse response: <html>")


@pytest.mark.parametrize(
    ("region", "said"), [("us-wset-2", "Did you mean us-west-2?"), ("zz", "Set [CLUSTER] REGION")]
)
def test_a_region_that_does_not_exist_is_refused(emulator: Emulator, region: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"there is no region {region}") as caught:
        make_clients(region)

    assert said in str(caught.value)


def test_without_credentials_the_message_says_what_to_do(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")

    with pytest.raises(RemoteError, match="no AWS credentials"), translated():
        role.find_role(make_clients(), Names("nobody", "us-west-2"))


@pytest.mark.parametrize(
    ("cidrs", "known", "said"),
    [
        (["0.0.0.0/0"], [], "that is 0.0.0.0/0: everybody"),
        (["::/0"], [], "that is ::/0"),
        (["8.0.0.0/7"], [], "that is 8.0.0.0/7"),
        (["0.0.0.0/1", "128.0.0.0/1"], [], "is 0.0.0.0/0"),
        (["9.0.0.0/8"], ["8.0.0.0/8"], "that, together with what is allowed already, is 8.0.0.0/7"),
    ],
)
def test_much_of_the_internet_is_let_in_only_on_purpose(
    cidrs: list[str], known: list[str], said: str
) -> None:
    with pytest.raises(ConfigError, match="--open-to-the-world") as caught:
        ingress.require_narrow(ingress.parse_cidrs(cidrs), known)

    assert said in str(caught.value)


def test_smaller_networks_and_what_is_let_in_already_are_no_matter() -> None:
    ingress.require_narrow(["10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32"], known=["0.0.0.0/0"])

    assert ingress.parse_cidrs(["203.0.113.7", "::/0"]) == ["203.0.113.7/32", "::/0"]
    with pytest.raises(ConfigError, match="is no network"):
        ingress.parse_cidrs(["203.0.113.7/24"])


def test_ones_own_address_is_asked_for_and_its_absence_told() -> None:
    def unreachable(_: str) -> str:
        raise urllib.error.URLError("no route")

    assert ingress.own_address(lambda _: "203.0.113.7\n") == "203.0.113.7"
    with pytest.raises(RemoteError, match=r"does not tell our address: no route\. Give it with --cidr"):
        ingress.own_address(unreachable)
    with pytest.raises(RemoteError, match="answers with no address"):
        ingress.own_address(lambda _: "<html>")


def test_waiting_ends_at_its_deadline() -> None:
    seconds = iter(range(100))
    poller = Poller(15, 30, sleep=lambda _: None, clock=lambda: float(next(seconds)))

    with pytest.raises(ProvisionError, match="is not so after 0 minutes"):
        poller.until("the moon being blue", lambda: None)
