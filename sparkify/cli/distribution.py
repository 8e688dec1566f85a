"""The distribution advisor, from the command line."""

import datetime as dt
import json
import secrets
import statistics
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparkify.cli.options import Group, Whole, config_options, confirm, interruptible
from sparkify.cli.output import echo_err, lines, print_object
from sparkify.config import Config
from sparkify.connection import opened
from sparkify.engines.registry import engine_of
from sparkify.errors import ConfigError, OutputError
from sparkify.formatting import count
from sparkify.place import CHART, DOCUMENT, require_place
from sparkify.writing import replace_file

if TYPE_CHECKING:
    from sparkify.distribution.advisor import Advisor, Ranked
    from sparkify.distribution.placement import Cluster
    from sparkify.distribution.workload import Workload
    from sparkify.engines.base import Engine
    from sparkify.provision.price import Size

weights_option = click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="How often each question is asked: lines of question,weight; `load` is a load.",
)
questions_option = click.option(
    "--questions",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="SQL files of your own, beside ours.",
)


@click.group(cls=Group, invoke_without_command=True)
@config_options
@click.option("--nodes", type=Whole(1, 128), help="How many nodes. Default: [CLUSTER] NODES.")
@click.option("--node-type", help="Of which type. Default: [CLUSTER] NODE_TYPE.")
@click.option("--slices", type=Whole(2, 4096), help="Instead: so many slices, each a node of its own.")
@click.option("--grow", type=Whole(1, 1_000_000), default=1, show_default=True,
              help="As if there were so many times the listeners, plays and songs.")  # fmt: skip
@weights_option
@questions_option
@click.option(
    "--chart", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw it, as SVG."
)
@click.option("--limit", type=Whole(1), default=5, show_default=True, help="Show so many designs.")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
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
    from sparkify.distribution.workload import forget
    from sparkify.load.tables import require_tables

    if chart:
        require_place(chart, config.s3, CHART)
    cluster, said = _cluster(config, nodes, node_type, slices)
    with opened(config) as engine:
        require_tables(engine)
        workload = _workload(engine, weights, questions)
        advisor = Advisor(engine, workload, cluster, grow=grow)
        ranking = advisor.rank()
        if style == "json":
            from sparkify.distribution.formatting import as_object

            print_object(as_object(advisor, ranking, limit))
        else:
            _print(advisor, ranking[:limit], ranking, said)
        if chart:
            _draw(chart, advisor, ranking, said)
        forget(engine, workload)


@distribution.command()
@config_options
@click.option(
    "--runs",
    type=Whole(1, 100),
    default=5,
    show_default=True,
    help="How often each question is asked.",
)
@weights_option
@questions_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("distribution.json"),
    show_default=True,
    metavar="FILE",
    help="Write the result there, and its chart beside it.",
)
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
def measure(
    config: Config, runs: int, weights: Path | None, questions: Path | None, out: Path, yes: bool
) -> None:
    """Measure the designs on the cluster: the star once for each, the same questions in turns.

    Makes schemas of its own and drops them whatever happens. It also runs on the emulator.
    """
    from sparkify.distribution import measure as measuring
    from sparkify.distribution.advisor import Advisor
    from sparkify.distribution.placement import Cluster
    from sparkify.distribution.workload import forget
    from sparkify.load.tables import require_tables

    if not engine_of(config).has_cluster:
        raise ConfigError(
            "only a cluster can be measured: --warehouse redshift. `sparkify distribution` predicts."
        )
    require_place(out, config.s3, DOCUMENT)
    require_place(out.with_suffix(".svg"), config.s3, CHART)
    size, paid = _price(config)
    with opened(config, read_only=False) as engine:
        require_tables(engine)
        plays = int(engine.query("SELECT COUNT(*) AS n FROM songplay").scalar())
        echo_err(f"cluster  {size}; {paid}")
        echo_err(f"copies   the star 5 times, {plays:,} plays each, in schemas that are dropped at the end")
        if plays < measuring.MANY:
            echo_err(f"warning: under {measuring.MANY:,} plays, start-up times hide what a design does.")
        if not yes:
            confirm("Measure?")
        workload = _workload(engine, weights, questions)
        advisor = Advisor(engine, workload, Cluster(size.nodes, size.slices))
        designs = measuring.designs(advisor.rank())
        forget(engine, workload)
        asked = measuring.about_the_star(workload.items)
        guess = measuring.predicted(advisor, asked, designs)
        label = f"sparkify_measure_{secrets.token_hex(4)}"
        began = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        run = measuring.Measurement(engine, config.redshift.schema, label, designs, asked, runs, echo_err)
        with interruptible("its schemas are dropped"):
            found = run.run()
    document = {
        "began": began, "cluster": str(size), "plays": plays, "runs": runs,
        "designs": {name: {t: str(s) for t, s in design.items()} for name, design in designs.items()},
        "predicted": guess, **found,
    }  # fmt: skip
    _write(out, json.dumps(document, indent=1, default=str) + "\n")
    if found["rehearsed"]:
        click.echo(
            f"Rehearsed: {count(len(designs), 'design')}, {count(len(asked), 'question')}, "
            f"{count(runs, 'run')}; nothing is left. This is no cluster, so no figure is shown. "
            f"{out} holds the prediction."
        )
        return
    from sparkify.distribution.drawing import measured_svg

    _write(out.with_suffix(".svg"), measured_svg(document))
    _print_measured(document)
    click.echo(f"{out} holds all of it, {out.with_suffix('.svg')} the chart; the schemas are dropped.")


