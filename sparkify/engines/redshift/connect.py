"""How a session with a cluster is opened: TLS, keep-alive, and what to tell of it when it fails."""

import ssl
from dataclasses import dataclass
from typing import Any, Literal

from sparkify.engines.redshift.errors import said
from sparkify.errors import ConfigError, RemoteError

SslMode = Literal["verify-full", "verify-ca"]
"""Whether the certificate must be of the host's name, or only of an authority that is trusted.

Nothing weaker is offered. AWS's certificates are of its public authority ("Configuring security options for
connections"), and the driver trusts the system's authorities beside AWS's own: `verify-ca` takes the
certificate of anybody, so it is for a way that is safe by itself.
"""
PROBE_EVERY, PROBES = 30, 5
"""Seconds between two keep-alive probes, and how many stay unanswered until a connection is given up."""
_OTHER_NAME = (62, 64)
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""
CONNECT_TIMEOUT = 30
"""Seconds to wait for an answer to the first packet."""


@dataclass(frozen=True)
class Address:
    """Where a cluster is, who asks, and how the way there is secured."""

    host: str
    port: int
    database: str
    user: str
    password: str
    sslmode: SslMode = "verify-full"
    keepalive: int = 60
    """Seconds without a packet after which the connection is probed; 0 leaves that to the system."""
    advice: str = "Is the cluster available, and your address allowed?"
    """What to do when it cannot be reached."""


def connect(address: Address) -> Any:
    """A connection of the driver's, in autocommit. RemoteError says why there is none.

    Without probes a connection on which a long COPY is silent may be dropped by what lies between: a NAT
    gateway forgets it after 350 s ("NAT gateways" in AWS's VPC guide), Linux probes after 7,200 s.
    """
    try:
        import redshift_connector
        from redshift_connector.error import Error
    except ImportError as error:
        raise ConfigError("Redshift needs its driver: pip install '.[aws]' in its clone.") from error
    try:
        made = redshift_connector.connect(
            timeout=CONNECT_TIMEOUT,
            host=address.host,
            port=address.port,
            database=address.database,
            user=address.user,
            password=address.password,
            ssl=True,
            sslmode=address.sslmode,
            tcp_keepalive=address.keepalive > 0,
            tcp_keepalive_idle=address.keepalive or None,
            tcp_keepalive_interval=PROBE_EVERY,
            tcp_keepalive_count=PROBES,
        )
    except Error as error:
        raise _failed(address, error) from error
    except (OSError, UnicodeError) as error:
        raise _unreachable(address, str(error)) from error
    made._usock.settimeout(None)  # it would hold for every answer, however long a statement may take
    made.autocommit = True
    return made


def _failed(address: Address, error: Exception) -> RemoteError:
    """What the driver found wrong while it connected."""
    what = said(error)
    cause = error.args[1] if len(error.args) > 1 else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _distrusted(address, cause)
    if "authentication" in what:
        return RemoteError(
            f"{address.host} refuses the login of {address.user}: {what}. Check [REDSHIFT] USER and "
            "SPARKIFY_REDSHIFT__PASSWORD; five wrong passwords lock a user out."
        )
    if "3D000" in what:
        return RemoteError(f"{address.host} has no database {address.database}. Check [CLUSTER] DATABASE.")
    return _unreachable(address, what)


def _distrusted(address: Address, error: ssl.SSLCertVerificationError) -> RemoteError:
    if error.verify_code in _OTHER_NAME:
        return RemoteError(
            f"the certificate that {address.host}:{address.port} shows is of another name. If HOST is the "
            "end of a tunnel, or an alias of the cluster, set [REDSHIFT] SSLMODE = verify-ca "
            "(docs/connecting.md)."
        )
    return RemoteError(
        f"the certificate that {address.host}:{address.port} shows is of no authority that is trusted here: "
        f"{error.verify_message}. Nothing was sent. Is it the cluster that answers?"
    )


def _unreachable(address: Address, what: str) -> RemoteError:
    return RemoteError(f"{address.host}:{address.port} cannot be reached: {what}. {address.advice}")
