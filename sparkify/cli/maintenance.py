"""Corrections of what is loaded: reload, undo, replay, rebuild."""

import click

from sparkify.cli.options import AT_MOST, config_options, interruptible
from sparkify.cli.progress import ProgressReporter, log_option
from sparkify.cli.summary import UNPUBLISHED, print_summary, summary_option
from sparkify.config import Config
from sparkify.connection import label, opened


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@config_options
@click.option("--max-rejects", metavar="LIMIT", help="As `sparkify etl` takes it.")
@summary_option
@log_option
def reload(config: Config, progress: ProgressReporter, files: tuple[str, ...], style: str | None) -> None:
    """Reload files already loaded, replacing only their records, in staging and star schema."""
    from sparkify.load.feed import make_feed
    from sparkify.load.project import make_project
    from sparkify.load.run import MaxRejects
    from sparkify.load.run import reload as run
    from sparkify.load.tables import prepare_tables, use_play_pages

    allowed = MaxRejects.parse(config.etl.max_rejects)
    feed, project = make_feed(config), make_project(config)
    with progress, opened(config, read_only=False) as engine:
        prepare_tables(engine, feed.paths)
        use_play_pages(engine, config.etl.play_pages)
        with interruptible(UNPUBLISHED):
            summary = run(engine, files, allowed, progress, feed=feed, project=project)
        progress.finish(summary.records)
    print_summary(summary, label(config), style)


@click.command()
@click.argument("run_id", type=AT_MOST, metavar="RUN")
@config_options
@summary_option
@log_option
def undo(config: Config, progress: ProgressReporter, run_id: int, style: str | None) -> None:
    """Roll back a run, as if it had never loaded its files; `etl --retry` loads them again."""
    from sparkify.api import Warehouse

    with progress, interruptible(UNPUBLISHED):
        summary = Warehouse(config).undo(run_id, progress=progress)
        progress.finish(summary.records)
    print_summary(summary, label(config), style)


@click.command()
@config_options
@click.option("--run", "run_id", type=AT_MOST, help="Only those of this run.")
@summary_option
@log_option
def replay(config: Config, progress: ProgressReporter, run_id: int | None, style: str | None) -> None:
    """Validate rejects again, and load those that pass as if they had come in time."""
    from sparkify.load.feed import make_feed
    from sparkify.load.project import make_project
    from sparkify.load.replay import replay as run
    from sparkify.load.tables import prepare_tables, use_play_pages

    feed, project = make_feed(config), make_project(config)
    with progress, opened(config, read_only=False) as engine:
        prepare_tables(engine)
        use_play_pages(engine, config.etl.play_pages)
        with interruptible(UNPUBLISHED):
            summary = run(engine, run_id, progress, feed=feed, project=project)
        progress.finish(summary.records)
    if summary.run_id is None and style != "json":
        click.echo("Nothing to do: no reject passes now, all stay as they are.")
    else:
        print_summary(summary, label(config), style)


@click.command()
@config_options
@summary_option
@log_option
def rebuild(config: Config, progress: ProgressReporter, style: str | None) -> None:
    """Rebuild the star schema from staging; needed after a change of [ETL] PLAY_PAGE."""
    from sparkify.load.project import make_project
    from sparkify.load.run import rebuild as run
    from sparkify.load.tables import prepare_tables

    project = make_project(config)
    with progress, opened(config, read_only=False) as engine:
        prepare_tables(engine)
        with interruptible(UNPUBLISHED):
            summary = run(engine, progress, play_pages=config.etl.play_pages, project=project)
        progress.finish(summary.records)
    print_summary(summary, label(config), style)
