"""The report, live: a small server that only reads, only answers to its own name, and writes nothing raw."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sparkify.ask.address import MOST_ROWS, NUMBER, address, chips, links, read_asked, read_selection
from sparkify.ask.charts import NUMBERS, chart, spoken
from sparkify.ask.explain import compare
from sparkify.ask.live import Asked, Live
from sparkify.ask.overview import ALL_PLAYS
from sparkify.ask.questions import list_questions
from sparkify.ask.report import as_script, asset, template
from sparkify.ask.wrong_values import with_values
from sparkify.engines.base import Result
from sparkify.errors import BusyError, ConfigError, QueryError, RightsError, SparkifyError

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
MOST_CELLS = 100_000
"""Rows of a download."""
SQL_LEAD = (
    "It reads the warehouse, staging and names too, in the database's own dialect, within the limits of "
    "`sparkify query`."
)
MOST_SQL_ROWS = 1_000
"""Rows of SQL of one's own that a browser is sent."""
OWN = ("none", "same-origin")
"""Sites that may ask: what somebody typed or opened, and the dashboard itself."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How text begins that a spreadsheet may run."""
NOTHING = Result((), [])
TAKEN = {"level": "level", "since": "from", "until": "to"}
"""What a question takes, by its name in an address."""
STATIC = {"style.css": "text/css"} | dict.fromkeys(
    ("page.js", "table.js", "zones.js", "plotly.min.js"), "text/javascript"
)


def make_app(live: Live, hosts: Sequence[str], questions: str = "") -> Starlette:
    """The server; `hosts` are the names it may be called by, so that no other site can read it.

    `questions` is a folder of questions of somebody's own.

    A page of another site could point its own name at this address (DNS rebinding) and ask in our place.
    """
    pages = _Pages(live)
    app = Starlette(
        routes=[
            Route("/", pages.report), Route("/newest", pages.newest), Route("/healthz", pages.newest),
            Route("/runs", pages.runs), Route("/rejects", pages.rejects), Route("/sql", pages.sql),
            Route("/ask", pages.questions), Route("/ask/{name}.csv", pages.download),
            Route("/ask/{name}", pages.question), Route("/plays/{songplay_id}", pages.play),
            Route("/find", pages.find),
            Route("/static/{name}", static),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(_OwnPages),
        ],
        exception_handlers={SparkifyError: _failed, HTTPException: _absent},
    )  # fmt: skip
    app.state.takes_sql, app.state.questions = live.takes_sql, questions
    return app


class _Pages:
    """The pages of one warehouse."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def report(self, request: Request) -> Response:
        selection = read_selection(request)
        page = self._live.page() if selection == ALL_PLAYS else self._live.part(selection)
        data = as_script(page | {"live": True})
        return _html(request, "report.html.j2", page=page, data=data, live=True, chips=chips(selection))

    def newest(self, _: Request) -> Response:
        return JSONResponse({"run": self._live.newest()}, headers=HEADERS)

    def runs(self, request: Request) -> Response:
        result = _with_any_value(self._live.runs(MOST_ROWS))
        lead = "What each run did, the latest first."
        return _table(request, "Runs", lead, result, link=("rejected", "/rejects?run={}"))

    def rejects(self, request: Request) -> Response:
        asked = read_asked(request, "rejects")
        title = "Rejects" if asked.run is None else f"Rejects of run {asked.run}"
        lead = "Records that could not be loaded, with their text as it stands in the file."
        if not self._live.shows_names:
            lead = (
                "Records that could not be loaded. Their text may name a listener: `sparkify dashboard "
                "--names` and `sparkify rejects` show it."
            )
        result, whole = self._shown(request, asked)
        return _table(
            request, title, lead, with_values(result), asked=asked, query=request.url.query, whole=whole
        )

    def questions(self, request: Request) -> Response:
        own = request.app.state.questions
        rows: list[tuple[Any, ...]] = [(one.name, one.title, one.topic) for one in list_questions(own)]
        found = Result(("question", "what_it_asks", "topic"), rows)
        lead = "Open one for its definition, to choose its values, and to see its SQL."
        return _table(request, "Questions", lead, found, link=("question", "/ask/{}"))

    def question(self, request: Request) -> Response:
        asked = read_asked(request, request.path_params["name"])
        result, whole = self._shown(request, asked)
        title, lead = spoken(asked.question.name), asked.question.told(asked.filters)
        more = _picture(result, asked.filters.clock)
        ignored = _ignored(request, asked)
        taken = {name: value for name, value in request.query_params.items() if name not in ignored}
        more |= {"asked": asked, "query": urlencode(taken), "whole": whole, "ignored": ignored}
        more["unmatched"] = [] if result.rows else self._live.unmatched_filters(asked.filters)
        return _table(request, title, lead, result, **more)

    def play(self, request: Request) -> Response:
        text = request.path_params["songplay_id"]
        if not re.fullmatch(NUMBER, text):
            raise HTTPException(404, f"{text!r} is no id of a play.")
        try:
            found = self._live.explain(int(text))
        except ConfigError as error:
            raise HTTPException(404, str(error)) from error
        return _html(request, "play.html.j2", found=found, values=compare(found))

    def find(self, request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        groups = [(one, _cells(one.result, {})) for one in self._live.find(text)]
        return _html(request, "find.html.j2", text=text, groups=groups, names=self._live.shows_names)

    def sql(self, request: Request) -> Response:
        if not self._live.takes_sql:
            raise HTTPException(404, "There is no box for SQL: `sparkify dashboard --sql` offers one.")
        text = request.query_params.get("q", "").strip()
        # Another site may not make a browser run what somebody else wrote.
        if not text or request.headers.get("Sec-Fetch-Site", "none") not in OWN:
            return _table(request, "SQL", SQL_LEAD, NOTHING, sql=text)
        try:
            found = self._live.sql(text)
        except QueryError as error:
            return _table(request, "SQL", SQL_LEAD, NOTHING, 400, sql=text, failed=str(error))
        shown = Result(found.columns, found.rows[:MOST_SQL_ROWS])
        picture = _picture(shown) if len(shown.columns) <= 3 else {}
        more = picture | {"sql": text, "is_cut": len(found.rows) > MOST_SQL_ROWS}
        return _table(request, "SQL", SQL_LEAD, shown, **more)

    def download(self, request: Request) -> Response:
        asked = read_asked(request, request.path_params["name"], MOST_CELLS)
        if ignored := _ignored(request, asked):
            raise ConfigError(f"{asked.question.name} takes no {ignored[0]}: it would be answered without.")
        if not request.query_params.get("limit"):
            asked = replace(asked, limit=MOST_CELLS + 1)
        found = self._live.answer(asked)
        if len(found.rows) > MOST_CELLS:
            raise ConfigError(
                f"the answer has more than {MOST_CELLS:,} rows. Choose a number of rows, or use "
                f"`sparkify ask {asked.question.name} --limit 0 --format csv`."
            )
        disposition = {"Content-Disposition": f'attachment; filename="{asked.question.name}.csv"'}
        return Response(as_csv(found), media_type="text/csv", headers=HEADERS | disposition)

    def _shown(self, request: Request, asked: Asked) -> tuple[Result, str]:
        """The rows that a page shows, and where the whole answer is if these are not all."""
        limit = asked.limit or 0
        found = self._live.answer(replace(asked, limit=limit + 1))
        if "limit" not in asked.question.takes or len(found.rows) <= limit:
            return found, ""
        rest = {name: value for name, value in request.query_params.items() if name != "limit"}
        return Result(found.columns, found.rows[:limit]), address(f"/ask/{asked.question.name}.csv", rest)


class _OwnPages:
    """Refuses what a page of another site asks for behind its reader's back: an image, a script, a frame.

    Its answer could not be read there, but it would be computed. A link that somebody follows is answered. A
    browser says which it is (W3C, "Fetch Metadata Request Headers"); what says nothing is no browser.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else {}
        is_own = headers.get("sec-fetch-site", "none") in OWN
        if is_own or headers.get("sec-fetch-dest") == "document":
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("only pages of this dashboard may ask for this", 403)(
                scope, receive, send
            )


