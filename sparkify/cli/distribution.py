"""The distribution advisor, from the command line."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparkify.cli.options import Group, config_options, opened
from sparkify.cli.output import lines, print_object, talk
from sparkify.config import Config
from sparkify.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from sparkify.distribution.advisor import Advisor, Ranked
    from sparkify.distribution.moves import Cluster

DIRECTORY = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group(cls=Group, invoke_without_command=True)
@config_options
@click.option("--nodes", type=click.IntRange(1, 128), help="How many nodes. Default: [CLUSTER] NODES.")
@click.option("--node-type", help="Of which type. Default: [CLUSTER] NODE_TYPE.")
@click.option("--slices", type=click.IntRange(2, 4096), help="Instead: so many slices, each a node of its own.")
@click.option("--grow", type=click.IntRange(1, 1_000_000), default=1, show_default=True,
              help="As if there were so many times the listeners, plays and songs.")  # fmt: skip
@click.option("--weights", type=click.Path(path_type=Path), metavar="FILE",
              help="How often each question is asked: lines of question,weight; `load` is a load.")  # fmt: skip
@click.option("--questions", type=DIRECTORY, metavar="DIR", help="SQL files of your own, beside ours.")
@click.option("--chart", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw it, as SVG.")
@click.option("--limit", type=click.IntRange(1), default=5, show_default=True, help="Show so many designs.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@click.pass_context
def distribution(
    context: click.Context,
    config: Config,
    nodes: int | None,
    node_type: str | None,
    slices: int | None,
    grow: int,
    weights: Path | None,
    questions: Path | None,
    chart: Path | None,
    limit: int,
    style: str,
) -> None:
    """Predict which distribution is best on a cluster, from the data and the questions; changes nothing."""
    if context.invoked_subcommand:
        return
    from sparkify.distribution.advisor import Advisor
    from sparkify.distribution.workload import forget, read_questions, read_weights, read_workload
    from sparkify.load.tables import require_tables

    cluster, said = _cluster(config, nodes, node_type, slices)
    own = read_questions(questions) if questions else []
    given = read_weights(weights) if weights else {}
    with opened(config) as engine:
        require_tables(engine)
        workload = read_workload(engine, given, own)
        advisor = Advisor(engine, workload, cluster, grow=grow)
        ranking = advisor.rank()
        if style == "json":
            from sparkify.distribution.wording import as_object

            print_object(as_object(advisor, ranking, limit))
        else:
            _print(advisor, ranking[:limit], ranking, said)
        if chart:
            _draw(chart, advisor, ranking, said)
        forget(engine, workload)


def _cluster(
    config: Config, nodes: int | None, node_type: str | None, slices: int | None
) -> "tuple[Cluster, str]":
    from sparkify.distribution.moves import Cluster
    from sparkify.provision.price import orderable

    if slices:
        if nodes or node_type:
            raise ConfigError("--slices says it all: give it without --nodes and --node-type.")
        return Cluster(slices, slices), f"{slices} slices"
    size = orderable(node_type or config.cluster.node_type, nodes or config.cluster.nodes)
    return Cluster(size.nodes, size.slices), f"{size.nodes} x {size.node_type}, {size.slices} slices"


def _print(advisor: "Advisor", top: "list[Ranked]", ranking: "list[Ranked]", said: str) -> None:
    from sparkify.cli.table import print_table
    from sparkify.distribution.advisor import present
    from sparkify.distribution.wording import compared, ddl, reasons, size, summary
    from sparkify.engines.base import Result

    grown = f", {advisor.grow:,} times the data" if advisor.grow > 1 else ""
    click.echo(f"{len(ranking):,} designs compared, on {said}{grown}.\n")
    click.echo(f"{summary(advisor, ranking)}\n")
    named = {one.rank: name for name, one in compared(ranking).items()}
    shown = {one.rank: one for one in [*top, *compared(ranking).values()]}
    names = list(advisor.candidates)
    rows = [
        (
            f"{rank:,}", named.get(rank, ""), *(size(v) for v in (one.moved, one.scanned, one.load_moved, one.stored)),
            *(str(one.design[name]) for name in names),
        )
        for rank, one in sorted(shown.items())
    ]  # fmt: skip
    print_table(Result(("place", "design", "moved", "slowest slice reads", "of it by loads", "stored", *names), rows))
    best = ranking[0]
    click.echo("\nWhy the first:\n")
    for line in reasons(advisor, best):
        click.echo(f"  {line}")
    click.echo("\nHow full its slices get:\n")
    click.echo(lines((name, _spread(advisor, best, name)) for name in names))
    if statements := ddl(best.design, present()):
        click.echo("\nTo make it so (nothing was changed):\n")
        for statement in statements:
            click.echo(f"  {statement}")
    else:
        click.echo("\nThat is the present design.")


def _spread(advisor: "Advisor", best: "Ranked", name: str) -> str:
    from sparkify.distribution.wording import size

    spread = advisor.spread(name, best.design[name])
    copies = f", {len(spread.rows)} copies" if best.design[name].name == "ALL" else ""
    return (
        f"{advisor.tables[name].rows:,} rows{copies}; the fullest slice has {spread.rows.max():,.0f}, "
        f"{spread.skew:.2f} of the mean; {size(spread.stored)} on disk"
    )


def _draw(chart: Path, advisor: "Advisor", ranking: "list[Ranked]", said: str) -> None:
    from sparkify.distribution.drawing import svg
    from sparkify.distribution.wording import as_object

    grown = f", {advisor.grow:,} x the data" if advisor.grow > 1 else ""
    try:
        chart.write_text(svg(as_object(advisor, ranking, 1), f"Predicted: {said}{grown}"), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{chart} cannot be written: {error.strerror}. Check --chart.") from error
    talk(f"{chart} is drawn.")
