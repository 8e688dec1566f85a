"""Whether tokens are a statement of the grammar: recursive descent, each rule tried once at each place.

A choice takes its first option that matches, and looks ahead by one token, so most options are never
tried: 300 tokens take some milliseconds. If nothing matches, the furthest token that was looked at is the
one that Redshift's parser would name.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sparkify.emulator.grammar import notation
from sparkify.emulator.grammar.notation import Element, Rule
from sparkify.emulator.grammar.vocabulary import CLASSES, classes
from sparkify.emulator.lexer import Token

FAILED = -1
SHAPES = 2000
"""Statements that are remembered but for their names and values."""
LONG = 2000
"""Tokens of a statement that is not remembered: an INSERT of thousands of rows comes once."""


@dataclass(slots=True)
class Node:
    """Where a rule matched: the tokens from `start` up to `end`, and the rules within."""

    rule: str
    start: int
    end: int = 0
    children: "list[Node]" = field(default_factory=list)


class Mismatch(Exception):
    """The tokens are no statement; `at` is the furthest that was looked at."""

    def __init__(self, at: int) -> None:
        super().__init__(f"token {at}")
        self.at = at


class _State:
    """One statement while it is matched."""

    def __init__(self, keys: Sequence[str], masks: Sequence[int]) -> None:
        self.keys, self.masks = [*keys, ""], [*masks, 0]
        self.furthest = 0
        self.memo: dict[tuple[str, int], tuple[int, Node | None]] = {}


_Match = Callable[[_State, int, list[Node]], int]
_First = tuple[frozenset[str], int, bool]
"""The keywords that may come first, the classes, and whether nothing may come at all."""


class Matcher:
    """The rules, made into functions once."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules
        self._keywords: set[str] = set()
        self._shaped = lru_cache(SHAPES)(self._match)
        self._firsts: dict[str, _First] = {}
        self._compiled: dict[str, _Match] = {}
        for name in rules:
            self._first_of_rule(name)
        for name in rules:
            self._compiled[name] = self._compile(rules[name].body)

    def match(self, part: Sequence[Token], rule: str = "statement") -> Node:
        """The tree of a statement, which others of its shape share. Raises Mismatch."""
        keys = (
            token.upper if token.upper in self._keywords else f"<{token.kind}>" for token in part
        )  # other words differ by their classes only
        match = self._match if len(part) > LONG else self._shaped
        return match(tuple(keys), tuple(map(classes, part)), rule)

    def _match(self, keys: Sequence[str], masks: Sequence[int], rule: str) -> Node:
        state = _State(keys, masks)
        found: list[Node] = []
        end = self._use(rule)(state, 0, found)
        if end == len(keys):
            return found[0]
        raise Mismatch(max(state.furthest, end))

    def _first_of_rule(self, name: str) -> _First:
        if name not in self._firsts:
            self._firsts[name] = (frozenset(), 0, False)  # stops a rule that begins with itself
            self._firsts[name] = self._first(self._rules[name].body)
        return self._firsts[name]

    def _first(self, element: Element) -> _First:
        match element:
            case notation.Keyword(text):
                return frozenset((text,)), 0, False
            case notation.Class(name):
                return frozenset(), CLASSES[name], False
            case notation.Use(rule):
                return self._first_of_rule(rule)
            case notation.Repeated(part) | notation.Ahead(part):
                keys, mask, _ = self._first(part)
                return keys, mask, True
            case notation.Choice(options):
                firsts = [self._first(option) for option in options]
                return (
                    frozenset().union(*(f[0] for f in firsts)),
                    _joined(f[1] for f in firsts),
                    any(f[2] for f in firsts),
                )
            case notation.Sequence(parts):
                return self._first_in_order(parts)

    def _first_in_order(self, parts: Sequence[Element]) -> _First:
        every: frozenset[str] = frozenset()
        every_mask = 0
        for part in parts:
            keys, mask, is_empty = self._first(part)
            every, every_mask = every | keys, every_mask | mask
            if not is_empty:
                return every, every_mask, False
        return every, every_mask, True

    def _compile(self, element: Element) -> _Match:
        made: _Match
        match element:
            case notation.Keyword(text):
                self._keywords.add(text)
                made = _keyword(text)
            case notation.Class(name):
                made = _class(CLASSES[name])
            case notation.Use(rule):
                made = self._use(rule)
            case notation.Sequence(parts):
                made = _sequence([self._compile(part) for part in parts])
            case notation.Choice(options):
                made = _choice([(self._first(option), self._compile(option)) for option in options])
            case notation.Repeated(part, most):
                made = _repeated(self._first(part), self._compile(part), most)
            case notation.Ahead(part):
                made = _ahead(self._compile(part))
        return made

    def _use(self, rule: str) -> _Match:
        compiled = self._compiled

        def match(state: _State, at: int, out: list[Node]) -> int:
            known = state.memo.get((rule, at))
            if known is None:
                node = Node(rule, at)
                node.end = compiled[rule](state, at, node.children)
                known = (node.end, node if node.end != FAILED else None)
                state.memo[rule, at] = known
            if known[1] is not None:
                out.append(known[1])
            return known[0]

        return match


def _joined(masks: Iterable[int]) -> int:
    every = 0
    for mask in masks:
        every |= mask
    return every


def _keyword(text: str) -> _Match:
    def match(state: _State, at: int, _: list[Node]) -> int:
        if state.keys[at] == text:
            return at + 1
        state.furthest = max(state.furthest, at)
        return FAILED

    return match


def _class(mask: int) -> _Match:
    def match(state: _State, at: int, _: list[Node]) -> int:
        if state.masks[at] & mask:
            return at + 1
        state.furthest = max(state.furthest, at)
        return FAILED

    return match


def _sequence(parts: Sequence[_Match]) -> _Match:
    def match(state: _State, at: int, out: list[Node]) -> int:
        kept = len(out)
        for part in parts:
            at = part(state, at, out)
            if at == FAILED:
                del out[kept:]
                return FAILED
        return at

    return match


def _ahead(part: _Match) -> _Match:
    def match(state: _State, at: int, _: list[Node]) -> int:
        return FAILED if part(state, at, []) == FAILED else at

    return match


def _may_begin(first: _First, state: _State, at: int) -> bool:
    return state.keys[at] in first[0] or bool(state.masks[at] & first[1])


def _choice(options: Sequence[tuple[_First, _Match]]) -> _Match:
    by_token: dict[tuple[str, int], Sequence[_Match]] = {}

    def match(state: _State, at: int, out: list[Node]) -> int:
        kind = (state.keys[at], state.masks[at])
        candidates = by_token.get(kind)
        if candidates is None:
            candidates = [m for first, m in options if first[2] or _may_begin(first, state, at)]
            by_token[kind] = candidates
        for candidate in candidates:
            end = candidate(state, at, out)
            if end != FAILED:
                return end
        state.furthest = max(state.furthest, at)
        return FAILED

    return match


def _repeated(first: _First, part: _Match, most: int) -> _Match:
    def match(state: _State, at: int, out: list[Node]) -> int:
        left = most
        while _may_begin(first, state, at) or first[2]:
            end = part(state, at, out)
            if end in (FAILED, at):
                return at
            at, left = end, left - 1
            if not left:
                return at
        state.furthest = max(state.furthest, at)
        return at

    return match
