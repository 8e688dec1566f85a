"""The load, seen from the command line: etl, plan, check, runs, rejects."""

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from click.core import ParameterSource

from sparkify import clock
from sparkify.cli.maintenance import replay
from sparkify.cli.monitoring import notifying
from sparkify.cli.options import AT_MOST, Group, config_options, day_options, interruptible, parse_age
from sparkify.cli.output import (
    echo_err,
    format_option,
    is_table,
    lines,
    print_result,
    print_some,
    size,
    visible,
)
from sparkify.cli.progress import ProgressReporter, log_option
from sparkify.cli.summary import UNPUBLISHED, print_summary, summary_option
from sparkify.config import Config
from sparkify.connection import label, opened
from sparkify.errors import PUBLISHED_WITH_REJECTS
from sparkify.formatting import count

if TYPE_CHECKING:
    from sparkify.load.files import Plan
    from sparkify.source.passed_over import PassedOver

source_option = click.option(
    "--source", metavar="DIR", help="The folder that holds song_data/ and log_data/."
)


@click.command()
@source_option
@config_options
@day_options
@click.option(
    "--max-rejects",
    metavar="LIMIT",
    help="Refuse a run with more rejects: a number, or '1% and 100' (the default): more than both.",
)
@click.option(
    "--fail-on-reject",
    is_flag=True,
    help="Exit with 3 if anything was rejected, though the rest is published.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be loaded, as `sparkify plan` does.")
@click.option(
    "--changed",
    type=click.Choice(["refuse", "reload"]),
    default="refuse",
    show_default=True,
    help="What to do with known files that were rewritten: refuse the run, or replace their records.",
)
@click.option(
    "--rebuild",
    is_flag=True,
    help="First rebuild the star schema, a run of its own, if other rules or play pages built it.",
)
@click.option("--retry", is_flag=True, help="Load files again that were rolled back.")
@click.option(
    "--verify",
    is_flag=True,
    help="Compare the content of every known file with the ledger, not only size and time.",
)
@click.option("--strict", is_flag=True, help="Refuse a run that would warn of anything.")
@click.option(
    "--metrics",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write metrics of the load to FILE, in the Prometheus text format.",
)
@summary_option
@log_option
def etl(
    config: Config,
    progress: ProgressReporter,
    first: dt.date | None,
    last: dt.date | None,
    fail_on_reject: bool,
    dry_run: bool,
    changed: Literal["refuse", "reload"],
    rebuild: bool,
    retry: bool,
    verify: bool,
    strict: bool,
    metrics: Path | None,
    style: str | None,
) -> None:
    """Load what is new, build the star schema, check it, and publish it atomically."""
    from sparkify.api import Warehouse

    if dry_run:
        _show_plan(config, first, last, "table" if style == "text" else style, rebuild=rebuild)
        return
    with ExitStack() as stack:
        notification = stack.enter_context(notifying(config, metrics))
        stack.enter_context(progress)
        progress.about(config.s3.source)
        with interruptible(UNPUBLISHED):
            summary = Warehouse(config).load(
                first=first, last=last, changed=changed, retry=retry, verify=verify, strict=strict,
                rebuild=rebuild, progress=progress,
            )  # fmt: skip
        notification.summary = summary
        progress.finish(summary.records)
    print_summary(summary, label(config), style)
    if fail_on_reject and summary.records.rejected:
        sys.exit(PUBLISHED_WITH_REJECTS)


@click.command()
@source_option
@config_options
@day_options
@format_option
def plan(config: Config, first: dt.date | None, last: dt.date | None, style: str | None) -> None:
    """Show which files are new, grown (appended), changed (rewritten), undone (rolled back) or known."""
    _show_plan(config, first, last, style)


@click.command()
@config_options
@click.option("--max-age", metavar="AGE", help="Fail if the latest event is older, for example 36h or 2d.")
@click.option(
    "--max-gap",
    metavar="LENGTH",
    help="Fail if consecutive events are further apart; 24h finds every missing day.",
)
@click.option("--deep", is_flag=True, help="Also rebuild the star schema in temporary tables, and compare.")
@format_option
def check(config: Config, max_age: str | None, max_gap: str | None, deep: bool, style: str | None) -> None:
    """Run every check over the whole warehouse, and compare every table with its seal."""
    from sparkify.engines.base import Result
    from sparkify.load.checks import check_freshness, check_gaps, check_warehouse
    from sparkify.load.deep import check_deep
    from sparkify.load.project import make_project
    from sparkify.load.tables import require_tables

    age = parse_age(max_age, "--max-age") if max_age else None
    gap = parse_age(max_gap, "--max-gap") if max_gap else None
    project = make_project(config)
    with opened(config) as engine:
        require_tables(engine)
        verdicts = [
            *check_warehouse(engine, config.etl.play_pages, project),
            *(check_deep(engine) if deep else ()),
        ]
        if age is not None:
            verdicts.append(check_freshness(engine, age, clock.now()))
        if gap is not None:
            verdicts.append(check_gaps(engine, gap))
    rows = [("ok" if v.passed else "warns" if v.warns else "FAILED", v.name, v.meaning) for v in verdicts]
    print_result(Result(("verdict", "check", "meaning"), rows), style)
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if is_table(style):
        click.echo(f"\n{len(verdicts) - len(failed)} of {len(verdicts)} checks passed.")
    for verdict in failed:
        echo_err(f"{'warning' if verdict.warns else 'sparkify'}: {verdict.sentence()}")
    if not all(verdict.warns for verdict in failed):
        sys.exit(1)


