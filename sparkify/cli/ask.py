"""Answers, seen from the command line: ask, query."""

import datetime as dt
import re
import sys
from typing import Any, BinaryIO

import click

from sparkify.cli.options import AT_MOST, config_options, day_options, filter_options, timeout_option
from sparkify.cli.output import echo_err, format_option, print_result, print_some
from sparkify.config import Config
from sparkify.connection import opened, require_readable
from sparkify.engines.registry import Rights, engine_of
from sparkify.errors import ConfigError
from sparkify.sql_cache import unkept

MOST = 1_000_000
"""Rows of a query; whoever wants more asks for them."""


@click.command()
@click.argument("question", required=False)
@config_options
@click.option("--limit", type=AT_MOST, help="Maximum rows (0 = no limit). Default: 10.")
@day_options
@click.option(
    "--level", type=click.Choice(["free", "paid"]), help="Only plays of free, or of paid listeners."
)
@filter_options
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value for :NAME in a question of your own.",
)
@format_option
@click.option(
    "--sql", "show_sql", is_flag=True, help="Print the SQL that would run, ready for `sparkify query`."
)
def ask(
    question: str | None,
    config: Config,
    limit: int | None,
    first: dt.date | None,
    last: dt.date | None,
    level: str | None,
    filters: dict[str, Any],
    params: tuple[str, ...],
    style: str | None,
    show_sql: bool,
) -> None:
    """Answer a question; without a name, list them all."""
    from sparkify.ask.filters import Filters
    from sparkify.ask.questions import find_question, list_questions, values_of
    from sparkify.ask.unmatched import unmatched_filters
    from sparkify.ask.wrong_values import with_values
    from sparkify.engines.base import Result

    if question is None:
        rows = [(one.topic, one.name, one.title) for one in list_questions(config.ask.questions)]
        print_result(Result(("topic", "question", "what it asks"), rows), style)
        return
    found = find_question(question, config.ask.questions)
    for name, value, flag in (
        ("limit", limit, "--limit"),
        ("since", first, "--from"),
        ("until", last, "--to"),
        ("level", level, "--level"),
    ):
        if value is not None and name not in found.takes:
            raise ConfigError(f"{question} takes no {flag}: it is always answered whole.")
    most = 10 if limit is None else limit
    chosen, given = Filters(**filters), _params(params)
    text = found.filtered(chosen)
    if show_sql:
        values = values_of(found, most or None, first, last, level, filters=chosen, params=given)
        with unkept():  # the values are in it
            click.echo(engine_of(config).translate(text, values))
        return
    values = values_of(found, most + 1 if most else None, first, last, level, filters=chosen, params=given)
    rights: Rights = "login" if found.is_private else "reader"
    with opened(config, rights=rights, locked_down=True) as engine, found.asked():
        require_readable(engine, config)
        result = engine.query(text, values)
        for line in unmatched_filters(engine, chosen):
            echo_err(f"note: {line}")
    for name in found.params:
        if name not in given and name not in chosen.values:
            echo_err(
                f"note: {name} has no value, and is NULL in this question: --param {name}=VALUE gives it one."
            )
    if found.name == "rejects":
        result = with_values(result)
    print_some(result, most if "limit" in found.takes else 0, style, chosen=limit is not None)


def _params(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise click.UsageError(f"--param {wrong[0]}: give it as NAME=VALUE.")
    return {name: value for name, _, value in pairs}


# What begins with two dashes may be a comment.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("sql", default="")
@config_options
@click.option(
    "--file", "listed", type=click.File("rb"), help="Read it from this file; `query -` reads stdin."
)
@timeout_option
@click.option(
    "--limit", type=AT_MOST, default=MOST, show_default=True, help="Maximum rows, on DuckDB (0 = no limit)."
)
@click.option("--as-login", is_flag=True, help="On a cluster: see all that your login may see.")
@format_option
def query(
    sql: str, config: Config, listed: BinaryIO | None, limit: int, as_login: bool, style: str | None
) -> None:
    """Run SQL of your own, in the engine's dialect. It can read the warehouse and nothing else.

    On a cluster it sees what readers see, the star and the views, unless --as-login is given: that reads
    whatever your login may read, staging and rejected text too.
    """
    if sql == "-":
        sql, listed = "", sys.stdin.buffer
    if listed and sql:
        raise click.UsageError("give a statement or --file FILE, not both.")
    if listed:
        try:
            sql = listed.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{listed.name} is no text in UTF-8. Nothing was asked.") from error
    if re.fullmatch(r"(\s|;|--[^\n]*|/\*.*?\*/)*", sql, re.DOTALL):
        raise ConfigError('there is no statement: give one, such as "SELECT COUNT(*) FROM songplay".')

    rights: Rights = "login" if as_login else "reader"
    with opened(config, rights=rights, locked_down=True, rows=limit + 1 if limit else 0) as engine:
        require_readable(engine, config)
        result = engine.native(sql)
    print_some(result, limit if engine_of(config).has_limits else 0, style)


@click.command()
@click.argument("text")
@config_options
@format_option
def find(text: str, config: Config, style: str | None) -> None:
    """Find artists, songs, listeners, places and states by part of a name, whatever its case or accents."""
    from sparkify.ask.find import find as search
    from sparkify.engines.base import Result

    with opened(config, rights="reader") as engine:
        require_readable(engine, config)
        found = {one.kind: one for one in search(engine, text, names=True)}
    rows: list[tuple[Any, ...]] = []
    for kind, one in found.items():
        for row in one.result.rows:
            user, *names = row[:-1]
            of = (" ".join(filter(None, names)), f"listener {user}") if kind == "listeners" else row[:-1]
            rows.append((kind.removesuffix("s"), of[0], of[1] if of[1:] else None, row[-1]))
        if one.number > len(one.result.rows):
            echo_err(f"note: there are {one.number:,} {kind}; these {len(one.result.rows)} are played most.")
    print_some(Result(("kind", "name", "of", "plays"), rows), 0, style, none="nothing")
