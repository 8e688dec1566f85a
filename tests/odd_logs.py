"""Logs with everything in them that could lead a reader of JSON astray, made by chance.

A record is a list of pairs of JSON text, [key, value], so that keys stand twice, and values are written in
ways that no encoder would choose. `chance` may be hypothesis's: then what fails is made smaller.
"""

import json
import random
from collections.abc import Callable, Sequence

Chance = random.Random
Pairs = list[list[str]]
NOON = 1_541_073_600_796

TEXTS = (
    '""', '" "', '"x\\":null"', '"\\":"', '":"', '"a\\": 1"', '"a\\":1"', '"\\":\\"\\""', '"\\\\"',
    '"\\\\\\":true"', '"\\u0041\\u00e9"', '"\\ud83d\\ude00"', '"😀 naïve ☃"', '"\\n\\t\\r\\b\\f\\/"',
    '"null"', '"NaN"', '"true"', '"[1, 2]"', '"{\\"artist\\": \\"x\\"}"', '"\u2028\x7f\x85\uffff"',
    '"\ufeffx"', '"x  "', '"  x"', "\"it's\"", '"\\"ts\\":5,\\"userId\\":\\"\\""',
    '"\\"Mozilla/5.0 (X11; \\\\\\"Linux\\\\\\") Chrome\\""', '"100%_x;--"', '"' + "é" * 4 + '"',
    '"\\\\u0000"', '"\\\\ud83d"', '"1.10"', '"-0"', '"\\"}"', '"},{"', '"},\\n{"',
)  # fmt: skip
HALVES = ('"\\ud83d"', '"x\\udc00y"', '"\\uD83Dx"', '"\\ude00\\ud83d"')
WITH_NULL = ('"\\u0000"', '"a\\u0000b"', '"\\u0000\\u0000 x"')
NUMBERS = (
    "0",
    "-1",
    "1.5",
    "1e3",
    "7",
    "12345678901234567890123",
    "0.25",
    "1E-7",
    "-0",
    "-0.0",
    "1.10",
    "0.12345678901234567890123",
)
NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
NO_JSON = (
    "nan",
    "inf",
    "-inf",
    "nul",
    "'x'",
    "01",
    "+1",
    "1.",
    ".5",
    '"\t"',
    '"\\x"',
    "undefined",
    "tru",
    "",
)
NESTED = (
    "[]", "{}", '[1,[2,{"a":null}]]', '{"artist":"x","song":""}', '{"a":1,"a":2.50}', "[NaN]", '[""]',
    '[":"]', '{"":{"":[]}}', "[1e999,-0.0]", '{"k":"\\u0000"}', '{"a" : [ 1 , 2 ]}', '{"_set_aside":[]}',
    "[" * 40 + "]" * 40,
)  # fmt: skip
CONSTANTS = ("true", "false", "null", "NaN", "-Infinity")
NEW_KEYS = (
    '"mood"', '""', '" "', '"a.b"', '"a\\"b"', '"a\\\\"', '"a\\\\\\"b"', '"Artist"', '"SONG"', '"user_id"',
    '"ключ"', '"\\u006dood2"', '"a\\u0000b"', '"x:y"', '"\\":"', '"sparkify_extra"', '"sparkify_file_id"',
    '"sparkify_vals"', '"sparkify_\\u0061side"', '"_set_aside"', '"__set_aside"', '"extra"', '"run_id"',
    '"file_id"', '"$"', '"*"', '"~/"', '"artist "', '"x\\"userId"', '"x\\"song"', '"myuserId"', '"status\\n"',
    '"\\ud83d"', '"😀"',
)  # fmt: skip
INTEGERS = (
    '""', '" "', "true", "[]", "{}", '"x"', '"7"', "7", '"007"', '"+7"', '"7 "', '" 7"', "7.0", "7e0",
    '"7.0"', '"1_0"', "2147483648", "-2147483649", "99999999999999999999", '"-7"', "-7", '"0x10"', '"７"',
    '"\\u0037"', "NaN", "null", "-0", '"-0"', '"a\\u0000"', '"\\n7"', '"true"', "7.00", '"7.00"', "7.6",
    "-0.0",
    '"-0.0"', '".0"', '"7.0 "', '"007.0"', "1e15", "7e-1", "9007199254740991", "9007199254740993",
    "9007199254740993.0", '"9007199254740993.0"', '"9007199254740993"', "7.0000000000000000001", "false",
)  # fmt: skip
REALS = (
    '""', '" "', "true", "[1]", '{"a":1}', '"x"', '"7"', "7", '"1e5"', "1e5", '"1e400"', "1e400", "9" * 400,
    '"1."', '".5"', '"+5"', '"-"', '"e"', '"1e"', '"1-2"', '"--1"', '"1e+4"', '"1.5.2"', '"NaN"', '"inf"',
    '"1_0.5"', '" 1.5"', '"1.5 "', "-0.5", "200.5", "86400", "86400.1", "NaN", "Infinity", "null",
    "0.1234567890123456789", "1e99999999999", '"1,5"', '"\\u0031"', '"+-5"', '"."', '"5e"', '"e5"', '"-.5e1"',
)  # fmt: skip
MOMENTS = (
    "1541073600", "1541073600.796", "1541073600796.25", '"1541073600796"', '"1541073600.5"',
    "1541073600796123", "1541073600796123.4", '"2018-11-01T12:00:00.796Z"', '"2018-11-01 12:00"',
    '"2018-11-01T12:00:00,5+01:00"', '"2018-11-01T12:00:00-0530"', '"2018-11-01T12:00:00.1234567"',
    '"2018-11-01"', '"2018-13-01T00:00:00"', '"soon"', '"1970-01-01T00:20:00Z"', '"1970-01-12T00:00:00Z"',
    '"1999-12-31T23:59:59Z"', "1500.5", '"1.5e3"', "1.541073600796e12", "1541073600796e0",
    "1541073600796000e-3", "0", "-1", "-1541073600.5", "99999999999999", "1e30", "1e-30", "null", "true",
    '""', '" "', "[1541073600796]", "{}", '"1_541_073_600_796"', '"+1541073600796"', '"+1541073600.5"',
    '" 1541073600796"', '" 1541073600.5 "', '"１５４１０７３６００"', '"１５４１０７３６００.5"', "NaN",
    "946684799999", "946684800000", "1541073600796.00000000000000000000000000000001",
    '"2018-11-01T12:00:00.' + "0" * 30 + '1"', '"1_541_073_600.5"', '"1541073600."', '".5"', "4102444800000",
    '"2018-11-01t12:00:00z"', '"\\u0031541073600796"',
)  # fmt: skip
STRICT_TEXTS = (
    '""',
    '" "',
    "null",
    "5",
    "true",
    "[]",
    '"a\\u0000"',
    '"\\ud83d"',
    '"' + "x" * 65 + '"',
    "NaN",
    '"Home"',
    '"NextSong "',
    '"  Home"',
    '"Ho me"',
)
TEXT_KEYS = (
    "artist", "auth", "firstName", "gender", "lastName", "level", "location", "method", "song", "userAgent",
)  # fmt: skip
WIDTHS = {
    "artist": 512, "auth": 32, "firstName": 128, "gender": 8, "lastName": 128, "level": 16, "location": 256,
    "method": 16, "song": 1024, "userAgent": 512,
}  # fmt: skip


