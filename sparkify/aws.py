"""AWS clients, which nobody else makes, the region they are for, and what AWS refuses, said in one line."""

import contextlib
import difflib
import os
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sparkify import recorder
from sparkify.errors import ConfigError, ProvisionError, RemoteError, SparkifyError

if TYPE_CHECKING:
    import boto3
    from botocore.exceptions import ClientError
    from types_boto3_ec2 import EC2Client
    from types_boto3_iam import IAMClient
    from types_boto3_redshift import RedshiftClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sts import STSClient

DEFAULT_REGION = "us-west-2"
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN = {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "SignatureDoesNotMatch"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
"""Also the bare status: what answers HeadBucket has no body that could say more."""
_ALLOWED_BY = {"HeadBucket": "s3:ListBucket", "ListBuckets": "s3:ListAllMyBuckets"}
"""Calls that are allowed by an action of another name."""


def _when_used(service: str) -> Any:
    return cached_property(lambda clients: clients._client(service))


class Clients:
    """The services that a warehouse is made of, in one region; each client is made when it is first used.

    To make one, botocore reads a description of the service that takes longer than most calls.
    """

    iam: "IAMClient" = _when_used("iam")
    ec2: "EC2Client" = _when_used("ec2")
    redshift: "RedshiftClient" = _when_used("redshift")
    s3: "S3Client" = _when_used("s3")
    sts: "STSClient" = _when_used("sts")
    secrets: "SecretsManagerClient" = _when_used("secretsmanager")

    def __init__(self, made: "boto3.Session", region: str) -> None:
        self.region = region
        self.partition = made.get_partition_for_region(region)
        """`aws`; `aws-us-gov` in GovCloud, `aws-cn` in China: the second part of every ARN there."""
        self._session = made

    @cached_property
    def serverless(self) -> Any:
        """Redshift Serverless; None in a region that does not offer it."""
        offered = self._session.get_available_regions("redshift-serverless", self.partition)
        return self._client("redshift-serverless") if self.region in offered else None

    @cached_property
    def pricing(self) -> Any:
        """The price list, of the nearest of the few regions that serve it; None in a partition without one.

        It gives up soon: a plan must not wait for it.
        """
        serving = self._session.get_available_regions("pricing", self.partition)
        if not serving:
            return None
        area = self.region.partition("-")[0]
        nearest = next((one for one in serving if one.startswith(area)), serving[-1])
        return self._client("pricing", nearest, connect_timeout=3, read_timeout=10, attempts=2)

    @cached_property
    def account(self) -> str:
        """The number of the account whose credentials these are."""
        return self.sts.get_caller_identity()["Account"]

    def _client(self, service: str, region: str = "", *, attempts: int = 8, **more: Any) -> Any:
        return make_client(service, region or self.region, self._session, attempts=attempts, **more)


def session() -> "boto3.Session":
    """The session that AWS's own settings describe. Raises ConfigError without boto3.

    Its region is that of AWS_REGION, else of AWS_DEFAULT_REGION, else of the profile: so it is for the AWS
    CLI (version 2) and all SDKs but boto3, which ignores AWS_REGION (boto3#3620).
    """
    try:
        import boto3
    except ImportError as error:
        raise ConfigError("AWS needs boto3: pip install '.[aws]' in its clone.") from error
    made = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    recorder.watch(made)
    return made


def make_clients(region: str = "") -> Clients:
    """Clients for a region, by default the one that AWS's own settings name."""
    with translated():
        made = session()
        where = region or made.region_name or DEFAULT_REGION
        _require_region(made, where)
        return Clients(made, where)


def make_client(
    service: str, region: str, made: "boto3.Session | None" = None, *, attempts: int = 8, **more: Any
) -> Any:
    """A client of one service in a region."""
    from botocore.config import Config

    config = Config(region_name=region, retries={"mode": "standard", "max_attempts": attempts}, **more)
    with translated():
        return (made or session()).client(service, config=config)  # type: ignore[call-overload]  # any name


def _require_region(made: "boto3.Session", region: str) -> None:
    """A misspelt region is a host that nobody knows, or worse, one that answers."""
    known = [
        name
        for partition in made.get_available_partitions()
        for name in made.get_available_regions("redshift", partition)
    ]
    if region not in known:
        close = difflib.get_close_matches(region, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else "Set [CLUSTER] REGION, for example us-west-2."
        raise ConfigError(f"there is no region {region} in which Redshift is offered. {hint}")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """botocore's errors, said as ours: RemoteError for access and reach, ProvisionError for all others."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    try:
        yield
    except exceptions.ClientError as error:
        raise _refused(error) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise RemoteError("there are no AWS credentials. Run `aws configure`, or set AWS_PROFILE.") from error
    except exceptions.ProfileNotFound as error:
        raise ConfigError(f"{_sentence(error)} Check AWS_PROFILE.") from error
    except exceptions.ParamValidationError as error:
        reason = _one_line(error).removeprefix("Parameter validation failed: ").rstrip(".")
        raise ConfigError(f"AWS takes no such value: {reason}. Check the settings.") from error
    except exceptions.ConnectionError as error:
        raise RemoteError(f"AWS cannot be reached: {_one_line(error)}. Try again later.") from error
    except exceptions.BotoCoreError as error:
        raise RemoteError(f"AWS cannot be asked: {_sentence(error)}") from error
    except ResponseParserError as error:
        raise RemoteError(
            "what answers does not speak as AWS does. Check the region, AWS_ENDPOINT_URL and proxies."
        ) from error


def code(error: "ClientError") -> str:
    """AWS's short name for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _refused(error: "ClientError") -> SparkifyError:
    what, said = code(error), _one_line(error.response.get("Error", {}).get("Message", ""))
    named = re.search(r"to perform: (\S+:\w+)", said)
    action = named[1] if named else _ALLOWED_BY.get(error.operation_name, error.operation_name)
    if what in _EXPIRED:
        return RemoteError(
            "the AWS session has expired. Log in again (`aws sso login`) and repeat the command."
        )
    if what in _UNKNOWN:
        return RemoteError(
            f"AWS does not know these credentials ({said}). Check `aws sts get-caller-identity`."
        )
    if what in _DENIED:
        return RemoteError(
            f"AWS does not allow you {action} ({what}). Ask for that permission, then repeat the command."
        )
    if "Quota" in what or "LimitExceeded" in what:
        return ProvisionError(
            f"a quota of the account is reached ({what}): {_sentence(said)} Ask AWS for more, or delete some."
        )
    if what in ("Throttling", "RequestLimitExceeded", "SlowDown"):
        return RemoteError(f"AWS is busy ({what}). Repeat the command in a minute.")
    return ProvisionError(f"AWS refused {action} ({what}): {_sentence(said)}")


def _one_line(said: object) -> str:
    return " ".join(str(said).split())


def _sentence(said: object) -> str:
    line = _one_line(said)
    return line if line.endswith((".", "!", "?")) else f"{line}."
