"""The report, live: a small server that only reads, only answers to its own name, and writes nothing raw."""

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sparkify.ask.charts import NUMBERS, chart, spoken
from sparkify.ask.live import Asked, Live
from sparkify.ask.questions import find_question, list_questions
from sparkify.ask.report import LEVELS, as_script, asset, template
from sparkify.ask.wrong_values import with_values
from sparkify.engines.base import Result
from sparkify.errors import BusyError, ConfigError, RightsError, SparkifyError

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
MOST_ROWS = 10_000
"""Rows that a browser is sent."""
MOST_CELLS = 100_000
"""Rows of a download."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How text begins that a spreadsheet may run."""
STATIC = {"style.css": "text/css", "page.js": "text/javascript", "plotly.min.js": "text/javascript"}


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
        result = live.runs(MOST_ROWS)
        return _table(
            "Runs", "What each run did, the latest first.", result, link=("rejected", "/rejects?run={}")
        )

    def shown(request: Request, asked: Asked) -> tuple[Result, str]:
        """The rows that a page shows, and where the whole answer is if these are not all."""
        limit = asked.limit or 0
        found = live.answer(replace(asked, limit=limit + 1))
        if "limit" not in asked.question.takes or len(found.rows) <= limit:
            return found, ""
        rest = [(name, value) for name, value in request.query_params.items() if name != "limit"]
        whole = f"/ask/{asked.question.name}.csv{'?' if rest else ''}{urlencode(rest)}"
        return Result(found.columns, found.rows[:limit]), whole

    def rejects(request: Request) -> Response:
        asked = _asked(request, "rejects")
        title = "Rejects" if asked.run is None else f"Rejects of run {asked.run}"
        lead = "Records that could not be loaded, with their text as it stands in the file."
        result, whole = shown(request, asked)
        return _table(title, lead, with_values(result), asked=asked, query=request.url.query, whole=whole)

    def questions(_: Request) -> Response:
        rows: list[tuple[Any, ...]] = [(one.name, one.meaning) for one in list_questions()]
        return _table(
            "Questions", "Each is SQL in a file; open one to choose its values.",
            Result(("question", "meaning"), rows), link=("question", "/ask/{}"),
        )  # fmt: skip

    def question(request: Request) -> Response:
        asked = _asked(request, request.path_params["name"])
        result, whole = shown(request, asked)
        picture = chart(result)
        return _table(
            spoken(asked.question.name), asked.question.meaning, result, asked=asked, picture=picture,
            data=as_script({"answer": picture, "live": True}), query=request.url.query, whole=whole,
        )  # fmt: skip

    def download(request: Request) -> Response:
        asked = _asked(request, request.path_params["name"], MOST_CELLS)
        if not request.query_params.get("limit"):
            asked = replace(asked, limit=MOST_CELLS + 1)
        found = live.answer(asked)
        if len(found.rows) > MOST_CELLS:
            raise ConfigError(
                f"the answer has more than {MOST_CELLS:,} rows. Choose a number of rows, or use "
                f"`sparkify ask {asked.question.name} --limit 0 --format csv`."
            )
        disposition = {"Content-Disposition": f'attachment; filename="{asked.question.name}.csv"'}
        return Response(as_csv(found), media_type="text/csv", headers=HEADERS | disposition)

    def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC:
            raise HTTPException(404)
        return Response(
            asset(name), media_type=STATIC[name], headers=HEADERS | {"Cache-Control": "max-age=300"}
        )

    return Starlette(
        routes=[
            Route("/", report), Route("/newest", newest), Route("/healthz", newest),
            Route("/runs", runs), Route("/rejects", rejects),
            Route("/ask", questions), Route("/ask/{name}.csv", download), Route("/ask/{name}", question),
            Route("/static/{name}", static),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)],
        exception_handlers={SparkifyError: _failed, HTTPException: _absent},
    )  # fmt: skip


def as_csv(result: Result) -> str:
    """An answer as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)  # its line ends are those of RFC 4180; with others it quotes no carriage return
    writer.writerow(result.columns)
    writer.writerows(map(_harmless, row) for row in result.rows)
    return out.getvalue()


def _harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"): it begins with a quote then.

    What people download here they open in one. `sparkify --format csv` is for programs: it changes nothing.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _asked(request: Request, name: str, most: int = MOST_ROWS) -> Asked:
    found = find_question(name)
    limit = _number(request, "limit")
    values: dict[str, Any] = {"limit": 100 if limit is None else min(limit or most, most)}
    if "since" in found.takes:
        first, last = _day(request, "from"), _day(request, "to")
        if first and last and first > last:
            raise ConfigError(f"from {first} is later than to {last}: there is no such day.")
        values |= {"first": first, "last": last}
    if "level" in found.takes:
        values["level"] = _level(request)
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


def _level(request: Request) -> str | None:
    level = request.query_params.get("level") or None
    if level not in LEVELS.values():
        raise ConfigError(f"level {level!r} is not paid or free.")
    return level


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


_FAILURES: dict[type[SparkifyError], tuple[int, str]] = {
    BusyError: (503, "One moment"),
    ConfigError: (400, "Invalid request"),
    RightsError: (403, "Only the owner of the warehouse sees this"),
    SparkifyError: (500, "Request failed"),
}


def _failed(_: Request, error: Exception) -> Response:
    """An error that the user can fix, in one line; a warehouse that is held is tried again."""
    status, title = next(told for kind, told in _FAILURES.items() if isinstance(error, kind))
    return _table(title, str(error), Result((), []), status, retry=status == 503)


def _absent(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _table("There is no such page", "The pages are named above.", Result((), []), status)
