"""Which rules built the star: a digest of the definitions in `sql/star`, kept beside the layout's version.

Definitions that change would leave rows of old and new rules side by side after the next night. So whoever
adds to a star that other rules built is refused until it is rebuilt.
"""

import hashlib
import re
from functools import cache

from sparkify.engines.base import Engine, Reader
from sparkify.errors import WarehouseError
from sparkify.ledger.state import read_rules
from sparkify.sql import statements

_COMMENT = re.compile(r"--[^\n]*")


@cache
def rules_digest() -> str:
    """The digest of all definitions, comments and blanks apart."""
    texts = (f"{one.name}: {' '.join(_COMMENT.sub('', one.text).split())}" for one in statements("star"))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def has_other_rules(reader: Reader) -> bool:
    """Whether other rules than this program's built this star."""
    return read_rules(reader) not in (None, rules_digest())


def require_rules(engine: Engine) -> None:
    """Raise WarehouseError if other rules built this star."""
    if has_other_rules(engine):
        raise WarehouseError(
            "the star schema was built by other rules than this program's, and rows of both must not mix. "
            "`sparkify rebuild` builds it by this program's, and `sparkify etl --rebuild` does so before it "
            "loads; nothing was changed."
        )