def whole(session: int, item: int) -> Pairs:
    """A good record with every key."""
    values = {
        "artist": '"Nightbirds"', "auth": '"Logged In"', "firstName": '"Lily"', "gender": '"F"',
        "itemInSession": str(item), "lastName": '"Koch"', "length": "200.5", "level": '"paid"',
        "location": '"Chicago, IL"', "method": '"PUT"', "page": '"NextSong"',
        "registration": "1540919166796.0", "sessionId": str(session), "song": '"Undo"', "status": "200",
        "ts": str(NOON + item * 1000), "userAgent": '"\\"Mozilla/5.0 (X11)\\""', "userId": '"15"',
    }  # fmt: skip
    if item % 5 == 4:
        values |= dict.fromkeys(("artist", "firstName", "length", "registration", "song"), "null")
        values |= {"userId": '""', "page": '"Home"'}
    return [[json.dumps(key), value] for key, value in values.items()]


Change = Callable[[Pairs, Chance], None]


def _put(pairs: Pairs, key: str, value: str) -> None:
    for pair in pairs:
        if pair[0] == f'"{key}"':
            pair[1] = value


def _setter(keys: Sequence[str], values: Sequence[str]) -> Change:
    def change(pairs: Pairs, chance: Chance) -> None:
        _put(pairs, chance.choice(keys), chance.choice(values))

    return change


