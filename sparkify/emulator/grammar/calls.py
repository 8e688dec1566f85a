"""A call, held against the forms in which its function is documented."""

from collections.abc import Sequence

from sparkify.emulator.grammar.functions import Form, catalogue
from sparkify.emulator.grammar.kinds import SAID, Kind, kind_of
from sparkify.emulator.grammar.matcher import Node
from sparkify.emulator.grammar.vocabulary import date_parts
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused

_OVER = {"over-frame", "over-rank", "over-order", "over-partition"}
USER_DEFINED = "F_"
"""How the names of user-defined functions begin, and no others do (udf-naming-udfs)."""


def check_call(node: Node, part: Sequence[Token]) -> None:
    """Raise Refused unless the function is documented, with these arguments and what stands around them."""
    name = node.children[0]
    function = part[name.end - 1].value.upper()
    if function.startswith(USER_DEFINED):
        return
    parts = {child.rule: child for child in node.children}
    arguments = parts.get("arguments")
    given = [child for child in arguments.children if child.rule == "argument"] if arguments else []
    forms = catalogue().get(function, ())
    if part[name.start].value.lower() not in (function.lower(), "pg_catalog"):
        forms = ()  # a function of a schema of the user's
    fitting = [form for form in forms if _fits(form, arguments, given, part)]
    if not fitting:
        raise Refused(_no_such_function(function, given, part), "42883")
    form = fitting[0]
    _check_around(form, parts, part)


def _fits(form: Form, arguments: Node | None, given: Sequence[Node], part: Sequence[Token]) -> bool:
    if arguments is not None and part[arguments.start].text == "*" and not given:
        return "star" in form.flags
    if arguments is not None and part[arguments.start].upper == "DISTINCT" and "distinct" not in form.flags:
        return False
    kinds = [
        "datepart" if _is_date_part(form, n, node, part) else kind_of(node, part)
        for n, node in enumerate(given)
    ]
    return form.takes(kinds)


def _is_date_part(form: Form, n: int, node: Node, part: Sequence[Token]) -> bool:
    """Whether an argument is a date part where one must stand. Raises Refused if it is none."""
    if n >= len(form.arguments) or form.arguments[n].kinds != ("datepart",):
        return False
    token = part[node.start]
    read_only = date_parts("date parts to read only")
    known = date_parts() | (read_only if form.name == "DATE_PART" else frozenset())
    if node.end != node.start + 1 or token.value.lower() not in known:
        text = " ".join(t.text for t in part[node.start : node.end])
        raise Refused(f"timestamp units {text} not recognized by {form.name.lower()}", "22023")
    return True


def _no_such_function(function: str, given: Sequence[Node], part: Sequence[Token]) -> str:
    kinds: list[Kind] = [kind_of(node, part) for node in given]
    said = ", ".join(SAID.get(kind) or str(kind) for kind in kinds)
    return f"function {function.lower()}({said}) does not exist"


def _check_around(form: Form, parts: dict[str, Node], part: Sequence[Token]) -> None:
    """WITHIN GROUP, IGNORE NULLS, and OVER with its order and its frame (c_Window_functions)."""
    name = form.name.lower()
    over = parts.get("over")
    if "within-group" in parts and not {"within", "within?"} & form.flags:
        raise Refused(f"WITHIN GROUP is not supported with {name}", "42601")
    if "within" in form.flags and "within-group" not in parts:
        raise Refused(f"WITHIN GROUP is required with {name}", "42601")
    inside = [child.rule for child in parts["arguments"].children] if "arguments" in parts else []
    if ("null-treatment" in parts or "null-treatment" in inside) and "nulls" not in form.flags:
        raise Refused(f"IGNORE NULLS and RESPECT NULLS are not supported with {name}", "42601")
    if over is None:
        if "window" in form.flags:
            raise Refused(f"window function {name} requires an OVER clause", "42P20")
        return
    if not _OVER & form.flags:
        raise Refused(f"function {name} is no window function: OVER is not supported")
    if "arguments" in parts and part[parts["arguments"].start].upper == "DISTINCT" and name != "listagg":
        raise Refused(f"DISTINCT is not supported in the window function {name}")
    clauses = [child.rule for child in over.children]
    if "over-frame" in form.flags and "window-order" in clauses and "frame" not in clauses:
        raise Refused("Aggregate window functions with an ORDER BY clause require a frame clause", "42601")
    if "over-frame" not in form.flags and "frame" in clauses:
        raise Refused(f"a frame clause is not supported with the window function {name}", "42601")
    if "over-order" in form.flags and "window-order" not in clauses:
        raise Refused(f"window function {name} requires ORDER BY in its OVER clause", "42P20")
    if "over-partition" in form.flags and "window-order" in clauses:
        raise Refused(f"ORDER BY is not supported in the OVER clause of {name}", "42601")
