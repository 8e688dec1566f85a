"""Arguments of the Python API: each is what its annotation says, or a ConfigError names it."""

import datetime as dt
import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from numbers import Integral
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from sparkify.errors import ConfigError
from sparkify.formatting import is_text

F = TypeVar("F", bound=Callable[..., Any])
_WORDS = {
    bool: "True or False", int: "a whole number", str: "text", dt.date: "a date", object: "anything",
    type(None): "None",
}  # fmt: skip


def checked(function: F) -> F:
    """Raise ConfigError for an argument of a wrong type or, where there is a choice, none of its values.

    >>> @checked
    ... def shown(limit: int | None = 10) -> int | None:
    ...     return limit
    >>> shown(3)
    3
    >>> shown("3")
    Traceback (most recent call last):
    ...
    sparkify.errors.ConfigError: limit is '3': it must be a whole number or None.
    """
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: Any, **given: Any) -> Any:
        hints = get_type_hints(function)
        for name, value in signature.bind(*args, **given).arguments.items():
            if name in hints and not _fits(value, hints[name]):
                raise ConfigError(f"{name} is {value!r:.80}: it must be {_said(hints[name])}.")
        return function(*args, **given)

    return call  # type: ignore[return-value]  # of the same signature


def _fits(value: object, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if origin is Literal:
        return isinstance(value, str) and value in get_args(hint)
    if origin is not None and issubclass(origin, Mapping):
        key, held = get_args(hint)
        return isinstance(value, origin) and all(_fits(k, key) and _fits(v, held) for k, v in value.items())
    is_other = isinstance(value, bool | dt.datetime) and hint in (int, dt.date)  # which these are for Python
    if is_other or (isinstance(value, str) and not is_text(value)):
        return False
    origin = Integral if hint is int else origin
    return isinstance(value, origin or hint)


def _said(hint: Any) -> str:
    if isinstance(get_origin(hint), type) and issubclass(get_origin(hint), Mapping):
        return f"a mapping of {' to '.join(_said(one) for one in get_args(hint))}"
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(map(_said, get_args(hint)))
    if get_origin(hint) is Literal:
        return " or ".join(map(repr, get_args(hint)))
    kind = get_origin(hint) or hint
    return _WORDS.get(kind, f"a {kind.__name__}")
