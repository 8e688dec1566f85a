"""What built the star: a digest of the rules of models and of text, and the pages whose events are plays.

Definitions that change would leave rows of old and new rules side by side after the next night. So whoever
adds to a star that other rules built is refused until it is rebuilt.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import cache

from sparkify.engines.base import Engine, Reader
from sparkify.errors import WarehouseError
from sparkify.ledger.files import has_logs
from sparkify.ledger.state import read_play_pages, read_rules
from sparkify.load import text
from sparkify.sql import statements

_COMMENT = re.compile(r"--[^\n]*")


@cache
def rules_digest() -> str:
    """The digest of all definitions, comments and blanks apart, and of the version of the rule of text."""
    texts = [f"{one.name}: {' '.join(_COMMENT.sub('', one.text).split())}" for one in statements("star")]
    return hashlib.sha256("\n".join((*texts, f"text: {text.RULE}")).encode()).hexdigest()


def has_other_rules(reader: Reader) -> bool:
    """Whether other rules than this program's built this star."""
    return read_rules(reader) not in (None, rules_digest())


def other_pages(reader: Reader, pages: Sequence[str]) -> str:
    """How the pages that the star was built with differ from these, in words; empty if they do not."""
    built = read_play_pages(reader)
    if built == sorted(set(pages)):
        return ""
    if not has_logs(reader):
        return ""
    return f"[ETL] PLAY_PAGE is {', '.join(pages)}, and the star was built with {', '.join(built)}"


def why_rebuild(reader: Reader, pages: Sequence[str]) -> str:
    """Why a load that may rebuild the star would do so; empty if it would not."""
    if has_other_rules(reader):
        return "the star schema was built by other rules than this program's"
    return other_pages(reader, pages)


def require_rules(engine: Engine) -> None:
    """Raise WarehouseError if other rules built this star."""
    if has_other_rules(engine):
        raise WarehouseError(
            "the star schema was built by other rules than this program's, and rows of both must not mix. "
            "`sparkify rebuild` builds it by this program's, and `sparkify etl --rebuild` does so before it "
            "loads; nothing was changed."
        )