def _add(values: Sequence[str], keys: Sequence[str] = NEW_KEYS) -> Change:
    def change(pairs: Pairs, chance: Chance) -> None:
        pairs.insert(chance.randrange(len(pairs) + 1), [chance.choice(keys), chance.choice(values)])

    return change


def _twice(pairs: Pairs, chance: Chance) -> None:
    key, value = chance.choice(pairs)
    pool = (value, "null", '""', '"other"', "5", "NaN", *TEXTS[:4])
    pairs.insert(chance.randrange(len(pairs) + 1), [key, chance.choice(pool)])


def _twice_empty(pairs: Pairs, chance: Chance) -> None:
    key, _ = chance.choice(pairs)
    pairs.insert(chance.randrange(len(pairs) + 1), [key, '""'])


def _drop(pairs: Pairs, chance: Chance) -> None:
    del pairs[chance.randrange(len(pairs))]


def _drop_nulls(pairs: Pairs, _: Chance) -> None:
    pairs[:] = [pair for pair in pairs if pair[1] != "null"]


def _rename(pairs: Pairs, chance: Chance) -> None:
    pair = chance.choice(pairs)
    pair[0] = '"' + pair[0][1:-1].lower() + '_"'


def _rename_and_empty(pairs: Pairs, chance: Chance) -> None:
    """The key is another, and the value an empty text."""
    pair = chance.choice(pairs)
    pair[:] = [chance.choice(NEW_KEYS), '""']


def _escape_key(pairs: Pairs, chance: Chance) -> None:
    pair = chance.choice(pairs)
    if len(pair[0]) > 3 and "\\" not in pair[0]:
        pair[0] = f'"\\u{ord(pair[0][1]):04x}{pair[0][2:]}'


