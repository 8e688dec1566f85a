"""Temporary credentials, as clusters and workgroups issue them: a user of the caller's, for minutes."""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

CALLER = "IAM:root"
"""The database user of whoever calls: moto knows every caller as the account's root."""
SHORTEST, LONGEST = 900, 3600
"""Seconds that a password may be asked for ("GetClusterCredentialsWithIAM", "GetCredentials")."""


class BadRequest(Exception):
    """A request that AWS refuses: (code, message)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Issued:
    """The temporary passwords of one cluster's users."""

    until: dict[str, float] = field(default_factory=dict)

    def valid(self, passwords: Mapping[str, str]) -> Mapping[str, str]:
        """The passwords by which somebody may log in now; who is in already stays."""
        now = time.monotonic()
        return {user: known for user, known in passwords.items() if self.until.get(user, now) >= now}

    def issue(self, passwords: dict[str, str], duration: str | int | None) -> tuple[str, str, float]:
        """A user, a new password, and when it ends (seconds since 1970). Raises BadRequest."""
        seconds = int(duration or SHORTEST)
        if not SHORTEST <= seconds <= LONGEST:
            raise BadRequest("InvalidParameterValue", f"duration {seconds} is not from 900 to 3600")
        passwords[CALLER] = secrets.token_urlsafe(16)
        self.until[CALLER] = time.monotonic() + seconds
        return CALLER, passwords[CALLER], time.time() + seconds

    def expire(self) -> None:
        """Let all of them end now."""
        self.until = dict.fromkeys(self.until, 0.0)


Issue = Callable[[str, int | None], tuple[str, str, float]]
"""Issues credentials for the workgroup of a name; KeyError if there is none."""


def get_credentials(body: bytes, issue: Issue) -> tuple[int, str]:
    """Answer `redshift-serverless:GetCredentials`: (status, JSON)."""
    asked = json.loads(body or b"{}")
    name = asked.get("workgroupName", "")
    try:
        if not name:
            raise BadRequest("ValidationException", "workgroupName or customDomainName must be given")
        user, password, until = issue(name, asked.get("durationSeconds"))
    except KeyError:
        return _error("ResourceNotFoundException", f"workgroup {name} not found")
    except BadRequest as error:
        return _error("ValidationException", str(error))
    given = {"dbUser": user, "dbPassword": password, "expiration": until, "nextRefreshTime": until}
    return 200, json.dumps(given)


def _error(kind: str, message: str) -> tuple[int, str]:
    return 400, json.dumps({"__type": kind, "message": message})
