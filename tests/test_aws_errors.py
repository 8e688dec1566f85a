"""What AWS and its client refuse is one line, and a sentence."""

from collections.abc import Iterator

import pytest
from botocore import exceptions

from sparkify.aws import Clients, translated
from sparkify.config import Config, Redshift
from sparkify.errors import ConfigError, SparkifyError
from sparkify.provision.target import find_target


class _Anything(dict[str, str]):
    """A value for every name that a message of botocore's asks for."""

    def __missing__(self, key: str) -> str:
        return f"one\n  {key}"


def client_errors(of: type[exceptions.BotoCoreError]) -> Iterator[exceptions.BotoCoreError]:
    """One of each kind, its message of several lines."""
    for kind in [of, *of.__subclasses__()]:
        made = kind.__new__(kind)
        Exception.__init__(made, kind.fmt.format_map(_Anything()) + "\nmore")
        yield made
        if kind is not of:
            yield from client_errors(kind)


@pytest.mark.parametrize(
    "error", [*client_errors(exceptions.BotoCoreError)], ids=lambda one: type(one).__name__
)
def test_what_awss_client_finds_wrong_is_one_line(error: exceptions.BotoCoreError) -> None:
    with pytest.raises(SparkifyError) as caught, translated():
        raise error

    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("said", ["MasterUsername is not valid: SELECT", "Not\nvalid."])
@pytest.mark.parametrize("code", ["InvalidParameterValue", "QuotaExceeded", "AuthFailure", "Throttling"])
def test_what_aws_refuses_is_one_line_of_sentences(said: str, code: str) -> None:
    refusal = exceptions.ClientError({"Error": {"Code": code, "Message": said}}, "CreateCluster")

    with pytest.raises(SparkifyError) as caught, translated():
        raise refusal

    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "SELECT Ask" not in str(caught.value)


def test_a_name_that_is_too_short_for_a_workgroup_is_refused_in_one_line(clients: Clients) -> None:
    given = Redshift(host="wg.123456789012.us-west-2.redshift-serverless.amazonaws.com", auth="iam")

    with pytest.raises(ConfigError) as caught:
        find_target(clients, Config(redshift=given))

    assert str(caught.value) == (
        "AWS takes no such value: Invalid length for parameter workgroupName, value: 2, valid min length: 3. "
        "Check the settings."
    )
