"""The types of a statement's numbers, as far as its text and its tables' columns say.

PostgreSQL knows no precision of what it computes. So each computation with DECIMALs is given the type that
Redshift gives it, by a cast around it; what is unknown stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sparkify.emulator.decimals import BARE, INT2, INT4, INT8, MOST_DIGITS, Exact, common, computed, literal
from sparkify.emulator.edits import CALLED, COMMON, Edits, alias_of, name_of
from sparkify.emulator.grammar import Node
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused
from sparkify.emulator.scopes import Columns, Kind, Scope

_INTEGERS = {"SMALLINT": INT2, "INT2": INT2, "INTEGER": INT4, "INT": INT4, "INT4": INT4, "BIGINT": INT8,
             "INT8": INT8}  # fmt: skip
_COUNTS = {"COUNT": INT8, "DATEDIFF": INT8, "ROW_NUMBER": INT8, "RANK": INT8, "DENSE_RANK": INT8, "LEN": INT4,
           "LENGTH": INT4, "CHAR_LENGTH": INT4, "STRPOS": INT4, "CHARINDEX": INT4}  # fmt: skip
_SAME = {"MIN", "MAX", "ABS", "ANY_VALUE", "ROUND", "TRUNC", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE", "LAG",
         "LEAD", "NULLIF"}  # fmt: skip
_FIXED = {"extract": INT4, "position": INT4}
_TIGHTNESS = {"^": 3, "*": 2, "/": 2, "%": 2, "+": 1, "-": 1}
_STATEMENTS = ("update", "delete", "merge")
_PASSING = (
    "select-item", "expression", "conjunction", "negation", "predicate", "operand", "term", "primary",
    "argument", "plain", "when",
)  # fmt: skip


def edits(tree: Node, part: Sequence[Token], tables: Mapping[str, Columns]) -> Edits:
    """What to write around a statement's computations, given the columns of its tables."""
    typing = _Typing(part, tables)
    typing.kind(tree, Scope())
    typing.keep_names()
    return typing.edits


