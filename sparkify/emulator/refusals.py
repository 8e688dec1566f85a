"""What is documented and still refused, as the emulator cannot imitate it.

What AWS does not document at all never gets here: the grammar refuses it.
"""

import re
from collections.abc import Sequence

from sparkify.emulator.lexer import Token


class Refused(Exception):
    """Redshift would refuse this; `state` is the SQLSTATE."""

    def __init__(self, message: str, state: str = "0A000") -> None:
        super().__init__(message)
        self.state = state


def refuse(part: Sequence[Token]) -> None:
    """Raise Refused for a statement that is documented and cannot be imitated."""
    line = " " + " ".join(token.upper if token.kind != "string" else "''" for token in part) + " "
    if re.search(r" (LEFT|RIGHT) \( [^()]* , - ", line):
        raise Refused("emulator: LEFT and RIGHT take no negative length")
