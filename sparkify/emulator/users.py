"""Users, groups and roles: Redshift's statements about them, said in PostgreSQL's, which has only roles."""

from collections.abc import Sequence

from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused


def create_user(part: Sequence[Token]) -> tuple[str, tuple[str, str] | None]:
    """CREATE USER name [WITH] PASSWORD ...: (PostgreSQL's statement, the user and a password that opens).

    PostgreSQL is never told the password: the wire server asks for it.
    """
    words = [token for token in part[3:] if token.upper != "WITH"]
    if len(words) < 2 or words[0].upper != "PASSWORD":
        raise Refused("syntax error: CREATE USER needs PASSWORD, which may be DISABLE", "42601")
    rest = [token.upper for token in words[2:]]
    if any(word not in ("CREATEUSER", "NOCREATEUSER", "NOCREATEDB") for word in rest):
        raise Refused("emulator: of CREATE USER's options only CREATEUSER is imitated")
    name, secret = part[2], words[1]
    made = f"CREATE ROLE {name.text} LOGIN {'SUPERUSER' if 'CREATEUSER' in rest else ''}"
    return made, None if secret.upper == "DISABLE" else (name.value, secret.value)


def grantees(sql: str, part: Sequence[Token]) -> str:
    """GRANT and REVOKE without the word ROLE before a name; GROUP is PostgreSQL's word too."""
    out, end = [], part[0].start
    for at, token in enumerate(part):
        before = part[at - 1].upper if at else ""
        is_extra = token.upper == "ROLE" and before in ("GRANT", "REVOKE", "TO", "FROM", ",")
        out.append(sql[end : token.start] + ("" if is_extra else token.text))
        end = token.end
    return "".join(out)