class _Typing:
    def __init__(self, part: Sequence[Token], tables: Mapping[str, Columns]) -> None:
        self._part, self._tables = part, tables
        self._common: dict[str, Columns | None] = {}
        self.edits = Edits()
        self._unnamed: list[Node] = []

    def keep_names(self) -> None:
        """Call what is selected and has no name as it was called before anything was written around it."""
        for node in self._unnamed:
            inner, last = self._within(node), self._part[node.end - 1].end
            if inner.rule == "value":
                self.edits.after[last] = self.edits.after.get(last, "") + ' AS "?column?"'
            elif inner.rule == "column" and self._part[inner.start].start in self.edits.same:
                said = self._part[inner.start].text
                self.edits.after[last] = self.edits.after.get(last, "") + f" AS {said}"
            elif inner.rule in ("call", "extract") and (name := CALLED.get(self._part[inner.start].upper)):
                self.edits.after[last] = self.edits.after.get(last, "") + f" AS {name}"

    def _within(self, node: Node) -> Node:
        """What is left of an expression without brackets and rules that add nothing."""
        while len(node.children) == 1 and node.rule in (*_PASSING, "value") and not self._is(node, "NOT"):
            node = node.children[0]
        return node

    def kind(self, node: Node, scope: Scope) -> Kind:
        """The kind of a node; all within it is looked at, once."""
        node = self._within(node)
        own = {"value": self._value, "case": self._chosen, "call": self._call, "query": self._first}
        return own.get(node.rule, self._plain)(node, scope)

    def _first(self, query: Node, scope: Scope) -> Kind:
        columns = self._query(query, scope)
        return columns[0][1] if columns else None

    def _plain(self, node: Node, scope: Scope) -> Kind:
        if node.rule in _STATEMENTS:
            scope = self._inner(node, scope)
        kinds = [self.kind(child, scope) for child in _unseen(node)]
        types = [child for child in node.children if child.rule in ("type", "cast-suffix")]
        if node.rule == "literal":
            return literal(self._part[node.start].text)
        if node.rule == "column":
            return self._column(node, scope)
        if types and node.rule in ("cast", "convert", "term"):
            return self._type(types[-1])
        if node.rule == "operand" and self._part[node.start].text in "+-":
            return kinds[-1]
        is_passing = node.rule in _PASSING and len(kinds) == 1 and not self._is(node, "NOT")
        return kinds[0] if is_passing else _FIXED.get(node.rule)

    def _column(self, node: Node, scope: Scope) -> Kind:
        names = self._names(node)
        if not scope.is_alias(names):
            return scope.find(names)
        said, kind = scope.aliases[names[0]]
        span = self._part[said.start].start, self._part[said.end - 1].end
        self.edits.same[self._part[node.start].start] = span
        return kind

    def _is(self, node: Node, word: str) -> bool:
        return self._part[node.start].upper == word

    def _names(self, node: Node) -> list[str]:
        tokens = self._part[node.start : node.end]
        return [token.value.lower() for token in tokens if token.kind in ("word", "identifier")]

    def _type(self, node: Node) -> Kind:
        words = [token for token in self._part[node.start : node.end] if token.text != "::"]
        if words[0].upper not in ("NUMERIC", "DECIMAL", "DEC"):
            return _INTEGERS.get(words[0].upper)
        numbers = [int(token.text) for token in words if token.kind == "number"]
        return Exact(numbers[0], (*numbers, 0)[1]) if numbers else BARE

    def _value(self, node: Node, scope: Scope) -> Kind:
        """Operands and operators, the tighter first."""
        operands = [(child, self.kind(child, scope)) for child in node.children if child.rule == "operand"]
        signs = [child.start for child in node.children if child.rule == "operator"]
        spans = [(child.start, child.end, kind) for child, kind in operands]
        for tightness in (3, 2, 1, 0):
            at = 0
            while at < len(signs):
                text = self._part[signs[at]].text
                if _TIGHTNESS.get(text, 0) != tightness:
                    at += 1
                    continue
                (begin, _, a), (_, end, b) = spans[at : at + 2]
                result = computed(text, a, b) if a and b else None
                if result and not result.is_whole:
                    self._compute(signs[at], begin, end, result)
                spans[at : at + 2] = [(begin, end, result)]
                del signs[at]
        return spans[0][2]

    def _compute(self, sign: int, begin: int, end: int, kind: Exact) -> None:
        if self._part[sign].text != "/":
            self._wrap(begin, end, "CAST(", f" AS {kind.type})")
            return
        self.edits.instead[self._part[sign].start] = ","
        self._wrap(begin, end, "CAST(rs_divide(", f", {kind.scale}) AS {kind.type})")

    def _wrap(self, begin: int, end: int, before: str, after: str) -> None:
        first, last = self._part[begin].start, self._part[end - 1].end
        self.edits.before[first] = before + self.edits.before.get(first, "")
        self.edits.after[last] = self.edits.after.get(last, "") + after

    def _alike(self, nodes: Sequence[Node], kinds: Sequence[Kind]) -> Kind:
        """The kind that values get that come together; those that have another are given it."""
        kind = common(kinds)
        if kind and not kind.is_whole:
            for node, own in zip(nodes, kinds, strict=True):
                if own != kind:
                    self._wrap(node.start, node.end, "CAST(", f" AS {kind.type})")
        return kind

    def _chosen(self, node: Node, scope: Scope) -> Kind:
        """CASE: the values after THEN and ELSE; NULL has any type."""
        values: list[Node] = []
        for number, child in enumerate(node.children):
            if child.rule == "when":
                self.kind(child.children[0], scope)
                values.append(child.children[1])
            elif number and child is node.children[-1]:
                values.append(child)
            else:
                self.kind(child, scope)
        values = [value for value in values if not self._is_null(value)]
        return self._alike(values, [self.kind(value, scope) for value in values])

    def _is_null(self, node: Node) -> bool:
        return node.end == node.start + 1 and self._is(node, "NULL")

    def _call(self, node: Node, scope: Scope) -> Kind:
        inside = next((child for child in node.children if child.rule == "arguments"), None)
        arguments = [child for child in inside.children if child.rule == "argument"] if inside else []
        kinds = [self.kind(argument, scope) for argument in arguments]
        for child in node.children:
            if child is not inside:
                self.kind(child, scope)
        name = self._part[node.children[0].end - 1].upper
        if name in COMMON:
            given = [n for n, argument in enumerate(arguments) if not self._is_null(argument)]
            return self._alike([arguments[n] for n in given], [kinds[n] for n in given])
        first = kinds[0] if kinds else None
        if name in ("SUM", "AVG") and first:
            return _total(first)
        return first if name in _SAME else _COUNTS.get(name)

    def _query(self, node: Node, scope: Scope) -> Columns | None:
        """A query's columns; None if they are not known."""
        kept = dict(self._common)
        for child in node.children:
            if child.rule == "with":
                self._with(child, scope)
        body = next(child for child in node.children if child.rule == "query-body")
        terms = [term.children[0] for term in body.children]
        inner = [self._inner(term, scope) if term.rule == "select" else scope for term in terms]
        found = [
            self._select(term, own) if term.rule == "select" else self._query(term, own)
            for term, own in zip(terms, inner, strict=True)
        ]
        for child in node.children:
            if child.rule not in ("with", "query-body"):
                self.kind(child, replace(inner[0], aliases={}) if len(terms) == 1 else scope)
        if top := [each for term in terms for each in term.children if each.rule == "top"]:
            self._top(top[0], node, terms)
        self._common = kept
        return self._united(terms, found) if len(terms) > 1 else found[0]

    def _top(self, top: Node, query: Node, terms: Sequence[Node]) -> None:
        """SELECT TOP n: LIMIT n at the query's end."""
        rules = {child.rule for child in (*query.children, *terms[0].children)}
        if len(terms) > 1 or rules & {"limit", "offset", "qualify"}:
            raise Refused("emulator: TOP with UNION, LIMIT, OFFSET or QUALIFY: documented, but not imitated")
        word, number = self._part[top.start : top.end]
        self.edits.instead |= {word.start: " ", number.start: " "}
        self._wrap(query.start, query.end, "", f" LIMIT {number.text}")

    def _with(self, node: Node, scope: Scope) -> None:
        for child in node.children:
            name = self._part[child.start].value.lower()
            self._common[name] = None  # within itself, if it is recursive
            self._common[name] = self._renamed(self._query(child.children[-1], scope), child.children[0])

    def _renamed(self, columns: Columns | None, names: Node | None) -> Columns | None:
        """The columns, called as a list of names says, if there is one."""
        if names is None or names.rule != "columns" or columns is None:
            return columns
        return list(zip(self._names(names), (kind for _, kind in columns), strict=False))

    def _inner(self, node: Node, outer: Scope) -> Scope:
        """The scope of a statement's or a SELECT's own relations."""
        scope = Scope(outer=outer)
        for child in node.children:
            if child.rule == "with":
                self._with(child, outer)
            elif child.rule == "from-item":
                self._joined(child, scope)
            elif child.rule == "table":
                names, after = self._names(child), self._part[child.end : child.end + 2]
                words = [token.value.lower() for token in after if token.upper != "AS"]
                alias = words[0] if words and words[0] not in ("set", "using", "on", "where") else names[-1]
                scope.relations[alias] = self._tables.get(name_of(child, self._part))
        return scope

    def _joined(self, node: Node, scope: Scope) -> None:
        """The relations of a FROM clause's item."""
        for child in node.children:
            if child.rule == "join":
                self._joined(child, scope)
            elif child.rule == "from-primary":
                name, columns = self._relation(child.children[0], scope)
                scope.relations[name] = columns if len(child.children) == 1 else None

    def _relation(self, node: Node, scope: Scope) -> tuple[str, Columns | None]:
        """How a relation is called here, and its columns."""
        if node.rule == "derived-table":
            query, names = node.children[0], node.children[1] if len(node.children) > 1 else None
            last = self._part[(names.start if names else node.end) - 1]
            columns = self._renamed(self._query(query, scope), names)
            if last.text != ")":
                return last.value.lower(), columns
            self._wrap(node.start, node.end, "", f" AS rs_{node.start}")  # PostgreSQL wants an alias
            return f"?{node.start}", columns
        if node.rule != "named-table":
            return f"?{node.start}", None
        table = self._names(node.children[0])
        said = next((child for child in node.children if child.rule == "table-alias"), None)
        words = self._names(said) if said else []
        alias = next((word for word in words if word != "as"), table[-1])
        if len(table) == 1 and table[0] in self._common:
            return alias, self._common[table[0]]
        return alias, self._tables.get(name_of(node.children[0], self._part))

    def _select(self, node: Node, scope: Scope) -> Columns | None:
        columns: list[tuple[str, Kind]] = []
        is_known = True
        for child in _unseen(node):
            if child.rule == "group-by":
                self.kind(child, replace(scope, aliases={}))  # PostgreSQL knows them there
                continue
            kind = self.kind(child, scope)
            if child.rule != "select-item":
                continue
            if name := alias_of(child, self._part):
                scope.aliases[name] = (child.children[0], kind)
            elif child.children:
                self._unnamed.append(child)
            if child.children:
                columns.append((self._part[child.end - 1].value.lower(), kind))
                continue
            names = self._names(child)
            own = [columns for name, columns in scope.relations.items() if not names or names[-1] == name]
            is_known = is_known and bool(own) and None not in own
            columns += [column for each in own for column in each or ()]
        return columns if is_known else None

    def _united(self, terms: Sequence[Node], found: Sequence[Columns | None]) -> Columns | None:
        """The columns of UNION and its like: those in one place get one type."""
        items = [[child for child in term.children if child.rule == "select-item"] for term in terms]
        known = [columns for columns in found if columns is not None]
        if len(known) < len(found) or len({len(each) for each in (*items, *known)}) != 1:
            return None
        return [
            (name, self._alike([own[at].children[0] for own in items], [columns[at][1] for columns in known]))
            if all(own[at].children for own in items)
            else (name, None)
            for at, (name, _) in enumerate(known[0])
        ]


def _unseen(node: Node) -> Sequence[Node]:
    """What is within a node and not looked at with its relations: of FROM, the conditions after ON."""
    found: list[Node] = []
    for child in node.children:
        if child.rule in ("from-item", "join"):
            found += [each for each in _unseen(child) if each.rule != "from-primary"]
        elif child.rule != "with":
            found.append(child)
    return found


def _total(kind: Exact) -> Exact:
    """SUM and AVG (their pages): 38 digits, and the argument's scale; BIGINT of whole numbers.

    "SUM window function" says NUMERIC for the sum of BIGINTs over a window: that is not imitated.
    """
    return INT8 if kind.is_whole else Exact(MOST_DIGITS, kind.scale)
