"""Temporary credentials, as clusters and workgroups issue them: a user of the caller's, for minutes."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

CALLER = "IAM:root"
"""The database user of whoever calls: moto knows every caller as the account's root."""
SHORTEST, LONGEST = 900, 3600
"""Seconds that a password may be asked for ("GetClusterCredentialsWithIAM", "GetCredentials")."""


@dataclass
class Issued:
    """The temporary passwords of one warehouse's users."""

    until: dict[str, float] = field(default_factory=dict)

    def valid(self, passwords: Mapping[str, str]) -> Mapping[str, str]:
        """The passwords by which somebody may log in now; who is in already stays."""
        now = time.monotonic()
        return {user: known for user, known in passwords.items() if self.until.get(user, now) >= now}

    def issue(self, passwords: dict[str, str], duration: str | int | None) -> tuple[str, str, float]:
        """A user, a new password, and when it ends (seconds since 1970). Raises ValueError."""
        seconds = int(duration or SHORTEST)
        if not SHORTEST <= seconds <= LONGEST:
            raise ValueError(f"the duration must be between {SHORTEST} and {LONGEST} seconds.")
        passwords[CALLER] = secrets.token_urlsafe(16)
        self.until[CALLER] = time.monotonic() + seconds
        return CALLER, passwords[CALLER], time.time() + seconds

    def expire(self) -> None:
        """Let all of them end now."""
        self.until = dict.fromkeys(self.until, 0.0)