def static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404)
    return Response(asset(name), media_type=STATIC[name], headers=HEADERS | {"Cache-Control": "max-age=300"})


def as_csv(result: Result) -> str:
    """An answer as CSV."""
    out = io.StringIO()
    # Its line ends are those of RFC 4180; with others it quotes no carriage return. Text is quoted: where
    # semicolons separate cells, a text that has one would be two.
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(map(_harmless, result.columns))
    writer.writerows(map(_harmless, row) for row in result.rows)
    return out.getvalue()


def _harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"): it begins with a quote then.

    What people download here they open in one. `sparkify --format csv` is for programs: it changes nothing.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _ignored(request: Request, asked: Asked) -> list[str]:
    """What an address gives and the question does not take."""
    given = read_selection(request).filters.values.keys() - asked.filters.values.keys()
    given |= {name for name in TAKEN.values() if request.query_params.get(name)}
    taken = {*asked.question.params, *(TAKEN[name] for name in asked.question.takes if name in TAKEN)}
    return sorted(given - taken)


def _with_any_value(result: Result) -> Result:
    """Without the columns in which no row has one."""
    kept = [at for at in range(len(result.columns)) if any(row[at] is not None for row in result.rows)]
    return Result(
        tuple(result.columns[at] for at in kept), [tuple(row[at] for at in kept) for row in result.rows]
    )


def _picture(result: Result, clock: str = "UTC") -> dict[str, Any]:
    """The picture of an answer, if there is one."""
    picture = chart(result, clock)
    return {"picture": picture, "data": as_script({"answer": picture, "live": True, "clock": clock})}


def _table(
    request: Request, title: str, lead: str, result: Result, status: int = 200, **more: Any
) -> Response:
    return _html(
        request, "table.html.j2", status, title=title, lead=lead, **_cells(result, _chosen(request)), **more
    )


def _chosen(request: Request) -> Mapping[str, object]:
    try:
        return read_selection(request).values
    except ConfigError:  # which this page says
        return {}


def _cells(result: Result, chosen: Mapping[str, object]) -> dict[str, Any]:
    """What the table of an answer is drawn from."""
    countable = (*NUMBERS, type(None))
    numbers = {
        n for n in range(len(result.columns)) if all(isinstance(row[n], countable) for row in result.rows)
    }
    return {"result": result, "numbers": numbers, "links": links(result, chosen)}


def _html(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    html = template(name).render(values | {"takes_sql": request.app.state.takes_sql})
    return HTMLResponse(html, status, headers=HEADERS)


_FAILURES: dict[type[SparkifyError], tuple[int, str]] = {
    BusyError: (503, "One moment"),
    ConfigError: (400, "Invalid request"),
    RightsError: (403, "Only the owner of the warehouse sees this"),
    SparkifyError: (500, "Request failed"),
}


def _failed(request: Request, error: Exception) -> Response:
    """An error that the user can fix, in one line; a warehouse that is held is tried again."""
    status, title = next(told for kind, told in _FAILURES.items() if isinstance(error, kind))
    return _table(request, title, str(error), NOTHING, status, retry=status == 503)


def _absent(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    is_ours = error.detail != HTTPStatus(error.status_code).phrase
    lead = error.detail if is_ours else "The pages are named above."
    return _table(request, "There is no such page", lead, NOTHING, error.status_code)
