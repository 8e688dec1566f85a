"""Who may see what on a cluster, as statements.

Two kinds of people read: whoever logs in by a user of their own, whom the configuration names (READERS), and
whoever holds the owner's login and only asks. For the latter `tables create` makes a database user without a
password, one for each warehouse, whose name a superuser's session takes before it asks anything ("SET SESSION
AUTHORIZATION": superusers only). From then on the cluster itself refuses what readers do not see, other
schemas, every change, and PG_TERMINATE_BACKEND for sessions of others.

Of tables that are seen in part, views are granted: who may read a view need not be able to read the tables
that it is made of ("CREATE VIEW"), since those are read with the rights of the view's owner.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

from sparkify.engines.dialect import literal

LONGEST_NAME = 127
"""Bytes of a name ("Names and identifiers")."""


def reader_of(database: str, schema: str) -> str:
    """The database user as whom a superuser asks this warehouse; users belong to the whole cluster."""
    name = f"sparkify_reader_{database}_{schema}"
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return "sparkify_reader_" + hashlib.sha256(name.encode()).hexdigest()


def users(reader: str) -> str:
    """Who we are and whether the reader exists: (name, whether a superuser)."""
    return (
        f"SELECT usename, usesuper FROM pg_user WHERE usename = CURRENT_USER OR usename = {literal(reader)}"
    )


def is_superuser(found: Mapping[str, bool], reader: str) -> bool:
    """Whether the one of `users` who is not the reader is a superuser."""
    return any(is_super for name, is_super in found.items() if name != reader)


def create_user(reader: str) -> str:
    """The user who can log in by no password."""
    return f'CREATE USER "{reader}" PASSWORD DISABLE'


def grantee(reader: str) -> str:
    """One of READERS as GRANT names it.

    >>> grantee("GROUP analysts"), grantee("public"), grantee("IAM:alice")
    ('GROUP "analysts"', 'PUBLIC', '"IAM:alice"')
    """
    *kind, name = reader.split()
    return "PUBLIC" if reader.upper() == "PUBLIC" else " ".join([*kind, f'"{name}"'])


def grants(schema: str, shown: Sequence[str], ours: Sequence[str], whom: str) -> Iterator[str]:
    """What lets `whom` see, of `ours`, what is `shown`. What older programs granted is revoked."""
    if ours:
        yield f'GRANT USAGE ON SCHEMA "{schema}" TO {whom}'
        yield f"REVOKE SELECT ON {', '.join(ours)} FROM {whom}"
    if shown:
        yield f"GRANT SELECT ON {', '.join(shown)} TO {whom}"


_ACTING = re.compile(
    r"set_config|pg_cancel_backend|pg_terminate_backend|reboot_cluster"
    r"|change_(?:query|session|user)_priority|u&[\"']",
    re.IGNORECASE,
)
"""AWS: "System administration functions", all but CURRENT_SETTING, which only reads.

SET_CONFIG does what SET does. A user may cancel queries and end sessions of their own, a superuser anybody's
("PG_CANCEL_BACKEND", "PG_TERMINATE_BACKEND"); only a superuser reboots ("REBOOT_CLUSTER").
READ ONLY stops none of them (undocumented; assumed).
"""


def acting_function(sql: str) -> str:
    """The function in a question that does more than read, were it only its name; empty if there is none.

    A function is called by its name, quoted or not, or by a name in code points, which Redshift does not
    document.
    """
    found = _ACTING.search(sql)
    return found[0].lower() if found else ""
