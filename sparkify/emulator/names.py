"""Names are folded to lower case, quoted ones too, unless enable_case_sensitive_identifier is set.

AWS: "Names and identifiers" (ASCII letters are folded), "enable_case_sensitive_identifier" (the name of a
user in quotation marks keeps its case; brainly/terraform-provider-redshift#67).
"""

import string
from collections.abc import Iterator, Sequence

from sparkify.emulator.lexer import Token

_FOLDED = {ord(letter): letter.lower() for letter in string.ascii_uppercase}
_OF_USERS = {
    ("GRANT", "TO"), ("REVOKE", "FROM"), ("CREATE", "USER"), ("ALTER", "USER"), ("DROP", "USER"),
    ("CREATE", "GROUP"), ("ALTER", "GROUP"), ("DROP", "GROUP"), ("ALTER", "OWNER"),
}  # fmt: skip
"""First word of a statement, and the word after which it names users."""


def fold(part: Sequence[Token]) -> list[Token]:
    """The tokens of a statement, its quoted names in lower case."""
    return list(_folded(part))


def _folded(part: Sequence[Token]) -> Iterator[Token]:
    names_users = False
    for token in part:
        names_users |= (part[0].upper, token.upper) in _OF_USERS
        is_name = token.kind == "identifier" and not names_users
        yield token._replace(text=token.text.translate(_FOLDED)) if is_name else token