def _workload(engine: "Engine", weights: Path | None, questions: Path | None) -> "Workload":
    from sparkify.distribution.workload import read_questions, read_weights, read_workload
    from sparkify.load.star import load_statements

    given = read_weights(weights) if weights else {}
    return read_workload(engine, given, load_statements(), read_questions(questions) if questions else [])


def _price(config: Config) -> "tuple[Size, str]":
    """The cluster's size, and what its time costs."""
    from sparkify.aws import make_clients
    from sparkify.provision.names import Names
    from sparkify.provision.price import Size, rate
    from sparkify.provision.status import status

    clients = make_clients(config.cluster.region)
    size = Size(config.cluster.node_type, config.cluster.nodes)
    if not config.redshift.host:
        found = status(clients, Names(config.cluster.name, clients.region), dt.datetime.now(dt.UTC))
        size = Size(found.node_type, found.nodes)
    size = replace(size, rate=rate(clients, size.node_type))
    source = f" ({size.rate.source}, on demand)" if size.rate else ""
    return size, f"that is paid while it runs, measured or not{source}"


def _print_measured(document: "dict[str, Any]") -> None:
    """Medians of execution, and what went through the network, beside what was predicted."""
    from sparkify.cli.output import print_result
    from sparkify.engines.base import Result

    rows = [
        (
            question, name, round(statistics.median(one["execution_us"]) / 1000, 1),
            sum(step["bytes"] or 0 for step in one["sent"].values()),
            document["predicted"][question].get(name, {}).get("sent"), " ".join(one["labels"]),
        )
        for question, names in document["measured"].items()
        for name, one in names.items()
    ]  # fmt: skip
    columns = ("question", "design", "median ms", "bytes sent", "predicted", "labels")
    print_result(Result(columns, rows), None)


def _write(file: Path, text: str) -> None:
    try:
        replace_file(file, text.encode())
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}. Check the path.") from error


def _cluster(
    config: Config, nodes: int | None, node_type: str | None, slices: int | None
) -> "tuple[Cluster, str]":
    from sparkify.distribution.placement import Cluster
    from sparkify.provision.price import orderable

    if slices:
        if nodes or node_type:
            raise ConfigError("--slices says it all: give it without --nodes and --node-type.")
        return Cluster(slices, slices), f"{slices} slices"
    size = orderable(node_type or config.cluster.node_type, nodes or config.cluster.nodes)
    return Cluster(size.nodes, size.slices), f"{size.nodes} x {size.node_type}, {size.slices} slices"


def _print(advisor: "Advisor", top: "list[Ranked]", ranking: "list[Ranked]", said: str) -> None:
    from sparkify.cli.table import print_table
    from sparkify.distribution.advisor import advise, present
    from sparkify.distribution.formatting import compared, ddl, reasons, size, summary
    from sparkify.engines.base import Result

    grown = f", {advisor.grow:,} times the data" if advisor.grow > 1 else ""
    click.echo(f"{len(ranking):,} designs compared, on {said}{grown}.\n")
    click.echo(f"{summary(ranking)}\n")
    named = {one.rank: name for name, one in compared(ranking).items()}
    shown = {one.rank: one for one in [*top, *compared(ranking).values()]}
    names = list(advisor.candidates)
    rows = [
        (
            f"{rank:,}", named.get(rank, ""), size(one.moved), size(one.scanned), size(one.load_moved),
            size(one.stored),
            *(str(one.design[name]) for name in names),
        )
        for rank, one in sorted(shown.items())
    ]  # fmt: skip
    print_table(
        Result(("place", "design", "moved", "slowest slice reads", "of it by loads", "stored", *names), rows)
    )
    best = advise(ranking)
    click.echo("\nWhy the advised:\n")
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
    from sparkify.distribution.formatting import size

    spread = advisor.spread(name, best.design[name])
    copies = f", {len(spread.rows)} copies" if best.design[name].name == "ALL" else ""
    return (
        f"{advisor.tables[name].rows:,} rows{copies}; the fullest slice has {spread.rows.max():,.0f}, "
        f"{spread.skew:.2f} of the mean; {size(spread.stored)} on disk"
    )


def _draw(chart: Path, advisor: "Advisor", ranking: "list[Ranked]", said: str) -> None:
    from sparkify.distribution.drawing import svg
    from sparkify.distribution.formatting import as_object

    grown = f", {advisor.grow:,} x the data" if advisor.grow > 1 else ""
    _write(chart, svg(as_object(advisor, ranking, 1), f"Predicted: {said}{grown}"))
    echo_err(f"{chart} is drawn.")