REJECTS_SHOWN = 100


def _limit_option(default: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--limit", type=AT_MOST, default=default, show_default=True, help="Maximum rows (0 = no limit)."
    )


@click.command()
@config_options
@click.option("--warnings", is_flag=True, help="Instead, what each run warned of.")
@_limit_option(0)
@format_option
def runs(config: Config, warnings: bool, limit: int, style: str | None) -> None:
    """Show the runs, with the records each loaded; the latest first."""
    _print_answer(config, "warnings" if warnings else "runs", limit, None, style)


@click.group(cls=Group, invoke_without_command=True)
@config_options
@click.option("--run", "run_id", type=AT_MOST, help="Only those of this run.")
@click.option(
    "--conflicts", is_flag=True, help="Instead, the records with the key of another record and other content."
)
@_limit_option(REJECTS_SHOWN)
@format_option
@click.pass_context
def rejects(
    ctx: click.Context, config: Config, run_id: int | None, conflicts: bool, limit: int, style: str | None
) -> None:
    """Show the records that could not be loaded: file, line, reason and text."""
    if ctx.invoked_subcommand is None:
        _print_answer(config, "conflicts" if conflicts else "rejects", limit, run_id, style)
        return
    for option in ctx.command.params:
        if ctx.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{option.opts[0]} must stand after {ctx.invoked_subcommand}, whose option it is.", ctx
            )


rejects.add_command(replay)


def _print_answer(config: Config, question: str, limit: int, run_id: int | None, style: str | None) -> None:
    from sparkify.ask.questions import ask, find_question
    from sparkify.ask.wrong_values import with_values
    from sparkify.ledger.conflicts import list_conflicts
    from sparkify.ledger.runs import require_run
    from sparkify.load.tables import require_tables

    with opened(config) as engine:
        require_tables(engine)
        if run_id is not None and question == "conflicts":
            require_run(engine, run_id)
        most = limit + 1 if limit else None
        result = (
            list_conflicts(engine, run_id, most)
            if question == "conflicts"
            else ask(engine, find_question(question), most, run=run_id)
        )
    if question == "rejects":
        result = with_values(result)
    print_some(result, limit, style, none=f"no {question}", chosen=limit != REJECTS_SHOWN)


def _show_plan(
    config: Config, first: dt.date | None, last: dt.date | None, style: str | None, *, rebuild: bool = False
) -> None:
    from sparkify.api import plan_load
    from sparkify.engines.base import Result

    found = plan_load(config, first, last)
    if found.why_rebuild:
        does = "rebuilds it first, a run of its own" if rebuild else "refuses to load"
        echo_err(f"warning: {found.why_rebuild}: `sparkify etl{' --rebuild' * rebuild}` {does}.")
    if found.builds_models:
        echo_err("note: the models are not those of the last run: `sparkify etl` builds them.")
    for statement in found.statements:
        click.echo(f"{statement};\n", err=True)
    for one in found.warned:
        if one.kind != "passed_over":  # those are listed below
            echo_err(f"warning: {one.message}")
    if is_table(style):
        click.echo(_plan_text(found.plan) + _passed_over_text(found.passed_over))
    else:
        print_result(Result(found.answer.columns, list(found.answer.rows)), style)


def _plan_text(made: "Plan") -> str:
    out = []
    for state in ("new", "grown", "changed", "undone", "known"):
        for dataset in ("songs", "events"):
            group = [p.file for p in made.of(state) if p.file.dataset == dataset]
            if group:
                days = sorted({file.day for file in group if file.day})
                total = size(sum(file.size for file in group))
                span = "".join(f", {day}" for day in days[:1]) + (f" to {days[-1]}" if days[1:] else "")
                out.append((state, f"{count(len(group), 'file')} of {dataset}, {total}{span}"))
    text = lines(out) if out else "  there is no file at all"
    changed = made.of("changed")
    if changed:
        text += (
            "\n\nA known file was rewritten; `sparkify etl` stops (`sparkify reload` replaces) at:\n"
            + "\n".join(f"  {visible(planned.file.uri)}" for planned in changed[:20])
        )
    return text


PASSED_OVER_SHOWN = 20


def _passed_over_text(passed_over: "Sequence[PassedOver]") -> str:
    """What is not loaded, by reason, what nobody expects first; of each reason some names."""
    groups: dict[str, list[str]] = {}
    for one in sorted(passed_over, key=lambda one: (one.is_expected, one.reason)):
        groups.setdefault(one.reason, []).append(one.uri)
    if not groups:
        return ""
    out = ["\n\nNot loaded:"]
    most = max(1, PASSED_OVER_SHOWN // len(groups))
    for reason, uris in groups.items():
        out.append(f"  {reason}")
        out += [f"    {visible(uri)}" for uri in uris[:most]]
        if more := len(uris[most:]):
            out.append(f"    and {more:,} more: --format csv names them all")
    return "\n".join(out)
