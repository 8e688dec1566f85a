"""Values for SUPER columns, as COPY reads them from JSON.

Sources: AWS's "Using COPY to load data into SUPER columns", "SUPER configurations", "Limitations" (of SUPER).

Documented: a record is at most 4 MB; a string within SUPER is at most 65535 bytes (newer clusters take
16,000,000); of JSON_PARSE, that an attribute name which stands twice in one object is an error unless
`json_parse_dedup_attributes` is on, and then the last one is kept.

Undocumented, and so not to be relied on:
- the codes of these errors (1224 is what a public report, spark-redshift#156, shows of a SUPER column);
- what COPY does with a name that stands twice. It is held to JSON_PARSE's rule here, the setting included,
  and the record is a load error as any other;
- null characters: a value keeps them (estuary/connectors#839 saw so), in a name they are an error here;
- the order of attributes (AWS's own example shows one that is not the file's);
- the text of a number: "leaves are converted to Amazon Redshift scalar types". Here it is the file's.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

LONGEST = 65535
"""Bytes of a string within SUPER."""


class Raw(str):
    """JSON as it is written: a number as it stands in the file, a bracket."""

    __slots__ = ()


class Repeating(dict[str, Any]):
    """An object in which a name stands twice; it holds the last value."""


class Unfit(ValueError):
    """This value cannot be SUPER; `code` is COPY's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def strict_decoder(keeps_last: bool) -> json.JSONDecoder:
    """Reads what may become SUPER: no NaN, no Infinity; repeated names are noted unless the last is kept."""
    return json.JSONDecoder(
        parse_float=Raw,
        parse_int=Raw,
        parse_constant=_refuse_constant,
        object_pairs_hook=None if keeps_last else _noting_repeats,
    )


def as_super(value: Any) -> str:
    """The text of a SUPER value. Raises Unfit."""
    for part in _parts(value):
        if isinstance(part, Repeating):
            raise Unfit(1224, "duplicate attribute name in an object")
        if isinstance(part, str):
            _check(part)
        if isinstance(part, dict) and any("\0" in key for key in part):
            raise Unfit(1220, "Name of an attribute contains a null character")
    return as_json(value)


def as_json(value: Any) -> str:
    """A value as JSON, its numbers as they stood in the file; however deep it is nested.

    >>> as_json({"id": Raw("1.50"), "names": ["x", None, True]})
    '{"id":1.50,"names":["x",null,true]}'
    """
    out: list[str] = []
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            rest += reversed([Raw("{"), *_between((key, Raw(":"), item[key]) for key in item), Raw("}")])
        elif isinstance(item, list):
            rest += reversed([Raw("["), *_between((one,) for one in item), Raw("]")])
        else:
            out.append(item if isinstance(item, Raw) else json.dumps(item, ensure_ascii=False))
    return "".join(out)


def _between(groups: Iterable[Iterable[Any]]) -> Iterator[Any]:
    """What the groups hold, with commas between them."""
    for at, group in enumerate(groups):
        yield from (Raw(","), *group) if at else group


def _parts(value: Any) -> Iterator[Any]:
    """A value, and every key and value within it."""
    rest = [value]
    while rest:
        item = rest.pop()
        yield item
        if isinstance(item, dict):
            rest += [*item, *item.values()]
        elif isinstance(item, list):
            rest += item


def _check(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Unfit(1220, "String contains invalid or unsupported UTF8 codepoints") from None
    if size > LONGEST:
        raise Unfit(1224, f"a string is longer than {LONGEST} bytes")


def _noting_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Repeating(made)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
