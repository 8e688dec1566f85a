"""The warehouse for language models: its questions, tables and origins, over the Model Context Protocol."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal

import click

from sparkify import __version__
from sparkify.cli.options import config_options, timeout_option
from sparkify.cli.output import plain
from sparkify.cli.report import names_option, open_live
from sparkify.config import Config
from sparkify.engines.base import Result
from sparkify.errors import ConfigError, SparkifyError
from sparkify.formatting import distinct
from sparkify.sql import schema

if TYPE_CHECKING:
    from mcp.server.mcpserver.tools import Tool

    from sparkify.ask.live import Live

MOST = 1000
"""Rows of an answer, at most: a model reads each of them."""
INSTRUCTIONS = """A data warehouse of a music-streaming service: a star schema of plays (songplay, users,
songs, artists, time), built from the service's logs and checked in each run. Begin with list_questions: each
has one definition, which everybody's numbers follow. `ask` answers it for any days; those about plays alone
also for one artist, title, listener, place or state. Moments are UTC, and days too unless a timezone is
given. It only reads."""

Row = dict[str, Any]


@click.command()
@config_options
@timeout_option
@names_option
@click.option(
    "--sql", "takes_sql", is_flag=True, help="Offer `query`: it sees what `sparkify query` sees, names too."
)
def mcp(config: Config, names: bool, takes_sql: bool) -> None:
    """Serve the warehouse to a language model, by the Model Context Protocol on stdin and stdout.

    It only reads. With --names it also offers the rejects, whose text may name a listener.
    """
    from mcp.server import MCPServer

    live = open_live(config, names=names, sql_rows=MOST + 1 if takes_sql else 0)
    server: MCPServer = MCPServer(
        "sparkify",
        instructions=INSTRUCTIONS,
        version=__version__,
        tools=make_tools(live, config),
        log_level="WARNING",
    )
    server.run("stdio")


def make_tools(live: "Live", config: Config) -> "list[Tool]":
    """What may be asked of a warehouse."""
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.mcpserver.tools import Tool
    from mcp.types import ToolAnnotations

    from sparkify.ask import questions
    from sparkify.ask.filters import Filters
    from sparkify.ask.live import Asked

    own = config.ask.questions
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    tools: list[Tool] = []

    def tool(function: Callable[..., Any]) -> None:
        @wraps(function)
        def call(**arguments: Any) -> Any:
            try:
                return function(**arguments)
            except SparkifyError as error:
                raise ToolError(str(error)) from error

        made = Tool.from_function(call, annotations=reads)
        arguments = made.fn_metadata.arg_model  # an argument that it does not know would be passed over
        arguments.model_config["extra"] = "forbid"
        arguments.model_rebuild(force=True)
        made.parameters["additionalProperties"] = False
        tools.append(made)

    @tool
    def list_questions(topic: str | None = None) -> list[Row]:
        """The questions that can be asked, each with its definition, its topic and the values it takes."""
        return [
            {
                "question": one.name, "meaning": one.meaning, "topic": one.topic, "takes": sorted(one.takes),
                "filters": sorted(one.filters),
            }
            for one in questions.list_questions(own)
            if topic in (None, one.topic) and (live.shows_names or not one.is_private) and live.shows(one)
        ]  # fmt: skip

    @tool
    def ask(
        question: str,
        limit: int = 100,
        first: dt.date | None = None,
        last: dt.date | None = None,
        level: Literal["free", "paid"] | None = None,
        title: str | None = None,
        artist: str | None = None,
        listener: int | None = None,
        place: str | None = None,
        state: str | None = None,
        timezone: str | None = None,
        params: dict[str, str] | None = None,
    ) -> Row:
        """Answer a question by its name.

        first and last are days, both included. title, artist, listener (a user_id), place and state choose
        plays; timezone, such as Europe/Berlin, is the time zone of days and hours, otherwise UTC. A
        question lists the filters that it takes. params are the values of the user's own questions.
        """
        questions.require_days(first, last)
        found = questions.find_question(question, own)
        if found.is_private and not live.shows_names:
            raise ConfigError(f"{question} shows records as they came, which `sparkify mcp --names` offers.")
        most = min(max(limit, 1), MOST)
        filters = Filters(title, artist, listener, place, state, timezone)
        given = tuple((params or {}).items())
        result = live.answer(Asked(found, most + 1, first, last, level, filters=filters, params=given))
        return {"meaning": found.told(filters), **_rows(result, most)}

    @tool
    def describe_tables() -> list[Row]:
        """The tables and views that a query can read, with the meaning and the type of each column."""
        tables: list[Row] = [
            {
                "name": one.name, "meaning": one.meaning,
                "columns": [{"name": c.name, "type": c.type, "meaning": c.meaning} for c in one.columns],
            }
            for one in map(schema.table, schema.STAR)
        ]  # fmt: skip
        for name in schema.VIEWS:
            meaning, columns = schema.view(name)
            named = [{"name": column, "meaning": said} for column, said in columns]
            tables.append({"name": name, "meaning": meaning, "columns": named})
        return tables

    @tool
    def find(text: str) -> Row:
        """Artists, songs, listeners, places and states with this text in their name, most played first."""
        return {one.kind: _rows(one.result, MOST) | {"found": one.number} for one in live.find(text)}

    @tool
    def explain_play(songplay_id: int) -> Row:
        """Where a play came from: run, file, line and values of its record, and why it matched its song."""
        shown: Row = plain(asdict(live.explain(songplay_id)))
        return shown

    @tool
    def list_runs(limit: int = 20) -> Row:
        """The runs of the warehouse, the latest first, with what each read, loaded and rejected."""
        most = min(max(limit, 1), MOST)
        return _rows(live.runs(most + 1), most)

    if live.takes_sql:

        @tool
        def query(sql: str) -> Row:
            """Run one SELECT, in the dialect of the engine. It reads the warehouse and nothing else."""
            return _rows(live.sql(sql), MOST)

    return tools


def _rows(result: Result, most: int) -> Row:
    """Rows by the names of their columns, and whether there are more."""
    columns = distinct(result.columns)
    rows = [dict(zip(columns, map(plain, row), strict=True)) for row in result.rows[:most]]
    return {"rows": rows, "is_cut": len(result.rows) > most}
