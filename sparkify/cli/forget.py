"""Listeners, forgotten, seen from the command line."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, BinaryIO

import click

from sparkify.cli.options import ANY_ID, config_options, confirm, interruptible
from sparkify.cli.output import lines, print_object, print_result
from sparkify.cli.progress import ProgressReporter, log_option
from sparkify.cli.summary import UNPUBLISHED
from sparkify.config import Config
from sparkify.connection import label, opened
from sparkify.errors import ConfigError
from sparkify.formatting import count

if TYPE_CHECKING:
    from sparkify.load.forget import Receipt


@click.command()
@click.argument("user_id", type=ANY_ID, metavar="[USER_ID]", required=False)
@config_options
@click.option("--list", "show", is_flag=True, help="Instead, list who is forgotten.")
@click.option(
    "--import",
    "listed",
    type=click.File("rb"),
    metavar="FILE",
    help="Forget all in this list, one number a line, as --list prints it; -: from stdin.",
)
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), help="How to print the receipt.")
@log_option
def forget(
    config: Config,
    progress: ProgressReporter,
    user_id: int | None,
    show: bool,
    listed: BinaryIO | None,
    yes: bool,
    style: str | None,
) -> None:
    """Anonymize a listener's data (GDPR erasure), now and in every later load; print a receipt.

    It cannot be undone. Plays still count, as nobody's. Your own files are not touched. Any number is taken:
    what is loaded of it later is made anonymous too.
    """
    from sparkify.ledger.state import list_forgotten
    from sparkify.load.comments import create_warehouse
    from sparkify.load.feed import make_feed
    from sparkify.load.forget import forget as run
    from sparkify.load.forget import read_list
    from sparkify.load.project import make_project
    from sparkify.load.tables import has_tables, prepare_tables, require_tables

    if [user_id is not None, show, listed is not None].count(True) != 1:
        raise click.UsageError("give a USER_ID, --list, or --import FILE.")
    if show:
        with opened(config) as engine:
            require_tables(engine)
            print_result(list_forgotten(engine), "json" if style == "json" else "csv")
        return
    try:
        user_ids = read_list(listed.read().decode()) if listed else [user_id or 0]
    except UnicodeDecodeError as error:
        raise ConfigError("the list is no text: one number a line is expected. Nothing was done.") from error
    if not user_ids:
        click.echo("The list is empty: nothing was done.")
        return
    feed, project = make_feed(config), make_project(config)
    if not yes:
        confirm(
            f"Forget {_named(user_ids)} in {label(config)}? It cannot be undone, and rejects that do not say "
            "whose they are lose their text."
        )
    with progress, opened(config, read_only=False, may_make=listed is not None) as engine:
        if listed and not has_tables(engine):
            create_warehouse(engine)
        prepare_tables(engine, feed.paths)
        with interruptible(f"{UNPUBLISHED}, or the file not yet rewritten: run it again"):
            receipt = run(engine, user_ids, progress, feed=feed, project=project)
    if style == "json":
        one = {"user_id": user_ids[0]} if len(user_ids) == 1 else {}
        print_object({"warehouse": label(config), **one, **asdict(receipt)})
    else:
        click.echo(as_text(receipt, label(config)))


def as_text(receipt: "Receipt", warehouse: str) -> str:
    rewritten = (
        "the file was rewritten: no freed block is left in it"
        if receipt.is_rewritten
        else "the cluster reclaims the old blocks by itself; its snapshots hold them until they expire"
    )
    done = [
        ("staging", f"{count(receipt.events, 'record')} made anonymous"),
        ("plays", f"{receipt.plays:,} before, {receipt.plays_left:,} now"),
        ("rejects", f"{count(receipt.rejects, 'text')} erased: theirs, and those that do not say whose"),
    ]
    made = receipt.not_searched
    if receipt.values:
        done[1:1] = [
            ("values", f"{receipt.values:,} erased where records of others, or of nobody, name them")
        ]
    if not (receipt.was_forgotten or receipt.events or receipt.rejects or receipt.values):
        done = [("found", "no record: what comes later is made anonymous")]
    others = f"{', '.join(made)}: look there, and then forget again"
    verb = "is" if len(receipt.user_ids) == 1 else "are"
    before = "was forgotten before" if receipt.was_forgotten else f"{verb} forgotten"
    if receipt.was_forgotten and verb == "are":
        before = "were forgotten before"
    return f"{_named(receipt.user_ids).capitalize()} {before} in {warehouse}.\n\n" + lines([
        ("when", f"{receipt.forgotten_at} UTC, by run {receipt.run_id}"),
        *([] if receipt.was_forgotten else done),
        ("storage", rewritten),
        *([("not searched", others)] if made else []),
        ("later", "what is loaded of them is made anonymous; a reject that may be theirs keeps no text"),
        ("not ours", "your own files still hold them, and so do copies: remove their records there"),
    ])  # fmt: skip


def _named(user_ids: Sequence[int]) -> str:
    return f"listener {user_ids[0]}" if len(user_ids) == 1 else f"{len(user_ids):,} listeners"
