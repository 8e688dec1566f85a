"""A data warehouse for a music-streaming service: raw JSON to a checked star schema."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparkify.api import Answer, Summary, Verdict, Warehouse, connect
    from sparkify.errors import SparkifyError

__version__ = "0.1.0"
__all__ = ["Answer", "SparkifyError", "Summary", "Verdict", "Warehouse", "__version__", "connect"]


def __getattr__(name: str) -> Any:
    """What `sparkify.api` offers, imported when it is first asked for: the command line needs none of it."""
    if name in __all__:
        return getattr(import_module("sparkify.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
