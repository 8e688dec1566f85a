"""The documented functions: their arguments, where they run, and what may stand around them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sparkify.emulator.grammar.vocabulary import lines

FILES = ("functions.txt", "spatial.txt")
_FORM = re.compile(r"([\w|]+)\(([^)]*)\) (\w+)((?: [\w?-]+)*)((?: @[\w-]+)+)")
_ALSO = {
    "number": {"integer", "number"},
    "integer": {"integer", "number"},
    "text": {"text", "integer", "number", "date", "timestamp", "timestamptz", "time"},
    "date": {"date", "timestamp", "timestamptz"},
}
"""The kinds that become the kind of an argument unasked (c_Supported_data_types, implicit conversion)."""


@dataclass(frozen=True)
class Argument:
    """An argument: the kinds it takes, and how often it may stand there."""

    kinds: tuple[str, ...]
    least: int
    most: int

    def takes(self, kind: str | None) -> bool:
        """Whether a value of this kind may stand here; what is not known may."""
        if kind in (None, "null", "super") or "any" in self.kinds:
            return True
        if kind == "literal":
            return self.kinds != ("boolean",)
        return any(kind in _ALSO.get(own, {own}) for own in self.kinds)


@dataclass(frozen=True)
class Form:
    """One way of calling a function."""

    name: str
    arguments: tuple[Argument, ...]
    result: str
    flags: frozenset[str]
    pages: tuple[str, ...]

    def takes(self, kinds: Sequence[str | None], at: int = 0) -> bool:
        """Whether arguments of these kinds fit, those that may be left out left out where they do not."""
        if at == len(self.arguments):
            return not kinds
        argument = self.arguments[at]
        fits = next((n for n, kind in enumerate(kinds) if not argument.takes(kind)), len(kinds))
        return any(
            self.takes(kinds[n:], at + 1) for n in range(min(fits, argument.most), argument.least - 1, -1)
        )


@cache
def catalogue() -> Mapping[str, Sequence[Form]]:
    """The forms of each function, by its name in upper case."""
    found: dict[str, list[Form]] = {}
    for file in FILES:
        for line in lines(file):
            read = _FORM.fullmatch(line)
            if read is None:
                raise ValueError(f"{file}: {line}")
            arguments = tuple(_argument(text) for text in read[2].split(",") if text)
            flags, pages = frozenset(read[4].split()), tuple(page[1:] for page in read[5].split())
            for name in read[1].split("|"):
                found.setdefault(name, []).append(Form(name, arguments, read[3], flags, pages))
    return found


def results(name: str) -> str:
    """The kind that a function returns, if all its forms return the same; `any` if not known."""
    kinds = {form.result for form in catalogue().get(name, ())}
    return kinds.pop() if len(kinds) == 1 else "any"


def _argument(text: str) -> Argument:
    least, most = {"?": (0, 1), "*": (0, 99), "+": (1, 99)}.get(text[-1], (1, 1))
    return Argument(tuple(text.rstrip("?*+").split("|")), least, most)