def _long(pairs: Pairs, chance: Chance) -> None:
    key = chance.choice(TEXT_KEYS)
    letter = chance.choice(("x", "é", "☃"))
    _put(pairs, key, '"' + letter * (WIDTHS[key] // len(letter.encode()) + chance.choice((0, 1))) + '"')


def _too_much(pairs: Pairs, _: Chance) -> None:
    pairs.append(['"mood"', '"' + "x" * 100_000 + '"'])


def _shuffle(pairs: Pairs, chance: Chance) -> None:
    chance.shuffle(pairs)


CHANGES: dict[str, Change] = {
    "texts": _setter(TEXT_KEYS, TEXTS),
    "halves": _setter(TEXT_KEYS, HALVES),
    "null characters": _setter(TEXT_KEYS, WITH_NULL),
    "numbers as text": _setter(TEXT_KEYS, NUMBERS),
    "constants": _setter((*TEXT_KEYS, "length", "userId", "status"), CONSTANTS),
    "nested": _setter((*TEXT_KEYS, "registration", "status"), NESTED),
    "nested in a strict column": _setter(("page", "ts", "userId", "sessionId"), NESTED),
    "no JSON": _setter((*TEXT_KEYS, "ts", "length"), NO_JSON),
    "integers": _setter(("status", "userId"), INTEGERS),
    "places": _setter(("itemInSession", "sessionId"), INTEGERS),
    "reals": _setter(("length", "registration"), REALS),
    "moments": _setter(("ts",), MOMENTS),
    "pages": _setter(("page",), STRICT_TEXTS),
    "new texts": _add(TEXTS),
    "new empty texts": _add(('""',)),
    "new numbers": _add((*NUMBERS, *NO_NUMBERS, "1.10", "-0", "9" * 400)),
    "new constants": _add(CONSTANTS),
    "new nested": _add(NESTED),
    "new halves": _add((*HALVES, *WITH_NULL)),
    "own keys": _add((*TEXTS, *NUMBERS, *NESTED), [key for key in NEW_KEYS if key.startswith('"sparkify')]),
    "twice": _twice,
    "twice, once empty": _twice_empty,
    "drop": _drop,
    "drop nulls": _drop_nulls,
    "rename": _rename,
    "rename and empty": _rename_and_empty,
    "escaped keys": _escape_key,
    "long": _long,
    "too much": _too_much,
    "shuffle": _shuffle,
}
Style = tuple[str, str]
"""What stands after a comma, and after a colon."""
STYLES: tuple[Style, ...] = ((", ", ": "), (",", ":"))


def written(pairs: Pairs, style: Style) -> str:
    return "{" + style[0].join(f"{key}{style[1]}{value}" for key, value in pairs) + "}"


def _torn(line: str, chance: Chance) -> str:
    return line[: chance.randrange(1, max(2, len(line)))]


def _trailing_comma(line: str, chance: Chance) -> str:
    return line[:-1] + chance.choice((",}", ", }", ",\t} "))


def _blank_before_colons(line: str, chance: Chance) -> str:
    return line.replace('":', chance.choice(('" :', '"\t:', '"  :')), chance.choice((1, 3, 99)))


def _wide(line: str, chance: Chance) -> str:
    return line.replace('":', '":' + chance.choice((" ", "  ", "\t")), chance.choice((1, 99)))


def _marked(line: str, chance: Chance) -> str:
    return "\ufeff" + chance.choice(("", " ")) + line


def _indented(line: str, chance: Chance) -> str:
    blank = chance.choice((" ", "\t", "  \t", "\v", "\f"))
    return blank + line + chance.choice(("", blank, "\r"))


def _two(line: str, chance: Chance) -> str:
    return line + chance.choice(("", " ", ",", "\r")) + line


def _listed(line: str, _: Chance) -> str:
    return f"[{line}]"


def _halved(line: str, chance: Chance) -> str:
    """Two objects on a line, each with a part of the keys."""
    return line.replace(",", "}{", chance.choice((1, 2)))


def _blank(_: str, chance: Chance) -> str:
    return chance.choice(("", " ", "\r", "\t ", "\v"))


def _odd(_: str, chance: Chance) -> str:
    return chance.choice(
        ("{}", "[]", "null", '""', "5", "{", "}", '{"a":1}', '{"mood":""}', "\0", '{"":null}', ",")
    )


LINES: dict[str, Callable[[str, Chance], str]] = {
    "torn": _torn,
    "trailing comma": _trailing_comma,
    "blank before colon": _blank_before_colons,
    "wide": _wide,
    "marked": _marked,
    "indented": _indented,
    "two": _two,
    "listed": _listed,
    "halved": _halved,
    "blank": _blank,
    "odd": _odd,
}


def odd_log(chance: Chance, session: int, changed: int, plain: int, kinds: Sequence[str] = ()) -> bytes:
    """A log of `changed` records in which something is odd, among `plain` ones; of a few kinds only, so that
    many a log looks plain to whoever reads it fast."""
    known = [*CHANGES, *LINES]
    kinds = kinds or [chance.choice(known) for _ in range(chance.choice((1, 1, 2, 3)))]
    style = chance.choice(STYLES)
    lines = [written(whole(session, item), style) for item in range(plain)]
    for number in range(changed):
        pairs = whole(session, plain + number)
        some = [kind for kind in kinds if kind in CHANGES and chance.random() < 0.8]
        for kind in some:
            if pairs:
                CHANGES[kind](pairs, chance)
        line = written(pairs, style)
        for kind in kinds:
            if kind in LINES and chance.random() < 0.6:
                line = LINES[kind](line, chance)
        # The first line stays as it is: files that are wrong as a whole are of other tests.
        lines.insert(chance.randrange(1, len(lines) + 1), line)
    end = chance.choice(("\n", "\n", "\n", "\r\n"))
    body = end.join(lines).encode("utf-8", "surrogatepass") + chance.choice((b"", end.encode(), b"\n"))
    return (b"\xef\xbb\xbf" if chance.random() < 0.05 else b"") + body
