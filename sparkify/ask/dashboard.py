"""The page, live: a small server that only reads, only answers to its own name, and writes nothing raw."""

import csv
import datetime as dt
import decimal
import io
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sparkify.ask.live import Asked, Live
from sparkify.ask.questions import find_question, list_questions
from sparkify.ask.report import as_script, asset, template
from sparkify.engines.base import Result
from sparkify.errors import BusyError, ConfigError, SparkifyError

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
STATIC = {"style.css": "text/css", "page.js": "text/javascript", "plotly.min.js": "text/javascript"}
NUMBERS = (int, float, decimal.Decimal)
BARS = 25
"""Rows that a chart of an answer shows."""


def make_app(live: Live, hosts: Sequence[str]) -> Starlette:
    """The server; `hosts` are the names it may be called by, so that no other site can read it.

    A page of another site could point its own name at this address (DNS rebinding) and ask in our place.
    """

    def report(_: Request) -> Response:
        page = live.page()
        return _html("report.html.j2", page=page, data=as_script(page | {"live": True}), live=True)

    def newest(_: Request) -> Response:
        return JSONResponse({"run": live.newest()}, headers=HEADERS)

    def runs(_: Request) -> Response:
        result = live.answer(Asked(find_question("runs"), None))
        return _table(
            "Runs", "What each run did, the latest first.", result, link=("rejected", "/rejects?run={}")
        )

    def rejects(request: Request) -> Response:
        asked = _asked(request, "rejects")
        title = "Rejects" if asked.run is None else f"Rejects of run {asked.run}"
        lead = "Records that could not be loaded, with their text as it stands in the file."
        return _table(title, lead, live.answer(asked), asked=asked, query=request.url.query)

    def questions(_: Request) -> Response:
        rows: list[tuple[Any, ...]] = [(one.name, one.meaning) for one in list_questions()]
        return _table(
            "Questions", "Each is SQL in a file; open one to choose its values.",
            Result(("question", "meaning"), rows), link=("question", "/ask/{}"),
        )  # fmt: skip

    def question(request: Request) -> Response:
        asked = _asked(request, request.path_params["name"])
        result = live.answer(asked)
        picture = chart(result)
        return _table(
            _words(asked.question.name), asked.question.meaning, result, asked=asked, picture=picture,
            data=as_script({"answer": picture, "live": True}), query=request.url.query,
        )  # fmt: skip

    def download(request: Request) -> Response:
        asked = _asked(request, request.path_params["name"])
        disposition = {"Content-Disposition": f'attachment; filename="{asked.question.name}.csv"'}
        return Response(as_csv(live.answer(asked)), media_type="text/csv", headers=HEADERS | disposition)

    def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC:
            raise HTTPException(404)
        return Response(
            asset(name), media_type=STATIC[name], headers=HEADERS | {"Cache-Control": "max-age=300"}
        )

    return Starlette(
        routes=[
            Route("/", report), Route("/newest", newest), Route("/runs", runs), Route("/rejects", rejects),
            Route("/ask", questions), Route("/ask/{name}.csv", download), Route("/ask/{name}", question),
            Route("/static/{name}", static),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)],
        exception_handlers={SparkifyError: _failed, HTTPException: _absent},
    )  # fmt: skip


def as_csv(result: Result) -> str:
    """An answer as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows(result.rows)
    return out.getvalue()


def chart(result: Result) -> dict[str, Any] | None:
    """A picture of any answer: its first count, by day or by what stands before it; None if it has none."""
    kinds = [_kind(column, [row[n] for row in result.rows]) for n, column in enumerate(result.columns)]
    if "number" not in kinds or not result.rows:
        return None
    n = kinds.index("number")
    what = _words(result.columns[n])
    if kinds[0] == "day" and len({row[0] for row in result.rows}) == len(result.rows):
        return {
            "kind": "series",
            "title": f"{what} by {result.columns[0].replace('_', ' ')}",
            "note": "",
            "unit": what.lower(),
            "x": [str(row[0]) for row in result.rows],
            "y": [float(row[n] or 0) for row in result.rows],
        }
    shown = result.rows[:BARS]
    words = [["unknown" if value is None else str(value) for value in row[: max(n, 1)]] for row in shown]
    more = len(result.rows) - BARS
    return {
        "kind": "bars",
        "title": what,
        "note": f"The first {BARS} of {len(result.rows):,} rows." if more > 0 else "",
        "rows": [
            [name, " · ".join(rest), float(row[n] or 0), ""]
            for (name, *rest), row in zip(words, shown, strict=True)
        ],
    }


def _words(name: str) -> str:
    """A name as a title says it.

    >>> _words("most_played_songs")
    'Most played songs'
    """
    return name.replace("_", " ").capitalize()


CODES = ("weekday", "hour", "record", "band", "weeks_later")
"""Numbers that count nothing, beside those that end in _id."""


def _kind(column: str, values: Iterable[Any]) -> str:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, dt.date) for value in known):
        return "day"
    named = column.endswith("_id") or column in CODES
    return "number" if known and not named and all(isinstance(v, NUMBERS) for v in known) else "text"


def _asked(request: Request, name: str) -> Asked:
    found = find_question(name)
    limit = _number(request, "limit")
    values: dict[str, Any] = {"limit": 100 if limit is None else limit or None}
    if "since" in found.takes:
        values |= {"first": _day(request, "from"), "last": _day(request, "to")}
    if "level" in found.takes:
        values["level"] = request.query_params.get("level") or None
    if "run" in found.takes:
        values["run"] = _number(request, "run")
    return Asked(found, **values)


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ConfigError(f"{name} {text!r} is not a number.")
    return int(text)


def _day(request: Request, name: str) -> dt.date | None:
    text = request.query_params.get(name)
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"{name} {text!r} is not a day like 2018-11-30.") from None


def _table(title: str, lead: str, result: Result, status: int = 200, **more: Any) -> Response:
    countable = (*NUMBERS, type(None))
    numbers = {
        n for n in range(len(result.columns)) if all(isinstance(row[n], countable) for row in result.rows)
    }
    return _html("table.html.j2", status, title=title, lead=lead, result=result, numbers=numbers, **more)


def _html(name: str, status: int = 200, **values: Any) -> Response:
    return HTMLResponse(template(name).render(**values), status, headers=HEADERS)


def _failed(_: Request, error: Exception) -> Response:
    """An error that somebody can mend, in one line; a warehouse that is held is tried again."""
    title = "One moment" if isinstance(error, BusyError) else "That did not work"
    status = 503 if isinstance(error, BusyError) else 400 if isinstance(error, ConfigError) else 500
    return _table(title, str(error), Result((), []), status, retry=status == 503)


def _absent(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _table("There is no such page", "The pages are named above.", Result((), []), status)
