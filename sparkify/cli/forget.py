"""A listener, forgotten, seen from the command line."""

from dataclasses import asdict

import click

from sparkify.cli.options import AT_MOST, config_options, confirm, interruptible, opened, place
from sparkify.cli.output import lines, print_object
from sparkify.cli.summary import UNPUBLISHED
from sparkify.cli.watching import Watching, log_option
from sparkify.config import Config
from sparkify.formatting import count


@click.command()
@click.argument("user_id", type=AT_MOST, metavar="USER_ID")
@config_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), help="How to print the receipt.")
@log_option
def forget(config: Config, progress: Watching, user_id: int, yes: bool, style: str | None) -> None:
    """Make all that a listener left anonymous, now and in every later load; print a receipt.

    It cannot be undone. Plays still count, as nobody's. Your own files are not touched.
    """
    from sparkify.load.forget import forget as run
    from sparkify.load.tables import prepare_tables

    if not yes:
        confirm(f"Forget listener {user_id} in {place(config)}? It cannot be undone.")
    with progress, opened(config, read_only=False) as engine:
        prepare_tables(engine)
        with interruptible(f"{UNPUBLISHED}, or the file not yet written anew: run it again"):
            receipt = run(engine, user_id, progress)
    if style == "json":
        print_object({"warehouse": place(config), **asdict(receipt)})
        return
    rewritten = (
        "the file was written anew: none of its bytes is of them"
        if receipt.is_rewritten
        else "the cluster reclaims the old blocks by itself; its snapshots hold them until they expire"
    )
    done = [
        ("staging", f"{count(receipt.events, 'record')} made anonymous"),
        ("plays", f"{receipt.plays:,} before, {receipt.plays_left:,} now"),
        ("rejects", f"{count(receipt.rejects, 'text')} erased: theirs, and those that do not say whose"),
    ]
    before = "was forgotten before" if receipt.was_forgotten else "is forgotten"
    click.echo(f"Listener {user_id} {before} in {place(config)}.\n")
    click.echo(lines([
        ("when", f"{receipt.forgotten_at} UTC, by run {receipt.run_id}"),
        *([] if receipt.was_forgotten else done),
        ("storage", rewritten),
        ("later", "what is loaded of them is made anonymous; a reject that may be theirs keeps no text"),
        ("not ours", "your own files still hold them: remove their records there"),
    ]))  # fmt: skip
