"""A database of PostgreSQL behind a wire server: what a cluster and a serverless workgroup run on."""

import json
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparkify.emulator.account import ACCOUNT, Account
from sparkify.emulator.backend import administer, quoted
from sparkify.emulator.copying import Copier
from sparkify.emulator.credentials import Issued
from sparkify.emulator.wire_server import WireServer


@dataclass
class Hosted:
    """A warehouse as the emulator runs it."""

    name: str
    database: str
    master: str
    groups: list[str]
    roles: list[str]
    principals: tuple[str, ...]
    """The services that must be trusted by a role before COPY can use it."""
    is_public: bool
    port: int = 5439
    passwords: dict[str, str] = field(default_factory=dict)
    issued: Issued = field(default_factory=Issued)
    secret_arn: str = ""
    wire: WireServer | None = None
    prefix: str = ""
    """What PostgreSQL's names of its databases begin with."""

    def __post_init__(self) -> None:
        self.prefix = self.prefix or f"{self.name}."


class Host:
    """Makes and removes databases with their fronts."""

    def __init__(self, socket: str, tls: ssl.SSLContext, account: Account, run: Callable[[Any], Any]) -> None:
        """`run` runs a coroutine on the fronts' loop."""
        self._socket, self._tls, self._account, self._run = socket, tls, account, run
        self.next_port = 0
        """Where the next warehouse answers SQL; 0 is a free port."""

    def build(self, hosted: Hosted, password: str, is_up: Callable[[], bool]) -> None:
        """Make its database and wire server."""
        hosted.passwords[hosted.master] = password
        self._run(self._build(hosted, is_up))

    def lend(self, hosted: Hosted, duration: str | int | None) -> tuple[str, str, float]:
        """The caller's user, who is made if need be, a password, and when it ends. Raises ValueError."""
        given = hosted.issued.issue(hosted.passwords, duration)
        self.add_user(given[0])
        return given

    def add_user(self, user: str) -> None:
        """Make a database user, if there is none of this name."""
        self._run(self._add_user(user))

    def close(self, hosted: Hosted) -> None:
        """Close its wire server."""
        if hosted.wire:
            self._run(hosted.wire.close())

    def raze(self, hosted: Hosted) -> None:
        """Remove its wire server and database."""
        self.close(hosted)
        self._run(administer(self._socket, "postgres", self._drop(hosted)))

    def keep_password(self, name: str, user: str) -> tuple[str, str]:
        """Make a password up and keep it as a secret: (password, ARN of the secret).

        AWS: "Managing Amazon Redshift admin passwords using AWS Secrets Manager".
        """
        password = secrets.token_urlsafe(24) + "aA1"
        made = _secrets(self._account).create_secret(
            name=f"redshift!{name}-{user}",
            secret_string=json.dumps({"username": user, "password": password}), secret_binary=None,
            description=None, tags=[], kms_key_id=None, client_request_token=None, replica_regions=[],
            force_overwrite=True,
        )  # fmt: skip
        return password, str(json.loads(made)["ARN"])

    def forget_password(self, secret_arn: str) -> None:
        """Remove a secret; an empty ARN is none."""
        if secret_arn:
            _secrets(self._account).delete_secret(
                secret_id=secret_arn, recovery_window_in_days=None, force_delete_without_recovery=True
            )

    def _drop(self, hosted: Hosted) -> str:
        return f'DROP DATABASE IF EXISTS "{hosted.prefix}{hosted.database}" WITH (FORCE)'

    async def _build(self, hosted: Hosted, is_up: Callable[[], bool]) -> None:
        await self._add_user(hosted.master, "SUPERUSER")
        await administer(
            self._socket, "postgres", self._drop(hosted),
            f'CREATE DATABASE "{hosted.prefix}{hosted.database}" OWNER "{hosted.master}"',
        )  # fmt: skip
        copier = Copier(
            f"{hosted.prefix}{hosted.database}", Path(self._socket).parent / "notes", self._account,
            _Attached(hosted, self._account), self._account.region_name,
        )  # fmt: skip

        def is_reachable() -> bool:
            return is_up() and hosted.is_public and self._account.is_open(hosted.groups, hosted.port)

        hosted.wire = WireServer(
            self._socket, self._tls, hosted.prefix, lambda: hosted.issued.valid(hosted.passwords),
            hosted.passwords.__setitem__, copier, is_reachable,
        )  # fmt: skip
        port, self.next_port = self.next_port, 0
        await hosted.wire.listen(port)

    async def _add_user(self, user: str, rights: str = "NOSUPERUSER") -> None:
        """Make a user; the master is a superuser ("Superusers"), others are not."""
        await administer(
            self._socket, "postgres",
            f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = {quoted(user)}) "
            f"THEN CREATE ROLE \"{user}\" LOGIN; END IF; END $$",
            f'ALTER ROLE "{user}" {rights}',
        )  # fmt: skip


def _secrets(account: Account) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[ACCOUNT][account.region_name]


@dataclass
class _Attached:
    """The roles that a warehouse may take on."""

    hosted: Hosted
    account: Account

    def refusal(self, arn: str, bucket: str, key: str) -> str | None:
        """Why this role does not let it read this object; None if it does."""
        user = f"arn:aws:redshift:{self.account.region_name}::dbuser:{self.hosted.name}/{self.hosted.master}"
        if arn not in self.hosted.roles or not self.account.role_exists(arn):
            return f"User {user} is not authorized to assume IAM Role {arn}"
        if not self.account.may_assume(arn, *self.hosted.principals):
            return f"Not authorized to get credentials of role {arn}"  # terraform-aws-dms#5
        if not self.account.may_read(arn, bucket, key):
            return f"S3ServiceException:Access Denied,Status 403,Error AccessDenied,s3://{bucket}/{key}"
        return None
